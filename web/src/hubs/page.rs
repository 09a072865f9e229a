//! A hub's page of widgets, and a member's profile, which is one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum_extra::extract::CookieJar;
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::WidgetId;
use pawdium_shared::paging::PageOf;
use pawdium_widgets::layout::{self, Placed, Removed};
use pawdium_widgets::{Side, find_kind};
use serde::Deserialize;

use super::access::{find_profile, find_visible_hub};
use super::head;
use super::here::{Here, topic_of};
use super::widgets::{self, Shown};
use crate::admin;
use crate::baked::Asked;
use crate::embed::oembed;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::{Visitor, pin_cookie};
use crate::photos::posting;
use crate::state::App;
use crate::views::baked::{BakedHtml, BakedHub};
use crate::views::card::{CardPicture, LinkCard};
use crate::views::hub_page::{ColumnPart, HubPage, RemovedWidget, WidgetControls, WidgetFrame};
use crate::views::hubs::HubTab;

/// The query of a hub's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    /// Whether the owner edits the page.
    edit: Option<String>,
    /// The widget that was just removed, to offer to put it back.
    removed: Option<i64>,
    /// The widget that was just changed, and by which of its buttons: the focus returns there.
    at: Option<i64>,
    act: Option<String>,
}

impl PageQuery {
    /// Of the page in which an owner has just pressed a widget's button.
    pub(super) fn editing(widget: WidgetId, act: &str) -> Self {
        Self { edit: Some("1".to_owned()), removed: None, at: Some(widget.0), act: Some(act.to_owned()) }
    }
}

/// `GET /h/{slug}` and `GET /members/{name}`
pub async fn page(
    State(app): State<App>,
    mut here: Here,
    jar: CookieJar,
    Query(query): Query<PageQuery>,
) -> Result<(CookieJar, Page<HubPage>), Error> {
    let placed = layout::list(&mut *app.db.acquire().await?, here.hub.id).await?;
    let jar = if has_personal(&placed) { keep_key(&app, &mut here.viewing.visitor, jar).await? } else { jar };
    here.viewer = widgets::viewer(&app, &here.viewing.visitor, &here.hub).await?;
    Ok((jar, Page(show(&app, here, placed, &query).await?)))
}

/// The page with its widgets.
pub(super) async fn show(
    app: &App,
    here: Here,
    placed: Vec<Placed>,
    query: &PageQuery,
) -> Result<HubPage, Error> {
    let is_editing = here.may_edit() && query.edit.is_some();
    let head = head::load(app, &here.viewing, &here.hub, HubTab::Home).await?;
    let removed = match query.removed.filter(|_| is_editing) {
        Some(widget) => {
            layout::find_removed(&mut *app.db.acquire().await?, here.hub.id, WidgetId(widget)).await?
        }
        None => None,
    };
    let shown = widgets::load(app, &here.hub, &here.viewer, &placed).await?;
    let columns = Columns { app, hub: &here.hub, placed, shown, removed, edit: is_editing.then_some(query) };
    Ok(HubPage {
        left: columns.parts(Side::Left)?,
        right: columns.parts(Side::Right)?,
        card: link_card(app, &here.hub).await?,
        topic: here.topic(),
        layout_version: here.hub.layout_version,
        may_edit: here.may_edit(),
        cache: here.viewer.moderates.then(|| admin::cache::address(&here.hub)),
        chrome: here.viewing.chrome,
        head,
        is_editing,
    })
}

/// The page of a public hub for everybody.
///
/// # Errors
/// [`Error::NotFound`] also if the hub isn't public, or if its page is another for each visitor; or a database error.
pub async fn bake_hub(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let hub = find_visible_hub(&app, &Visitor::nobody(), asked.name()).await?;
    bake(app, asked, hub).await
}

/// A member's profile for everybody.
///
/// # Errors
/// As [`bake_hub`].
pub async fn bake_profile(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    let profile = find_profile(&app, asked.name()).await?;
    bake(app, asked, profile).await
}

async fn bake(app: App, asked: Asked, hub: Hub) -> Result<BakedHtml, Error> {
    let hub = Arc::new(hub);
    let placed = layout::list(&mut *app.db.acquire().await?, hub.id).await?;
    // A hub's visitors find its rating page behind what is to be rated. A profile has none, so each gets a ballot.
    if hub.slug.is_none() && placed.iter().any(|one| one.kind == "rate-one") {
        return Err(Error::NotFound);
    }
    let viewer = widgets::viewer(&app, &Visitor::nobody(), &hub).await?;
    let shown = widgets::load(&app, &hub, &viewer, &placed).await?;
    let frames = |side| {
        let in_column = placed.iter().filter(|one| one.side == side);
        in_column.map(|one| widgets::frame(&app, &hub, one, shown.get(&one.id))).collect::<Result<_, _>>()
    };
    let page = BakedHub {
        card: link_card(&app, &hub).await?,
        head: head::load_public(&app, &hub, asked.path()).await?,
        topic: topic_of(&hub),
        layout_version: hub.layout_version,
        left: frames(Side::Left)?,
        right: frames(Side::Right)?,
    };
    asked.bake(&app, page)
}

/// Whether a widget may be another for each viewer.
pub(super) fn has_personal(placed: &[Placed]) -> bool {
    placed.iter().any(|one| find_kind(&one.kind).is_some_and(|kind| kind.personal))
}

/// Gives a visitor without a user a key to keep, where a widget may show them a ballot: it counts for that key only.
///
/// # Errors
/// When the database fails.
pub(super) async fn keep_key(app: &App, visitor: &mut Visitor, jar: CookieJar) -> Result<CookieJar, Error> {
    if visitor.user.is_some() {
        return Ok(jar);
    }
    visitor.renew_key(app).await?;
    visitor.has_key = true;
    Ok(jar.add(pin_cookie(app, visitor.key, visitor.pinned)))
}

/// What stands on the page.
struct Columns<'a> {
    app: &'a App,
    hub: &'a Hub,
    placed: Vec<Placed>,
    shown: HashMap<WidgetId, Shown>,
    removed: Option<Removed>,
    /// The query, if the owner edits the page.
    edit: Option<&'a PageQuery>,
}

impl Columns<'_> {
    fn parts(&self, side: Side) -> Result<Vec<ColumnPart>, Error> {
        let in_column: Vec<_> = self.placed.iter().filter(|one| one.side == side).collect();
        let last = in_column.last().map(|one| one.id);
        let frame = |one: &Placed| {
            let frame = widgets::frame(self.app, self.hub, one, self.shown.get(&one.id))?;
            let controls = self.edit.map(|query| controls(self.hub, one, last == Some(one.id), query));
            Ok(ColumnPart::Widget(Box::new(WidgetFrame { controls, ..frame })))
        };
        let mut parts = in_column.into_iter().map(frame).collect::<Result<Vec<_>, Error>>()?;
        if let Some(Removed { placed, .. }) = self.removed.as_ref().filter(|one| one.placed.side == side) {
            let title = find_kind(&placed.kind)
                .map_or_else(|| placed.kind.clone(), |kind| kind.title_of(&placed.config));
            let removed = RemovedWidget { id: placed.id.0, hub: self.hub.path(), title };
            let place = usize::try_from(placed.position).map_or(0, |place| place.min(parts.len()));
            parts.insert(place, ColumnPart::Removed(removed));
        }
        Ok(parts)
    }
}

/// What other sites show of a link to the hub; nothing of a private one.
async fn link_card(app: &App, hub: &Hub) -> Result<Option<LinkCard>, Error> {
    if !hub.is_public() {
        return Ok(None);
    }
    let newest = posting::list(app, hub.id, PageOf { page: 1, limit: 1 }).await?.photos;
    let url = app.url(&hub.path());
    Ok(Some(LinkCard {
        kind: if hub.slug.is_some() { "website" } else { "profile" },
        title: hub.name.clone(),
        description: if hub.summary.is_empty() {
            format!("{} on Pawdium", hub.name)
        } else {
            hub.summary.clone()
        },
        picture: newest.first().and_then(|photo| CardPicture::of(photo, |path| app.url(path))),
        oembed: hub.slug.as_ref().map(|_| app.url(&oembed::address(&url))),
        url,
    }))
}

fn controls(hub: &Hub, placed: &Placed, is_last: bool, query: &PageQuery) -> WidgetControls {
    let kind = find_kind(&placed.kind);
    let other = if placed.side == Side::Left { Side::Right } else { Side::Left };
    let focus = query.act.as_deref().filter(|_| query.at == Some(placed.id.0));
    WidgetControls {
        layout_version: hub.layout_version,
        position: placed.position,
        is_left: placed.side == Side::Left,
        is_last,
        may_cross: kind.is_some_and(|kind| kind.columns.allow(other)),
        has_settings: kind.is_some_and(pawdium_widgets::Kind::has_settings),
        focus: focus.map(|act| button(act, placed.position == 0, is_last)),
    }
}

/// The button that has the focus after an act: the same, or another if there is nothing more to press.
fn button(act: &str, is_first: bool, is_last: bool) -> &'static str {
    match act {
        "configure" => "configure",
        "across" => "across",
        "down" if !is_last => "down",
        _ if !is_first => "up",
        _ if !is_last => "down",
        _ => "remove",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focus_never_goes_to_a_button_that_cant_be_pressed() {
        assert_eq!(button("up", false, true), "up");
        assert_eq!(button("up", true, false), "down");
        assert_eq!(button("down", false, true), "up");
        assert_eq!(button("place", true, false), "down");
        assert_eq!(button("down", true, true), "remove");
        assert_eq!(button("across", true, true), "across");
    }
}

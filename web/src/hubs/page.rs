//! A hub's page of widgets, and a member's profile, which is one.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum_extra::extract::CookieJar;
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::WidgetId;
use pawdium_shared::paging::PageOf;
use pawdium_widgets::layout::{self, Placed, Removed};
use pawdium_widgets::{Side, find_kind};
use serde::Deserialize;

use super::head;
use super::here::Here;
use super::widgets::{self, Shown};
use crate::admin;
use crate::embed::oembed;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, pin_cookie};
use crate::photos::posting;
use crate::state::App;
use crate::views::card::{CardPicture, LinkCard};
use crate::views::hub_page::{HubPage, RemovedWidget, WidgetControls, WidgetFrame};
use crate::views::hubs::HubTab;

/// The query of a hub's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    /// Whether the owner edits the page.
    edit: Option<String>,
    /// The widget that was just removed, to offer to put it back.
    removed: Option<i64>,
}

/// `GET /h/{slug}` and `GET /members/{name}`
pub async fn page(
    State(app): State<App>,
    mut here: Here,
    jar: CookieJar,
    Query(query): Query<PageQuery>,
) -> Result<(CookieJar, Page<HubPage>), Error> {
    let placed = layout::list(&mut *app.db.acquire().await?, here.hub.id).await?;
    let jar = keep_key(&app, &mut here.viewing, jar, &placed).await?;
    here.viewer = widgets::viewer(&app, &here.viewing.visitor, &here.hub).await?;
    let head = head::load(&app, &here.viewing, &here.hub, HubTab::Home).await?;
    let removed = match query.removed.filter(|_| here.may_edit()) {
        Some(widget) => {
            layout::find_removed(&mut *app.db.acquire().await?, here.hub.id, WidgetId(widget)).await?
        }
        None => None,
    };
    let shown = widgets::load(&app, &here.hub, &here.viewer, &placed).await?;
    let is_editing = here.may_edit() && query.edit.is_some();
    let page = HubPage {
        left: column(&app, &here.hub, &placed, &shown, Side::Left, is_editing)?,
        right: column(&app, &here.hub, &placed, &shown, Side::Right, is_editing)?,
        card: link_card(&app, &here.hub).await?,
        topic: here.topic(),
        layout_version: here.hub.layout_version,
        may_edit: here.may_edit(),
        cache: here.viewer.moderates.then(|| admin::cache::address(&here.hub)),
        chrome: here.viewing.chrome,
        head,
        is_editing,
        removed: removed
            .map(|Removed { placed, .. }| RemovedWidget { id: placed.id.0, title: title(&placed) }),
    };
    Ok((jar, Page(page)))
}

/// Gives a visitor without a user a key to keep, where a widget may show them a ballot: it counts for that key only.
async fn keep_key(
    app: &App,
    viewing: &mut Viewing,
    jar: CookieJar,
    placed: &[Placed],
) -> Result<CookieJar, Error> {
    let is_personal = |one: &Placed| find_kind(&one.kind).is_some_and(|kind| kind.personal);
    if viewing.visitor.user.is_some() || !placed.iter().any(is_personal) {
        return Ok(jar);
    }
    viewing.visitor.renew_key(app).await?;
    let jar = jar.add(pin_cookie(app, viewing.visitor.key, viewing.visitor.pinned));
    viewing.visitor.has_key = true;
    Ok(jar)
}

fn title(placed: &Placed) -> String {
    find_kind(&placed.kind).map_or_else(|| placed.kind.clone(), |kind| kind.title_of(&placed.config))
}

fn column(
    app: &App,
    hub: &Hub,
    placed: &[Placed],
    shown: &HashMap<WidgetId, Shown>,
    side: Side,
    is_editing: bool,
) -> Result<Vec<WidgetFrame>, Error> {
    let in_column: Vec<_> = placed.iter().filter(|one| one.side == side).collect();
    let last = in_column.last().map(|one| one.id);
    let frame = |one: &Placed| {
        let frame = widgets::frame(app, hub, one, shown.get(&one.id))?;
        let controls = is_editing.then(|| controls(hub, one, last == Some(one.id)));
        Ok(WidgetFrame { controls, ..frame })
    };
    in_column.into_iter().map(frame).collect()
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

fn controls(hub: &Hub, placed: &Placed, is_last: bool) -> WidgetControls {
    let kind = find_kind(&placed.kind);
    let other = if placed.side == Side::Left { Side::Right } else { Side::Left };
    WidgetControls {
        layout_version: hub.layout_version,
        position: placed.position,
        is_left: placed.side == Side::Left,
        is_last,
        may_cross: kind.is_some_and(|kind| kind.columns.allow(other)),
        has_settings: kind.is_some_and(pawdium_widgets::Kind::has_settings),
    }
}

//! A hub's page of widgets, and a member's profile, which is one.

use std::sync::Arc;

use axum::extract::{OriginalUri, Query, State};
use axum_extra::extract::CookieJar;
use pawdium_shared::hubs::Hub;
use pawdium_widgets::layout::{self, Placed};
use pawdium_widgets::{Side, find_kind};
use serde::Deserialize;

use super::access::{find_hub_at, find_profile};
use super::{head, widgets};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, pin_cookie};
use crate::state::App;
use crate::views::hub_page::{HubPage, WidgetControls, WidgetFrame};
use crate::views::hubs::HubTab;

/// The query of a hub's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    edit: Option<String>,
}

/// `GET /h/{slug}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    OriginalUri(uri): OriginalUri,
    Path(slug): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<(CookieJar, Page<HubPage>), Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let topic = format!("hub={slug}");
    show(&app, viewing, jar, hub, topic, query.edit.is_some()).await
}

/// `GET /members/{name}`
pub async fn profile(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<(CookieJar, Page<HubPage>), Error> {
    let hub = find_profile(&app, &name).await?;
    let topic = format!("member={}", hub.name);
    show(&app, viewing, jar, hub, topic, query.edit.is_some()).await
}

async fn show(
    app: &App,
    mut viewing: Viewing,
    jar: CookieJar,
    hub: Hub,
    topic: String,
    edit: bool,
) -> Result<(CookieJar, Page<HubPage>), Error> {
    let hub = Arc::new(hub);
    let placed = layout::list(&mut *app.db.acquire().await?, hub.id).await?;
    let jar = keep_key(app, &mut viewing, jar, &placed).await?;
    let viewer = widgets::viewer(app, &viewing.visitor, &hub).await?;
    let mut db = app.db.acquire().await?;
    let head = head::load(&mut db, &viewing, &hub, HubTab::Home).await?;
    drop(db);
    let shown = widgets::load(app, &hub, &viewer, &placed).await?;
    let may_edit = viewer.owns() && !hub.is_archived();
    let is_editing = may_edit && edit;
    let column = |side: Side| -> Vec<WidgetFrame> {
        let in_column: Vec<_> = placed.iter().filter(|one| one.side == side).collect();
        let last = in_column.last().map(|one| one.id);
        let frame = |one: &Placed| {
            let frame = widgets::frame(&hub, one, shown.get(&one.id));
            let controls = is_editing.then(|| controls(&hub, one, last == Some(one.id)));
            WidgetFrame { controls, ..frame }
        };
        in_column.into_iter().map(frame).collect()
    };
    let page = HubPage {
        left: column(Side::Left),
        right: column(Side::Right),
        chrome: viewing.chrome,
        head,
        topic,
        layout_version: hub.layout_version,
        may_edit,
        is_editing,
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

fn controls(hub: &Hub, placed: &Placed, is_last: bool) -> WidgetControls {
    let kind = find_kind(&placed.kind);
    let other = if placed.side == Side::Left { Side::Right } else { Side::Left };
    WidgetControls {
        layout_version: hub.layout_version,
        position: placed.position,
        is_left: placed.side == Side::Left,
        is_last,
        may_cross: kind.is_some_and(|kind| kind.columns.allow(other)),
        has_settings: kind.is_some_and(|kind| {
            kind.schema()["properties"].as_object().is_some_and(|properties| !properties.is_empty())
        }),
    }
}

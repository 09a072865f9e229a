//! Single widgets, for pages that are told that they have changed, and for other sites.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use askama::Template as _;
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::{find_kind, layout};
use serde::{Deserialize, Serialize};

use super::access::{find_profile, find_visible_hub};
use super::widgets;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::visitor::Visitor;
use crate::state::App;

/// The query of a widget.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartQuery {
    /// The version that the page was told.
    v: Option<u64>,
}

/// `GET /h/{slug}/w/{widget}`
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    Path((slug, widget)): Path<(String, WidgetId)>,
    Query(query): Query<PartQuery>,
) -> Result<Response, Error> {
    let hub = find_visible_hub(&app, &visitor, &slug).await?;
    show(&app, &visitor, hub, widget, query.v).await
}

/// `GET /members/{name}/w/{widget}`
pub async fn profile_part(
    State(app): State<App>,
    visitor: Visitor,
    Path((name, widget)): Path<(String, WidgetId)>,
    Query(query): Query<PartQuery>,
) -> Result<Response, Error> {
    let hub = find_profile(&app, &name).await?;
    show(&app, &visitor, hub, widget, query.v).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    hub: Hub,
    widget: WidgetId,
    told: Option<u64>,
) -> Result<Response, Error> {
    let placed = layout::find(&mut *app.db.acquire().await?, hub.id, widget).await?.ok_or(Error::NotFound)?;
    let hub = Arc::new(hub);
    let viewer = widgets::viewer(app, visitor, &hub).await?;
    let shown = widgets::load(app, &hub, &viewer, std::slice::from_ref(&placed)).await?;
    let shown = shown.get(&widget);
    let html = widgets::frame(&hub, &placed, shown).render().map_err(anyhow::Error::from)?;
    let version = shown.map_or(0, |shown| shown.loaded.version);
    let is_shared = find_kind(&placed.kind).is_some_and(|kind| !kind.personal) && hub.is_public();
    // The bytes of a version are the same for everybody, so one answer can serve all who ask after a change.
    let caching = match shown {
        Some(shown) if is_shared && !shown.is_old && told == Some(version) => "public, max-age=60",
        _ => "private, no-cache",
    };
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
        (ETAG, HeaderValue::from_str(&format!("\"{version}\"")).map_err(anyhow::Error::from)?),
    ];
    Ok((headers, Html(html)).into_response())
}

/// The versions of what a hub's page shows.
#[derive(Debug, Serialize)]
pub struct Versions {
    /// The version of the layout.
    layout: i64,
    /// The versions of the widgets that are the same for everybody, by id.
    widgets: BTreeMap<i64, u64>,
    /// The widgets that differ from viewer to viewer.
    personal: Vec<i64>,
}

/// `GET /h/{slug}/versions`: what an open page compares after it may have missed changes.
pub async fn versions(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Json<Versions>, Error> {
    let hub = find_visible_hub(&app, &visitor, &slug).await?;
    compare(&app, hub).await
}

/// `GET /members/{name}/versions`
pub async fn profile_versions(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Versions>, Error> {
    let hub = find_profile(&app, &name).await?;
    compare(&app, hub).await
}

async fn compare(app: &App, hub: Hub) -> Result<Json<Versions>, Error> {
    let placed = layout::list(&mut *app.db.acquire().await?, hub.id).await?;
    let is_personal = |kind: &str| find_kind(kind).is_some_and(|kind| kind.personal);
    let (personal, shared): (Vec<_>, Vec<_>) = placed.into_iter().partition(|one| is_personal(&one.kind));
    let hub = Arc::new(hub);
    let shown = widgets::load(app, &hub, &pawdium_widgets::Viewer::nobody(), &shared).await?;
    Ok(Json(Versions {
        layout: hub.layout_version,
        widgets: shown.into_iter().map(|(id, shown)| (id.0, shown.loaded.version)).collect(),
        personal: personal.into_iter().map(|one| one.id.0).collect(),
    }))
}

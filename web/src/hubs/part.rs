//! Single widgets, for open pages that are told that they have changed.

use std::collections::BTreeMap;

use askama::Template as _;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequestParts as _, Query, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::response::{Html, IntoResponse as _, Response};
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::{Viewer, find_kind, layout};
use serde::{Deserialize, Serialize};

use super::here::Here;
use super::widgets;
use crate::error::Error;
use crate::http::extract::Path;
use crate::state::App;

/// The query of a widget.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartQuery {
    /// The version that the page was told.
    v: Option<u64>,
}

/// The caching of what is the same for everybody.
const SHARED: &str = "public, max-age=60";

/// `GET /h/{slug}/w/{widget}` and `GET /members/{name}/w/{widget}`
pub async fn part(
    State(app): State<App>,
    Query(query): Query<PartQuery>,
    request: Request,
) -> Result<Response, Error> {
    let (mut request, _) = request.into_parts();
    let kept = query.v.and_then(|version| Some((version, app.parts.find(request.uri.path(), version)?)));
    if let Some((version, html)) = kept {
        return answer(version, SHARED, html);
    }
    let here = Here::from_request_parts(&mut request, &app).await?;
    let path = Path::<(String, WidgetId)>::from_request_parts(&mut request, &app).await;
    let Path((_, widget)) = path.map_err(|_| Error::NotFound)?;
    let hub = &here.hub;
    let placed = layout::find(&mut *app.db.acquire().await?, hub.id, widget).await?.ok_or(Error::NotFound)?;
    let shown = widgets::load(&app, hub, &here.viewer, std::slice::from_ref(&placed)).await?;
    let shown = shown.get(&widget);
    let html = widgets::frame(hub, &placed, shown).render().map_err(anyhow::Error::from)?;
    let html = Bytes::from(html);
    let version = shown.map_or(0, |shown| shown.loaded.version);
    let is_shared = find_kind(&placed.kind).is_some_and(|kind| !kind.personal) && hub.is_public();
    // The bytes of a version are the same for everybody, so one answer can serve all who ask after a change.
    match shown {
        Some(shown) if is_shared && !shown.is_old && query.v == Some(version) => {
            app.parts.keep(request.uri.path(), version, html.clone());
            answer(version, SHARED, html)
        }
        _ => answer(version, "private, no-cache", html),
    }
}

fn answer(version: u64, caching: &'static str, html: Bytes) -> Result<Response, Error> {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(anyhow::Error::from)?;
    Ok(([(CACHE_CONTROL, HeaderValue::from_static(caching)), (ETAG, tag)], Html(html)).into_response())
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

/// `GET /h/{slug}/versions` and `GET /members/{name}/versions`: what an open page compares after it may have missed
/// changes.
pub async fn versions(State(app): State<App>, here: Here) -> Result<Json<Versions>, Error> {
    let placed = layout::list(&mut *app.db.acquire().await?, here.hub.id).await?;
    let is_personal = |kind: &str| find_kind(kind).is_some_and(|kind| kind.personal);
    let (personal, shared): (Vec<_>, Vec<_>) = placed.into_iter().partition(|one| is_personal(&one.kind));
    let shown = widgets::load(&app, &here.hub, &Viewer::nobody(), &shared).await?;
    Ok(Json(Versions {
        layout: here.hub.layout_version,
        widgets: shown.into_iter().map(|(id, shown)| (id.0, shown.loaded.version)).collect(),
        personal: personal.into_iter().map(|one| one.id.0).collect(),
    }))
}

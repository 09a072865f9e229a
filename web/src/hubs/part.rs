//! Single widgets, for open pages that are told that they have changed.

use std::collections::BTreeMap;

use askama::Template as _;
use axum::Json;
use axum::extract::{FromRequestParts as _, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::cache::gathering;
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::{Viewer, find_kind, layout};
use serde::{Deserialize, Serialize};

use super::here::Here;
use super::page::{has_personal, keep_key};
use super::widgets;
use crate::error::Error;
use crate::http::encoded::{Encoded, accepts_gzip};
use crate::http::extract::Path;
use crate::http::tags::is_known;
use crate::state::App;

/// The query of a widget.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartQuery {
    /// The version that the page was told.
    v: Option<u64>,
}

/// `GET /h/{slug}/w/{widget}` and `GET /members/{name}/w/{widget}`
pub async fn part(
    State(app): State<App>,
    Query(query): Query<PartQuery>,
    request: Request,
) -> Result<Response, Error> {
    let (mut request, _) = request.into_parts();
    let kept = query.v.and_then(|version| Some((version, app.parts.find(request.uri.path(), version)?)));
    if let Some((version, part)) = kept {
        return answer_all(&request.headers, version, part);
    }
    let since = app.parts.noted();
    let (rendered, groups) = gathering(render(&app, query.v, &mut request)).await;
    let Rendered { jar, html, version, is_shared } = rendered?;
    if is_shared {
        let part = Encoded::new(html.clone().into());
        if app.parts.keep(request.uri.path(), version, &part, groups, since) {
            return answer_all(&request.headers, version, part);
        }
    }
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("private, no-cache")), (ETAG, tag(version)?)];
    Ok((jar, headers, Html(html)).into_response())
}

/// A widget with its frame.
struct Rendered {
    jar: CookieJar,
    html: String,
    version: u64,
    /// Whether it is what everybody sees of the version that was asked for.
    is_shared: bool,
}

async fn render(app: &App, asked: Option<u64>, request: &mut Parts) -> Result<Rendered, Error> {
    let mut here = Here::from_request_parts(request, app).await?;
    let path = Path::<(String, WidgetId)>::from_request_parts(request, app).await;
    let Path((_, widget)) = path.map_err(|_| Error::NotFound)?;
    let hub = here.hub.id;
    let placed = layout::find(&mut *app.db.acquire().await?, hub, widget).await?.ok_or(Error::NotFound)?;
    let mut jar = CookieJar::new();
    // A page that was the same for everybody gets its ballot here.
    if has_personal(std::slice::from_ref(&placed)) && !here.viewing.visitor.has_key {
        jar = keep_key(app, &mut here.viewing.visitor, jar).await?;
        here.viewer = widgets::viewer(app, &here.viewing.visitor, &here.hub).await?;
    }
    let hub = &here.hub;
    let shown = widgets::load(app, hub, &here.viewer, std::slice::from_ref(&placed)).await?;
    let shown = shown.get(&widget);
    let html = widgets::frame(app, hub, &placed, shown)?.render().map_err(anyhow::Error::from)?;
    let version = shown.map_or(0, |shown| shown.loaded.version);
    let is_shared = find_kind(&placed.kind).is_some_and(|kind| !kind.personal)
        && hub.is_public()
        && shown.is_some_and(|shown| !shown.is_old)
        && asked == Some(version);
    Ok(Rendered { jar, html, version, is_shared })
}

/// The bytes of a version are the same for everybody, so one answer can serve all who ask after a change.
fn answer_all(asked: &HeaderMap, version: u64, part: Encoded) -> Result<Response, Error> {
    let caching = HeaderValue::from_static("public, max-age=60");
    let varies = HeaderValue::from_static("accept-encoding");
    let headers = [(CACHE_CONTROL, caching), (ETAG, tag(version)?), (VARY, varies)];
    Ok(if is_known(asked, &quoted(version)) {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else if accepts_gzip(asked) {
        let encoding = [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        (headers, encoding, Html(part.gzip)).into_response()
    } else {
        (headers, Html(part.plain)).into_response()
    })
}

fn quoted(version: u64) -> String {
    format!("\"{version}\"")
}

fn tag(version: u64) -> Result<HeaderValue, Error> {
    Ok(HeaderValue::from_str(&quoted(version)).map_err(anyhow::Error::from)?)
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

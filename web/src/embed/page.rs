//! One widget of a public hub as a page of its own, for frames on other sites.

use std::sync::Arc;

use askama::Template as _;
use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, ETAG, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::HEXLOWER;
use pawdium_shared::ids::WidgetId;
use pawdium_widgets::{Viewer, find_kind, layout};
use serde::Deserialize;

use super::frames;
use super::links::open_in_new_tabs;
use crate::error::Error;
use crate::http::headers::Framable;
use crate::http::tags::is_known;
use crate::http::visitor::Visitor;
use crate::hubs::access::find_hub_at;
use crate::hubs::widgets;
use crate::state::App;
use crate::views::Fragment;
use crate::views::embed::{EmbedPage, EmbedRefused};
use crate::views::hub_page::WidgetBody;

/// How caches keep a page: it shows everybody the same, and its script asks for what has changed since.
const KEPT: &str = "public, max-age=60";

/// The query of an embedded widget.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmbedQuery {
    /// The version that the page was told; 0 if it asks for the current one.
    v: Option<u64>,
}

/// `GET /embed/h/{slug}/{widget}`: reads no cookie and sets none. Errors are pages for frames as well.
pub async fn page(
    State(app): State<App>,
    place: Result<Path<(String, WidgetId)>, PathRejection>,
    OriginalUri(uri): OriginalUri,
    query: Result<Query<EmbedQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let version = query.ok().and_then(|Query(query)| query.v);
    let shown = match place {
        Ok(Path((slug, widget))) => show(&app, &slug, widget, &uri, version, &headers).await,
        Err(_) => Err(Error::NotFound),
    };
    let response = match shown {
        Ok(response) => response,
        Err(moved @ Error::Moved(_)) => moved.into_response(),
        Err(error) => refuse(&app, error),
    };
    (Extension(Framable), response).into_response()
}

async fn show(
    app: &App,
    slug: &str,
    widget: WidgetId,
    uri: &Uri,
    version: Option<u64>,
    asked: &HeaderMap,
) -> Result<Response, Error> {
    let hub = Arc::new(find_hub_at(app, &Visitor::nobody(), slug, uri).await?);
    let placed = layout::find(&mut *app.db.acquire().await?, hub.id, widget).await?;
    let embeds = |kind: &str| find_kind(kind).is_some_and(|kind| kind.embeds);
    let placed = placed.filter(|placed| embeds(&placed.kind)).ok_or(Error::NotFound)?;
    let shown = widgets::load(app, &hub, &Viewer::nobody(), std::slice::from_ref(&placed)).await?;
    let frame = widgets::frame(app, &hub, &placed, shown.get(&widget))?;
    let in_tabs = |body: &Fragment| Fragment::cached(open_in_new_tabs(body.as_str()));
    let body = match &frame.body {
        WidgetBody::Fresh(body) => WidgetBody::Fresh(in_tabs(body)),
        WidgetBody::Old { body, as_of } => WidgetBody::Old { body: in_tabs(body), as_of: *as_of },
        other => other.clone(),
    };
    let is_current = matches!(body, WidgetBody::Fresh(_) | WidgetBody::Empty);
    let is_kept = is_current && version.is_none_or(|version| version == frame.version);
    let html = EmbedPage {
        slug: hub.slug.clone().unwrap_or_default(),
        hub: hub.name.clone(),
        is_archived: hub.is_archived(),
        home: app.url(&format!("{}#widget-{widget}", hub.path())),
        path: frames::path(&hub, widget),
        id: widget.0,
        kind: frame.kind,
        title: frame.title,
        version: frame.version,
        body,
    };
    let html = html.render().map_err(anyhow::Error::from)?;
    let tag = format!("\"{}\"", HEXLOWER.encode(&blake3::hash(html.as_bytes()).as_bytes()[..12]));
    let kept = HeaderValue::from_static(if is_kept { KEPT } else { "no-cache" });
    let headers = [(CACHE_CONTROL, kept), (ETAG, HeaderValue::from_str(&tag).map_err(anyhow::Error::from)?)];
    Ok(if is_known(asked, &tag) {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, Html(html)).into_response()
    })
}

/// A page that says why there is no widget. What is private and what doesn't exist look the same.
fn refuse(app: &App, error: Error) -> Response {
    let (status, wait) = (error.status(), error.retry_after());
    let message = match status {
        StatusCode::NOT_FOUND => "This part of a hub is gone, or only its members see it.".to_owned(),
        _ => error.to_string(),
    };
    // Writes the log.
    drop(error.into_response());
    let Ok(html) = (EmbedRefused { message, home: app.url("/") }).render() else {
        return status.into_response();
    };
    let mut response = (status, [(CACHE_CONTROL, "no-cache")], Html(html)).into_response();
    if let Some(seconds) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

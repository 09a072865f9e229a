//! Preloading the next picture.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::photos;
use pawdium_shared::ratings::serving::{self, Scope};
use serde::{Deserialize, Serialize};

use super::page;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::views::Picture;

/// The ballot of the current photo, from whose key it follows what a visitor without a cookie sees next. It is no part
/// of the address, which logs contain.
const BALLOT: &str = "pawdium-ballot";

/// The sources of a picture, as in an `img`.
#[derive(Debug, Serialize)]
struct Ahead {
    src: String,
    srcset: String,
}

/// The query: the hub, on a hub's rating page.
#[derive(Debug, Deserialize)]
pub struct AheadQuery {
    hub: Option<String>,
}

/// `GET /rate/ahead`: the picture that will probably come next, so that `rate.js` can preload it. Contains neither the
/// photo's id nor a ballot, because the photo is only served once the current one is rated.
pub async fn ahead(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(query): Query<AheadQuery>,
) -> Result<Response, Error> {
    let ballot = headers.get(BALLOT).and_then(|ballot| ballot.to_str().ok()).unwrap_or_default();
    let visitor = visitor.with_first(&app, ballot);
    let hub = page::find_hub(&app, &visitor, query.hub.as_deref()).await?;
    let scope = page::scope(hub.as_ref());
    let mut db = app.db.acquire().await?;
    let shown = match scope {
        Scope::Hub(_) if visitor.user.is_none() => serving::preview(&mut db, scope, visitor.key).await?,
        _ => visitor.pinned,
    };
    let next = serving::ahead(&mut db, scope, visitor.id(), visitor.key, shown).await?;
    let photo = match next {
        Some(photo) => photos::queries::find(&mut db, photo).await?,
        None => None,
    };
    drop(db);
    let picture = photo.map(|photo| Picture::of(&photo)).unwrap_or_default();
    let answer = match picture.largest() {
        Some(size) => Json(Ahead { src: size.url.clone(), srcset: picture.srcset() }).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    Ok(([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], answer).into_response())
}

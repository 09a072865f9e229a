//! Preloading the next picture.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::photos;
use pawdium_shared::ratings::serving;
use serde::Serialize;

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::views::Picture;
use crate::state::App;

/// The sources of a picture, as in an `img`.
#[derive(Debug, Serialize)]
struct Ahead {
    src: String,
    srcset: String,
}

/// `GET /rate/ahead`: the picture that will probably come next, so that `rate.js` can preload it. Contains neither the
/// photo's id nor a ballot, because the photo is only served once the current one is rated.
pub async fn ahead(State(app): State<App>, visitor: Visitor) -> Result<Response, Error> {
    let mut db = app.db.acquire().await?;
    let next = serving::ahead(&mut db, visitor.id(), visitor.key, visitor.pinned).await?;
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

//! Serving pictures. Their names are made of their content, so whoever has one may keep it for good.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::media::MediaKey;

use crate::error::Error;
use crate::http::extract::Path;
use crate::state::App;

const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// `GET /media/{*key}`
pub async fn serve(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let key: MediaKey = key.parse().map_err(|_| Error::NotFound)?;
    let tag = format!("\"{key}\"");
    let tag = HeaderValue::from_str(&tag).map_err(anyhow::Error::from)?;
    if headers.get(IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag), (CACHE_CONTROL, FOR_GOOD)]).into_response());
    }
    let picture = app.store.get_picture(&key).await.map_err(anyhow::Error::from)?.ok_or(Error::NotFound)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (CONTENT_LENGTH, HeaderValue::from(picture.size)),
        (CACHE_CONTROL, FOR_GOOD),
        (ETAG, tag),
    ];
    Ok((headers, Body::from_stream(picture.content)).into_response())
}

//! Extractors whose rejections are [`Error`]s.

use axum::extract::{FromRequest, FromRequestParts};
use serde::de::DeserializeOwned;

use crate::error::Error;

/// A path parameter. One that doesn't parse is a 404.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(NoSuchPath))]
pub struct Path<T>(pub T);

/// A path parameter didn't parse.
#[derive(Debug)]
pub struct NoSuchPath;

impl From<axum::extract::rejection::PathRejection> for NoSuchPath {
    fn from(_: axum::extract::rejection::PathRejection) -> Self {
        Self
    }
}

impl axum::response::IntoResponse for NoSuchPath {
    fn into_response(self) -> axum::response::Response {
        Error::NotFound.into_response()
    }
}

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Error))]
pub struct Json<T>(pub T);

impl From<axum::extract::rejection::JsonRejection> for Error {
    fn from(rejection: axum::extract::rejection::JsonRejection) -> Self {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            return Self::TooLarge("The body is too large. JSON may have up to 64 kB.".to_owned());
        }
        Self::unreadable(&rejection.body_text())
    }
}

/// Reads a JSON body that may be left out.
///
/// # Errors
/// Names what can't be read.
pub fn read_optional<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    // A list is read as a struct whose fields may all be left out.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::Refused("The body must be a JSON object.".to_owned()));
    }
    let axum::Json(value) = axum::Json::from_bytes(body)?;
    Ok(value)
}

//! Rendering templates.

use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse, Response};

use crate::error::Error;

/// A rendered template as a response. Pages are personal and change often, so they aren't cached.
#[derive(Debug)]
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => {
                let mut response = Html(html).into_response();
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
                response
            }
            Err(error) => Error::Internal(error.into()).into_response(),
        }
    }
}

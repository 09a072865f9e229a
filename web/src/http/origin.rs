//! Protection against cross-site request forgery: a request that changes something must come from this site's pages or
//! carry a token.
//!
//! Current browsers send `Sec-Fetch-Site` (W3C Fetch Metadata), older ones send `Origin`. tower-http's layer, which reads
//! the same headers, lets requests pass that have neither, and pages of the same host over plain HTTP; around pages this
//! one does not. Requests with a token pass here, because the token proves where they come from.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Error;
use crate::state::App;

const REFUSAL: &str = "This request came from another site. Reload the page and try again.";

/// The layer around pages, which identify visitors by a cookie.
pub async fn require_own(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_own(&app, request.headers()) == Some(true) {
        return next.run(request).await;
    }
    Error::Forbidden(REFUSAL).into_response()
}

/// The layer around the API, which ignores cookies. Refuses only requests that declare a foreign origin.
pub async fn refuse_foreign(State(app): State<App>, request: Request, next: Next) -> Response {
    let bears_token = request.headers().contains_key(AUTHORIZATION);
    if is_safe(request.method()) || bears_token || is_own(&app, request.headers()) != Some(false) {
        return next.run(request).await;
    }
    Error::Forbidden(REFUSAL).into_response()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the request comes from this site; `None` if it doesn't say.
fn is_own(app: &App, headers: &HeaderMap) -> Option<bool> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        return Some(matches!(site, "same-origin" | "none"));
    }
    let origin = text(ORIGIN)?;
    let own = app.config.web.base_url.origin().ascii_serialization();
    // Without a proxy, this site may have addresses other than the configured one.
    let same_host = origin.split_once("://").is_some_and(|(_, host)| Some(host) == text(HOST));
    Some(origin == own || (same_host && !app.secure()))
}

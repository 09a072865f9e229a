//! Forged forms: a request that changes something must come from this site's own pages, or bear a token.
//!
//! `Sec-Fetch-Site` (W3C Fetch Metadata) says so in every current browser; `Origin` does in older ones.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Error;
use crate::state::App;

const REFUSAL: &str = "This request came from another site. Reload the page and try again.";

/// The layer around pages, which know their visitor by a cookie.
pub async fn require_own(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_own(&app, request.headers()) == Some(true) {
        return next.run(request).await;
    }
    Error::Forbidden(REFUSAL).into_response()
}

/// The layer around the API, which takes no cookies: only what says itself that it is foreign is refused.
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

/// `None`: the request doesn't say where it comes from.
fn is_own(app: &App, headers: &HeaderMap) -> Option<bool> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        return Some(matches!(site, "same-origin" | "none"));
    }
    let origin = text(ORIGIN)?;
    let own = app.config.web.base_url.origin().ascii_serialization();
    // Behind no proxy, an address other than the configured one is still this site.
    let same_host = origin.split_once("://").is_some_and(|(_, host)| Some(host) == text(HOST));
    Some(origin == own || (same_host && !app.secure()))
}

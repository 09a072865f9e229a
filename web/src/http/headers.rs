//! Headers of every response.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;

use super::visitor::SESSION;
use crate::state::App;

/// The policy of pages.
pub const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// The policy of pages that other sites may frame. They load nothing but their own files, and no form leaves them.
const FRAMABLE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                        img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors *";

/// Marks a response that pages of other sites may frame.
#[derive(Clone, Copy, Debug)]
pub struct Framable;

const ALWAYS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Clears the browser's cache of this site, including the pages that Back would show.
///
/// It keeps the browser's storage, which holds photos that members have chosen and not sent yet.
pub const FORGET: [(&str, &str); 1] = [("clear-site-data", "\"cache\"")];

/// Adds the security headers. Responses to requests with a session or a token aren't stored, so that Back doesn't show
/// them after logging out.
pub async fn secure(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_known = request.headers().contains_key(AUTHORIZATION)
        || CookieJar::from_headers(request.headers()).get(SESSION).is_some();
    let mut response = next.run(request).await;
    let policy = if response.extensions().get::<Framable>().is_some() { FRAMABLE } else { POLICY };
    let headers = response.headers_mut();
    if is_known && headers.get(CACHE_CONTROL).is_none_or(|kept| kept.as_bytes().starts_with(b"private")) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    add(&app, policy, headers);
    response
}

/// The headers of every response, with this policy.
pub fn add(app: &App, policy: &'static str, headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if app.secure() {
        headers.insert(
            HeaderName::from_static("strict-transport-security"),
            HeaderValue::from_static("max-age=63072000"),
        );
    }
}

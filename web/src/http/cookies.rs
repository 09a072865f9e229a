//! Binds every cookie to this host and to TLS (`__Host-`, RFC 6265bis, section 4.1.3) if the site uses TLS. Handlers
//! use the plain names.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::App;

const PREFIX: &str = "__Host-";

/// The layer that adds and strips the prefix. With TLS, it ignores cookies without the prefix, because another host of
/// the domain may have set them.
pub async fn bind(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if !app.secure() {
        return next.run(request).await;
    }
    let headers = request.headers_mut();
    let sent = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let own: Vec<_> =
        sent.flat_map(|header| header.split("; ")).filter_map(|pair| pair.strip_prefix(PREFIX)).collect();
    let own = HeaderValue::from_str(&own.join("; "));
    headers.remove(COOKIE);
    if let Ok(own) = own {
        headers.insert(COOKIE, own);
    }
    let mut response = next.run(request).await;
    let set: Vec<_> = response.headers().get_all(SET_COOKIE).iter().filter_map(bound).collect();
    response.headers_mut().remove(SET_COOKIE);
    for cookie in set {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn bound(cookie: &HeaderValue) -> Option<HeaderValue> {
    let cookie = cookie.to_str().ok()?;
    let secure = if cookie.contains("; Secure") { "" } else { "; Secure" };
    HeaderValue::from_str(&format!("{PREFIX}{cookie}{secure}")).ok()
}

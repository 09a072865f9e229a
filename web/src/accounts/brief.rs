//! Cookies that live for the few minutes of a login or of a passkey's answer.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use pawdium_shared::accounts::factors::pending;
use pawdium_shared::accounts::sessions::Token;

use crate::state::App;

/// The cookie that names a login that waits for its second factor.
pub(super) const WAITING: &str = "waiting";

/// The cookie that names the challenge that a passkey answers.
pub(super) const CEREMONY: &str = "passkey";

/// A cookie for a few minutes, which no script reads.
pub(super) fn brief_cookie(app: &App, name: &'static str, token: &Token) -> Cookie<'static> {
    Cookie::build((name, token.expose().to_owned()))
        .path("/")
        .http_only(true)
        .secure(app.secure())
        .same_site(SameSite::Lax)
        .max_age(time::Duration::minutes(pending::MINUTES.into()))
        .build()
}

/// The token in such a cookie.
pub(super) fn read_brief(jar: &CookieJar, name: &str) -> Option<Token> {
    jar.get(name).map(|cookie| Token::presented(cookie.value()))
}

/// Removes such a cookie, if the browser has it.
pub(super) fn forget_brief(jar: CookieJar, app: &App, name: &'static str) -> CookieJar {
    if jar.get(name).is_none() {
        return jar;
    }
    jar.remove(Cookie::build(name).path("/").secure(app.secure()))
}

//! Passkeys (W3C Web Authentication, level 3): what browsers are asked, and checking what they answer.
//!
//! A challenge's state stays in the database, and a cookie names it. It is used up by the first answer, right or wrong, and
//! only that of the session or the login that asked for it. Passkeys are bound to the host of `web.base_url`, which must be
//! a name.

pub mod login;
mod relying_party;

pub(super) use self::relying_party::Registered;
pub use self::relying_party::{Passkeys, Wrong};

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::passkeys::{self, Asker, Purpose};
use pawdium_shared::accounts::sessions::Token;
use serde_json::Value;

use super::brief::{CEREMONY, brief_cookie, read_brief};
use crate::error::Error;
use crate::state::App;

/// What a browser is asked, and what the site keeps of it.
pub(super) struct Challenge {
    /// The options of `navigator.credentials`, as JSON.
    pub(super) options: Value,
    /// What the answer is checked with.
    pub(super) state: Value,
}

/// Stores a challenge, and answers the page's script with it.
pub(super) async fn ask(
    app: &App,
    jar: CookieJar,
    purpose: Purpose,
    asker: Asker<'_>,
    challenge: Challenge,
) -> Result<Response, Error> {
    let token = passkeys::ask(&mut *app.db.acquire().await?, purpose, asker, &challenge.state).await?;
    Ok((jar.add(brief_cookie(app, CEREMONY, &token)), Json(challenge.options)).into_response())
}

/// Uses up the challenge that the browser's cookie names. Returns its state.
///
/// # Errors
/// [`Error::WrongPasskey`] if there is none.
pub(super) async fn take(
    app: &App,
    jar: &CookieJar,
    purpose: Purpose,
    asker: Asker<'_>,
) -> Result<Value, Error> {
    let wrong = || Error::WrongPasskey(asker.map(|(user, _)| user));
    let token: Token = read_brief(jar, CEREMONY).ok_or_else(wrong)?;
    passkeys::answer(&mut *app.db.acquire().await?, purpose, asker, &token).await?.ok_or_else(wrong)
}

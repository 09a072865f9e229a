//! A member's second factors: setting them up, and using them to log in.

pub mod app;
pub mod codes;
pub mod confirm;
pub mod keys;
pub mod page;
mod qr;
pub mod second;

use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::fresh;
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{User, proof};
use pawdium_shared::db::Tx;

use crate::error::Error;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

/// The page with everything about second factors.
const PATH: &str = "/settings/security";

/// The member of a session, and the session.
fn member_of(visitor: &Visitor) -> Result<(&User, &Token), Error> {
    let user = visitor.member()?;
    Ok((user, visitor.token.as_ref().ok_or(Error::SessionEnded)?))
}

/// Begins a transaction of a member whose session is open, and locks the member's row.
async fn begin(app: &App, visitor: &Visitor) -> Result<Tx, Error> {
    let (user, session) = member_of(visitor)?;
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[user.id]).await?;
    if !sessions::is_open(&mut tx, session, user.id).await? {
        return Err(Error::SessionEnded);
    }
    Ok(tx)
}

/// Begins a transaction for a sensitive act.
///
/// # Errors
/// [`Error::Unproven`] unless the session's member has shown a password or a second factor lately.
async fn begin_sensitive(app: &App, visitor: &Visitor) -> Result<Tx, Error> {
    let mut tx = begin(app, visitor).await?;
    let (_, session) = member_of(visitor)?;
    if !fresh::is_fresh(&mut tx, session).await? {
        return Err(Error::Unproven);
    }
    Ok(tx)
}

fn back(jar: CookieJar, notice: Notice) -> Response {
    (jar.add(notice.cookie()), Redirect::to(PATH)).into_response()
}

/// The answer to a form. Whoever must confirm something first is led there.
fn or_confirm(jar: CookieJar, answer: Result<Response, Error>) -> Result<Response, Error> {
    match answer {
        Err(Error::Unproven) => Ok(back(jar, Notice::ProveFirst)),
        answer => answer,
    }
}

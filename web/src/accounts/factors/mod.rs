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
use pawdium_shared::accounts::factors::{self, Factors, fresh, recovery};
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{User, proof};
use pawdium_shared::db::Tx;
use sqlx::PgConnection;

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

/// Begins a transaction for an act that changes how the account is protected.
///
/// # Errors
/// [`Error::Unproven`] unless the session has a fresh proof.
async fn begin_sensitive(app: &App, visitor: &Visitor) -> Result<Tx, Error> {
    let mut tx = begin(app, visitor).await?;
    let (_, session) = member_of(visitor)?;
    if !fresh::is_fresh(&mut tx, session).await? {
        return Err(Error::Unproven);
    }
    Ok(tx)
}

/// Whether the visitor must show a second factor before a sensitive act: the account has one, and the session has no
/// fresh proof. The password is asked for besides, as of everybody. Lock the user's row first if the answer must hold.
///
/// # Errors
/// When the database fails.
pub(crate) async fn must_prove(db: &mut PgConnection, visitor: &Visitor) -> Result<bool, Error> {
    if !factors::has(db, visitor.id()).await? {
        return Ok(false);
    }
    match &visitor.token {
        Some(session) => Ok(!fresh::is_fresh(db, session).await?),
        None => Ok(true),
    }
}

/// Refuses a sensitive act of a visitor who [must show a second factor](must_prove) first. The caller must lock the
/// user's row.
///
/// # Errors
/// [`Error::Unproven`].
pub(crate) async fn require_proof(db: &mut PgConnection, visitor: &Visitor) -> Result<(), Error> {
    if must_prove(db, visitor).await? { Err(Error::Unproven) } else { Ok(()) }
}

/// What comes with the first second factor: recovery codes, which are returned, unless there are some. From now on what
/// other sessions have shown, a password, is no proof.
async fn protect(tx: &mut Tx, visitor: &Visitor, before: Factors) -> Result<Vec<String>, Error> {
    let (user, session) = member_of(visitor)?;
    if !before.any() {
        fresh::forget_others(tx, user.id, session).await?;
    }
    if before.codes > 0 { Ok(Vec::new()) } else { Ok(recovery::renew(tx, user.id).await?) }
}

fn back(jar: CookieJar, notice: Notice) -> Response {
    (jar.add(notice.cookie()), Redirect::to(PATH)).into_response()
}

/// The answer to a form of the security page. A visitor who must confirm something first is led there.
fn or_confirm(jar: CookieJar, answer: Result<Response, Error>) -> Result<Response, Error> {
    match answer {
        Err(Error::Unproven) => Ok(back(jar, Notice::ProveFirst)),
        answer => answer,
    }
}

/// The answer to a form of another page, to which the visitor comes back after confirming.
pub(crate) fn or_confirm_for(
    jar: CookieJar,
    page: &str,
    answer: Result<Response, Error>,
) -> Result<Response, Error> {
    match answer {
        Err(Error::Unproven) => {
            let to = format!("{}#confirm", second::with_next(PATH, Some(page)));
            Ok((jar.add(Notice::ProveFirst.cookie()), Redirect::to(&to)).into_response())
        }
        answer => answer,
    }
}

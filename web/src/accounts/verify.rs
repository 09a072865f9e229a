//! Verifying an e-mail address.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::queries;
use pawdium_shared::accounts::sessions::Token;

use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::accounts::{MailPurpose, StaleLinkPage, VerifyPage};

/// `GET /verify/{token}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let mut db = app.db.acquire().await?;
    if links::find_user(&mut db, &Token::presented(&token), Purpose::Verify).await?.is_none() {
        return Ok(stale(viewing));
    }
    Ok(Page(VerifyPage { chrome: viewing.chrome, token }).into_response())
}

/// `POST /verify/{token}`
pub async fn verify(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let token = Token::presented(&token);
    let mut tx = app.db.begin().await?;
    match links::consume(&mut tx, &token, Purpose::Verify).await? {
        Some(used) => queries::verify_email(&mut tx, used.user).await?,
        // A duplicate of the same form.
        None if links::find_spent(&mut tx, &token, Purpose::Verify).await?.is_some() => {}
        None => return Ok(stale(viewing)),
    }
    tx.commit().await?;
    Ok((jar.add(Notice::EmailVerified.cookie()), Redirect::to("/")).into_response())
}

fn stale(viewing: Viewing) -> Response {
    let page = StaleLinkPage { chrome: viewing.chrome, purpose: MailPurpose::Verify };
    (StatusCode::BAD_REQUEST, Page(page)).into_response()
}

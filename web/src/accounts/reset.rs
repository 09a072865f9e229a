//! Forgotten passwords: requesting a link and using it.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::proof::Proof;
use pawdium_shared::accounts::queries::EMAIL_TAKEN;
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Email, User, networks, passwords, queries, tokens};
use pawdium_shared::db::violates;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::security::{self, Incident};
use serde::Deserialize;

use super::{choose_password, guesses, readdress};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, without_session};
use crate::state::App;
use crate::views::Field;
use crate::views::accounts::{ForgotPage, MailPurpose, MailSentPage, ResetPage, StaleLinkPage};

/// The form of `POST /forgot`.
#[derive(Debug, Deserialize)]
pub struct ForgotForm {
    #[serde(default)]
    email: String,
}

/// The form of `POST /reset/{token}`.
#[derive(Debug, Deserialize)]
pub struct ResetForm {
    #[serde(default)]
    password: String,
}

/// `GET /forgot`
pub async fn forgot_page(viewing: Viewing) -> Page<ForgotPage> {
    Page(ForgotPage { chrome: viewing.chrome, email: Field::default() })
}

/// `POST /forgot`: answers the same, in the same time, whether the address is known or not.
pub async fn forgot(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    Form(form): Form<ForgotForm>,
) -> Result<Response, Error> {
    match request(&app, client, &form.email).await {
        Ok(()) => {
            let page =
                MailSentPage { chrome: viewing.chrome, purpose: MailPurpose::Reset, email: form.email };
            Ok(Page(page).into_response())
        }
        Err(error @ Error::Field { .. }) => {
            let page =
                ForgotPage { chrome: viewing.chrome, email: Field::refused(form.email, error.to_string()) };
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// Enqueues the mail. The job looks up whether an account has the address.
///
/// # Errors
/// When the address is malformed or too many mails were requested.
pub async fn request(app: &App, client: Client, email: &str) -> Result<(), Error> {
    let email = Email::new(email)?;
    limits::count(app, Limited::Mail, client.counted()).await?;
    guesses::count_reset(app, email.as_str()).await?;
    let mut tx = app.db.begin().await?;
    SendMail::PasswordReset { email: email.as_str().to_owned() }.enqueue(&mut tx).await?;
    tx.commit().await?;
    security::note(Incident::ResetRequested, client.0, None);
    Ok(())
}

/// `GET /reset/{token}`: only shows a form, so that mail scanners don't use up the link.
pub async fn reset_page(
    State(app): State<App>,
    viewing: Viewing,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let mut db = app.db.acquire().await?;
    if links::find_user(&mut db, &Token::presented(&token), Purpose::Reset).await?.is_none() {
        return Ok(stale(viewing));
    }
    Ok(Page(ResetPage { chrome: viewing.chrome, token, password_error: None }).into_response())
}

/// `POST /reset/{token}`: sets the password, ends all sessions and API tokens, and restores and verifies the address
/// that the link was sent to. This locks out anyone who changed the account with a stolen password.
pub async fn reset(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Path(token): Path<String>,
    Form(form): Form<ResetForm>,
) -> Result<Response, Error> {
    limits::count(&app, Limited::Login, client.counted()).await?;
    let link = Token::presented(&token);
    let Some(user) = find_user(&app, &link).await? else {
        return if is_done(&app, &link, &form.password).await? { Ok(done(jar)) } else { Ok(stale(viewing)) };
    };
    let (name, email) = (user.name.unwrap_or_default(), user.email.unwrap_or_default());
    let password = match choose_password(&form.password, &name, &email).await {
        Ok(password) => password,
        Err(error @ Error::Field { .. }) => {
            let password_error = Some(error.to_string());
            let page = ResetPage { chrome: viewing.chrome, token, password_error };
            return Ok((StatusCode::BAD_REQUEST, Page(page)).into_response());
        }
        Err(error) => return Err(error),
    };
    let hash = passwords::hash(&password).await;
    let mut tx = app.db.begin().await?;
    let Some(used) = links::consume(&mut tx, &link, Purpose::Reset).await? else {
        tx.rollback().await?;
        return if is_done(&app, &link, &form.password).await? { Ok(done(jar)) } else { Ok(stale(viewing)) };
    };
    let user = used.user;
    // Restore the address that the link was sent to, in case it has been changed since.
    if let Err(error) = readdress(&mut tx, user, &Email::new(&used.email)?).await {
        tx.rollback().await?;
        return if violates(&error, EMAIL_TAKEN) { Ok(stale(viewing)) } else { Err(error.into()) };
    }
    queries::set_password(&mut tx, user, &hash).await?;
    queries::verify_email(&mut tx, user).await?;
    sessions::end_others(&mut tx, user, None).await?;
    tokens::end_all(&mut tx, user).await?;
    let network = guesses::network(&app, client);
    networks::keep_only(&mut tx, user, network).await?;
    networks::meet(&mut tx, user, network, &client.origin()).await?;
    tx.commit().await?;
    security::note(Incident::PasswordReset, client.0, Some(user));
    let own = viewing.visitor.id() == user;
    Ok(done(if own { without_session(&app, jar) } else { jar }))
}

fn done(jar: CookieJar) -> Response {
    (jar.add(Notice::PasswordReset.cookie()), Redirect::to("/login")).into_response()
}

/// Whether the link was just used to set the same password, because the form was sent twice.
async fn is_done(app: &App, link: &Token, password: &str) -> Result<bool, Error> {
    let mut db = app.db.acquire().await?;
    let Some(user) = links::find_spent(&mut db, link, Purpose::Reset).await? else { return Ok(false) };
    let hash = queries::find_password_hash(&mut db, user).await?;
    drop(db);
    Ok(Proof::check(password, hash.map(|hash| (user, hash))).await.is_some())
}

/// The user that the link belongs to.
async fn find_user(app: &App, token: &Token) -> Result<Option<User>, Error> {
    let mut db = app.db.acquire().await?;
    Ok(match links::find_user(&mut db, token, Purpose::Reset).await? {
        Some(user) => queries::find(&mut db, user).await?,
        None => None,
    })
}

fn stale(viewing: Viewing) -> Response {
    let page = StaleLinkPage { chrome: viewing.chrome, purpose: MailPurpose::Reset };
    (StatusCode::BAD_REQUEST, Page(page)).into_response()
}

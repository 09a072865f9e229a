//! Forgotten passwords: asking for a link, and using it.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Email, Password, passwords, queries};
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::queue::Enqueue as _;
use serde::Deserialize;

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

/// What `POST /forgot` sends.
#[derive(Debug, Deserialize)]
pub struct ForgotForm {
    #[serde(default)]
    email: String,
}

/// What `POST /reset/{token}` sends.
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

/// Enqueues the mail. Whether anybody has the address is for its job to find out.
///
/// # Errors
/// When the address has no address's form, or too many were asked for.
pub async fn request(app: &App, client: Client, email: &str) -> Result<(), Error> {
    let email = Email::new(email)?;
    limits::count(app, Limited::Mail, client.counted()).await?;
    let mut tx = app.db.begin().await?;
    SendMail::PasswordReset { email: email.as_str().to_owned() }.enqueue(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// `GET /reset/{token}`: only shows a form; a mail scanner's look consumes nothing.
pub async fn reset_page(
    State(app): State<App>,
    viewing: Viewing,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let mut db = app.db.acquire().await?;
    if !links::valid(&mut db, &Token::presented(&token), Purpose::Reset).await? {
        return Ok(stale(viewing));
    }
    Ok(Page(ResetPage { chrome: viewing.chrome, token, password_error: None }).into_response())
}

/// `POST /reset/{token}`: sets the password, ends every session, and shows that the address works.
pub async fn reset(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Path(token): Path<String>,
    Form(form): Form<ResetForm>,
) -> Result<Response, Error> {
    limits::count(&app, Limited::Login, client.counted()).await?;
    let password = match Password::new(&form.password) {
        Ok(password) => password,
        Err(refused) => {
            let password_error = Some(refused.message.to_owned());
            let page = ResetPage { chrome: viewing.chrome, token, password_error };
            return Ok((StatusCode::BAD_REQUEST, Page(page)).into_response());
        }
    };
    let hash = passwords::hash(&password).await;
    let mut tx = app.db.begin().await?;
    let Some(user) = links::consume(&mut tx, &Token::presented(&token), Purpose::Reset).await? else {
        return Ok(stale(viewing));
    };
    queries::set_password(&mut tx, user, &hash).await?;
    queries::verify_email(&mut tx, user).await?;
    sessions::close_others(&mut tx, user, None).await?;
    tx.commit().await?;
    let own = viewing.visitor.id() == user;
    let jar = if own { without_session(&app, jar) } else { jar };
    let jar = jar.add(Notice::PasswordReset.cookie());
    Ok((jar, Redirect::to("/login")).into_response())
}

fn stale(viewing: Viewing) -> Response {
    let page = StaleLinkPage { chrome: viewing.chrome, purpose: MailPurpose::Reset };
    (StatusCode::BAD_REQUEST, Page(page)).into_response()
}

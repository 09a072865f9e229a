//! Logging in and out.

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::User;
use pawdium_shared::accounts::sessions::{self, Token};
use serde::Deserialize;

use super::brief::{CEREMONY, WAITING, brief_cookie, forget_brief};
use super::enter::{self, Arrival, Factor, Shown};
use super::factors::second::second_step;
use super::register::Next;
use super::{guesses, local};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::headers;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, session_cookie, without_session};
use crate::state::App;
use crate::views::Field;
use crate::views::accounts::{DemoLogin, LoginPage};

/// The login form.
#[derive(Debug, Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// `GET /login`
pub async fn page(State(app): State<App>, viewing: Viewing, Query(Next { next }): Query<Next>) -> Response {
    if viewing.visitor.member().is_ok() {
        return Redirect::to(local(next.as_deref())).into_response();
    }
    Page(show(&app, viewing, Field::default(), None, next)).into_response()
}

/// The login page after a passkey was refused.
pub(super) fn page_after(app: &App, viewing: Viewing, error: &Error, next: Option<String>) -> Response {
    refused(error, Page(show(app, viewing, Field::default(), Some(error.to_string()), next)))
}

/// `POST /login`
pub async fn login(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let known = match enter::check_password(&app, client, &form.email, &form.password).await {
        Ok(known) => known,
        Err(error @ (Error::WrongLogin(_) | Error::Guarded(_))) => {
            let page = show(&app, viewing, Field::of(form.email), Some(error.to_string()), form.next);
            return Ok(refused(&error, Page(page)));
        }
        Err(error) => return Err(error),
    };
    if known.has_factor {
        let waiting = enter::wait(&app, &known).await?;
        let to = second_step(form.next.as_deref());
        return Ok((jar.add(brief_cookie(&app, WAITING, &waiting)), Redirect::to(&to)).into_response());
    }
    let (visitor, replaced) = (&viewing.visitor, viewing.visitor.token.as_ref());
    let arrival = Arrival { client, visitor, replaced };
    let token = enter::open(&app, arrival, known.user.id, Shown::Password(&known.proof)).await?;
    Ok(entered(&app, jar, &token, form.next.as_deref()))
}

/// The answer to a login: the session, and where the visitor wanted to go.
pub(super) fn entered(app: &App, jar: CookieJar, token: &Token, next: Option<&str>) -> Response {
    let jar = forget_brief(forget_brief(jar, app, WAITING), app, CEREMONY);
    (jar.add(session_cookie(app, token)), Redirect::to(local(next))).into_response()
}

/// A page with what was refused on it.
pub(super) fn refused(error: &Error, page: impl IntoResponse) -> Response {
    let mut response = (error.status(), Extension(error.noted()), page).into_response();
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// `POST /logout`
pub async fn logout(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<impl IntoResponse, Error> {
    if let Some(token) = &visitor.token {
        let mut tx = app.db.begin().await?;
        sessions::log_out(&mut tx, visitor.id(), token).await?;
        tx.commit().await?;
    }
    Ok((headers::FORGET, without_session(&app, jar), Redirect::to("/")))
}

/// Logs in through the API, with a code for an account with a second factor.
///
/// # Errors
/// As of `enter::check_password`; [`Error::CodeNeeded`] without a code, [`Error::WrongCode`] with a wrong one;
/// [`Error::Sanctioned`] for a member who is suspended or banned.
pub async fn enter(
    app: &App,
    client: Client,
    visitor: &Visitor,
    credentials: Credentials<'_>,
) -> Result<(User, Token), Error> {
    let Credentials { email, password, code } = credentials;
    let known = enter::check_password(app, client, email, password).await?;
    let arrival = Arrival { client, visitor, replaced: None };
    let user = known.user.id;
    if !known.has_factor {
        let token = enter::open(app, arrival, user, Shown::Password(&known.proof)).await?;
        return Ok((known.user, token));
    }
    let code = code.filter(|code| !code.trim().is_empty()).ok_or(Error::CodeNeeded)?;
    let guess = guesses::count_code(app, user, known.network, known.is_known).await?;
    let shown = Shown::Both(&known.proof, Factor::Code(code));
    let opened = enter::open(app, arrival, user, shown).await;
    guess.settle(app, &opened).await;
    Ok((known.user, opened?))
}

/// What a program logs in with.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// A code of the authenticator app, or a recovery code.
    pub code: Option<&'a str>,
}

fn show(app: &App, viewing: Viewing, email: Field, error: Option<String>, next: Option<String>) -> LoginPage {
    let demo_logins = app.config.demo.logins.iter().map(|login| DemoLogin {
        name: login.email.split('@').next().unwrap_or_default().to_owned(),
        email: login.email.clone(),
        password: login.password.clone(),
        note: login.about.clone(),
    });
    let passkeys = app.passkeys.is_possible();
    LoginPage { chrome: viewing.chrome, email, error, next, passkeys, demo_logins: demo_logins.collect() }
}

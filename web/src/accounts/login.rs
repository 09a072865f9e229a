//! Logging in and out.

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::proof::{self, Proof};
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Email, User, queries};
use pawdium_shared::cache::Event;
use pawdium_shared::ratings::merge;
use serde::Deserialize;

use super::local;
use super::register::Next;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, session_cookie, without_session};
use crate::state::App;
use crate::views::Field;
use crate::views::accounts::{DemoLogin, LoginPage};

/// The same whether the address or the password is wrong.
const WRONG: &str = "This address and password don't belong together.";

/// What the form sends.
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

/// `POST /login`
pub async fn login(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    match enter(&app, client, &viewing.visitor, &form.email, &form.password).await {
        Ok((_, token)) => {
            let jar = jar.add(session_cookie(&app, &token));
            Ok((jar, Redirect::to(local(form.next.as_deref()))).into_response())
        }
        Err(error @ Error::Forbidden(_)) => {
            let page = show(&app, viewing, Field::of(form.email), Some(error.to_string()), form.next);
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// `POST /logout`
pub async fn logout(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Error> {
    if let Some(token) = &visitor.token {
        sessions::close(&mut *app.db.acquire().await?, token).await?;
    }
    Ok((without_session(&app, jar), Redirect::to("/")))
}

/// Checks a password and opens a session. What the visitor did anonymously moves to the account. An unknown address
/// takes as long as a wrong password.
///
/// # Errors
/// [`Error::Forbidden`], with the same text for both.
pub async fn enter(
    app: &App,
    client: Client,
    visitor: &Visitor,
    email: &str,
    password: &str,
) -> Result<(User, Token), Error> {
    limits::count(app, Limited::Login, client.counted()).await?;
    let mut db = app.db.acquire().await?;
    let user = match Email::new(email) {
        Ok(email) => queries::find_by_email(&mut db, email.as_str()).await?,
        Err(_) => None,
    };
    let stored = match &user {
        Some(user) => queries::find_password_hash(&mut db, user.id).await?.map(|hash| (user.id, hash)),
        None => None,
    };
    drop(db);
    let (Some(proof), Some(user)) = (Proof::check(password, stored).await, user) else {
        return Err(Error::Forbidden(WRONG));
    };
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[visitor.id(), user.id]).await?;
    if !proof.holds(&mut tx).await? {
        return Err(Error::Forbidden(WRONG));
    }
    let moved = match (&visitor.user, &visitor.token) {
        (Some(caller), Some(token))
            if caller.anonymous() && sessions::is_open(&mut tx, token, caller.id).await? =>
        {
            merge::merge(&mut tx, caller.id, user.id).await?
        }
        _ => Vec::new(),
    };
    let token = sessions::open(&mut tx, user.id).await?;
    tx.commit().await?;
    if !moved.is_empty() {
        app.cache.forget(&Event::MemberChanged { photos: moved }).await;
    }
    Ok((user, token))
}

fn show(app: &App, viewing: Viewing, email: Field, error: Option<String>, next: Option<String>) -> LoginPage {
    let demo_logins = app.config.demo.logins.iter().map(|login| DemoLogin {
        name: login.email.split('@').next().unwrap_or_default().to_owned(),
        email: login.email.clone(),
        password: login.password.clone(),
        note: login.about.clone(),
    });
    LoginPage { chrome: viewing.chrome, email, error, next, demo_logins: demo_logins.collect() }
}

//! Registering: a new account, or the anonymous user upgraded.

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Email, Name, Password, passwords, proof, queries};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::queue::Enqueue as _;
use serde::Deserialize;

use super::{local, taken};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, session_cookie};
use crate::state::App;
use crate::views::Field;
use crate::views::accounts::RegisterPage;

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub struct Next {
    pub(super) next: Option<String>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct RegisterForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// `GET /register`
pub async fn page(viewing: Viewing, Query(Next { next }): Query<Next>) -> Response {
    if viewing.visitor.member().is_ok() {
        return Redirect::to(local(next.as_deref())).into_response();
    }
    let page = RegisterPage {
        chrome: viewing.chrome,
        name: Field::default(),
        email: Field::default(),
        password_error: None,
        next,
    };
    Page(page).into_response()
}

/// `POST /register`
pub async fn register(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<RegisterForm>,
) -> Result<Response, Error> {
    let wanted = Registration { name: &form.name, email: &form.email, password: &form.password };
    match create(&app, client, &viewing.visitor, None, wanted).await {
        Ok((_, token)) => {
            let jar = jar.add(session_cookie(&app, &token));
            Ok((jar, Redirect::to(local(form.next.as_deref()))).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Taken { .. })) => {
            let refused = |name: &str| (error.field() == Some(name)).then(|| error.to_string());
            let page = RegisterPage {
                chrome: viewing.chrome,
                name: Field { value: form.name, error: refused("name") },
                email: Field { value: form.email, error: refused("email") },
                password_error: refused("password"),
                next: form.next,
            };
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// What somebody wants to be.
#[derive(Clone, Copy)]
pub struct Registration<'a> {
    /// The public name.
    pub name: &'a str,
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
}

/// Registers and opens a session; the verification mail goes out with it. An anonymous visitor keeps its row, but its
/// sessions end, save the one to `keep`: a cookie that somebody else has planted must not become the account's.
///
/// # Errors
/// What is wrong or taken.
pub async fn create(
    app: &App,
    client: Client,
    visitor: &Visitor,
    keep: Option<&Token>,
    wanted: Registration<'_>,
) -> Result<(UserId, Token), Error> {
    let name = Name::new(wanted.name)?;
    let email = Email::new(wanted.email)?;
    let password = Password::new(wanted.password)?;
    limits::count(app, Limited::Registration, client.counted()).await?;
    let hash = passwords::hash(&password).await;
    if visitor.member().is_ok() {
        return Err(Error::Forbidden("You are registered already; log out to register somebody else."));
    }
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[visitor.id()]).await?;
    let anonymous = match &visitor.token {
        Some(token) if sessions::is_open(&mut tx, token, visitor.id()).await? => Some(visitor.id()),
        _ => None,
    };
    let user = queries::register(&mut tx, anonymous, &name, &email, &hash).await.map_err(taken)?;
    sessions::close_others(&mut tx, user, keep).await?;
    let token = sessions::open(&mut tx, user).await?;
    SendMail::verification(user, email.as_str()).enqueue(&mut tx).await?;
    tx.commit().await?;
    Ok((user, token))
}

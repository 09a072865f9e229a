//! Registering a new account or an anonymous user.

use std::iter;

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::proof::{self, Proof};
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Email, Name, Password, User, factors, networks, passwords, queries};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use serde::Deserialize;

use super::{EMAIL_IS_TAKEN, NAME_IS_TAKEN, choose_password, guesses, local, taken};
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

/// The registration form.
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

impl RegisterForm {
    fn is_of(&self, user: &User) -> bool {
        let is = |own: Option<&str>, sent: &str| own.is_some_and(|own| own.eq_ignore_ascii_case(sent.trim()));
        is(user.name.as_deref(), &self.name) && is(user.email.as_deref(), &self.email)
    }
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
    // A duplicate of a form that was already answered.
    if viewing.visitor.member().is_ok_and(|user| form.is_of(user)) {
        return Ok(Redirect::to(local(form.next.as_deref())).into_response());
    }
    let wanted = Registration { name: &form.name, email: &form.email, password: &form.password };
    match create(&app, client, &viewing.visitor, None, wanted).await {
        Ok((_, token)) => {
            let jar = jar.add(session_cookie(&app, &token));
            Ok((jar, Redirect::to(local(form.next.as_deref()))).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Taken { .. })) => {
            // Report the other invalid fields along with it.
            let password = choose_password(&form.password, &form.name, &form.email).await.err();
            let others = [
                Name::choose(&form.name).err().map(Error::from),
                Email::choose(&form.email).err().map(Error::from),
                password,
            ];
            let errors = || iter::once(&error).chain(others.iter().flatten());
            let refused = |name| errors().find(|error| error.field() == Some(name)).map(ToString::to_string);
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

/// The fields of a registration.
#[derive(Clone, Copy)]
pub struct Registration<'a> {
    /// The public name.
    pub name: &'a str,
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
}

/// Registers a user, opens a session and sends the verification mail. An anonymous visitor keeps the row, but all its
/// sessions end except `keep`: a planted cookie must not become the account's.
///
/// # Errors
/// Says which field is invalid or taken.
pub async fn create(
    app: &App,
    client: Client,
    visitor: &Visitor,
    keep: Option<&Token>,
    wanted: Registration<'_>,
) -> Result<(UserId, Token), Error> {
    let name = Name::choose(wanted.name)?;
    let email = Email::choose(wanted.email)?;
    limits::count(app, Limited::Registration, client.counted()).await?;
    let password = choose_password(wanted.password, name.as_str(), email.as_str()).await?;
    if visitor.member().is_ok() {
        return Err(Error::Forbidden("You are already registered. Log out to register another account."));
    }
    let wanted = CheckedRegistration { name, email, password, typed: wanted.password };
    let made = match refuse_taken(app, &wanted).await {
        Ok(()) => make(app, client, visitor, keep, &wanted).await,
        Err(error) => Err(error),
    };
    match made {
        // A duplicate of the same form.
        Err(error @ (Error::Taken { .. } | Error::Forbidden(_))) => {
            enter_twin(app, client, &wanted).await?.ok_or(error)
        }
        made => made,
    }
}

/// A registration whose fields are valid.
struct CheckedRegistration<'a> {
    name: Name,
    email: Email,
    password: Password,
    typed: &'a str,
}

/// Refuses taken names and addresses before hashing the password and counting the mail.
async fn refuse_taken(app: &App, wanted: &CheckedRegistration<'_>) -> Result<(), Error> {
    let mut db = app.db.acquire().await?;
    if queries::find_by_name(&mut db, wanted.name.as_str()).await?.is_some() {
        return Err(NAME_IS_TAKEN);
    }
    if queries::find_by_email(&mut db, wanted.email.as_str()).await?.is_some() {
        return Err(EMAIL_IS_TAKEN);
    }
    Ok(())
}

async fn make(
    app: &App,
    client: Client,
    visitor: &Visitor,
    keep: Option<&Token>,
    wanted: &CheckedRegistration<'_>,
) -> Result<(UserId, Token), Error> {
    let CheckedRegistration { name, email, password, .. } = wanted;
    guesses::count_mail(app, email.as_str()).await?;
    let hash = passwords::hash(password).await;
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[visitor.id()]).await?;
    let anonymous = match &visitor.token {
        Some(token) if sessions::is_open(&mut tx, token, visitor.id()).await? => Some(visitor.id()),
        _ => None,
    };
    let user = match queries::register(&mut tx, anonymous, name, email, &hash).await {
        Err(sqlx::Error::RowNotFound) => {
            return Err(Error::Forbidden("You are already registered. Log in instead."));
        }
        made => made.map_err(taken)?,
    };
    sessions::close_others(&mut tx, user, keep).await?;
    let token = sessions::open_from(&mut tx, user, Some(&client.origin())).await?;
    networks::meet(&mut tx, user, guesses::network(app, client), &client.origin()).await?;
    SendMail::verification(user, email.as_str()).enqueue(&mut tx).await?;
    tx.commit().await?;
    Ok((user, token))
}

/// Logs in to an account that was just registered with the same name, address and password, because the answer was lost
/// or the button was pressed twice. `None` if the account is somebody else's.
async fn enter_twin(
    app: &App,
    client: Client,
    wanted: &CheckedRegistration<'_>,
) -> Result<Option<(UserId, Token)>, Error> {
    let mut db = app.db.acquire().await?;
    let Some((user, hash)) = queries::find_just_registered(&mut db, &wanted.name, &wanted.email).await?
    else {
        return Ok(None);
    };
    drop(db);
    let guess = guesses::count(app, wanted.email.as_str(), guesses::network(app, client), false).await?;
    let Some(proof) = Proof::check(wanted.typed, Some((user, hash))).await else { return Ok(None) };
    guess.was_right(app).await;
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[user]).await?;
    if !proof.holds(&mut tx).await? || factors::has(&mut tx, user).await? {
        return Ok(None);
    }
    let token = sessions::open_from(&mut tx, user, Some(&client.origin())).await?;
    tx.commit().await?;
    Ok(Some((user, token)))
}

//! Logging in and out.

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::networks::{self, Network};
use pawdium_shared::accounts::proof::{self, Proof};
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Act, Email, User, queries};
use pawdium_shared::db::{Tx, retry_conflicts};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::moderation::sanctions::list;
use pawdium_shared::ratings::merge;
use pawdium_shared::security::{self, Incident};
use serde::Deserialize;

use super::register::Next;
use super::{guesses, local};
use crate::error::Error;
use crate::http::acts;
use crate::http::client::Client;
use crate::http::headers;
use crate::http::limits::{self, Limited};
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

/// `POST /login`
pub async fn login(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<LoginForm>,
) -> Result<Response, Error> {
    let replaced = viewing.visitor.token.as_ref();
    match enter(&app, client, &viewing.visitor, replaced, &form.email, &form.password).await {
        Ok((_, token)) => {
            let jar = jar.add(session_cookie(&app, &token));
            Ok((jar, Redirect::to(local(form.next.as_deref()))).into_response())
        }
        Err(error @ (Error::WrongLogin(_) | Error::Guarded(_))) => {
            let page = show(&app, viewing, Field::of(form.email), Some(error.to_string()), form.next);
            let mut response = (error.status(), Extension(error.noted()), Page(page)).into_response();
            if let Some(seconds) = error.retry_after() {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
        Err(error) => Err(error),
    }
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

/// Checks a password and opens a session, which replaces the visitor's current one. The account takes over what they
/// did anonymously. An unknown address takes as long as a wrong password.
///
/// # Errors
/// [`Error::WrongLogin`] for an unknown address or a wrong password; [`Error::Guarded`] after too many attempts;
/// [`Error::Sanctioned`] for a member who is suspended or banned.
pub async fn enter(
    app: &App,
    client: Client,
    visitor: &Visitor,
    replaced: Option<&Token>,
    email: &str,
    password: &str,
) -> Result<(User, Token), Error> {
    limits::count(app, Limited::Login, client.counted()).await?;
    let network = guesses::network(app, client);
    let account = find_account(app, email, network).await?;
    let is_known = account.as_ref().is_some_and(|account| account.is_known);
    let guess = guesses::count(app, email, network, is_known).await?;
    let stored = account.as_ref().and_then(|account| Some((account.user.id, account.hash.clone()?)));
    let proof = Proof::check(password, stored).await;
    let tried = account.as_ref().map(|account| account.user.id);
    let (Some(proof), Some(Account { user, .. })) = (proof, account) else {
        return Err(Error::WrongLogin(tried));
    };
    guess.was_right(app).await;
    let token = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let before = who_was(&mut tx, app, client, visitor).await?;
        proof::lock(&mut tx, &[before.unwrap_or(visitor.id()), user.id]).await?;
        if !proof.holds(&mut tx).await? {
            return Err(Error::WrongLogin(tried));
        }
        // Only who knows the password learns of a sanction.
        if let Some(sanction) = list::that_forbids(&mut tx, user.id, Act::Read).await? {
            return Err(acts::refused(app, &sanction));
        }
        if let Some(before) = before
            && is_there(&mut tx, visitor).await?
        {
            merge::merge(&mut tx, before, user.id).await?;
        }
        if let Some(replaced) = replaced {
            sessions::log_out(&mut tx, visitor.id(), replaced).await?;
        }
        let token = sessions::open_from(&mut tx, user.id, Some(&client.origin())).await?;
        let is_elsewhere = networks::meet(&mut tx, user.id, network, &client.origin()).await?;
        if is_elsewhere {
            warn(&mut tx, app, client, &user).await?;
        }
        tx.commit().await?;
        Ok((token, is_elsewhere))
    });
    let (token, is_elsewhere) = token.await?;
    if is_elsewhere {
        security::note(Incident::LoginElsewhere, client.0, Some(user.id));
    }
    Ok((user, token))
}

/// Tells the owner of an account by mail that somebody logged in from elsewhere, unless too many such mails were sent.
/// An address that isn't verified may be a stranger's.
async fn warn(tx: &mut Tx, app: &App, client: Client, user: &User) -> Result<(), Error> {
    let Some(address) = user.email.as_deref().filter(|_| user.verified) else { return Ok(()) };
    if guesses::count_warning(app, address).await.is_ok() {
        SendMail::login_elsewhere(user.id, address, &client.origin()).enqueue(tx).await?;
    }
    Ok(())
}

/// The visitor's anonymous user. A visitor with only a key becomes a user first: merging that user gives the key to the
/// account, so ballots on open pages stay valid and the key is never issued again.
async fn who_was(tx: &mut Tx, app: &App, client: Client, visitor: &Visitor) -> Result<Option<UserId>, Error> {
    if let Some(caller) = &visitor.user {
        return Ok(caller.anonymous().then_some(caller.id));
    }
    if !visitor.has_key || queries::is_spent(tx, visitor.key).await? {
        return Ok(None);
    }
    let network = client.network(&app.pins);
    Ok(Some(queries::insert_anonymous(tx, visitor.key, network).await?))
}

/// Whether the visitor's session is still open. The caller must lock the user's row first.
async fn is_there(tx: &mut Tx, visitor: &Visitor) -> Result<bool, Error> {
    match (&visitor.user, &visitor.token) {
        (Some(caller), Some(token)) => Ok(sessions::is_open(tx, token, caller.id).await?),
        (caller, _) => Ok(caller.is_none()),
    }
}

/// The account with an address, and what its login requires.
struct Account {
    user: User,
    hash: Option<String>,
    is_known: bool,
}

async fn find_account(app: &App, email: &str, network: Network) -> Result<Option<Account>, Error> {
    let Ok(email) = Email::new(email) else { return Ok(None) };
    let mut db = app.db.acquire().await?;
    let Some(user) = queries::find_by_email(&mut db, email.as_str()).await? else { return Ok(None) };
    let hash = queries::find_password_hash(&mut db, user.id).await?;
    let is_known = networks::is_known(&mut db, user.id, network).await?;
    Ok(Some(Account { user, hash, is_known }))
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

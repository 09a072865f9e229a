//! The second step of a login: a code or a passkey, after the password.

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::passkeys::{self, Purpose, Stored};
use pawdium_shared::accounts::factors::{self, pending};
use pawdium_shared::accounts::networks;
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::ids::UserId;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use crate::accounts::brief::{WAITING, forget_brief, read_brief};
use crate::accounts::enter::{self, Arrival, Factor, Shown};
use crate::accounts::login::{entered, refused};
use crate::accounts::passkeys::{Wrong, ask, take};
use crate::accounts::register::Next;
use crate::accounts::{guesses, local};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Field;
use crate::views::security::SecondFactorPage;

/// The forms; each sends one of the first two fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SecondForm {
    code: String,
    credential: String,
    next: Option<String>,
}

/// Where a login goes on, and then to `next`.
pub(in crate::accounts) fn second_step(next: Option<&str>) -> String {
    with_next("/login/second-factor", next)
}

pub(super) fn with_next(path: &str, next: Option<&str>) -> String {
    match next {
        Some(next) => format!("{path}?next={}", byte_serialize(next.as_bytes()).collect::<String>()),
        None => path.to_owned(),
    }
}

/// A login that waits: whose, what names it, and the passkeys that open it.
struct Waiting {
    user: UserId,
    token: Token,
    passkeys: Vec<Stored>,
}

/// # Errors
/// [`Error::LoginOver`] if none waits in this browser.
async fn find(app: &App, jar: &CookieJar) -> Result<Waiting, Error> {
    let token = read_brief(jar, WAITING).ok_or(Error::LoginOver)?;
    let mut db = app.db.acquire().await?;
    let user = pending::find(&mut db, &token).await?.ok_or(Error::LoginOver)?;
    let passkeys = passkeys::list(&mut db, user).await?;
    Ok(Waiting { user, token, passkeys })
}

/// Begins anew, or goes on where the visitor is logged in already: the same form may have been sent twice.
fn over(app: &App, jar: CookieJar, viewing: &Viewing, next: Option<&str>) -> Response {
    let jar = forget_brief(jar, app, WAITING);
    if viewing.visitor.member().is_ok() {
        return (jar, Redirect::to(local(next))).into_response();
    }
    (jar.add(Notice::LoginOver.cookie()), Redirect::to(&with_next("/login", next))).into_response()
}

/// `GET /login/second-factor`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Error> {
    match find(&app, &jar).await {
        Ok(waiting) => Ok(Page(show(&app, viewing, &waiting, next).await?).into_response()),
        Err(Error::LoginOver) => Ok(over(&app, jar, &viewing, next.as_deref())),
        Err(error) => Err(error),
    }
}

async fn show(
    app: &App,
    viewing: Viewing,
    waiting: &Waiting,
    next: Option<String>,
) -> Result<SecondFactorPage, Error> {
    let found = factors::find(&mut *app.db.acquire().await?, waiting.user).await?;
    Ok(SecondFactorPage {
        chrome: viewing.chrome,
        has_app: found.totp.is_some(),
        has_passkeys: !waiting.passkeys.is_empty() && app.passkeys.is_possible(),
        code: Field::default(),
        error: None,
        next,
    })
}

/// `POST /login/second-factor/start`: asks for one of the member's passkeys.
pub async fn start(State(app): State<App>, client: Client, jar: CookieJar) -> Result<Response, Error> {
    limits::count(&app, Limited::Login, client.counted()).await?;
    let waiting = find(&app, &jar).await?;
    let challenge = app.passkeys.challenge(&waiting.passkeys).map_err(|Wrong| Error::NotFound)?;
    ask(&app, jar, Purpose::Second, Some((waiting.user, &waiting.token)), challenge).await
}

/// `POST /login/second-factor`
pub async fn answer(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<SecondForm>,
) -> Result<Response, Error> {
    let waiting = match find(&app, &jar).await {
        Ok(waiting) => waiting,
        Err(Error::LoginOver) => return Ok(over(&app, jar, &viewing, form.next.as_deref())),
        Err(error) => return Err(error),
    };
    let (visitor, replaced) = (&viewing.visitor, viewing.visitor.token.as_ref());
    let arrival = Arrival { client, visitor, replaced };
    match check(&app, arrival, &jar, &waiting, &form).await {
        Ok(token) => Ok(entered(&app, jar, &token, form.next.as_deref())),
        Err(Error::LoginOver) => Ok(over(&app, jar, &viewing, form.next.as_deref())),
        Err(error @ (Error::WrongCode(_) | Error::WrongPasskey(_) | Error::TooMany(_))) => {
            let mut page = show(&app, viewing, &waiting, form.next).await?;
            if form.credential.is_empty() {
                page.code = Field::refused("", error.to_string());
            } else {
                page.error = Some(error.to_string());
            }
            Ok(refused(&error, Page(page)))
        }
        Err(error) => Err(error),
    }
}

async fn check(
    app: &App,
    arrival: Arrival<'_>,
    jar: &CookieJar,
    waiting: &Waiting,
    form: &SecondForm,
) -> Result<Token, Error> {
    let Waiting { user, token, passkeys } = waiting;
    limits::count(app, Limited::Login, arrival.client.counted()).await?;
    if !form.credential.is_empty() {
        let state = take(app, jar, Purpose::Second, Some((*user, token))).await?;
        let answered = app.passkeys.answered(&form.credential, state, passkeys);
        let (id, said) = answered.map_err(|Wrong| Error::WrongPasskey(Some(*user)))?;
        return enter::open(app, arrival, *user, Shown::Second(token, Factor::Passkey(id, &said))).await;
    }
    let network = guesses::network(app, arrival.client);
    let is_known = networks::is_known(&mut *app.db.acquire().await?, *user, network).await?;
    let guess = guesses::count_code(app, *user, network, is_known).await?;
    let shown = Shown::Second(token, Factor::Code(&form.code));
    let opened = enter::open(app, arrival, *user, shown).await;
    guess.settle(app, &opened).await;
    opened
}

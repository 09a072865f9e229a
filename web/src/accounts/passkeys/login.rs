//! Logging in with a passkey and without a password.

use axum::extract::{Form, State};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::passkeys::{self, Purpose};
use pawdium_shared::accounts::sessions::Token;
use serde::Deserialize;

use super::super::enter::{self, Arrival, Shown};
use super::super::login::{entered, page_after};
use super::{Wrong, ask, take};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Viewing;
use crate::state::App;

/// The form of `POST /login/passkey`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PasskeyForm {
    credential: String,
    next: Option<String>,
}

/// `POST /login/passkey/start`: asks for any passkey of the site.
pub async fn start(State(app): State<App>, client: Client, jar: CookieJar) -> Result<Response, Error> {
    limits::count(&app, Limited::Login, client.counted()).await?;
    let challenge = app.passkeys.challenge_anybody().map_err(|Wrong| Error::NotFound)?;
    ask(&app, jar, Purpose::Login, None, challenge).await
}

/// `POST /login/passkey`: opens a session for the passkey's member. A passkey has verified who holds it, so no other factor
/// is asked for.
pub async fn login(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<PasskeyForm>,
) -> Result<Response, Error> {
    limits::count(&app, Limited::Login, client.counted()).await?;
    match check(&app, &viewing, client, &jar, &form.credential).await {
        Ok(token) => Ok(entered(&app, jar, &token, form.next.as_deref())),
        Err(error @ Error::WrongPasskey(_)) => Ok(page_after(&app, viewing, &error, form.next)),
        Err(error) => Err(error),
    }
}

async fn check(
    app: &App,
    viewing: &Viewing,
    client: Client,
    jar: &CookieJar,
    answer: &str,
) -> Result<Token, Error> {
    let state = take(app, jar, Purpose::Login, None).await?;
    let (id, handle) = app.passkeys.named(answer).map_err(|Wrong| Error::WrongPasskey(None))?;
    let mut db = app.db.acquire().await?;
    let stored = passkeys::find(&mut db, &id).await?.ok_or(Error::WrongPasskey(None))?;
    let own_handle = passkeys::handle_of(&mut db, stored.user).await?;
    drop(db);
    let wrong = |Wrong| Error::WrongPasskey(Some(stored.user));
    if own_handle != handle {
        return Err(wrong(Wrong));
    }
    let (id, said) = app.passkeys.answered_by(answer, state, &stored).map_err(wrong)?;
    let (visitor, replaced) = (&viewing.visitor, viewing.visitor.token.as_ref());
    let arrival = Arrival { client, visitor, replaced };
    enter::open(app, arrival, stored.user, Shown::Passkey(id, &said)).await
}

//! Confirming that a session's member is there: with the password, a code, or a passkey.

use axum::extract::{Form, State};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::fresh;
use pawdium_shared::accounts::factors::passkeys::{self, Purpose};
use serde::Deserialize;

use super::page::show;
use super::{back, begin, member_of};
use crate::accounts::changes::check_password;
use crate::accounts::enter::{Factor, use_factor};
use crate::accounts::guesses;
use crate::accounts::login::refused;
use crate::accounts::passkeys::{Wrong, ask, take};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Field;

/// The forms; each sends one of the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProofForm {
    password: String,
    code: String,
    credential: String,
}

/// `POST /settings/security/confirm/start`: asks for one of the member's passkeys.
pub async fn start(State(app): State<App>, visitor: Visitor, jar: CookieJar) -> Result<Response, Error> {
    let (user, session) = member_of(&visitor)?;
    let own = passkeys::list(&mut *app.db.acquire().await?, user.id).await?;
    let challenge = app.passkeys.challenge(&own).map_err(|Wrong| Error::NotFound)?;
    ask(&app, jar, Purpose::Prove, Some((user.id, session)), challenge).await
}

/// `POST /settings/security/confirm`
pub async fn confirm(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<ProofForm>,
) -> Result<Response, Error> {
    match prove(&app, &viewing.visitor, client, &jar, &form).await {
        Ok(()) => Ok(back(jar, Notice::Proven)),
        Err(error @ (Error::Field { .. } | Error::WrongCode(_) | Error::WrongPasskey(_))) => {
            let mut page = show(&app, viewing).await?;
            if matches!(error, Error::WrongCode(_)) {
                page.proof_code = Field::refused("", error.to_string());
            } else {
                page.password_error = Some(error.to_string());
            }
            Ok(refused(&error, Page(page)))
        }
        Err(error) => Err(error),
    }
}

async fn prove(
    app: &App,
    visitor: &Visitor,
    client: Client,
    jar: &CookieJar,
    form: &ProofForm,
) -> Result<(), Error> {
    let (user, session) = member_of(visitor)?;
    if !form.credential.is_empty() {
        let own = passkeys::list(&mut *app.db.acquire().await?, user.id).await?;
        let state = take(app, jar, Purpose::Prove, Some((user.id, session))).await?;
        let answered = app.passkeys.answered(&form.credential, state, &own);
        let (id, said) = answered.map_err(|Wrong| Error::WrongPasskey(Some(user.id)))?;
        return note(app, visitor, Some(Factor::Passkey(id, &said))).await;
    }
    if !form.code.is_empty() {
        limits::count(app, Limited::Login, client.counted()).await?;
        let guess = guesses::count_own(app, user.id).await?;
        let noted = note(app, visitor, Some(Factor::Code(&form.code))).await;
        guess.settle(app, &noted).await;
        return noted;
    }
    check_password(app, client, user, "password", &form.password).await?;
    note(app, visitor, None).await
}

/// Uses the factor up, if it was one, and notes the proof.
async fn note(app: &App, visitor: &Visitor, factor: Option<Factor<'_>>) -> Result<(), Error> {
    let (user, session) = member_of(visitor)?;
    let mut tx = begin(app, visitor).await?;
    if let Some(factor) = factor {
        use_factor(&mut tx, app, user.id, factor).await?;
    }
    fresh::note(&mut tx, session).await?;
    Ok(tx.commit().await?)
}

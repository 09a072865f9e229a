//! Confirming that a session's member is there: with a code or a passkey, or with the password if the account has no
//! second factor.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::passkeys::{self, Purpose};
use pawdium_shared::accounts::factors::{self, fresh};
use serde::Deserialize;

use super::page::show;
use super::{PATH, begin, member_of, must_prove};
use crate::accounts::changes::check_password;
use crate::accounts::enter::{Factor, use_factor};
use crate::accounts::login::refused;
use crate::accounts::passkeys::{Wrong, ask, take};
use crate::accounts::{guesses, local};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Field;

/// The forms; each sends one of the first three fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProofForm {
    password: String,
    code: String,
    credential: String,
    next: Option<String>,
}

/// `POST /settings/security/confirm/start`: asks for one of the member's passkeys.
pub async fn start(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
) -> Result<Response, Error> {
    let (user, session) = member_of(&visitor)?;
    limits::count(&app, Limited::Login, client.counted()).await?;
    let own = passkeys::list(&mut *app.db.acquire().await?, user.id).await?;
    let challenge = app.passkeys.challenge(&own).map_err(|Wrong| Error::NotFound)?;
    ask(&app, jar, Purpose::Prove, Some((user.id, session)), challenge).await
}

/// `POST /settings/security/confirm`: leads on to `next`, where something needs the proof.
pub async fn confirm(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<ProofForm>,
) -> Result<Response, Error> {
    match prove(&app, &viewing.visitor, client, &jar, &form).await {
        Ok(()) => {
            let next = form.next.as_deref().map_or(PATH, |next| local(Some(next)));
            Ok((jar.add(Notice::Proven.cookie()), Redirect::to(next)).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::WrongCode(_) | Error::WrongPasskey(_))) => {
            let mut page = show(&app, viewing, form.next).await?;
            match error {
                Error::WrongCode(_) => page.proof_code = Field::refused("", error.to_string()),
                Error::Field { .. } if !page.has_factor => page.password_error = Some(error.to_string()),
                _ => page.proof_error = Some(error.to_string()),
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
        return prove_with_code(app, visitor, client, &form.code).await;
    }
    // So that nobody with a session alone can guess at the password, either.
    if factors::has(&mut *app.db.acquire().await?, user.id).await? {
        return Err(password_is_too_little());
    }
    check_password(app, client, user, "password", &form.password).await?;
    note(app, visitor, None).await
}

/// Proves with a code that a call of the API bears, where a sensitive call needs it.
///
/// # Errors
/// [`Error::CodeNeeded`] without a code, [`Error::WrongCode`] with a wrong one; [`Error::TooMany`] after too many
/// attempts.
pub(crate) async fn prove_by_call(
    app: &App,
    visitor: &Visitor,
    client: Client,
    code: Option<&str>,
) -> Result<(), Error> {
    if !must_prove(&mut *app.db.acquire().await?, visitor).await? {
        return Ok(());
    }
    let code = code.filter(|code| !code.trim().is_empty()).ok_or(Error::CodeNeeded)?;
    prove_with_code(app, visitor, client, code).await
}

async fn prove_with_code(app: &App, visitor: &Visitor, client: Client, code: &str) -> Result<(), Error> {
    limits::count(app, Limited::Login, client.counted()).await?;
    let guess = guesses::count_own_code(app, visitor.member()?.id).await?;
    let noted = note(app, visitor, Some(Factor::Code(code))).await;
    guess.settle(app, &noted).await;
    noted
}

/// Notes the proof, and uses the factor up. Without one, the password was shown, which is enough only for an account
/// that has no second factor.
async fn note(app: &App, visitor: &Visitor, factor: Option<Factor<'_>>) -> Result<(), Error> {
    let (user, session) = member_of(visitor)?;
    let mut tx = begin(app, visitor).await?;
    match factor {
        Some(factor) => use_factor(&mut tx, app, user.id, factor).await?,
        None if factors::has(&mut tx, user.id).await? => return Err(password_is_too_little()),
        None => {}
    }
    fresh::note(&mut tx, session).await?;
    Ok(tx.commit().await?)
}

fn password_is_too_little() -> Error {
    let message = "Your password isn't enough: your account has a second factor. Use that.";
    Error::Field { field: "password", message: message.to_owned() }
}

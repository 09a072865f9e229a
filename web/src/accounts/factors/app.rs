//! Setting up an authenticator app, and turning it off.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::{self, codes};
use pawdium_shared::security::{self, Incident};
use serde::Deserialize;

use super::page::show;
use super::{PATH, back, begin_sensitive, or_confirm, protect};
use crate::accounts::guesses;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Field;
use crate::views::security::SecurityPage;

/// The form with a code of the app.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
}

/// `POST /settings/security/app`: begins to set up an app, with a new secret. It protects nothing until it is
/// confirmed.
pub async fn begin(State(app): State<App>, visitor: Visitor, jar: CookieJar) -> Result<Response, Error> {
    let answer = async {
        let mut tx = begin_sensitive(&app, &visitor).await?;
        factors::begin(&mut tx, &app.seal, visitor.id()).await?;
        tx.commit().await?;
        Ok(Redirect::to("/settings/security#app").into_response())
    };
    or_confirm(jar, answer.await)
}

/// `POST /settings/security/app/confirm`: turns the app on with its first code. With the account's first factor come
/// recovery codes, which are shown once.
pub async fn confirm(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<CodeForm>,
) -> Result<Response, Error> {
    let confirmed = turn_on(&app, &viewing.visitor, client, &form.code).await;
    match confirmed {
        Ok(new_codes) if new_codes.is_empty() => Ok(back(jar, Notice::AppOn)),
        Ok(new_codes) => {
            let page = show(&app, viewing, None).await?;
            Ok(Page(SecurityPage { new_codes, ..page }).into_response())
        }
        Err(Error::WrongCode(_)) => {
            let mut page = show(&app, viewing, None).await?;
            if page.has_app() {
                // The same form was sent twice.
                return Ok(back(jar, Notice::AppOn));
            }
            let text =
                "That isn't the code. Does your device show the right time? Enter the one it shows now.";
            page.code = Field::refused("", text);
            Ok((StatusCode::BAD_REQUEST, Page(page)).into_response())
        }
        Err(error) => or_confirm(jar, Err(error)),
    }
}

/// Returns the recovery codes, if there are new ones.
async fn turn_on(app: &App, visitor: &Visitor, client: Client, code: &str) -> Result<Vec<String>, Error> {
    let user = visitor.member()?.id;
    let guess = guesses::count_own_code(app, user).await?;
    let confirmed = try_to_turn_on(app, visitor, code).await;
    guess.settle(app, &confirmed).await;
    if confirmed.is_ok() {
        security::note(Incident::FactorAdded, client.0, Some(user));
    }
    confirmed
}

async fn try_to_turn_on(app: &App, visitor: &Visitor, code: &str) -> Result<Vec<String>, Error> {
    let user = visitor.id();
    let mut tx = begin_sensitive(app, visitor).await?;
    let now = codes::now(&mut tx).await?;
    let before = factors::confirm(&mut tx, &app.seal, user, &codes::bare(code), now).await?;
    let before = before.ok_or(Error::WrongCode(user))?;
    let new_codes = protect(&mut tx, visitor, before).await?;
    tx.commit().await?;
    Ok(new_codes)
}

/// `POST /settings/security/app/off`: turns the app off, or forgets the set-up.
pub async fn turn_off(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
) -> Result<Response, Error> {
    let off = async {
        let mut tx = begin_sensitive(&app, &visitor).await?;
        let was_on = factors::turn_off(&mut tx, visitor.id()).await?;
        tx.commit().await?;
        Ok(was_on)
    };
    match off.await {
        Ok(true) => {
            security::note(Incident::FactorRemoved, client.0, Some(visitor.id()));
            Ok(back(jar, Notice::AppOff))
        }
        Ok(false) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => or_confirm(jar, Err(error)),
    }
}

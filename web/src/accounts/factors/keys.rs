//! Adding passkeys, and removing them.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::factors::passkeys::{self, LONGEST_NAME, MOST, Purpose, REGISTERED};
use pawdium_shared::db::violates;
use pawdium_shared::security::{self, Incident};
use serde::Deserialize;

use super::page::show;
use super::{PATH, back, begin_sensitive, member_of, or_confirm, protect};
use crate::accounts::passkeys::{Registered, Wrong, ask, take};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Field;
use crate::views::security::SecurityPage;

/// The form of a new passkey.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PasskeyForm {
    name: String,
    credential: String,
}

/// `POST /settings/security/passkeys/start`: asks for a new passkey.
pub async fn start(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
) -> Result<Response, Error> {
    let (user, session) = member_of(&visitor)?;
    limits::count(&app, Limited::Login, client.counted()).await?;
    let mut tx = begin_sensitive(&app, &visitor).await?;
    let handle = passkeys::handle_of(&mut tx, user.id).await?;
    let others = passkeys::list(&mut tx, user.id).await?;
    tx.commit().await?;
    let name = user.name.as_deref().unwrap_or_default();
    let challenge = app.passkeys.register(handle, name, &others).map_err(|Wrong| Error::NotFound)?;
    ask(&app, jar, Purpose::Register, Some((user.id, session)), challenge).await
}

/// `POST /settings/security/passkeys`: adds the passkey that the browser has made. With the account's first factor come
/// recovery codes, which are shown once.
pub async fn add(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<PasskeyForm>,
) -> Result<Response, Error> {
    match try_to_add(&app, &viewing.visitor, &jar, &form).await {
        Ok(new_codes) => {
            security::note(Incident::FactorAdded, client.0, Some(viewing.visitor.id()));
            if new_codes.is_empty() {
                return Ok(back(jar, Notice::PasskeyAdded));
            }
            let page = show(&app, viewing, None).await?;
            Ok(Page(SecurityPage { new_codes, ..page }).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Taken { .. })) => {
            let page = show(&app, viewing, None).await?;
            let passkey_name = Field::refused(form.name, error.to_string());
            Ok((error.status(), Page(SecurityPage { passkey_name, ..page })).into_response())
        }
        Err(error @ Error::WrongPasskey(_)) => {
            let page = show(&app, viewing, None).await?;
            let (passkey_name, passkey_error) = (Field::of(form.name), Some(error.to_string()));
            Ok((StatusCode::BAD_REQUEST, Page(SecurityPage { passkey_name, passkey_error, ..page }))
                .into_response())
        }
        Err(error) => or_confirm(jar, Err(error)),
    }
}

/// Returns the recovery codes, if there are new ones.
async fn try_to_add(
    app: &App,
    visitor: &Visitor,
    jar: &CookieJar,
    form: &PasskeyForm,
) -> Result<Vec<String>, Error> {
    let name = named(&form.name)?;
    let (user, session) = member_of(visitor)?;
    let state = take(app, jar, Purpose::Register, Some((user.id, session))).await?;
    let checked = app.passkeys.registered(&form.credential, state);
    let Registered { credential_id, said } = checked.map_err(|Wrong| Error::WrongPasskey(Some(user.id)))?;
    let mut tx = begin_sensitive(app, visitor).await?;
    let added = passkeys::add(&mut tx, user.id, &credential_id, &name, &said).await;
    let before = added.map_err(registered_already)?.ok_or_else(too_many)?;
    let new_codes = protect(&mut tx, visitor, before).await?;
    tx.commit().await?;
    Ok(new_codes)
}

fn registered_already(error: sqlx::Error) -> Error {
    if violates(&error, REGISTERED) {
        return Error::Taken { field: "name", message: "This passkey is registered already." };
    }
    error.into()
}

fn too_many() -> Error {
    Error::Field {
        field: "name",
        message: format!("You have {MOST} passkeys, which is the most. Remove one first."),
    }
}

/// A name for a passkey, as its owner wants it.
fn named(name: &str) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let message =
            format!("Give it a name of up to {LONGEST_NAME} characters, such as the name of the device.");
        return Err(Error::Field { field: "name", message });
    }
    Ok(name)
}

/// `POST /settings/security/passkeys/{id}/remove`
pub async fn remove(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    let removed = async {
        let mut tx = begin_sensitive(&app, &visitor).await?;
        let is_removed = passkeys::remove(&mut tx, visitor.id(), id).await?;
        tx.commit().await?;
        Ok(is_removed)
    };
    match removed.await {
        Ok(true) => {
            security::note(Incident::FactorRemoved, client.0, Some(visitor.id()));
            Ok(back(jar, Notice::PasskeyRemoved))
        }
        // It is gone already, or somebody else's.
        Ok(false) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => or_confirm(jar, Err(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_has_a_name_that_people_can_read() {
        assert_eq!(named("  My   phone ").expect("a name"), "My phone");
        assert_eq!(named(&"ü".repeat(LONGEST_NAME)).expect("a name").chars().count(), LONGEST_NAME);
        for bad in ["", "  ", "a\u{0}b", &"ü".repeat(LONGEST_NAME + 1)] {
            assert!(named(bad).is_err(), "{bad:?}");
        }
    }
}

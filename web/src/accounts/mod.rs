//! Accounts: registering, logging in, second factors, mailed links, settings and profiles.

pub mod account;
pub mod api;
mod brief;
mod changes;
mod enter;
pub mod factors;
mod guesses;
pub mod login;
pub mod member;
pub mod passkeys;
pub mod portrait;
pub mod register;
pub mod reset;
pub mod sessions;
pub mod settings;
pub mod tokens;
pub mod verify;

use anyhow::Context as _;
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::queries::{self, EMAIL_TAKEN, NAME_TAKEN};
use pawdium_shared::accounts::{Email, Password, User};
use pawdium_shared::db::{Tx, violates};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;

use crate::error::Error;

const NAME_IS_TAKEN: Error = Error::Taken { field: "name", message: "That name is taken. Choose another." };

const EMAIL_IS_TAKEN: Error = Error::Taken {
    field: "email",
    message: "That address is already registered. Log in or reset your password.",
};

/// Maps a violated unique index to the taken field.
fn taken(error: sqlx::Error) -> Error {
    if violates(&error, NAME_TAKEN) {
        NAME_IS_TAKEN
    } else if violates(&error, EMAIL_TAKEN) {
        EMAIL_IS_TAKEN
    } else {
        error.into()
    }
}

/// Changes a user's address and notifies the old one if it was verified; an unverified address may belong to somebody
/// else. Returns whether the address is different. The caller must lock the user's row first.
///
/// # Errors
/// A violation of [`EMAIL_TAKEN`].
async fn readdress(tx: &mut Tx, user: UserId, email: &Email) -> sqlx::Result<bool> {
    let before = queries::find(tx, user).await?;
    let is_changed = queries::change_email(tx, user, email).await?;
    if is_changed && let Some(User { email: Some(left), verified: true, .. }) = before {
        SendMail::AddressChanged { user, email: left }.enqueue(tx).await?;
    }
    Ok(is_changed)
}

/// Checks a new password for the user with that name and address. Runs on a blocking thread, because a long password
/// takes milliseconds.
async fn choose_password(text: &str, name: &str, email: &str) -> Result<Password, Error> {
    let (text, name, email) = (text.to_owned(), name.to_owned(), email.to_owned());
    let chosen = tokio::task::spawn_blocking(move || Password::choose(&text, &name, &email));
    Ok(chosen.await.context("checking a password")??)
}

/// Returns `next` if it is a path on this site, or else `/`. Refuses everything that a browser could read as another
/// host.
pub(crate) fn local(next: Option<&str>) -> &str {
    next.filter(|path| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.contains(char::is_control)
    })
    .unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_on_this_site_are_followed() {
        assert_eq!(local(Some("/top?period=week")), "/top?period=week");
        for bad in ["https://evil.test", "//evil.test", "/\\evil.test", "evil", "", "/\t/evil.test"] {
            assert_eq!(local(Some(bad)), "/", "{bad}");
        }
        assert_eq!(local(None), "/");
    }
}

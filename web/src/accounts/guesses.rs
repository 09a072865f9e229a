//! Protection against guessing passwords from many addresses. Only wrong passwords count.
//!
//! All networks that never logged in to an account share ten attempts in ten minutes and forty in a day. Each network
//! that did log in has its own budget, so strangers can't lock the owner out. An owner on a new network can use a link
//! by mail, which makes that network a known one. Unknown addresses are counted the same way, so a refusal doesn't
//! reveal who is registered.

use pawdium_shared::accounts::networks::Network;
use pawdium_shared::ids::UserId;

use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited, Tally};
use crate::state::App;

/// The client's network, as accounts remember it.
pub(super) fn network(app: &App, client: Client) -> Network {
    Network(app.pins.digest(&format!("network {}", client.counted())))
}

/// A password attempt. It counts as wrong before the password is checked, so that concurrent attempts can't exceed the
/// budget.
#[derive(Debug)]
#[must_use]
pub(super) struct Guess(Tally);

impl Guess {
    /// Uncounts the attempt, because the password is right.
    pub(super) async fn was_right(self, app: &App) {
        self.0.give_back(app).await;
    }

    /// Uncounts the attempt at a code, unless that was wrong.
    pub(super) async fn settle<T>(self, app: &App, ended: &Result<T, Error>) {
        if !matches!(ended, Err(Error::WrongCode(_))) {
            self.was_right(app).await;
        }
    }
}

/// Counts a password attempt for the account with that address. `is_known` says whether that network has logged in to
/// the account before.
///
/// # Errors
/// [`Error::Guarded`] when there were too many.
pub(super) async fn count(app: &App, email: &str, network: Network, is_known: bool) -> Result<Guess, Error> {
    let account = digest(app, &email.trim().to_lowercase());
    let counted = async {
        if is_known {
            let whom = format!("{account}:{}", data_encoding::HEXLOWER.encode(&network.0));
            return limits::count_by(app, Limited::Guess, &whom).await;
        }
        let mut tally = limits::count_by(app, Limited::Guess, &account).await?;
        tally.also(app, Limited::GuessOfDay, &account).await?;
        Ok(tally)
    };
    counted.await.map(Guess).map_err(guarded)
}

/// Counts a password attempt by a logged-in user, in a budget that strangers can't use up.
///
/// # Errors
/// [`Error::Guarded`] when there were too many.
pub(super) async fn count_own(app: &App, user: UserId) -> Result<Guess, Error> {
    count_own_code(app, user).await.map_err(guarded)
}

/// Counts an attempt at a code by a logged-in user, in the same budget.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_own_code(app: &App, user: UserId) -> Result<Guess, Error> {
    limits::count_by(app, Limited::Guess, &format!("user:{user}")).await.map(Guess)
}

/// Counts an attempt at the second factor of an account whose password is known, in the budgets of passwords, but
/// apart from them.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_code(
    app: &App,
    user: UserId,
    network: Network,
    is_known: bool,
) -> Result<Guess, Error> {
    let account = format!("code:{user}");
    if is_known {
        let whom = format!("{account}:{}", data_encoding::HEXLOWER.encode(&network.0));
        return limits::count_by(app, Limited::Guess, &whom).await.map(Guess);
    }
    let mut tally = limits::count_by(app, Limited::Guess, &account).await?;
    tally.also(app, Limited::GuessOfDay, &account).await?;
    Ok(Guess(tally))
}

fn guarded(error: Error) -> Error {
    match error {
        Error::TooMany(seconds) => Error::Guarded(seconds),
        error => error,
    }
}

/// Counts a mail to a recipient, no matter who requested it. Addresses that differ only in dots or after a plus count
/// as one, because many servers deliver them to the same mailbox.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_mail(app: &App, email: &str) -> Result<Tally, Error> {
    let email = email.to_lowercase();
    let (name, domain) = email.rsplit_once('@').unwrap_or((&email, ""));
    let name = name.split('+').next().unwrap_or_default().replace('.', "");
    limits::count_by(app, Limited::Recipient, &digest(app, &format!("{name}@{domain}"))).await
}

/// Counts a password reset mail by the exact address, because only an account with exactly that address gets one. If
/// other spellings of the mailbox counted too, strangers could use up the owner's resets.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_reset(app: &App, email: &str) -> Result<Tally, Error> {
    limits::count_by(app, Limited::Recipient, &digest(app, &format!("reset {}", email.to_lowercase()))).await
}

/// Counts a notice that an account has moved to another address. Notices to a verified address have their own budget,
/// so a stranger can't suppress them by requesting mail to other spellings of it.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_notice(app: &App, email: &str) -> Result<Tally, Error> {
    let whom = digest(app, &format!("notice {}", email.to_lowercase()));
    limits::count_by(app, Limited::Recipient, &whom).await
}

/// Counts a mail about a login from elsewhere, in a budget of its own. Otherwise somebody who knows the password could
/// suppress it by requesting other mails.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_warning(app: &App, email: &str) -> Result<Tally, Error> {
    limits::count_by(app, Limited::Recipient, &digest(app, &format!("login {}", email.to_lowercase()))).await
}

/// Keeps addresses out of Redis.
fn digest(app: &App, email: &str) -> String {
    data_encoding::HEXLOWER.encode(&app.pins.digest(&format!("address {email}")))
}

//! What passwords are protected by from those who guess them from many addresses. Only wrong ones are counted.
//!
//! Strangers to an account, who come from networks from which it was never opened, share ten attempts within ten minutes
//! and forty within a day. Each network from which it was opened has a budget of its own, so strangers lock no owner out;
//! an owner who is under way uses a link by mail, which makes the new network a known one. Addresses that nobody has are
//! counted alike, so a refusal says nothing about who is registered.

use pawdium_shared::accounts::networks::Network;
use pawdium_shared::ids::UserId;

use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited, Tally};
use crate::state::App;

/// Where a client is, as accounts remember it.
pub(super) fn network(app: &App, client: Client) -> Network {
    Network(app.pins.digest(&format!("network {}", client.counted())))
}

/// An attempt at a password. It is counted as a wrong one before the password is checked, so that many at once don't
/// exceed the budget.
#[derive(Debug)]
#[must_use]
pub(super) struct Guess(Tally);

impl Guess {
    /// Gives the attempt back: the password is right.
    pub(super) async fn was_right(self, app: &App) {
        self.0.give_back(app).await;
    }
}

/// Counts an attempt at the password of the account with that address. `is_known` says whether the account has been opened
/// from that network before.
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

/// Counts an attempt at the password of who is logged in already. Strangers can't.
///
/// # Errors
/// [`Error::Guarded`] when there were too many.
pub(super) async fn count_own(app: &App, user: UserId) -> Result<Guess, Error> {
    limits::count_by(app, Limited::Guess, &format!("user:{user}")).await.map(Guess).map_err(guarded)
}

fn guarded(error: Error) -> Error {
    match error {
        Error::TooMany(seconds) => Error::Guarded(seconds),
        error => error,
    }
}

/// Counts a mail to a recipient, no matter who asked for it. Addresses that differ only in dots, or in what follows a plus,
/// count as one, since many servers deliver them to the same mailbox.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_mail(app: &App, email: &str) -> Result<Tally, Error> {
    let email = email.to_lowercase();
    let (name, domain) = email.rsplit_once('@').unwrap_or((&email, ""));
    let name = name.split('+').next().unwrap_or_default().replace('.', "");
    limits::count_by(app, Limited::Recipient, &digest(app, &format!("{name}@{domain}"))).await
}

/// Counts a mail with a link for a new password, by the exact address, because only an account with exactly that address gets
/// one. If other spellings of the same mailbox counted too, strangers could use up the owner's resets.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_reset(app: &App, email: &str) -> Result<Tally, Error> {
    limits::count_by(app, Limited::Recipient, &digest(app, &format!("reset {}", email.to_lowercase()))).await
}

/// Counts a mail that tells an address that its account has another one now. Its owner has shown that it is theirs, so it
/// is counted by itself: a stranger who has mails sent to spellings of it keeps none of these from it.
///
/// # Errors
/// [`Error::TooMany`] when there were too many.
pub(super) async fn count_notice(app: &App, email: &str) -> Result<Tally, Error> {
    let whom = digest(app, &format!("notice {}", email.to_lowercase()));
    limits::count_by(app, Limited::Recipient, &whom).await
}

/// Redis learns no address.
fn digest(app: &App, email: &str) -> String {
    data_encoding::HEXLOWER.encode(&app.pins.digest(&format!("address {email}")))
}

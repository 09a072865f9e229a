//! Changing and deleting one's account, from the settings and through the API.

use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::proof::{self, Proof};
use pawdium_shared::accounts::{Email, Name, Refused, User, networks, passwords, queries, sessions};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::photos::owner;
use pawdium_shared::ratings::merge;
use pawdium_shared::security::{self, Incident};

use super::{EMAIL_IS_TAKEN, choose_password, guesses, readdress, taken};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// The field by which changes are confirmed.
pub(super) const CURRENT_PASSWORD: &str = "current_password";

/// What to change about an account; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes<'a> {
    /// The public name, also on photos that show it.
    pub(super) name: Option<&'a str>,
    /// The address; another one gets a link to verify it.
    pub(super) email: Option<&'a str>,
    /// The password; the user's other sessions end.
    pub(super) password: Option<&'a str>,
    /// The password as it is, without which neither address nor password change.
    pub(super) current_password: &'a str,
}

/// Changes all of what is given, or nothing.
///
/// # Errors
/// What is wrong or taken; [`Error::Forbidden`] for who isn't registered.
pub(super) async fn update(
    app: &App,
    visitor: &Visitor,
    client: Client,
    changes: Changes<'_>,
) -> Result<(), Error> {
    let user = visitor.member()?;
    let proven = if changes.email.is_some() || changes.password.is_some() {
        Some(prove(app, client, user, changes).await?)
    } else {
        None
    };
    let is_set = proven.as_ref().is_some_and(|proven| proven.is_new);
    let name = changes.name.map(|name| chosen(user, name)).transpose()?;
    let email = changes.email.map(|email| addressed(user, email)).transpose()?;
    if let Some(email) = &email {
        count_new_address(app, client, user, email).await?;
    }
    let hash = match changes.password {
        Some(password) if !is_set => {
            let name = name.as_ref().map(Name::as_str).or(user.name.as_deref());
            let email = email.as_ref().map(Email::as_str).or(user.email.as_deref());
            let (name, email) = (name.unwrap_or_default(), email.unwrap_or_default());
            Some(passwords::hash(&choose_password(password, name, email).await?).await)
        }
        _ => None,
    };
    let checked = CheckedChanges { name, email, hash };
    let proof = proven.as_ref().map(|proven| &proven.proof);
    match (apply(app, visitor, client, proof, &checked).await, changes.password) {
        (Err(Error::Field { field: CURRENT_PASSWORD, .. }), Some(new)) => {
            // Sent twice, and the other one has just set the new password. It is not set again: with another hash of it,
            // a third one would find that the password isn't what it has proven.
            let proof = check_password(app, client, user, CURRENT_PASSWORD, new).await?;
            apply(app, visitor, client, Some(&proof), &CheckedChanges { hash: None, ..checked }).await
        }
        (applied, _) => applied,
    }
}

/// Changes that are fine in themselves.
struct CheckedChanges {
    name: Option<Name>,
    email: Option<Email>,
    hash: Option<String>,
}

async fn apply(
    app: &App,
    visitor: &Visitor,
    client: Client,
    proof: Option<&Proof>,
    changes: &CheckedChanges,
) -> Result<(), Error> {
    let user = visitor.member()?;
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[user.id]).await?;
    confirm(&mut tx, visitor, proof, CURRENT_PASSWORD).await?;
    if let Some(name) = &changes.name {
        owner::rename(&mut tx, user.id, name).await.map_err(taken)?;
    }
    let mut is_readdressed = false;
    if let Some(email) = &changes.email
        && readdress(&mut tx, user.id, email).await.map_err(taken)?
    {
        SendMail::verification(user.id, email.as_str()).enqueue(&mut tx).await?;
        is_readdressed = true;
    }
    if let Some(hash) = &changes.hash {
        queries::set_password(&mut tx, user.id, hash).await?;
        sessions::close_others(&mut tx, user.id, visitor.token.as_ref()).await?;
        networks::keep_only(&mut tx, user.id, guesses::network(app, client)).await?;
    }
    tx.commit().await?;
    if changes.hash.is_some() {
        security::note(Incident::PasswordChanged, client.0, Some(user.id));
    }
    if is_readdressed {
        security::note(Incident::AddressChanged, client.0, Some(user.id));
    }
    Ok(())
}

/// A new name for a user, who may keep the one they have.
fn chosen(user: &User, name: &str) -> Result<Name, Refused> {
    let has_it = user.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name.trim()));
    if has_it { Name::new(name) } else { Name::choose(name) }
}

/// A new address for a user, who may keep the one they have.
fn addressed(user: &User, email: &str) -> Result<Email, Refused> {
    let has_it = user.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email.trim()));
    if has_it { Email::new(email) } else { Email::choose(email) }
}

/// Counts a mail to a new address, and one to the address that is left. Says early that somebody has it: what is refused
/// sends no mail.
async fn count_new_address(app: &App, client: Client, user: &User, email: &Email) -> Result<(), Error> {
    match queries::find_by_email(&mut *app.db.acquire().await?, email.as_str()).await? {
        Some(owner) if owner.id == user.id => Ok(()),
        Some(_) => Err(EMAIL_IS_TAKEN),
        None => {
            limits::count(app, Limited::Mail, client.counted()).await?;
            limits::count_by(app, Limited::Mail, &format!("user:{}", user.id)).await?;
            guesses::count_mail(app, email.as_str()).await?;
            if let (Some(left), true) = (&user.email, user.verified) {
                guesses::count_notice(app, left).await?;
            }
            Ok(())
        }
    }
}

/// What a request found out about the user's password. It may have changed since: see [`confirm`].
struct Proven {
    proof: Proof,
    /// It is the new one already.
    is_new: bool,
}

/// Proves the current password. The second of two equal forms may come when the first has set the new password; then that
/// is the current one.
async fn prove(app: &App, client: Client, user: &User, changes: Changes<'_>) -> Result<Proven, Error> {
    let check = async |password| check_password(app, client, user, CURRENT_PASSWORD, password).await;
    match (check(changes.current_password).await, changes.password) {
        (Err(Error::Field { .. }), Some(new)) => Ok(Proven { proof: check(new).await?, is_new: true }),
        (checked, _) => Ok(Proven { proof: checked?, is_new: false }),
    }
}

/// Proves that `password` is the user's. That may change before a transaction locks it: see [`confirm`].
///
/// # Errors
/// [`Error::Field`] naming `field` when it isn't.
async fn check_password(
    app: &App,
    client: Client,
    user: &User,
    field: &'static str,
    password: &str,
) -> Result<Proof, Error> {
    limits::count(app, Limited::Login, client.counted()).await?;
    let guess = guesses::count_own(app, user.id).await?;
    let hash = queries::find_password_hash(&mut *app.db.acquire().await?, user.id).await?;
    let Some(proof) = Proof::check(password, hash.map(|hash| (user.id, hash))).await else {
        security::note(Incident::PasswordWrong, client.0, Some(user.id));
        return Err(wrong_password(field));
    };
    guess.was_right(app).await;
    Ok(proof)
}

fn wrong_password(field: &'static str) -> Error {
    Error::Field { field, message: "That isn't your password.".to_owned() }
}

/// Asks again, under the lock on the visitor's row, what the request began with: that the session is open, and that the
/// password is the one that was proven.
async fn confirm(
    db: &mut sqlx::PgConnection,
    visitor: &Visitor,
    proof: Option<&Proof>,
    field: &'static str,
) -> Result<(), Error> {
    if let Some(token) = &visitor.token
        && !sessions::is_open(&mut *db, token, visitor.id()).await?
    {
        return Err(Error::BadToken);
    }
    match proof {
        Some(proof) if !proof.holds(db).await? => Err(wrong_password(field)),
        _ => Ok(()),
    }
}

/// Deletes the visitor's user and everything it did. A registered user has to confirm with the password.
///
/// # Errors
/// [`Error::Field`] naming `password` when it is wrong.
pub(super) async fn remove(
    app: &App,
    visitor: &Visitor,
    client: Client,
    password: &str,
) -> Result<(), Error> {
    const FIELD: &str = "password";
    let proof = match &visitor.user {
        Some(user) if !user.anonymous() => Some(check_password(app, client, user, FIELD, password).await?),
        _ => None,
    };
    let removed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        // Nobody is left where the same form was sent twice.
        if !proof::lock_to_delete(&mut tx, visitor.id()).await? {
            return Ok(false);
        }
        confirm(&mut tx, visitor, proof.as_ref(), FIELD).await?;
        merge::delete(&mut tx, visitor.id()).await?;
        tx.commit().await?;
        Ok::<_, Error>(true)
    });
    if removed.await? {
        security::note(Incident::AccountDeleted, client.0, Some(visitor.id()));
    }
    Ok(())
}

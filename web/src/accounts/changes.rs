//! Changing and deleting an account, from the settings page and through the API.

use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::proof::{self, Proof};
use pawdium_shared::accounts::{
    Act, Email, Name, Refused, User, networks, passwords, queries, sessions, tokens,
};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::departures;
use pawdium_shared::hubs::about::{self, AboutLine};
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::photos::owner;
use pawdium_shared::security::{self, Incident};

use super::factors::require_proof;
use super::{EMAIL_IS_TAKEN, choose_password, guesses, readdress, taken};
use crate::error::Error;
use crate::http::acts;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// The field that confirms a change.
pub(super) const CURRENT_PASSWORD: &str = "current_password";

/// Changes to an account. `None` keeps a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes<'a> {
    /// The public name.
    pub(super) name: Option<&'a str>,
    /// The e-mail address. A new one gets a verification link.
    pub(super) email: Option<&'a str>,
    /// The password. Changing it ends the user's other sessions and API tokens.
    pub(super) password: Option<&'a str>,
    /// What the user says about themselves.
    pub(super) about: Option<&'a str>,
    /// The current password, required to change the address or the password.
    pub(super) current_password: &'a str,
}

/// Applies all changes or none.
///
/// # Errors
/// Says which field is invalid or taken; [`Error::Forbidden`] if the user isn't registered; [`Error::Unproven`] if a
/// new address or password needs a second factor first.
pub(super) async fn update(
    app: &App,
    visitor: &Visitor,
    client: Client,
    changes: Changes<'_>,
) -> Result<(), Error> {
    let user = visitor.member()?;
    if changes.name.is_some() || changes.about.is_some() {
        acts::require(app, user, Act::Publish).await?;
    }
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
    let about = changes.about.map(AboutLine::new).transpose()?;
    let checked = CheckedChanges { name, email, hash, about };
    let proof = proven.as_ref().map(|proven| &proven.proof);
    match (apply(app, visitor, client, proof, &checked).await, changes.password) {
        (Err(Error::Field { field: CURRENT_PASSWORD, .. }), Some(new)) => {
            // A duplicate of this request has just set the same password. Setting it again would change the hash and
            // make a third duplicate fail its proof.
            let proof = check_password(app, client, user, CURRENT_PASSWORD, new).await?;
            apply(app, visitor, client, Some(&proof), &CheckedChanges { hash: None, ..checked }).await
        }
        (applied, _) => applied,
    }
}

/// Changes whose values are valid.
struct CheckedChanges {
    name: Option<Name>,
    email: Option<Email>,
    hash: Option<String>,
    about: Option<AboutLine>,
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
    if proof.is_some() {
        require_proof(&mut tx, visitor).await?;
    }
    if let Some(name) = &changes.name {
        owner::rename(&mut tx, user.id, name).await.map_err(taken)?;
    }
    if let Some(line) = &changes.about {
        about::set(&mut tx, user.id, line).await?;
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
        sessions::end_others(&mut tx, user.id, visitor.token.as_ref()).await?;
        tokens::end_all(&mut tx, user.id).await?;
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

/// Validates a new name, which may equal the current one.
fn chosen(user: &User, name: &str) -> Result<Name, Refused> {
    let has_it = user.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name.trim()));
    if has_it { Name::new(name) } else { Name::choose(name) }
}

/// Validates a new address, which may equal the current one.
fn addressed(user: &User, email: &str) -> Result<Email, Refused> {
    let has_it = user.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email.trim()));
    if has_it { Email::new(email) } else { Email::choose(email) }
}

/// Counts a mail to the new address and a notice to the old one. Refuses a taken address first, because a refused
/// change sends no mail.
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

/// The password check made before the transaction. The password may change in between: see [`confirm`].
struct Proven {
    proof: Proof,
    /// The current password already equals the new one.
    is_new: bool,
}

/// Checks the current password. If a duplicate of this form has already set the new password, that is the current one.
async fn prove(app: &App, client: Client, user: &User, changes: Changes<'_>) -> Result<Proven, Error> {
    let check = async |password| check_password(app, client, user, CURRENT_PASSWORD, password).await;
    match (check(changes.current_password).await, changes.password) {
        (Err(Error::Field { .. }), Some(new)) => Ok(Proven { proof: check(new).await?, is_new: true }),
        (checked, _) => Ok(Proven { proof: checked?, is_new: false }),
    }
}

/// Checks that `password` is the user's. It may change before the transaction locks the row: see [`confirm`].
///
/// # Errors
/// [`Error::Field`] naming `field` when it isn't.
pub(super) async fn check_password(
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

/// Repeats the checks under the lock on the visitor's row: the session is open, and the password is still the proven
/// one.
pub(super) async fn confirm(
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

/// Deletes the visitor's user with its photos and ratings. A registered user must confirm with the password.
///
/// # Errors
/// [`Error::Field`] naming `password` when it is wrong; [`Error::Unproven`] if it needs a second factor first.
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
        // The user is already gone if the same form was sent twice.
        if !proof::lock_to_delete(&mut tx, visitor.id()).await? {
            return Ok(false);
        }
        confirm(&mut tx, visitor, proof.as_ref(), FIELD).await?;
        require_proof(&mut tx, visitor).await?;
        departures::delete(&mut tx, visitor.id()).await?;
        tx.commit().await?;
        Ok::<_, Error>(true)
    });
    if removed.await? {
        security::note(Incident::AccountDeleted, client.0, Some(visitor.id()));
    }
    Ok(())
}

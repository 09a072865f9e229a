//! Opening a session, once everything that it takes was shown.

use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::factors::passkeys::{self, Said};
use pawdium_shared::accounts::factors::{self, codes, fresh, pending};
use pawdium_shared::accounts::networks::{self, Network};
use pawdium_shared::accounts::proof::{self, Proof};
use pawdium_shared::accounts::sessions::{self, Token};
use pawdium_shared::accounts::{Act, Email, User, queries};
use pawdium_shared::db::{Tx, retry_conflicts};
use pawdium_shared::departures;
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::moderation::sanctions::list;
use pawdium_shared::security::{self, Incident};

use super::guesses;
use crate::error::Error;
use crate::http::acts;
use crate::http::client::Client;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::state::App;

/// Who wants to log in, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) client: Client,
    /// The account takes over what the visitor did anonymously.
    pub(super) visitor: &'a Visitor,
    /// The session that the new one replaces.
    pub(super) replaced: Option<&'a Token>,
}

/// An account whose password was shown.
pub(super) struct Checked {
    pub(super) user: User,
    pub(super) proof: Proof,
    pub(super) network: Network,
    /// Whether the account was used in that network before.
    pub(super) is_known: bool,
    /// Whether it has a second factor.
    pub(super) has_factor: bool,
}

/// What was shown besides the password.
#[derive(Clone, Copy, Debug)]
pub(super) enum Factor<'a> {
    /// A code of an authenticator app, or a recovery code.
    Code(&'a str),
    /// A passkey, whose answer was checked: its number and what its authenticator said.
    Passkey(i64, &'a Said),
}

/// What is checked again, or used up, once the users are locked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown<'a> {
    /// A password, of an account without a second factor.
    Password(&'a Proof),
    /// A password and a second factor.
    Both(&'a Proof, Factor<'a>),
    /// The second factor of a login that waits for it.
    Second(&'a Token, Factor<'a>),
    /// A passkey, which is both.
    Passkey(i64, &'a Said),
}

/// Checks a password. An unknown address takes as long as a wrong password.
///
/// # Errors
/// [`Error::WrongLogin`] for an unknown address or a wrong password; [`Error::Guarded`] after too many attempts.
pub(super) async fn check_password(
    app: &App,
    client: Client,
    email: &str,
    password: &str,
) -> Result<Checked, Error> {
    limits::count(app, Limited::Login, client.counted()).await?;
    let network = guesses::network(app, client);
    let account = find_account(app, email, network).await?;
    let is_known = account.as_ref().is_some_and(|account| account.is_known);
    let guess = guesses::count(app, email, network, is_known).await?;
    let stored = account.as_ref().and_then(|account| Some((account.user.id, account.hash.clone()?)));
    let proof = Proof::check(password, stored).await;
    let tried = account.as_ref().map(|account| account.user.id);
    let (Some(proof), Some(Account { user, .. })) = (proof, account) else {
        return Err(Error::WrongLogin(tried));
    };
    guess.was_right(app).await;
    let has_factor = factors::has(&mut *app.db.acquire().await?, user.id).await?;
    Ok(Checked { user, proof, network, is_known, has_factor })
}

/// Lets a login with a right password wait for the second factor. Returns what names it.
///
/// # Errors
/// [`Error::WrongLogin`] if the password has changed meanwhile.
pub(super) async fn wait(app: &App, known: &Checked) -> Result<Token, Error> {
    let user = known.user.id;
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[user]).await?;
    if !known.proof.holds(&mut tx).await? {
        return Err(Error::WrongLogin(Some(user)));
    }
    let token = pending::open(&mut tx, user).await?;
    tx.commit().await?;
    Ok(token)
}

/// Opens a session of a user.
///
/// # Errors
/// Says which of what was shown is wrong, or [`Error::Sanctioned`] for a member who is suspended or banned. Nothing is
/// used up then.
pub(super) async fn open(
    app: &App,
    arrival: Arrival<'_>,
    user: UserId,
    shown: Shown<'_>,
) -> Result<Token, Error> {
    let Arrival { client, visitor, replaced } = arrival;
    let network = guesses::network(app, client);
    let opened = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let before = who_was(&mut tx, app, client, visitor).await?;
        proof::lock(&mut tx, &[before.unwrap_or(visitor.id()), user]).await?;
        check(&mut tx, app, user, shown).await?;
        // Only who can log in learns of a sanction.
        if let Some(sanction) = list::that_forbids(&mut tx, user, Act::Read).await? {
            return Err(acts::refused(app, &sanction));
        }
        if let Some(before) = before
            && is_there(&mut tx, visitor).await?
        {
            departures::merge(&mut tx, before, user).await?;
        }
        if let Some(replaced) = replaced {
            sessions::log_out(&mut tx, visitor.id(), replaced).await?;
        }
        let token = sessions::open_from(&mut tx, user, Some(&client.origin())).await?;
        fresh::note(&mut tx, &token).await?;
        let is_elsewhere = networks::meet(&mut tx, user, network, &client.origin()).await?;
        if is_elsewhere {
            warn(&mut tx, app, client, user).await?;
        }
        tx.commit().await?;
        Ok::<_, Error>((token, is_elsewhere))
    });
    let (token, is_elsewhere) = opened.await?;
    if is_elsewhere {
        security::note(Incident::LoginElsewhere, client.0, Some(user));
    }
    Ok(token)
}

/// Tells the owner of an account by mail that somebody logged in from elsewhere, unless too many such mails were sent.
/// An address that isn't verified may be a stranger's.
async fn warn(tx: &mut Tx, app: &App, client: Client, user: UserId) -> Result<(), Error> {
    let found = queries::find(tx, user).await?.filter(|user| user.verified);
    let Some(address) = found.and_then(|user| user.email) else { return Ok(()) };
    if guesses::count_warning(app, &address).await.is_ok() {
        SendMail::login_elsewhere(user, &address, &client.origin()).enqueue(tx).await?;
    }
    Ok(())
}

/// Checks what was shown under the lock on the user's row, and uses up what works once.
async fn check(tx: &mut Tx, app: &App, user: UserId, shown: Shown<'_>) -> Result<(), Error> {
    match shown {
        Shown::Password(proof) | Shown::Both(proof, _) if !proof.holds(tx).await? => {
            Err(Error::WrongLogin(Some(user)))
        }
        // The second factor was set up a moment ago.
        Shown::Password(_) if factors::has(tx, user).await? => Err(Error::CodeNeeded),
        Shown::Password(_) => Ok(()),
        Shown::Both(_, factor) => use_factor(tx, app, user, factor).await,
        Shown::Second(waiting, factor) => {
            if !pending::finish(tx, waiting, user).await? {
                return Err(Error::LoginOver);
            }
            use_factor(tx, app, user, factor).await
        }
        Shown::Passkey(id, said) => use_factor(tx, app, user, Factor::Passkey(id, said)).await,
    }
}

/// Uses up a code, or records the use of a passkey. The caller must lock the user's row first.
///
/// # Errors
/// [`Error::WrongCode`] or [`Error::WrongPasskey`].
pub(super) async fn use_factor(
    tx: &mut Tx,
    app: &App,
    user: UserId,
    factor: Factor<'_>,
) -> Result<(), Error> {
    match factor {
        Factor::Code(code) => {
            let now = codes::now(tx).await?;
            let is_right = codes::take(tx, &app.seal, user, code, now).await?;
            is_right.then_some(()).ok_or(Error::WrongCode(user))
        }
        Factor::Passkey(id, said) => {
            let is_right = passkeys::record_use(tx, id, said).await?;
            is_right.then_some(()).ok_or(Error::WrongPasskey(Some(user)))
        }
    }
}

/// The visitor's anonymous user. A visitor with only a key becomes a user first: merging that user gives the key to the
/// account, so ballots on open pages stay valid and the key is never issued again.
async fn who_was(tx: &mut Tx, app: &App, client: Client, visitor: &Visitor) -> Result<Option<UserId>, Error> {
    if let Some(caller) = &visitor.user {
        return Ok(caller.anonymous().then_some(caller.id));
    }
    if !visitor.has_key || queries::is_spent(tx, visitor.key).await? {
        return Ok(None);
    }
    let network = client.network(&app.pins);
    Ok(Some(queries::insert_anonymous(tx, visitor.key, network).await?))
}

/// Whether the visitor's session is still open. The caller must lock the user's row first.
async fn is_there(tx: &mut Tx, visitor: &Visitor) -> Result<bool, Error> {
    match (&visitor.user, &visitor.token) {
        (Some(caller), Some(token)) => Ok(sessions::is_open(tx, token, caller.id).await?),
        (caller, _) => Ok(caller.is_none()),
    }
}

/// The account with an address, and what its login requires.
struct Account {
    user: User,
    hash: Option<String>,
    is_known: bool,
}

async fn find_account(app: &App, email: &str, network: Network) -> Result<Option<Account>, Error> {
    let Ok(email) = Email::new(email) else { return Ok(None) };
    let mut db = app.db.acquire().await?;
    let Some(user) = queries::find_by_email(&mut db, email.as_str()).await? else { return Ok(None) };
    let hash = queries::find_password_hash(&mut db, user.id).await?;
    let is_known = networks::is_known(&mut db, user.id, network).await?;
    Ok(Some(Account { user, hash, is_known }))
}

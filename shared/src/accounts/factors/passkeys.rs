//! Passkeys in the database. What their credentials and states mean only `pawdium-web` knows, which speaks WebAuthn.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::{Factors, drop_codes_without_factor, find as find_factors, tell};
use crate::accounts::sessions::{Token, TokenHash};
use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::mail::FactorChange;

/// The most passkeys of a member.
pub const MOST: i64 = 20;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 40;

/// The unique index that is violated if a passkey is registered already.
pub const REGISTERED: &str = "passkeys_credential_key";

/// How long a challenge can be answered, in minutes.
const MINUTES: i32 = 5;

/// A passkey.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The public key and what belongs to it.
    pub credential: Value,
    /// The authenticator's counter; 0 if it has none.
    pub sign_count: i64,
    /// Whether it is in its owner's other devices too.
    pub backed_up: bool,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What an authenticator says of a passkey.
#[derive(Clone, Debug)]
pub struct Said {
    /// The public key and what belongs to it.
    pub credential: Value,
    /// The counter.
    pub sign_count: i64,
    /// Whether it is in other devices too.
    pub backed_up: bool,
}

/// Lists a user's passkeys, oldest first.
pub async fn list(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Stored>> {
    sqlx::query_as!(
        Stored,
        r#"select id, user_id as "user: UserId", name, credential, sign_count, backed_up, created_at, last_used_at
           from passkeys where user_id = $1 order by id"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// Finds a passkey by the id that its authenticator gave it.
pub async fn find(db: &mut PgConnection, credential_id: &[u8]) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as!(
        Stored,
        r#"select id, user_id as "user: UserId", name, credential, sign_count, backed_up, created_at, last_used_at
           from passkeys where credential_id = $1"#,
        credential_id,
    )
    .fetch_optional(db)
    .await
}

/// What a user's authenticators know the user by. It is made when it is first asked for.
pub async fn handle_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<[u8; 16]> {
    let new: [u8; 16] = rand::random();
    let handle = sqlx::query_scalar!(
        "insert into passkey_handles (user_id, handle) values ($1, $2)
         on conflict (user_id) do update set user_id = excluded.user_id
         returning handle",
        user.0,
        &new[..],
    );
    let handle = handle.fetch_one(db).await?;
    handle.try_into().map_err(|_| sqlx::Error::Decode("a handle has 16 bytes".into()))
}

/// Adds a passkey. Returns the factors that there were before, or `None` if there are too many. Lock the user's row
/// first.
///
/// # Errors
/// A violation of [`REGISTERED`].
pub async fn add(
    tx: &mut Tx,
    user: UserId,
    credential_id: &[u8],
    name: &str,
    said: &Said,
) -> sqlx::Result<Option<Factors>> {
    let before = find_factors(tx, user).await?;
    if before.passkeys >= MOST {
        return Ok(None);
    }
    sqlx::query!(
        "insert into passkeys (user_id, credential_id, credential, name, sign_count, backed_up)
         values ($1, $2, $3, $4, $5, $6)",
        user.0,
        credential_id,
        said.credential,
        name,
        said.sign_count,
        said.backed_up,
    )
    .execute(&mut **tx)
    .await?;
    tell(tx, user, FactorChange::PasskeyAdded { name: name.to_owned() }).await?;
    Ok(Some(before))
}

/// Removes a passkey of this user. Returns false if there is none. Lock the user's row first.
pub async fn remove(tx: &mut Tx, user: UserId, id: i64) -> sqlx::Result<bool> {
    let name =
        sqlx::query_scalar!("delete from passkeys where id = $1 and user_id = $2 returning name", id, user.0);
    let Some(name) = name.fetch_optional(&mut **tx).await? else { return Ok(false) };
    drop_codes_without_factor(tx, user).await?;
    tell(tx, user, FactorChange::PasskeyRemoved { name }).await?;
    Ok(true)
}

/// Records the use of a passkey. Returns false if it is gone, or its counter didn't grow: then another authenticator has
/// the same key (WebAuthn, section 7.2, step 22). Lock the user's row first.
pub async fn record_use(db: &mut PgConnection, id: i64, said: &Said) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        "update passkeys set credential = $2, sign_count = $3, backed_up = $4, last_used_at = now()
         where id = $1 and ($3 > sign_count or ($3 = 0 and sign_count = 0))",
        id,
        said.credential,
        said.sign_count,
        said.backed_up,
    );
    Ok(used.execute(db).await?.rows_affected() == 1)
}

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Registering a passkey.
    Register,
    /// A fresh proof.
    Prove,
    /// The second step of a login.
    Second,
    /// A login without a password.
    Login,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Prove => "prove",
            Self::Second => "second",
            Self::Login => "login",
        }
    }
}

/// Who asked for a challenge: a user, and the session or the pending login that did. Nobody yet for a login without a
/// password.
pub type Asker<'a> = Option<(UserId, &'a Token)>;

/// Stores a challenge. Returns the token with which its answer comes.
pub async fn ask(
    db: &mut PgConnection,
    purpose: Purpose,
    asker: Asker<'_>,
    state: &Value,
) -> sqlx::Result<Token> {
    let token = Token::generate();
    let bound_to = asker.map(|(_, bound)| bound.hash().to_vec());
    sqlx::query!(
        "insert into passkey_ceremonies (token_hash, purpose, user_id, bound_to, state, expires_at)
         values ($1, $2, $3, $4, $5, now() + make_interval(mins => $6))",
        &token.hash(),
        purpose.name(),
        asker.map(|(user, _)| user.0),
        bound_to.as_deref(),
        state,
        MINUTES,
    )
    .execute(db)
    .await?;
    Ok(token)
}

/// Uses up a challenge. `None` if it was answered, has expired, or was another's or for something else.
pub async fn answer(
    db: &mut PgConnection,
    purpose: Purpose,
    asker: Asker<'_>,
    token: &Token,
) -> sqlx::Result<Option<Value>> {
    let bound_to: Option<TokenHash> = asker.map(|(_, bound)| bound.hash());
    sqlx::query_scalar!(
        "delete from passkey_ceremonies
         where token_hash = $1 and purpose = $2 and user_id is not distinct from $3
           and bound_to is not distinct from $4 and expires_at > now()
         returning state",
        &token.hash(),
        purpose.name(),
        asker.map(|(user, _)| user.0),
        bound_to.as_ref().map(<[u8; 32]>::as_slice),
    )
    .fetch_optional(db)
    .await
}

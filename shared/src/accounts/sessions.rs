//! Sessions: one bearer token each, for cookies and for the API. Only the token's SHA-256 is stored.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::origin::Origin;
use super::standing::Standing;
use super::types::{RaterKey, Role, User};
use crate::db::{Batcher, Db, Tx};
use crate::events::Event;
use crate::ids::{SessionId, UserId};

/// A session ends this many days after its last use.
const DAYS: i32 = 180;

/// 32 random bytes in base64url, for cookies, headers and links.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// Generates a random token.
    #[must_use]
    pub fn generate() -> Self {
        Self(BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>()).into())
    }

    /// Wraps a token that a client presents, unchecked.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned().into())
    }

    /// Returns the text to hand out.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the hash to store.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.expose()).into()
    }
}

/// The stored form of a token: its SHA-256.
pub type TokenHash = [u8; 32];

/// Opens a session, without telling from where.
pub async fn open(db: &mut PgConnection, user: UserId) -> sqlx::Result<Token> {
    open_from(db, user, None).await
}

/// Opens a session of a member, who is shown later from where.
pub async fn open_from(db: &mut PgConnection, user: UserId, origin: Option<&Origin>) -> sqlx::Result<Token> {
    let token = Token::generate();
    sqlx::query!(
        "insert into sessions (token_hash, user_id, agent, prefix, expires_at)
         values ($1, $2, $3, $4, now() + make_interval(days => $5))",
        &token.hash(),
        user.0,
        origin.and_then(agent_of),
        origin.map(prefix_of),
        DAYS,
    )
    .execute(db)
    .await?;
    Ok(token)
}

fn agent_of(origin: &Origin) -> Option<String> {
    origin.agent.map(|agent| agent.to_string())
}

fn prefix_of(origin: &Origin) -> String {
    origin.prefix.to_string()
}

/// A token that a request presents, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Presented {
    /// Its hash.
    pub hash: TokenHash,
    /// From where; `None` if it isn't known, so that nothing is recorded.
    pub origin: Option<Origin>,
}

/// Finds the users of sessions by token. Concurrent calls share a query. Call it inside a runtime.
#[must_use]
pub fn finder(db: Db) -> Batcher<Presented, Option<User>> {
    Batcher::start(db, |db, presented: Vec<Presented>| async move {
        let found = find_users(&mut *db.acquire().await?, &presented).await?;
        Ok(presented.iter().map(|one| found.get(one.hash.as_slice()).cloned()).collect())
    })
}

/// Finds the users of unexpired sessions by the hashes of their tokens. Use extends a session; this is written at most
/// once an hour, and from where with it.
async fn find_users(db: &mut PgConnection, presented: &[Presented]) -> sqlx::Result<HashMap<Vec<u8>, User>> {
    let hashes: Vec<_> = presented.iter().map(|one| one.hash.to_vec()).collect();
    // An array in a subselect lets Postgres reuse the plan; planning costs more than the query.
    let rows = sqlx::query!(
        r#"select token_hash, users.id as "id: UserId", name, email, email_verified_at is not null as "verified!",
                  role as "role: Role", rater_key as "rater_key: RaterKey", users.created_at,
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing",
                  last_used_at < now() - interval '1 hour' as "stale!"
           from unnest((select $1::bytea[])) as given (hash)
           join sessions on token_hash = hash
           join users on users.id = user_id
           where expires_at > now()"#,
        &hashes,
    )
    .fetch_all(&mut *db)
    .await?;
    let stale = |one: &&Presented| rows.iter().any(|row| row.stale && row.token_hash == one.hash);
    let stale: Vec<Presented> = presented.iter().filter(stale).copied().collect();
    if !stale.is_empty() {
        touch(db, &stale).await?;
    }
    let users = rows.into_iter().map(|row| {
        let user = User {
            id: row.id,
            name: row.name,
            email: row.email,
            verified: row.verified,
            // Who is silenced has none of the rights of moderators meanwhile.
            role: if row.standing.is_restricted() { Role::Member } else { row.role },
            rater_key: row.rater_key,
            created_at: row.created_at,
            standing: row.standing,
        };
        (row.token_hash, user)
    });
    Ok(users.collect())
}

/// Extends sessions. From where they are used is recorded for members only.
async fn touch(db: &mut PgConnection, used: &[Presented]) -> sqlx::Result<()> {
    let hashes: Vec<_> = used.iter().map(|one| one.hash.to_vec()).collect();
    let agents: Vec<_> = used.iter().map(|one| one.origin.as_ref().and_then(agent_of)).collect();
    let prefixes: Vec<_> = used.iter().map(|one| one.origin.as_ref().map(prefix_of)).collect();
    // Skip locked rows: another request is extending or ending those sessions.
    sqlx::query!(
        "with open as (select token_hash, name is not null as is_member
                       from sessions join users on users.id = user_id
                       where token_hash = any($1)
                       for no key update of sessions skip locked)
         update sessions
         set last_used_at = now(), expires_at = now() + make_interval(days => $4),
             agent = case when is_member and given.prefix is not null then given.agent else sessions.agent end,
             prefix = case when is_member then coalesce(given.prefix, sessions.prefix) else sessions.prefix end
         from open join unnest($1::bytea[], $2::text[], $3::text[]) as given (hash, agent, prefix)
                on given.hash = open.token_hash
         where sessions.token_hash = open.token_hash",
        &hashes,
        &agents as &[Option<String>],
        &prefixes as &[Option<String>],
        DAYS,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A session, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The browser and its system in words; `None` if the client doesn't name them.
    pub agent: Option<String>,
    /// The network that it was last used from, as [`Prefix`](super::Prefix) writes it.
    pub prefix: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it was last used, exact to an hour.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub is_own: bool,
}

/// The most sessions that are listed.
const LISTED: i64 = 200;

/// Lists a user's open sessions: the one that asks first, then the last used.
pub async fn list(db: &mut PgConnection, user: UserId, own: Option<&Token>) -> sqlx::Result<Vec<Session>> {
    let own = own.map(|token| token.hash().to_vec());
    sqlx::query_as!(
        Session,
        r#"select id as "id: SessionId", agent, prefix, created_at, last_used_at, expires_at,
                  token_hash is not distinct from $2 as "is_own!"
           from sessions where user_id = $1 and expires_at > now()
           order by token_hash is not distinct from $2 desc, last_used_at desc, id desc limit $3"#,
        user.0,
        own.as_deref(),
        LISTED,
    )
    .fetch_all(db)
    .await
}

/// Ends one of a user's sessions, and the streams of its pages. Returns false if the user has no such session. Lock the
/// user's row first.
pub async fn end(tx: &mut Tx, user: UserId, session: SessionId) -> sqlx::Result<bool> {
    let ended = sqlx::query!("delete from sessions where user_id = $1 and id = $2", user.0, session.0);
    let is_ended = ended.execute(&mut *tx).await?.rows_affected() == 1;
    if is_ended {
        Event::SessionsEnded { user }.record(tx).await?;
    }
    Ok(is_ended)
}

/// Ends the session of a user that has this token, and the streams of its pages.
pub async fn log_out(tx: &mut Tx, user: UserId, token: &Token) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", &token.hash()).execute(&mut *tx).await?;
    Event::SessionsEnded { user }.record(tx).await
}

/// Ends a user's sessions except the given one, and the streams of their pages. Returns how many. Lock the user's row
/// first.
pub async fn end_others(tx: &mut Tx, user: UserId, keep: Option<&Token>) -> sqlx::Result<u64> {
    let ended = close_others(tx, user, keep).await?;
    Event::SessionsEnded { user }.record(tx).await?;
    Ok(ended)
}

/// Whether a session is still this user's and open. Ending all of a user's sessions locks the user's row, so lock it
/// first if the answer must hold until the transaction ends.
pub async fn is_open(db: &mut PgConnection, token: &Token, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions
                          where token_hash = $1 and user_id = $2 and expires_at > now()) as "open!""#,
        &token.hash(),
        user.0,
    )
    .fetch_one(db)
    .await
}

/// Ends all of a user's sessions except the given one, without telling their pages. Returns how many.
pub async fn close_others(db: &mut PgConnection, user: UserId, keep: Option<&Token>) -> sqlx::Result<u64> {
    let keep = keep.map(|token| token.hash().to_vec());
    let ended = sqlx::query!(
        "delete from sessions where user_id = $1 and token_hash is distinct from $2",
        user.0,
        keep.as_deref(),
    )
    .execute(db)
    .await?;
    Ok(ended.rows_affected())
}

/// Deletes expired sessions. Returns how many.
pub async fn purge(db: &mut PgConnection) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from sessions where expires_at < now()").execute(db).await?.rows_affected())
}

//! Sessions: one bearer token each, for cookies and for the API. Only the token's SHA-256 is stored.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::types::{RaterKey, Role, User};
use crate::db::{Batcher, Db};
use crate::ids::UserId;

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

/// Opens a session.
pub async fn open(db: &mut PgConnection, user: UserId) -> sqlx::Result<Token> {
    let token = Token::generate();
    sqlx::query!(
        "insert into sessions (token_hash, user_id, expires_at) values ($1, $2, now() + make_interval(days => $3))",
        &token.hash(),
        user.0,
        DAYS,
    )
    .execute(db)
    .await?;
    Ok(token)
}

/// Finds the users of sessions by token. Concurrent calls share a query. Call it inside a runtime.
#[must_use]
pub fn finder(db: Db) -> Batcher<TokenHash, Option<User>> {
    Batcher::start(db, |db, hashes: Vec<TokenHash>| async move {
        let found = find_users(&mut *db.acquire().await?, &hashes).await?;
        Ok(hashes.iter().map(|hash| found.get(hash.as_slice()).cloned()).collect())
    })
}

/// Finds the users of unexpired sessions by the hashes of their tokens. Use extends a session; this is written at most
/// once an hour.
async fn find_users(db: &mut PgConnection, hashes: &[TokenHash]) -> sqlx::Result<HashMap<Vec<u8>, User>> {
    let hashes: Vec<_> = hashes.iter().map(|hash| hash.to_vec()).collect();
    // An array in a subselect lets Postgres reuse the plan; planning costs more than the query.
    let rows = sqlx::query!(
        r#"select token_hash, users.id as "id: UserId", name, email, email_verified_at is not null as "verified!",
                  role as "role: Role", rater_key as "rater_key: RaterKey", users.created_at,
                  last_used_at < now() - interval '1 hour' as "stale!"
           from unnest((select $1::bytea[])) as given (hash)
           join sessions on token_hash = hash
           join users on users.id = user_id
           where expires_at > now()"#,
        &hashes,
    )
    .fetch_all(&mut *db)
    .await?;
    let stale: Vec<_> = rows.iter().filter(|row| row.stale).map(|row| row.token_hash.clone()).collect();
    if !stale.is_empty() {
        // Skip locked rows: another request is extending or ending those sessions.
        sqlx::query!(
            "update sessions set last_used_at = now(), expires_at = now() + make_interval(days => $2)
             where token_hash in (select token_hash from sessions where token_hash = any($1)
                                  for no key update skip locked)",
            &stale,
            DAYS,
        )
        .execute(db)
        .await?;
    }
    let users = rows.into_iter().map(|row| {
        let user = User {
            id: row.id,
            name: row.name,
            email: row.email,
            verified: row.verified,
            role: row.role,
            rater_key: row.rater_key,
            created_at: row.created_at,
        };
        (row.token_hash, user)
    });
    Ok(users.collect())
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

/// Ends one session.
pub async fn close(db: &mut PgConnection, token: &Token) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where token_hash = $1", &token.hash()).execute(db).await?;
    Ok(())
}

/// Ends all of a user's sessions except the given one.
pub async fn close_others(db: &mut PgConnection, user: UserId, keep: Option<&Token>) -> sqlx::Result<()> {
    let keep = keep.map(|token| token.hash().to_vec());
    sqlx::query!(
        "delete from sessions where user_id = $1 and token_hash is distinct from $2",
        user.0,
        keep.as_deref(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes expired sessions. Returns how many.
pub async fn purge(db: &mut PgConnection) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from sessions where expires_at < now()").execute(db).await?.rows_affected())
}

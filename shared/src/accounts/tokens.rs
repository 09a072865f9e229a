//! API tokens: members make them for programs, with a name, scopes and perhaps an end. Only the SHA-256 of a token is
//! stored.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use data_encoding::BASE32_DNSSEC;
use sqlx::PgConnection;

use super::fields::{Refused, refuse};
use super::scope::Scopes;
use super::sessions::{Token, TokenHash};
use super::standing::Standing;
use super::types::{RaterKey, Role, User};
use crate::db::{Batcher, Db};
use crate::ids::{ApiTokenId, UserId};

/// How every API token begins, so that scanners for leaked secrets find it: `pawdium_[0-9a-v]{52}`.
const PREFIX: &str = "pawdium_";

/// The most tokens of one member.
pub const MOST: usize = 50;

/// Whether a token that a client presents is an API token and not that of a session.
#[must_use]
pub fn is_one(text: &str) -> bool {
    text.starts_with(PREFIX)
}

fn generate() -> Token {
    Token::presented(&format!("{PREFIX}{}", BASE32_DNSSEC.encode(&rand::random::<[u8; 32]>())))
}

/// What a token is called: 1 to 60 characters in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

impl TokenName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || text.chars().count() > 60 {
            return refuse("name", "Say in 1 to 60 characters what the token is for.");
        }
        if text.chars().any(char::is_control) {
            return refuse("name", "The name has characters that can't be shown. Type it again.");
        }
        Ok(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is called.
    pub name: TokenName,
    /// What it may do; not empty.
    pub scopes: Scopes,
    /// After how many days it ends; `None` for never.
    pub days: Option<u16>,
}

/// Makes a token. Lock the user's row first. `None` if the member has as many as there may be.
///
/// A form that is sent twice makes one: the first token, whose page nobody saw, is replaced.
pub async fn make(db: &mut PgConnection, user: UserId, new: &NewToken) -> sqlx::Result<Option<Token>> {
    sqlx::query!(
        "delete from api_tokens
         where user_id = $1 and (expires_at < now()
             or name = $2 and last_used_at is null and created_at > now() - interval '1 minute')",
        user.0,
        new.name.as_str(),
    )
    .execute(&mut *db)
    .await?;
    let token = generate();
    let made = sqlx::query!(
        "insert into api_tokens (user_id, token_hash, name, scopes, expires_at)
         select $1::bigint, $2::bytea, $3::text, $4::text[], now() + make_interval(days => $5)
         where (select count(*) from api_tokens where user_id = $1) < $6",
        user.0,
        &token.hash(),
        new.name.as_str(),
        &new.scopes.names(),
        new.days.map(i32::from),
        i64::try_from(MOST).unwrap_or(i64::MAX),
    )
    .execute(db)
    .await?;
    Ok((made.rows_affected() == 1).then_some(token))
}

/// Who presents a valid token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The member, whose role may be more than the token's scopes allow: see [`Scopes::limit`].
    pub user: User,
    /// The token.
    pub token: ApiTokenId,
    /// What it may do now.
    pub scopes: Scopes,
}

/// Finds who presents tokens. Concurrent calls share a query. Call it inside a runtime.
#[must_use]
pub fn finder(db: Db) -> Batcher<TokenHash, Option<Bearer>> {
    Batcher::start(db, |db, hashes: Vec<TokenHash>| async move {
        let found = find_bearers(&mut *db.acquire().await?, &hashes).await?;
        Ok(hashes.iter().map(|hash| found.get(hash.as_slice()).cloned()).collect())
    })
}

/// Finds who presents tokens that haven't ended. Their last use is written at most once an hour.
async fn find_bearers(db: &mut PgConnection, hashes: &[TokenHash]) -> sqlx::Result<HashMap<Vec<u8>, Bearer>> {
    let hashes: Vec<_> = hashes.iter().map(|hash| hash.to_vec()).collect();
    // An array in a subselect lets Postgres reuse the plan; planning costs more than the query.
    let rows = sqlx::query!(
        r#"select token_hash, api_tokens.id as "token: ApiTokenId", scopes, users.id as "id: UserId", users.name, email,
                  email_verified_at is not null as "verified!", role as "role: Role",
                  rater_key as "rater_key: RaterKey", users.created_at,
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing",
                  coalesce(last_used_at < now() - interval '1 hour', true) as "stale!"
           from unnest((select $1::bytea[])) as given (hash)
           join api_tokens on token_hash = hash
           join users on users.id = user_id
           where expires_at is null or expires_at > now()"#,
        &hashes,
    )
    .fetch_all(&mut *db)
    .await?;
    let stale: Vec<_> = rows.iter().filter(|row| row.stale).map(|row| row.token.0).collect();
    if !stale.is_empty() {
        // Skip locked rows: another request is doing this, or ends those tokens.
        sqlx::query!(
            "update api_tokens set last_used_at = now()
             where id in (select id from api_tokens where id = any($1) for no key update skip locked)",
            &stale,
        )
        .execute(db)
        .await?;
    }
    let bearers = rows.into_iter().map(|row| {
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
        let scopes = Scopes::read(row.scopes.iter().map(String::as_str)).held_by(&user);
        (row.token_hash, Bearer { user, token: row.token, scopes })
    });
    Ok(bearers.collect())
}

/// A token, as its owner sees it.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, exact to an hour.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Lists a member's tokens that haven't ended, the newest first.
pub async fn list(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<ApiToken>> {
    let rows = sqlx::query!(
        r#"select id as "id: ApiTokenId", name, scopes, created_at, last_used_at, expires_at
           from api_tokens where user_id = $1 and (expires_at is null or expires_at > now()) order by id desc"#,
        user.0,
    )
    .fetch_all(db)
    .await?;
    let tokens = rows.into_iter().map(|row| ApiToken {
        id: row.id,
        name: row.name,
        scopes: Scopes::read(row.scopes.iter().map(String::as_str)),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    });
    Ok(tokens.collect())
}

/// Ends one of a member's tokens. Returns false if the member has no such token.
pub async fn end(db: &mut PgConnection, user: UserId, token: ApiTokenId) -> sqlx::Result<bool> {
    let ended = sqlx::query!("delete from api_tokens where user_id = $1 and id = $2", user.0, token.0);
    Ok(ended.execute(db).await?.rows_affected() == 1)
}

/// Ends all of a member's tokens. Returns how many.
pub async fn end_all(db: &mut PgConnection, user: UserId) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from api_tokens where user_id = $1", user.0).execute(db).await?.rows_affected())
}

/// Takes the scope of moderators from the tokens of somebody who isn't one any more, so that they don't have it again
/// with the role. Tokens that can do nothing else end.
pub async fn demote(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from api_tokens where user_id = $1 and scopes = array['moderate']", user.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "update api_tokens set scopes = array_remove(scopes, 'moderate')
         where user_id = $1 and 'moderate' = any(scopes)",
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes tokens that have ended. Returns how many.
pub async fn purge(db: &mut PgConnection) -> sqlx::Result<u64> {
    let purged = sqlx::query!("delete from api_tokens where expires_at < now()");
    Ok(purged.execute(db).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_scanners_and_told_from_that_of_a_session() {
        let token = generate();
        let random = token.expose().strip_prefix("pawdium_").expect("the prefix");
        assert_eq!(random.len(), 52);
        assert!(random.chars().all(|c| matches!(c, '0'..='9' | 'a'..='v')), "{random}");
        assert!(is_one(token.expose()));
        assert_ne!(token.hash(), generate().hash());
        assert!(!is_one(Token::generate().expose()));
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(TokenName::new("  my \n bot ").expect("fine").as_str(), "my bot");
        assert!(TokenName::new(&"ä".repeat(60)).is_ok());
        for bad in ["", " \t", "a\u{0}b", "a\u{1b}[2Jb", &"x".repeat(61)] {
            assert_eq!(TokenName::new(bad).expect_err(bad).field, "name");
        }
    }
}

//! What a request found out before its transaction, asked again inside it.
//!
//! Checking a password takes tens of milliseconds, during which no connection is held. Meanwhile the owner may set
//! another password, or end every session. So an act that relies on a password or on a session locks the user's row
//! first, and then asks whether the hash is still the one that was verified and whether the session is still open.
//! Whoever changes a password or ends a user's sessions holds the same lock.
//!
//! Users' rows come before all others, and among themselves in the order of their ids, so that no two acts wait for each
//! other.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;

use super::{password, passwords};
use crate::ids::UserId;

/// A password that was found to be a user's, and the hash that it was compared with.
#[derive(Clone, Debug)]
pub struct Proof {
    user: UserId,
    hash: SecretString,
}

impl Proof {
    /// Checks a password against what is stored of it. Without a user the answer is no, after the same work.
    pub async fn check(password: &str, stored: Option<(UserId, String)>) -> Option<Self> {
        for form in password::forms(password) {
            let hash = stored.as_ref().map(|(_, hash)| hash.clone());
            if passwords::verify(&form, hash).await {
                return stored.map(|(user, hash)| Self { user, hash: hash.into() });
            }
        }
        None
    }

    /// Whether the user still has that password. Lock the user's row first.
    pub async fn holds(&self, db: &mut PgConnection) -> sqlx::Result<bool> {
        sqlx::query_scalar!(
            r#"select exists (select from users where id = $1 and password_hash = $2) as "holds!""#,
            self.user.0,
            self.hash.expose_secret(),
        )
        .fetch_one(db)
        .await
    }
}

/// Locks users' rows until the transaction ends, and answers with those that are there.
pub async fn lock(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<UserId>> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: UserId" from users where id = any($1) order by id for no key update"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// Locks a user's row for its deletion: also against whoever is about to refer to it. False: it is gone.
pub async fn lock_to_delete(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let row = sqlx::query!("select id from users where id = $1 for update", user.0).fetch_optional(db);
    Ok(row.await?.is_some())
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, PasswordHasher as _};

    use super::*;

    #[tokio::test]
    async fn what_was_hashed_as_it_was_typed_still_opens() {
        let apart = "man\u{303}ana 1";
        let hash = Argon2::default().hash_password(apart.as_bytes()).expect("it is hashed").to_string();
        assert!(Proof::check(apart, Some((UserId(1), hash.clone()))).await.is_some());
        assert!(Proof::check("manana 1", Some((UserId(1), hash))).await.is_none());
        assert!(Proof::check(apart, None).await.is_none());
    }
}

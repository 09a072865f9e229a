//! Checks what a request verified before its transaction again inside it.
//!
//! Checking a password takes tens of milliseconds, during which the request has no connection. Meanwhile the owner may
//! set another password or end all sessions. So an act that relies on a password or a session first locks the user's
//! row, and then checks that the hash is still the verified one and that the session is still open. Changing a password
//! and ending a user's sessions take the same lock.
//!
//! Users' rows are locked before all others, in the order of their ids, so that no two acts deadlock.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;

use super::{password, passwords};
use crate::ids::UserId;

/// A verified password of a user, and the hash that it was compared with.
#[derive(Clone, Debug)]
pub struct Proof {
    user: UserId,
    hash: SecretString,
}

impl Proof {
    /// Checks a password against the stored hash. Without a user the answer is no, after the same work.
    pub async fn check(password: &str, stored: Option<(UserId, String)>) -> Option<Self> {
        for form in password::forms(password) {
            let hash = stored.as_ref().map(|(_, hash)| hash.clone());
            if passwords::verify(&form, hash).await {
                return stored.map(|(user, hash)| Self { user, hash: hash.into() });
            }
        }
        None
    }

    /// Whether the user still has this password. Lock the user's row first.
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

/// Locks users' rows until the transaction ends. Returns those that exist.
pub async fn lock(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<UserId>> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: UserId" from users where id = any($1) order by id for no key update"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// Locks a user's row for deletion, also against new references to it. Returns false if it is gone.
pub async fn lock_to_delete(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let row = sqlx::query!("select id from users where id = $1 for update", user.0).fetch_optional(db);
    Ok(row.await?.is_some())
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, PasswordHasher as _};

    use super::*;

    #[tokio::test]
    async fn passwords_hashed_as_typed_still_match() {
        let apart = "man\u{303}ana 1";
        let hash = Argon2::default().hash_password(apart.as_bytes()).expect("it is hashed").to_string();
        assert!(Proof::check(apart, Some((UserId(1), hash.clone()))).await.is_some());
        assert!(Proof::check("manana 1", Some((UserId(1), hash))).await.is_none());
        assert!(Proof::check(apart, None).await.is_none());
    }
}

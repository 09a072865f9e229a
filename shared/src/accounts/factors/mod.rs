//! What a member logs in with besides the password: codes of an authenticator app (RFC 6238), passkeys, and recovery
//! codes in case both are lost.
//!
//! Whatever turns a factor on or off, or uses one up, locks the user's row first (`accounts::proof`).

pub mod codes;
pub mod fresh;
pub mod passkeys;
pub mod pending;
pub mod recovery;
mod seal;
mod totp;

use chrono::{DateTime, Utc};
use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use super::Role;
use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::mail::{FactorChange, SendMail};

pub use seal::Seal;
pub use totp::{Begun, Secret, begin, confirm, find_begun, turn_off};

/// The second factors of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// Since when an authenticator app is set up.
    pub totp: Option<DateTime<Utc>>,
    /// How many passkeys there are.
    pub passkeys: i64,
    /// How many recovery codes are left.
    pub codes: i64,
}

impl Factors {
    /// Whether logging in takes a second factor. Recovery codes alone are none.
    #[must_use]
    pub fn any(&self) -> bool {
        self.totp.is_some() || self.passkeys > 0
    }
}

/// Finds the second factors of an account. Lock the user's row first if the answer must hold.
pub async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<Factors> {
    sqlx::query_as!(
        Factors,
        r#"select (select confirmed_at from totp_secrets where user_id = $1) as totp,
                  (select count(*) from passkeys where user_id = $1) as "passkeys!",
                  (select count(*) from recovery_codes where user_id = $1 and used_at is null) as "codes!""#,
        user.0,
    )
    .fetch_one(db)
    .await
}

/// Whether an account has a second factor.
pub async fn has(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from totp_secrets where user_id = $1 and confirmed_at is not null)
               or exists (select from passkeys where user_id = $1) as "has!""#,
        user.0,
    )
    .fetch_one(db)
    .await
}

/// Lists the names of those with one of these roles who have no second factor.
pub async fn list_without(db: &mut PgConnection, roles: &[Role]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select name as "name!" from users
           where role = any($1) and name is not null
             and not exists (select from totp_secrets where user_id = users.id and confirmed_at is not null)
             and not exists (select from passkeys where user_id = users.id)
           order by lower(name)"#,
        roles as &[Role],
    )
    .fetch_all(db)
    .await
}

/// Mails a member what changed.
pub async fn tell(tx: &mut Tx, user: UserId, change: FactorChange) -> sqlx::Result<()> {
    let email = sqlx::query_scalar!("select email from users where id = $1", user.0);
    if let Some(email) = email.fetch_optional(&mut **tx).await?.flatten() {
        SendMail::factors_changed(user, &email, change).enqueue(tx).await?;
    }
    Ok(())
}

/// Deletes all second factors of an account, for a member who has lost them, and tells the member. Returns what there
/// was. Lock the user's row first.
pub async fn reset(tx: &mut Tx, user: UserId) -> sqlx::Result<Factors> {
    let had = find(tx, user).await?;
    sqlx::query!("delete from totp_secrets where user_id = $1", user.0).execute(&mut **tx).await?;
    sqlx::query!("delete from passkeys where user_id = $1", user.0).execute(&mut **tx).await?;
    sqlx::query!("delete from passkey_ceremonies where user_id = $1", user.0).execute(&mut **tx).await?;
    sqlx::query!("delete from pending_logins where user_id = $1", user.0).execute(&mut **tx).await?;
    sqlx::query!("delete from recovery_codes where user_id = $1", user.0).execute(&mut **tx).await?;
    if had.any() {
        tell(tx, user, FactorChange::Reset).await?;
    }
    Ok(had)
}

/// Deletes the recovery codes of an account that has lost its last second factor, since they lead nowhere.
async fn drop_codes_without_factor(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    if !has(&mut *db, user).await? {
        sqlx::query!("delete from recovery_codes where user_id = $1", user.0).execute(db).await?;
    }
    Ok(())
}

/// Deletes set-ups that nobody has finished within a day, expired logins and challenges. Returns how many.
pub async fn purge(db: &mut PgConnection) -> sqlx::Result<u64> {
    let begun = sqlx::query!(
        "delete from totp_secrets where confirmed_at is null and created_at < now() - interval '1 day'"
    );
    let begun = begun.execute(&mut *db).await?.rows_affected();
    let logins = sqlx::query!("delete from pending_logins where expires_at < now()");
    let logins = logins.execute(&mut *db).await?.rows_affected();
    let ceremonies = sqlx::query!("delete from passkey_ceremonies where expires_at < now()");
    Ok(begun + logins + ceremonies.execute(db).await?.rows_affected())
}

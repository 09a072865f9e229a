//! From where accounts have been opened. Whoever guesses passwords does so from elsewhere, so attempts from elsewhere
//! share one small budget for each account, and its owner doesn't depend on that (compare OWASP's device cookies).

use sqlx::PgConnection;

use crate::ids::UserId;

/// A keyed digest of an IPv4 address or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub [u8; 16]);

/// Whether the account has been opened from there, with its password or a link to its address.
pub async fn is_known(db: &mut PgConnection, user: UserId, network: Network) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from login_networks where user_id = $1 and network = $2) as "known!""#,
        user.0,
        &network.0,
    )
    .fetch_one(db)
    .await
}

/// Remembers that the account was opened from there.
pub async fn remember(db: &mut PgConnection, user: UserId, network: Network) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into login_networks (user_id, network) values ($1, $2)
         on conflict (user_id, network) do update set last_at = now()",
        user.0,
        &network.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets all others: with a new password, whoever knew the old one is a stranger.
pub async fn keep_only(db: &mut PgConnection, user: UserId, network: Network) -> sqlx::Result<()> {
    sqlx::query!("delete from login_networks where user_id = $1 and network <> $2", user.0, &network.0,)
        .execute(&mut *db)
        .await?;
    remember(db, user, network).await
}

/// Forgets those that weren't used for `days`; answers with how many.
pub async fn purge(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from login_networks where last_at < now() - make_interval(days => $1)", days);
    Ok(purged.execute(db).await?.rows_affected())
}

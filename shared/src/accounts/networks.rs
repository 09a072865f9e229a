//! The networks where accounts have been used. Attackers guess passwords from other networks, so all attempts from
//! there share one small budget per account, and the owner's attempts don't depend on it (compare OWASP's device
//! cookies).

use sqlx::PgConnection;

use super::origin::Origin;
use crate::ids::UserId;

/// A keyed digest of an IPv4 address or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub [u8; 16]);

/// How many browsers of a network are remembered, the newest.
const AGENTS: usize = 20;

/// Whether the account was used in this network, with its password or a mailed link.
pub async fn is_known(db: &mut PgConnection, user: UserId, network: Network) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from login_networks where user_id = $1 and network = $2) as "known!""#,
        user.0,
        &network.0,
    )
    .fetch_one(db)
    .await
}

/// Records that the account was used in this network.
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

/// Records that the account was used in this network with this browser. Returns whether the account was never used so
/// before: in another network, or there with other browsers only. Of a network from before browsers were recorded,
/// nothing is new.
pub async fn meet(
    db: &mut PgConnection,
    user: UserId,
    network: Network,
    origin: &Origin,
) -> sqlx::Result<bool> {
    let agent = origin.device();
    let known = sqlx::query_scalar!(
        "select agents from login_networks where user_id = $1 and network = $2 for update",
        user.0,
        &network.0,
    );
    let known = known.fetch_optional(&mut *db).await?;
    let is_new = known.as_ref().is_none_or(|agents| !agents.is_empty() && !agents.contains(&agent));
    let mut agents = known.unwrap_or_default();
    if !agents.contains(&agent) {
        agents.truncate(AGENTS - 1);
        agents.insert(0, agent);
    }
    sqlx::query!(
        "insert into login_networks (user_id, network, agents) values ($1, $2, $3)
         on conflict (user_id, network) do update set last_at = now(), agents = excluded.agents",
        user.0,
        &network.0,
        &agents,
    )
    .execute(db)
    .await?;
    Ok(is_new)
}

/// Deletes all other networks, because after a change of the password they may be an attacker's.
pub async fn keep_only(db: &mut PgConnection, user: UserId, network: Network) -> sqlx::Result<()> {
    sqlx::query!("delete from login_networks where user_id = $1 and network <> $2", user.0, &network.0,)
        .execute(&mut *db)
        .await?;
    remember(db, user, network).await
}

/// Deletes networks that were not used for `days`. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from login_networks where last_at < now() - make_interval(days => $1)", days);
    Ok(purged.execute(db).await?.rows_affected())
}

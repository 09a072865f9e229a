//! Members whom a member doesn't want to meet. Neither of the two sees the other's comments or is notified of them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::ids::UserId;

/// A member whom somebody has blocked.
#[derive(Clone, Debug)]
pub struct BlockedMember {
    /// The public name.
    pub name: String,
    /// Since when.
    pub blocked_at: DateTime<Utc>,
}

/// Blocks a member, and deletes what the two were notified of about each other. Twice is once. Returns false if either
/// is no member, or they are the same. Who comments or is notified holds these users, so nothing is told of a blocked
/// member afterwards.
pub async fn block(db: &mut PgConnection, user: UserId, blocked: UserId) -> sqlx::Result<bool> {
    let members = sqlx::query_scalar!(
        r#"select id as "id: UserId" from users where id in ($1, $2) and name is not null order by id for update"#,
        user.0,
        blocked.0,
    );
    if members.fetch_all(&mut *db).await?.len() != 2 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into member_blocks (user_id, blocked_id) values ($1, $2) on conflict do nothing",
        user.0,
        blocked.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from notifications
         where user_id = $1 and actor_id = $2 or user_id = $2 and actor_id = $1",
        user.0,
        blocked.0,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// Ends a block. Ending one that isn't there changes nothing.
pub async fn unblock(db: &mut PgConnection, user: UserId, blocked: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from member_blocks where user_id = $1 and blocked_id = $2", user.0, blocked.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Lists whom a member has blocked, the latest first.
pub async fn list(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<BlockedMember>> {
    sqlx::query_as!(
        BlockedMember,
        r#"select name as "name!", blocked_at from member_blocks join users on users.id = blocked_id
           where user_id = $1 and name is not null order by blocked_at desc, blocked_id limit 1000"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// Whether a member has blocked another.
pub async fn has_blocked(db: &mut PgConnection, user: UserId, other: UserId) -> sqlx::Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (select from member_blocks where user_id = $1 and blocked_id = $2) as "has!""#,
        user.0,
        other.0,
    );
    has.fetch_one(db).await
}

/// Whether either of two members has blocked the other.
pub async fn dont_meet(db: &mut PgConnection, one: UserId, other: UserId) -> sqlx::Result<bool> {
    Ok(has_blocked(db, one, other).await? || has_blocked(db, other, one).await?)
}

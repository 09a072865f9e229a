//! Addresses that a mail server refused, so that the site can tell their owners why no mail arrives.

use sqlx::PgConnection;

use crate::ids::UserId;

/// Records why the last mail to a user was refused permanently.
pub async fn record(db: &mut PgConnection, user: UserId, email: &str, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mail_refusals (user_id, email, reason) select id, $2, $3 from users where id = $1
         on conflict (user_id) do update
         set email = excluded.email, reason = excluded.reason, refused_at = excluded.refused_at",
        user.0,
        email,
        reason,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Finds why the last mail to the user's current address was refused; `None` if it wasn't.
pub async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select reason from mail_refusals join users on users.id = user_id
         where user_id = $1 and lower(users.email) = lower(mail_refusals.email)",
        user.0,
    )
    .fetch_optional(db)
    .await
}

/// Deletes the record, after a mail was delivered.
pub async fn forget(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from mail_refusals where user_id = $1", user.0).execute(db).await?;
    Ok(())
}

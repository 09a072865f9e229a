//! The daily mail about what is unread.

use sqlx::PgConnection;

use super::Entry;
use super::list::list;
use crate::ids::{NotificationId, UserId};

/// The most entries that a mail lists.
const MOST: i64 = 50;

/// A recipient.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The member.
    pub user: UserId,
    /// The domain of the address. Domains take turns.
    pub domain: Option<String>,
}

/// Lists up to `limit` members after one of them who are due for a mail: who want one, have verified their address, had
/// none within the last 20 hours, and have unread notifications that no mail has told of.
pub async fn list_due(db: &mut PgConnection, after: UserId, limit: i64) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        r#"select id as "user!: UserId", lower(split_part(email, '@', 2)) as domain
           from users left join notification_settings on user_id = id
           where id > $1 and email_verified_at is not null and coalesce(digest, true)
             and coalesce(digest_at < now() - interval '20 hours', true)
             and exists (select from notifications
                         where notifications.user_id = users.id and read_at is null
                           and notifications.id > coalesce(digest_through, 0))
           order by id limit $2"#,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// What a mail to a member tells: the unread entries of which no mail has told, the latest first. Nothing if the member
/// doesn't want mails.
pub async fn compose(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Entry>> {
    let settings =
        sqlx::query!("select digest, digest_through from notification_settings where user_id = $1", user.0);
    let settings = settings.fetch_optional(&mut *db).await?;
    let (wants, through) = settings.map_or((true, 0), |row| (row.digest, row.digest_through));
    if !wants {
        return Ok(Vec::new());
    }
    let mut entries = list(db, user, None, MOST).await?;
    entries.retain(|entry| !entry.is_read && entry.id.0 > through);
    Ok(entries)
}

/// Records that a mail has told of everything up to a notification.
pub async fn note_sent(db: &mut PgConnection, user: UserId, through: NotificationId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into notification_settings (user_id, digest_at, digest_through)
         select id, now(), $2 from users where id = $1
         on conflict (user_id) do update
         set digest_at = excluded.digest_at,
             digest_through = greatest(notification_settings.digest_through, excluded.digest_through)",
        user.0,
        through.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

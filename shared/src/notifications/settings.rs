//! What a member wants to be notified of.

use sqlx::PgConnection;

use super::Kind;
use crate::ids::UserId;

/// A member's choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// The kinds that the member doesn't want.
    pub off: Vec<Kind>,
    /// Whether the member gets a mail a day about what is unread.
    pub digest: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self { off: Vec::new(), digest: true }
    }
}

/// Finds a member's choices.
pub async fn choices_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<Choices> {
    let row = sqlx::query!("select off, digest from notification_settings where user_id = $1", user.0);
    let row = row.fetch_optional(db).await?;
    Ok(row.map_or_else(Choices::default, |row| Choices {
        off: row.off.iter().filter_map(|kind| kind.parse().ok()).collect(),
        digest: row.digest,
    }))
}

/// Stores a member's choices. They hold for what happens from now on. Kinds that only another version knows stay as
/// they are.
pub async fn choose(db: &mut PgConnection, user: UserId, choices: &Choices) -> sqlx::Result<()> {
    let off: Vec<_> = choices.off.iter().map(|kind| kind.name().to_owned()).collect();
    sqlx::query!(
        "insert into notification_settings (user_id, off, digest) values ($1, $2, $3)
         on conflict (user_id) do update
         set digest = excluded.digest,
             off = excluded.off || (select coalesce(array_agg(kind), '{}')
                                    from unnest(notification_settings.off) as kind where kind <> all($4))",
        user.0,
        &off,
        choices.digest,
        &Kind::names(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stops a member's mails. Returns false if the account is gone.
pub async fn stop_digest(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let stopped = sqlx::query!(
        "insert into notification_settings (user_id, digest) select id, false from users where id = $1
         on conflict (user_id) do update set digest = false",
        user.0,
    );
    Ok(stopped.execute(db).await?.rows_affected() > 0)
}

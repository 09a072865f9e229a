//! What happened in hubs, for feeds.

use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::{HubId, PhotoId, UserId};

/// What somebody did in a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray, sqlx::Type)]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Verb {
    /// Made the hub.
    Created,
    /// Gave it another name or address.
    Renamed,
    /// Archived it.
    Archived,
    /// Opened it again.
    Reopened,
    /// Became a member.
    Joined,
    /// Became an owner.
    BecameOwner,
    /// Posted a photo to it.
    Posted,
}

impl Verb {
    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Records what somebody did in a hub, which is thereby active. Nobody acts when an account's deletion changes a hub.
/// Locks the hub's row.
pub async fn record(
    db: &mut PgConnection,
    hub: HubId,
    verb: Verb,
    actor: Option<UserId>,
    photo: Option<PhotoId>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with active as (update hubs set active_at = now() where id = $1)
         insert into activity (hub_id, verb, actor_id, photo_id) values ($1, $2, $3, $4)",
        hub.0,
        verb.name(),
        actor.map(|user| user.0),
        photo.map(|photo| photo.0),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes at most `limit` activities that are older than so many days, by the index activity_at. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32, limit: i64) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from activity
         where id in (select id from activity where at < now() - make_interval(days => $1) order by at limit $2)",
        days,
        limit,
    );
    Ok(purged.execute(db).await?.rows_affected())
}

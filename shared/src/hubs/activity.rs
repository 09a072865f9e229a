//! What happens in hubs, recorded in the transaction in which it happens.

use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::{HubId, PhotoId, UserId};

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum ActivityVerb {
    /// Created the hub.
    Created,
    /// Became a member.
    Joined,
    /// Became an owner.
    BecameOwner,
    /// Posted a photo.
    Posted,
    /// Archived the hub.
    Archived,
    /// Changed the hub's name or its address.
    Renamed,
}

impl ActivityVerb {
    /// The name in the database and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Records what an actor did in a hub, and that the hub is active. Locks the hub until the transaction ends.
pub async fn record(
    db: &mut PgConnection,
    hub: HubId,
    verb: ActivityVerb,
    actor: Option<UserId>,
    photo: Option<PhotoId>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with noted as (update hubs set active_at = now() where id = $1 returning id)
         insert into activity (hub_id, verb, actor_id, photo_id) select id, $2, $3, $4 from noted",
        hub.0,
        verb.name(),
        actor.map(|user| user.0),
        photo.map(|photo| photo.0),
    )
    .execute(db)
    .await?;
    Ok(())
}

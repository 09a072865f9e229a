//! What an owner changes on all of their photos.

use sqlx::PgConnection;

use super::queries::list_live_ids;
use crate::accounts::{Name, queries};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, UserId};

/// Changes a user's public name, which their photos show.
///
/// # Errors
/// A violation of [`NAME_TAKEN`](queries::NAME_TAKEN).
pub async fn rename(db: &mut Tx, user: UserId, name: &Name) -> sqlx::Result<()> {
    queries::rename(db, user, name).await?;
    let photos = list_live_ids(db, user).await?;
    let hubs = find_hubs(db, user).await?;
    Event::MemberChanged { photos, hubs }.record(db).await
}

/// Finds the hubs that name a user: where they have a role, photos or talks, did something, or wait for an
/// answer.
pub async fn find_hubs(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<HubId>> {
    sqlx::query_scalar!(
        r#"select hub_id as "hub!: HubId" from hub_roles where user_id = $1
           union
           select hub_id from hub_photos join photos on id = photo_id where owner_id = $1
           union
           select hub_id from activity where actor_id = $1
           union
           select hub_id from hub_requests where user_id = $1
           union
           select hub_id from talks join calls on calls.id = call_id where author_id = $1"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

//! What an owner changes on all of their photos.

use super::queries::list_live_ids;
use crate::accounts::{Name, queries};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::UserId;

/// Changes a user's public name, which their photos show.
///
/// # Errors
/// A violation of [`NAME_TAKEN`](queries::NAME_TAKEN).
pub async fn rename(db: &mut Tx, user: UserId, name: &Name) -> sqlx::Result<()> {
    queries::rename(db, user, name).await?;
    let photos = list_live_ids(db, user).await?;
    Event::MemberChanged { photos }.record(db).await
}

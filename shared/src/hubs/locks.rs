//! Locks for changes of a hub and its people: users first, then the hub.

use sqlx::PgConnection;

use super::queries;
use super::refusal::Refusal;
use super::types::{Hub, HubRole};
use crate::ids::{HubId, UserId};

/// Keeps users from being deleted until the transaction ends.
///
/// # Errors
/// [`Refusal::NoUser`] if the first is gone, [`Refusal::Gone`] if another one is.
pub(crate) async fn hold_users(db: &mut PgConnection, users: &[UserId]) -> Result<(), Refusal> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let found: Vec<UserId> = sqlx::query_scalar!(
        r#"select id as "id: UserId" from users where id = any($1) and name is not null order by id for key share"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    match users.iter().position(|user| !found.contains(user)) {
        None => Ok(()),
        Some(0) => Err(Refusal::NoUser),
        Some(_) => Err(Refusal::Gone),
    }
}

/// Locks a hub, so that nobody else changes it or its members. Not against new references to it: raters and posters
/// don't wait.
///
/// # Errors
/// [`Refusal::Gone`] if it was deleted.
pub(crate) async fn lock(db: &mut PgConnection, hub: HubId) -> Result<Hub, Refusal> {
    sqlx::query!("select id from hubs where id = $1 for no key update", hub.0)
        .fetch_optional(&mut *db)
        .await?;
    // A separate statement: it sees what the one above waited for.
    queries::find(db, hub).await?.ok_or(Refusal::Gone)
}

/// Like [`lock`], for acts in the hub: refuses an archived one.
pub(crate) async fn lock_open(db: &mut PgConnection, hub: HubId) -> Result<Hub, Refusal> {
    let hub = lock(db, hub).await?;
    if hub.is_archived() { Err(Refusal::Archived) } else { Ok(hub) }
}

/// Refuses everybody but owners. Lock the hub first.
pub(super) async fn require_owner(db: &mut PgConnection, hub: HubId, user: UserId) -> Result<(), Refusal> {
    if membership(db, hub, user).await? == Some(HubRole::Owner) { Ok(()) } else { Err(Refusal::NotOwner) }
}

/// Whether a user is a member or an owner.
pub(crate) async fn membership(
    db: &mut PgConnection,
    hub: HubId,
    user: UserId,
) -> sqlx::Result<Option<HubRole>> {
    let roles = queries::list_roles(db, hub, user).await?;
    Ok(roles.into_iter().find(|role| role.is_membership()))
}

/// Locks a hub for a change by one of its owners.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::Archived`] or [`Refusal::Gone`].
pub async fn lock_for_owner(db: &mut PgConnection, hub: HubId, owner: UserId) -> Result<Hub, Refusal> {
    hold_users(db, &[owner]).await?;
    let hub = lock_open(db, hub).await?;
    require_owner(db, hub.id, owner).await?;
    Ok(hub)
}

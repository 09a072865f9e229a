//! What becomes of a user's hubs when the account is deleted: no hub stays without an owner.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::activity::{self, Verb};
use super::requests;
use super::types::HubRole;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, UserId};

/// Ends all roles and requests of a user who is about to be deleted and whose row is locked against new ones. Where the
/// last owner leaves, the longest-standing member becomes owner, and a hub without members is archived.
pub async fn leave_all(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    let memberships = lock_memberships(db, user).await?;
    let waiting = requests::list_waiting(db, user).await?;
    let left = sqlx::query_scalar!(
        r#"with waiting as (delete from hub_requests where user_id = $1),
                left_behind as (
                    delete from hub_roles using hubs
                    where hubs.id = hub_id and user_id = $1 and profile_of is distinct from $1
                    returning hub_id)
           select distinct hub_id as "hub: HubId" from left_behind order by 1"#,
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut events = Vec::new();
    for hub in memberships {
        events.extend(settle(db, hub).await?);
    }
    events.extend(left.into_iter().map(|hub| Event::HubRolesChanged { hub, user, role: None }));
    events.extend(waiting.into_iter().map(|hub| Event::HubRequestsChanged { hub }));
    Event::record_all(db, events).await
}

/// Gives a hub without an owner one, or archives it. The hub is locked. Returns the events.
pub(super) async fn settle(db: &mut Tx, hub: HubId) -> sqlx::Result<Vec<Event>> {
    if has_owner(db, hub).await? {
        return Ok(Vec::new());
    }
    if let Some(heir) = promote_longest_standing(db, hub).await? {
        activity::record(db, hub, Verb::BecameOwner, Some(heir), None).await?;
        return Ok(vec![Event::HubRolesChanged { hub, user: heir, role: Some(HubRole::Owner) }]);
    }
    if archive(db, hub).await? {
        activity::record(db, hub, Verb::Archived, None, None).await?;
        return Ok(vec![Event::HubChanged { hub }]);
    }
    Ok(Vec::new())
}

/// A hub whose only owner a user is.
#[derive(Clone, Debug)]
pub struct Inheritance {
    /// The hub's slug.
    pub slug: String,
    /// The hub's name.
    pub name: String,
    /// The member who would become its owner; `None` if it would be archived.
    pub heir: Option<String>,
}

/// Lists the hubs that would get another owner, or none, if the user's account were deleted.
pub async fn preview(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Inheritance>> {
    sqlx::query_as!(
        Inheritance,
        r#"select slug as "slug!", hubs.name,
                  (select users.name from hub_roles as heirs join users on users.id = heirs.user_id
                   where heirs.hub_id = hubs.id and heirs.role = 'member'
                   order by heirs.since, heirs.user_id limit 1) as heir
           from hub_roles join hubs on hubs.id = hub_id
           where user_id = $1 and role = 'owner' and slug is not null and archived_at is null
             and not exists (select from hub_roles as others
                             where others.hub_id = hubs.id and others.role = 'owner' and others.user_id <> $1)
           order by lower(hubs.name), hubs.id"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// Locks the hubs that a user belongs to, and not only those that they own: another owner who leaves at the same time
/// may make this user the only one.
async fn lock_memberships(db: &mut PgConnection, user: UserId) -> sqlx::Result<BTreeSet<HubId>> {
    let hubs = sqlx::query_scalar!(
        r#"select id as "id: HubId" from hubs
           where slug is not null
             and id in (select hub_id from hub_roles where user_id = $1 and role in ('member', 'owner'))
           order by id for no key update"#,
        user.0,
    );
    Ok(hubs.fetch_all(db).await?.into_iter().collect())
}

async fn has_owner(db: &mut PgConnection, hub: HubId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from hub_roles where hub_id = $1 and role = 'owner') as "has!""#,
        hub.0,
    )
    .fetch_one(db)
    .await
}

async fn promote_longest_standing(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"update hub_roles set role = 'owner'
           where hub_id = $1 and role = 'member'
             and user_id = (select user_id from hub_roles where hub_id = $1 and role = 'member'
                            order by since, user_id limit 1)
           returning user_id as "user: UserId""#,
        hub.0,
    )
    .fetch_optional(db)
    .await
}

async fn archive(db: &mut PgConnection, hub: HubId) -> sqlx::Result<bool> {
    let archived =
        sqlx::query!("update hubs set archived_at = now() where id = $1 and archived_at is null", hub.0);
    Ok(archived.execute(db).await?.rows_affected() > 0)
}

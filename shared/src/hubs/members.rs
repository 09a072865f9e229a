//! The people of a hub. A change commits with its events.

use sqlx::PgConnection;

use super::activity::{self, Verb};
use super::locks::{hold_users, lock, lock_open, membership, require_owner};
use super::refusal::Refusal;
use super::requests;
use super::types::{Hub, HubRole, Joining};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, UserId};

/// What became of the wish for a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The user has it, perhaps since before.
    Yes,
    /// The hub's owners have to answer.
    Pending,
}

/// Gives a user a role in a hub, as far as they may take it themselves. Twice is once.
///
/// # Errors
/// [`Refusal::Archived`], [`Refusal::NotInvited`] and [`Refusal::NotMadeOwner`].
pub async fn take(db: &mut Tx, hub: HubId, user: UserId, role: HubRole) -> Result<Taken, Refusal> {
    hold_users(db, &[user]).await?;
    let hub = lock_open(db, hub).await?;
    if !role.is_membership() {
        insert(db, hub.id, user, role).await?;
        return Ok(Taken::Yes);
    }
    match (role, membership(db, hub.id, user).await?) {
        (_, Some(HubRole::Owner)) | (HubRole::Member, Some(_)) => Ok(Taken::Yes),
        (HubRole::Owner, _) => Err(Refusal::NotMadeOwner),
        _ => join(db, &hub, user).await,
    }
}

async fn join(db: &mut Tx, hub: &Hub, user: UserId) -> Result<Taken, Refusal> {
    match hub.joining {
        Joining::Open => {
            requests::withdraw(db, hub.id, user).await?;
            admit(db, hub.id, user).await?;
            Ok(Taken::Yes)
        }
        Joining::Request => {
            requests::ask(db, hub.id, user).await?;
            Ok(Taken::Pending)
        }
        Joining::Invite => Err(Refusal::NotInvited),
    }
}

/// Ends a user's role in a hub. Giving up what one doesn't have changes nothing. Without membership one is no owner
/// either, and a waiting request is withdrawn. An owner who gives up only ownership stays a member. Archived hubs can
/// be left.
///
/// # Errors
/// [`Refusal::LastOwner`].
pub async fn drop_role(db: &mut Tx, hub: HubId, user: UserId, role: HubRole) -> Result<(), Refusal> {
    hold_users(db, &[user]).await?;
    lock(db, hub).await?;
    match (role, membership(db, hub, user).await?) {
        (HubRole::Subscriber | HubRole::Stargazer, _) => {
            let dropped = sqlx::query!(
                "delete from hub_roles where hub_id = $1 and user_id = $2 and role = $3",
                hub.0,
                user.0,
                role.name(),
            )
            .execute(&mut *db)
            .await?;
            if dropped.rows_affected() > 0 {
                note(db, hub, user, role).await?;
            }
            Ok(())
        }
        (HubRole::Owner, Some(HubRole::Owner)) => demote(db, hub, user).await,
        (HubRole::Owner, _) => Ok(()),
        (HubRole::Member, None) => Ok(requests::withdraw(db, hub, user).await?),
        (HubRole::Member, Some(_)) => expel(db, hub, user).await,
    }
}

/// Makes somebody a member or an owner, or an owner a member, for an owner of the hub. A waiting request is thereby
/// accepted.
///
/// # Errors
/// [`Refusal::Archived`], [`Refusal::NotOwner`], [`Refusal::Gone`] if there is no such member of the site, and
/// [`Refusal::LastOwner`].
pub async fn set(db: &mut Tx, hub: HubId, actor: UserId, user: UserId, role: HubRole) -> Result<(), Refusal> {
    hold_users(db, &[actor, user]).await?;
    lock_open(db, hub).await?;
    require_owner(db, hub, actor).await?;
    match (role, membership(db, hub, user).await?) {
        (HubRole::Member, Some(HubRole::Owner)) => demote(db, hub, user).await,
        (HubRole::Owner, Some(HubRole::Member)) => promote(db, hub, user).await,
        (_, None) => {
            let was_asked = requests::close(db, hub, user, true).await?;
            admit(db, hub, user).await?;
            if role == HubRole::Owner {
                promote(db, hub, user).await?;
            }
            requests::note(db, hub, was_asked).await
        }
        (_, Some(_)) => Ok(()),
    }
}

/// Removes a member or an owner, for an owner of the hub. Removing who isn't there changes nothing.
///
/// # Errors
/// As [`set`].
pub async fn remove(db: &mut Tx, hub: HubId, actor: UserId, user: UserId) -> Result<(), Refusal> {
    hold_users(db, &[actor, user]).await?;
    lock_open(db, hub).await?;
    require_owner(db, hub, actor).await?;
    match membership(db, hub, user).await? {
        Some(_) => expel(db, hub, user).await,
        None => Ok(()),
    }
}

/// Makes a user a member who is none.
pub(super) async fn admit(db: &mut Tx, hub: HubId, user: UserId) -> Result<(), Refusal> {
    insert(db, hub, user, HubRole::Member).await?;
    Ok(activity::record(db, hub, Verb::Joined, Some(user), None).await?)
}

async fn insert(db: &mut Tx, hub: HubId, user: UserId, role: HubRole) -> sqlx::Result<()> {
    let inserted = sqlx::query!(
        "insert into hub_roles (hub_id, user_id, role) values ($1, $2, $3) on conflict do nothing",
        hub.0,
        user.0,
        role.name(),
    )
    .execute(&mut *db)
    .await?;
    if inserted.rows_affected() > 0 {
        note(db, hub, user, role).await?;
    }
    Ok(())
}

async fn note(db: &mut Tx, hub: HubId, user: UserId, role: HubRole) -> sqlx::Result<()> {
    Event::HubRolesChanged { hub, user, role: Some(role) }.record(db).await
}

/// Makes a member an owner.
async fn promote(db: &mut Tx, hub: HubId, user: UserId) -> Result<(), Refusal> {
    change(db, hub, user, HubRole::Owner).await?;
    activity::record(db, hub, Verb::BecameOwner, Some(user), None).await?;
    Ok(note(db, hub, user, HubRole::Owner).await?)
}

/// Makes an owner a member.
async fn demote(db: &mut Tx, hub: HubId, user: UserId) -> Result<(), Refusal> {
    require_another_owner(db, hub, user).await?;
    change(db, hub, user, HubRole::Member).await?;
    Ok(note(db, hub, user, HubRole::Owner).await?)
}

/// Ends a membership.
async fn expel(db: &mut Tx, hub: HubId, user: UserId) -> Result<(), Refusal> {
    require_another_owner(db, hub, user).await?;
    sqlx::query!(
        "delete from hub_roles where hub_id = $1 and user_id = $2 and role in ('member', 'owner')",
        hub.0,
        user.0,
    )
    .execute(&mut *db)
    .await?;
    Ok(note(db, hub, user, HubRole::Member).await?)
}

async fn change(db: &mut PgConnection, hub: HubId, user: UserId, role: HubRole) -> sqlx::Result<()> {
    sqlx::query!(
        "update hub_roles set role = $3 where hub_id = $1 and user_id = $2 and role in ('member', 'owner')",
        hub.0,
        user.0,
        role.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Refuses if this user is the only owner. The lock on the hub keeps the others.
async fn require_another_owner(db: &mut PgConnection, hub: HubId, user: UserId) -> Result<(), Refusal> {
    let is_last = sqlx::query_scalar!(
        r#"select coalesce(bool_and(user_id = $2), false) as "is!"
           from hub_roles where hub_id = $1 and role = 'owner'"#,
        hub.0,
        user.0,
    );
    if is_last.fetch_one(db).await? { Err(Refusal::LastOwner) } else { Ok(()) }
}

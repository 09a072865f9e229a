//! Requests to become a member of a hub.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use super::locks::{hold_users, lock_open, membership, require_owner};
use super::members::admit;
use super::refusal::Refusal;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, UserId};
use crate::jobs::mail::SendMail;
use crate::notifications::{self, News};

/// A user who waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// The key of the user's portrait.
    pub avatar: Option<String>,
    /// Since when.
    pub asked_at: DateTime<Utc>,
}

/// Lists the requests of a hub, oldest first.
pub async fn list(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<Request>> {
    sqlx::query_as!(
        Request,
        r#"select user_id as "user: UserId", name as "name!", avatar, asked_at
           from hub_requests join users on users.id = user_id
           where hub_id = $1 and name is not null order by asked_at, user_id limit 1000"#,
        hub.0,
    )
    .fetch_all(db)
    .await
}

/// Whether a user waits for an answer.
pub async fn is_waiting(db: &mut PgConnection, hub: HubId, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from hub_requests where hub_id = $1 and user_id = $2) as "is!""#,
        hub.0,
        user.0,
    )
    .fetch_one(db)
    .await
}

/// Asks for membership. The owners get a mail, unless they got one about this hub within the last hour.
pub(super) async fn ask(db: &mut Tx, hub: HubId, user: UserId) -> Result<(), Refusal> {
    let asked = sqlx::query!(
        "insert into hub_requests (hub_id, user_id) values ($1, $2) on conflict do nothing",
        hub.0,
        user.0,
    )
    .execute(&mut *db)
    .await?;
    if asked.rows_affected() == 0 {
        return Ok(());
    }
    let owners = list_owners_to_notify(db, hub).await?;
    let news: Vec<_> = owners.into_iter().map(|owner| News::hub_asked(owner, user, hub)).collect();
    notifications::record(db, &news).await?;
    for owner in list_owners_to_tell(db, hub).await? {
        SendMail::HubAsked { user: owner.id, hub, domain: owner.domain }.enqueue(db).await?;
    }
    Ok(Event::HubRequestsChanged { hub }.record(db).await?)
}

/// Lists the owners of a hub and locks them. The hub is locked before them, so an owner whose account is being deleted
/// isn't waited for.
async fn list_owners_to_notify(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"select id as "id: UserId" from users
           where id in (select user_id from hub_roles where hub_id = $1 and role = 'owner')
           order by id for key share skip locked"#,
        hub.0,
    )
    .fetch_all(db)
    .await
}

/// A recipient of a mail. Domains take turns.
struct Recipient {
    id: UserId,
    domain: Option<String>,
}

async fn list_owners_to_tell(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        r#"with told as (
               update hubs set owners_told_at = now()
               where id = $1 and coalesce(owners_told_at < now() - interval '1 hour', true)
               returning id
           )
           select users.id as "id: UserId", lower(split_part(email, '@', 2)) as domain
           from told join hub_roles on hub_id = told.id and hub_roles.role = 'owner'
                     join users on users.id = user_id
           where email is not null order by users.id"#,
        hub.0,
    )
    .fetch_all(db)
    .await
}

/// Answers a request, for an owner of the hub. The asker gets a mail. Accepting a member changes nothing.
///
/// # Errors
/// [`Refusal::Archived`], [`Refusal::NotOwner`], and [`Refusal::Gone`] if there is no such request.
pub async fn answer(
    db: &mut Tx,
    hub: HubId,
    actor: UserId,
    asker: UserId,
    is_accepted: bool,
) -> Result<(), Refusal> {
    hold_users(db, &[actor, asker]).await?;
    lock_open(db, hub).await?;
    require_owner(db, hub, actor).await?;
    if !close(db, hub, asker, is_accepted).await? {
        let is_member = membership(db, hub, asker).await?.is_some();
        return if is_accepted && is_member { Ok(()) } else { Err(Refusal::Gone) };
    }
    if is_accepted {
        admit(db, hub, asker).await?;
    }
    note(db, hub, true).await
}

/// Ends a request and writes to its asker. Returns false if there is none.
pub(super) async fn close(db: &mut Tx, hub: HubId, asker: UserId, accepted: bool) -> sqlx::Result<bool> {
    let closed = sqlx::query_as!(
        Recipient,
        r#"with closed as (delete from hub_requests where hub_id = $1 and user_id = $2 returning user_id)
           select users.id as "id: UserId", lower(split_part(email, '@', 2)) as domain
           from closed join users on users.id = user_id"#,
        hub.0,
        asker.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(Recipient { id: user, domain }) = closed else { return Ok(false) };
    notifications::forget_request(db, hub, user).await?;
    notifications::record(db, &[News::hub_answered(user, hub, accepted)]).await?;
    SendMail::HubAnswered { user, hub, accepted, domain }.enqueue(db).await?;
    Ok(true)
}

/// Records that requests changed, after everything else: the event's job is the last lock.
pub(super) async fn note(db: &mut Tx, hub: HubId, is_changed: bool) -> Result<(), Refusal> {
    if is_changed {
        Event::HubRequestsChanged { hub }.record(db).await?;
    }
    Ok(())
}

/// Ends a user's own request, if there is one.
pub(super) async fn withdraw(db: &mut Tx, hub: HubId, user: UserId) -> sqlx::Result<()> {
    let withdrawn =
        sqlx::query!("delete from hub_requests where hub_id = $1 and user_id = $2", hub.0, user.0)
            .execute(&mut *db)
            .await?;
    if withdrawn.rows_affected() > 0 {
        notifications::forget_request(db, hub, user).await?;
        Event::HubRequestsChanged { hub }.record(db).await?;
    }
    Ok(())
}

/// Lists the hubs in which a user waits for an answer.
pub(super) async fn list_waiting(db: &mut PgConnection, user: UserId) -> sqlx::Result<BTreeSet<HubId>> {
    let hubs =
        sqlx::query_scalar!(r#"select hub_id as "hub: HubId" from hub_requests where user_id = $1"#, user.0,);
    Ok(hubs.fetch_all(db).await?.into_iter().collect())
}

//! Locks for acts in a call: users first, then photos, the hub, and the call.
//!
//! A call's lock is an advisory one, because row locks aren't fair: while votes overlap, an owner who wants the row alone
//! never gets it. With an advisory lock, voters who come later wait behind the owner.

use sqlx::PgConnection;

use super::queries;
use super::refusal::Refusal;
use super::types::Call;
use crate::hubs;
use crate::ids::{CallId, HubId, UserId};

/// The class of the advisory locks on calls.
const CALLS: i32 = 3;

/// Locks a call for a change by one of the hub's owners: against votes, pitches and other changes.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::Archived`] or [`Refusal::Gone`].
pub(super) async fn for_owner(db: &mut PgConnection, call: CallId, owner: UserId) -> Result<Call, Refusal> {
    let hub = hub_of(db, call).await?;
    hubs::lock_for_owner(db, hub, owner).await?;
    alone(db, call).await
}

/// Locks a call alone: who votes or pitches has ended or waits.
///
/// # Errors
/// [`Refusal::Gone`].
pub(super) async fn alone(db: &mut PgConnection, call: CallId) -> Result<Call, Refusal> {
    sqlx::query!("select pg_advisory_xact_lock($1, hashint8($2))", CALLS, call.0).fetch_one(&mut *db).await?;
    // A separate statement: it sees what the one above waited for.
    queries::find(db, call).await?.ok_or(Refusal::Gone)
}

/// Shares the lock on a call with others who vote or pitch: until the end of the transaction it isn't moved on, and its
/// result isn't frozen.
pub(super) async fn share(db: &mut PgConnection, call: CallId) -> Result<Call, Refusal> {
    take_share(db, call).await?;
    queries::find(db, call).await?.ok_or(Refusal::Gone)
}

/// Like [`share`], without reading the call.
pub(super) async fn take_share(db: &mut PgConnection, call: CallId) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1, hashint8($2))", CALLS, call.0)
        .fetch_one(db)
        .await?;
    Ok(())
}

/// The hub of a call, which never changes.
pub(super) async fn hub_of(db: &mut PgConnection, call: CallId) -> Result<HubId, Refusal> {
    let hub = sqlx::query_scalar!(r#"select hub_id as "hub: HubId" from calls where id = $1"#, call.0);
    hub.fetch_optional(db).await?.ok_or(Refusal::Gone)
}

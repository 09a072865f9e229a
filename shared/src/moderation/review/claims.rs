//! Claims of cases: for a quarter of an hour a case is its moderator's. Nobody claims a case about something of their own,
//! and so keeps it from the others.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::judge::{is_of, lock, owns, read};
use super::refusal::Refusal;
use super::things;
use crate::accounts::User;
use crate::db::Tx;
use crate::ids::{CaseId, UserId};
use crate::moderation::cases::Thing;

/// For how many minutes a case is its moderator's.
const CLAIMED: i32 = 15;

/// Claims an open case for a moderator, or lets them go on with it. Of two at once one gets it. Returns until when.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NoUser`], [`Refusal::OwnCase`], [`Refusal::Closed`] and [`Refusal::Claimed`].
pub async fn claim(db: &mut Tx, case: CaseId, moderator: &User) -> Result<DateTime<Utc>, Refusal> {
    sqlx::query!("select id from users where id = $1 for key share", moderator.id.0)
        .fetch_optional(&mut **db)
        .await?
        .ok_or(Refusal::NoUser)?;
    let row = read(db, case, Some(moderator.id)).await?.ok_or(Refusal::Gone)?;
    if row.outcome.is_none() && owns(row.owner, things::find(db, row.thing).await?.as_ref(), moderator) {
        return Err(Refusal::OwnCase);
    }
    let claimed = sqlx::query_scalar!(
        r#"update cases set claimed_by = $2, claimed_until = clock_timestamp() + make_interval(mins => $3)
           where id = $1 and state = 'open'
             and (claimed_by is null or claimed_by = $2 or claimed_until <= clock_timestamp())
           returning claimed_until as "until!""#,
        case.0,
        moderator.id.0,
        CLAIMED,
    );
    if let Some(until) = claimed.fetch_optional(&mut **db).await? {
        return Ok(until);
    }
    let row = read(db, case, Some(moderator.id)).await?.ok_or(Refusal::Gone)?;
    match (row.outcome, row.claimed_by) {
        (Some(outcome), _) => Err(Refusal::Closed(outcome)),
        (None, Some(other)) => Err(Refusal::Claimed(other)),
        // The other's claim has expired, or was given back, since.
        (None, None) => Err(Refusal::Claimed("Another moderator".to_owned())),
    }
}

/// Gives a case back that a moderator has claimed. Twice is once.
pub async fn give_back(db: &mut PgConnection, case: CaseId, moderator: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update cases set claimed_by = null, claimed_until = null where id = $1 and claimed_by = $2",
        case.0,
        moderator.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Counts an act against a member that is not one of [`judge`](super::judge::judge)'s, such as a sanction, to a case
/// about something of the member's: if it is open, it is the moderator's from then on. Returns what the case is about.
/// Lock the users whom the act concerns first.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotConcerned`] and [`Refusal::Claimed`].
pub async fn join(db: &mut Tx, case: CaseId, moderator: UserId, member: UserId) -> Result<Thing, Refusal> {
    lock(db, case).await?;
    let row = read(db, case, Some(moderator)).await?.ok_or(Refusal::Gone)?;
    if !is_of(row.owner, things::find(db, row.thing).await?.as_ref(), member) {
        return Err(Refusal::NotConcerned);
    }
    if let Some(other) = row.claimed_by {
        return Err(Refusal::Claimed(other));
    }
    if row.outcome.is_none() {
        take(db, case, moderator).await?;
    }
    Ok(row.thing)
}

/// Makes a case the moderator's from now on. Lock it first.
pub(super) async fn take(db: &mut PgConnection, case: CaseId, moderator: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update cases set claimed_by = $2, claimed_until = clock_timestamp() + make_interval(mins => $3) where id = $1",
        case.0,
        moderator.0,
        CLAIMED,
    )
    .execute(db)
    .await?;
    Ok(())
}

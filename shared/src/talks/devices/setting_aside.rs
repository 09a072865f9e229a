//! Setting votes aside and restoring them, by the hub's owners, before the close. The audit log has each act with its
//! reason.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::fields::Reason;
use super::super::locks;
use super::super::refusal::Refusal;
use crate::accounts::User;
use crate::audit::{self, Action};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CallId, TalkId, UserId};

/// A vote that was set aside or restored.
struct Vote {
    talk: TalkId,
    voter: UserId,
}

/// Sets votes of these voters aside, of all talks or of one: they don't count, and their voters can't change them.
/// Returns how many.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::Archived`], [`Refusal::Gone`], and [`Refusal::Frozen`] after the close.
pub async fn set_aside(
    db: &mut Tx,
    call: CallId,
    owner: &User,
    voters: &[UserId],
    talk: Option<TalkId>,
    reason: &Reason,
) -> Result<u64, Refusal> {
    let locked = locks::for_owner(db, call, owner.id).await?;
    if locked.phase.is_over() {
        return Err(Refusal::Frozen);
    }
    let ids: Vec<_> = voters.iter().map(|voter| voter.0).collect();
    let changed = sqlx::query_as!(
        Vote,
        r#"update talk_votes set set_aside_at = clock_timestamp(), set_aside_by = $4, set_aside_reason = $5
           where call_id = $1 and voter_id = any($2) and ($3::bigint is null or talk_id = $3) and set_aside_at is null
           returning talk_id as "talk: TalkId", voter_id as "voter: UserId""#,
        call.0,
        &ids,
        talk.map(|talk| talk.0),
        owner.id.0,
        reason.as_str(),
    )
    .fetch_all(&mut *db)
    .await?;
    note(db, call, owner, Action::SetVotesAside, &changed, reason).await?;
    Ok(changed.len() as u64)
}

/// Restores votes that were set aside, of all talks or of one. Returns how many.
///
/// # Errors
/// As [`set_aside`].
pub async fn restore(
    db: &mut Tx,
    call: CallId,
    owner: &User,
    voters: &[UserId],
    talk: Option<TalkId>,
    reason: &Reason,
) -> Result<u64, Refusal> {
    let locked = locks::for_owner(db, call, owner.id).await?;
    if locked.phase.is_over() {
        return Err(Refusal::Frozen);
    }
    let ids: Vec<_> = voters.iter().map(|voter| voter.0).collect();
    let changed = sqlx::query_as!(
        Vote,
        r#"update talk_votes set set_aside_at = null, set_aside_by = null, set_aside_reason = null
           where call_id = $1 and voter_id = any($2) and ($3::bigint is null or talk_id = $3)
             and set_aside_at is not null
           returning talk_id as "talk: TalkId", voter_id as "voter: UserId""#,
        call.0,
        &ids,
        talk.map(|talk| talk.0),
    )
    .fetch_all(&mut *db)
    .await?;
    note(db, call, owner, Action::RestoreVotes, &changed, reason).await?;
    Ok(changed.len() as u64)
}

/// Recounts the talks whose votes changed, and records the act. The call's lock keeps voters away.
async fn note(
    db: &mut Tx,
    call: CallId,
    owner: &User,
    action: Action,
    changed: &[Vote],
    reason: &Reason,
) -> Result<(), Refusal> {
    if changed.is_empty() {
        return Ok(());
    }
    let talks: BTreeSet<_> = changed.iter().map(|vote| vote.talk).collect();
    let voters: BTreeSet<_> = changed.iter().map(|vote| vote.voter).collect();
    let ids: Vec<_> = talks.iter().map(|talk| talk.0).collect();
    sqlx::query!(
        "update talks set votes = counted.votes, guest_votes = counted.guest_votes
         from (select id, count(*) filter (where voter_id is not null and not guest)::int as votes,
                      count(*) filter (where guest)::int as guest_votes
               from unnest($1::bigint[]) as given (id)
               left join talk_votes on talk_id = id and set_aside_at is null
               group by id) as counted
         where talks.id = counted.id",
        &ids,
    )
    .execute(&mut *db)
    .await?;
    let detail = json!({
        "call": call, "voters": voters, "talks": talks, "votes": changed.len(), "reason": reason.as_str(),
    });
    audit::record(db, owner.actor(), action, &detail).await?;
    let hub = locks::hub_of(db, call).await?;
    let events = talks.into_iter().map(|talk| Event::TalkVoted { talk, call, hub });
    Ok(Event::record_all(db, events.collect()).await?)
}

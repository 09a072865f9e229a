//! The tally: recounts votes, freezes results, and tells of phases that have begun by the clock.

use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;

use super::locks;
use super::phase::Phase;
use super::refusal::Refusal;
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CallId, HubId, TalkId};

/// A talk whose counts were wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The talk.
    pub talk: TalkId,
    /// The counts that it had: votes and guests' votes.
    pub was: (i32, i32),
    /// The counts of its votes.
    pub is: (i32, i32),
}

/// Lists the calls to recount: those that take votes, or with `all` every one.
pub async fn list(db: &mut PgConnection, all: bool) -> sqlx::Result<Vec<CallId>> {
    sqlx::query_scalar!(
        r#"select id as "id: CallId" from calls
           where $1 or told_phase <> 'announced' and call_phase(calls) = 'voting' order by id"#,
        all,
    )
    .fetch_all(db)
    .await
}

/// Compares the counts of a call's talks with its votes, and corrects those that differ. Nobody waits if none does: a
/// vote and its count commit together, so one statement sees both or neither. The audit log records what was wrong.
pub async fn recount(db: &mut Tx, call: CallId) -> Result<Vec<Drift>, Refusal> {
    if differing(db, call).await?.is_empty() {
        return Ok(Vec::new());
    }
    let hub = locks::alone(db, call).await?.hub;
    let drifted = differing(db, call).await?;
    correct(db, call, hub, &drifted).await?;
    Ok(drifted)
}

/// Finds the talks of a call whose counts differ from their votes.
async fn differing(db: &mut PgConnection, call: CallId) -> sqlx::Result<Vec<Drift>> {
    let rows = sqlx::query!(
        r#"with counted as (
               select talk_id, count(*) filter (where not guest)::int as votes,
                      count(*) filter (where guest)::int as guest_votes
               from talk_votes where call_id = $1 and set_aside_at is null group by talk_id
           )
           select id as "talk: TalkId", talks.votes, talks.guest_votes,
                  coalesce(counted.votes, 0) as "counted!", coalesce(counted.guest_votes, 0) as "guests_counted!"
           from talks left join counted on talk_id = id
           where call_id = $1
             and (talks.votes, talks.guest_votes)
                 <> (coalesce(counted.votes, 0), coalesce(counted.guest_votes, 0))
           order by id"#,
        call.0,
    )
    .fetch_all(db)
    .await?;
    let drift =
        |row: (TalkId, i32, i32, i32, i32)| Drift { talk: row.0, was: (row.1, row.2), is: (row.3, row.4) };
    Ok(rows
        .into_iter()
        .map(|row| drift((row.talk, row.votes, row.guest_votes, row.counted, row.guests_counted)))
        .collect())
}

async fn correct(db: &mut Tx, call: CallId, hub: HubId, drifted: &[Drift]) -> sqlx::Result<()> {
    if drifted.is_empty() {
        return Ok(());
    }
    let talks: Vec<_> = drifted.iter().map(|drift| drift.talk.0).collect();
    let votes: Vec<_> = drifted.iter().map(|drift| drift.is.0).collect();
    let guest_votes: Vec<_> = drifted.iter().map(|drift| drift.is.1).collect();
    sqlx::query!(
        "update talks set votes = right_one.votes, guest_votes = right_one.guest_votes
         from unnest($1::bigint[], $2::int[], $3::int[]) as right_one (id, votes, guest_votes)
         where talks.id = right_one.id",
        &talks,
        &votes,
        &guest_votes,
    )
    .execute(&mut *db)
    .await?;
    let detail = json!({ "call": call, "talks": drifted });
    audit::record(db, Actor::Program("talks.tally"), Action::CorrectTally, &detail).await?;
    let events = drifted.iter().map(|drift| Event::TalkVoted { talk: drift.talk, call, hub });
    Event::record_all(db, events.collect()).await
}

/// Records an event for each call that has entered a phase by the clock since the last look. Returns them.
pub async fn tell(db: &mut Tx) -> sqlx::Result<Vec<(CallId, Phase)>> {
    let entered = sqlx::query!(
        r#"update calls set told_phase = call_phase(calls)
           where told_phase <> 'announced' and told_phase <> call_phase(calls)
           returning calls.id as "call: CallId", hub_id as "hub: HubId", told_phase as "phase: Phase""#,
    )
    .fetch_all(&mut *db)
    .await?;
    let events = entered.iter().map(|row| Event::CallChanged { call: row.call, hub: row.hub });
    Event::record_all(db, events.collect()).await?;
    Ok(entered.into_iter().map(|row| (row.call, row.phase)).collect())
}

/// Lists the calls that have closed and whose results aren't frozen.
pub async fn list_to_freeze(db: &mut PgConnection) -> sqlx::Result<Vec<CallId>> {
    sqlx::query_scalar!(
        r#"select id as "id: CallId" from calls
           where call_phase(calls) in ('closed', 'announced')
             and not exists (select from call_results where call_id = id)
           order by id"#,
    )
    .fetch_all(db)
    .await
}

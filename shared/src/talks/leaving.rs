//! What becomes of talks and votes when an account is deleted, or when an anonymous user logs in to one.
//!
//! Until the close the votes of a deleted account go, and those of an anonymous user move to the account. Afterwards
//! they stay under the number of the user who is gone, because the result is made of them.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::locks;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CallId, HubId, TalkId, UserId};

/// A change of a talk's counts.
#[derive(Default)]
struct Step {
    votes: i32,
    guest_votes: i32,
}

type Steps = BTreeMap<(TalkId, CallId, HubId), Step>;

/// Takes back the votes of a user who is about to be deleted and whose row is locked, in calls that aren't over, and
/// forgets where the others came from. The user's talks stay, without a name.
pub async fn leave_all(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    share_calls(db, user).await?;
    let dropped = sqlx::query!(
        r#"delete from talk_votes using calls
           where voter_id = $1 and calls.id = call_id and call_phase(calls) not in ('closed', 'announced')
             and not exists (select from call_results where call_results.call_id = calls.id)
           returning talk_id as "talk: TalkId", call_id as "call: CallId", hub_id as "hub: HubId", guest,
                     set_aside_at is null as "counts!""#,
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut steps = Steps::new();
    for vote in dropped.into_iter().filter(|vote| vote.counts) {
        let step = steps.entry((vote.talk, vote.call, vote.hub)).or_default();
        *(if vote.guest { &mut step.guest_votes } else { &mut step.votes }) -= 1;
    }
    sqlx::query!("update talk_votes set device = null, network = null where voter_id = $1", user.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "delete from call_readers using calls
         where voter_id = $1 and calls.id = call_id and call_phase(calls) not in ('closed', 'announced')",
        user.0,
    )
    .execute(&mut *db)
    .await?;
    let mut events = apply(db, steps).await?;
    let own = sqlx::query!(
        r#"select talks.id as "talk: TalkId", call_id as "call: CallId", hub_id as "hub: HubId"
           from talks join calls on calls.id = call_id where author_id = $1 order by talks.id"#,
        user.0,
    );
    let own = own.fetch_all(&mut *db).await?.into_iter();
    events.extend(own.map(|row| Event::TalkChanged { talk: row.talk, call: row.call, hub: row.hub }));
    Event::record_all(db, events).await
}

/// Moves an anonymous user's votes in calls that aren't over to an account, as far as the account may have them: one
/// for each talk, none for its own, and not more than the call allows. Both users' rows are locked.
pub async fn merge(db: &mut Tx, from: UserId, into: UserId) -> sqlx::Result<()> {
    share_calls(db, from).await?;
    let mut steps = Steps::new();
    let dropped = sqlx::query!(
        r#"with held as (
               select call_id, count(*) as votes from talk_votes where voter_id = $2 group by call_id
           ), ranked as (
               select moving.talk_id, moving.call_id, calls.hub_id,
                      row_number() over (partition by moving.call_id order by moving.at, moving.talk_id)
                          + coalesce(held.votes, 0) > votes_each as is_too_many
               from talk_votes as moving
               join calls on calls.id = moving.call_id
               join talks on talks.id = moving.talk_id
               left join held on held.call_id = moving.call_id
               where moving.voter_id = $1 and call_phase(calls) not in ('closed', 'announced')
                 and talks.author_id is distinct from $2
                 and not exists (select from talk_votes as kept
                                 where kept.talk_id = moving.talk_id and kept.voter_id = $2)
           )
           delete from talk_votes using calls
           where voter_id = $1 and calls.id = call_id and call_phase(calls) not in ('closed', 'announced')
             and not exists (select from ranked
                             where ranked.talk_id = talk_votes.talk_id and is_too_many is not true)
           returning talk_id as "talk: TalkId", call_id as "call: CallId", hub_id as "hub: HubId", guest,
                     set_aside_at is null as "counts!""#,
        from.0,
        into.0,
    )
    .fetch_all(&mut *db)
    .await?;
    for vote in dropped.into_iter().filter(|vote| vote.counts) {
        let step = steps.entry((vote.talk, vote.call, vote.hub)).or_default();
        *(if vote.guest { &mut step.guest_votes } else { &mut step.votes }) -= 1;
    }
    // Who is a guest depends on the account.
    let moved = sqlx::query!(
        r#"update talk_votes
           set voter_id = $2,
               guest = not (exists (select from hub_roles where hub_roles.hub_id = calls.hub_id and user_id = $2
                                                            and role in ('member', 'owner'))
                            or exists (select from users where id = $2 and email_verified_at is not null))
           from calls
           where voter_id = $1 and calls.id = call_id and call_phase(calls) not in ('closed', 'announced')
           returning talk_id as "talk: TalkId", call_id as "call: CallId", hub_id as "hub: HubId", guest,
                     set_aside_at is null as "counts!""#,
        from.0,
        into.0,
    )
    .fetch_all(&mut *db)
    .await?;
    // An anonymous user's votes are all guests'.
    for vote in moved.into_iter().filter(|vote| vote.counts && !vote.guest) {
        let step = steps.entry((vote.talk, vote.call, vote.hub)).or_default();
        step.guest_votes -= 1;
        step.votes += 1;
    }
    move_readers(db, from, into).await?;
    let events = apply(db, steps).await?;
    Event::record_all(db, events).await
}

/// The account keeps what it has read itself. The anonymous user's order was another one.
async fn move_readers(db: &mut PgConnection, from: UserId, into: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update call_readers set voter_id = $2 from calls
         where voter_id = $1 and calls.id = call_id and call_phase(calls) not in ('closed', 'announced')
           and not exists (select from call_readers as kept
                           where kept.call_id = call_readers.call_id and kept.voter_id = $2)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from call_readers using calls
         where voter_id = $1 and calls.id = call_id and call_phase(calls) not in ('closed', 'announced')",
        from.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Shares the locks on the calls in which a user has voted, like a vote.
async fn share_calls(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    let calls = sqlx::query_scalar!(
        r#"select call_id as "call!: CallId" from talk_votes where voter_id = $1 union
           select call_id from call_readers where voter_id = $1
           order by 1"#,
        user.0,
    );
    for call in calls.fetch_all(&mut *db).await? {
        locks::take_share(db, call).await?;
    }
    Ok(())
}

/// Adds to the counts of talks in the order of their ids. Returns the events.
async fn apply(db: &mut PgConnection, steps: Steps) -> sqlx::Result<Vec<Event>> {
    let mut events = Vec::new();
    for ((talk, call, hub), step) in steps {
        sqlx::query!(
            "update talks set votes = votes + $2, guest_votes = guest_votes + $3 where id = $1",
            talk.0,
            step.votes,
            step.guest_votes,
        )
        .execute(&mut *db)
        .await?;
        events.push(Event::TalkVoted { talk, call, hub });
    }
    Ok(events)
}

//! Opening calls, changing them and moving them on. A change commits with its events.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::fields::{CallText, CallTitle, VotesEach};
use super::locks;
use super::phase::{Phase, Times};
use super::refusal::Refusal;
use super::results;
use super::types::{Call, Seed, Totals, Voters};
use crate::accounts::User;
use crate::audit::{self, Action};
use crate::db::Tx;
use crate::events::Event;
use crate::hubs;
use crate::ids::{CallId, HubId};

pub use super::queries::{find, of_hub};

/// A call to open.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// What it is called.
    pub title: CallTitle,
    /// What it is about.
    pub text: CallText,
    /// When its phases begin, perhaps in the past.
    pub times: Times,
    /// Who votes.
    pub voters: Voters,
    /// The most votes of a voter.
    pub votes_each: Option<VotesEach>,
    /// Who sees the counts before the close.
    pub totals: Totals,
    /// Whether authors stay unnamed until the close.
    pub blind: bool,
    /// Whether a pitch waits for an owner before others see it.
    pub moderated: bool,
}

/// Opens a call in a hub for one of its owners.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::Archived`], [`Refusal::OutOfOrder`], and [`Refusal::Past`] for a call that would be
/// over.
pub async fn create(db: &mut Tx, hub: HubId, owner: &User, new: &NewCall) -> Result<CallId, Refusal> {
    if hubs::lock_for_owner(db, hub, owner.id).await?.slug.is_none() {
        // A profile has no calls.
        return Err(Refusal::Gone);
    }
    check_order(&new.times)?;
    let phase = new.times.phase_at(now(db).await?);
    if phase.is_over() {
        return Err(Refusal::Past(phase.field()));
    }
    let call = sqlx::query_scalar!(
        r#"insert into calls (hub_id, created_by, title, text, pitch_from, voting_from, closes_at, announced_at, voters,
                              votes_each, totals, blind, moderated, seed, told_phase)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
           returning id as "id: CallId""#,
        hub.0,
        owner.id.0,
        new.title.as_str(),
        new.text.as_str(),
        new.times.pitch_from,
        new.times.voting_from,
        new.times.closes_at,
        new.times.announced_at,
        new.voters.name(),
        new.votes_each.map(VotesEach::get),
        new.totals.name(),
        new.blind,
        new.moderated,
        Seed::generate().0,
        phase.name(),
    )
    .fetch_one(&mut *db)
    .await?;
    Event::CallChanged { call, hub }.record(db).await?;
    Ok(call)
}

/// Changes of a call. `None` keeps a value; the inner `None` of an option clears it.
#[derive(Clone, Debug, Default)]
pub struct CallChange {
    /// What it is called.
    pub title: Option<CallTitle>,
    /// What it is about.
    pub text: Option<CallText>,
    /// When members begin to pitch.
    pub pitch_from: Option<Option<DateTime<Utc>>>,
    /// When voting begins.
    pub voting_from: Option<Option<DateTime<Utc>>>,
    /// When voting ends.
    pub closes_at: Option<Option<DateTime<Utc>>>,
    /// When the result is announced.
    pub announced_at: Option<Option<DateTime<Utc>>>,
    /// Who votes.
    pub voters: Option<Voters>,
    /// The most votes of a voter.
    pub votes_each: Option<Option<VotesEach>>,
    /// Who sees the counts before the close.
    pub totals: Option<Totals>,
    /// Whether authors stay unnamed until the close.
    pub blind: Option<bool>,
    /// Whether a pitch waits for an owner before others see it.
    pub moderated: Option<bool>,
}

impl CallChange {
    /// The call as it is after the changes, but for its phase.
    fn applied_to(&self, call: &Call) -> Call {
        let text = |new: Option<&str>, old: &str| new.unwrap_or(old).to_owned();
        Call {
            title: text(self.title.as_ref().map(CallTitle::as_str), &call.title),
            text: text(self.text.as_ref().map(CallText::as_str), &call.text),
            times: Times {
                pitch_from: self.pitch_from.unwrap_or(call.times.pitch_from),
                voting_from: self.voting_from.unwrap_or(call.times.voting_from),
                closes_at: self.closes_at.unwrap_or(call.times.closes_at),
                announced_at: self.announced_at.unwrap_or(call.times.announced_at),
            },
            voters: self.voters.unwrap_or(call.voters),
            votes_each: self.votes_each.map_or(call.votes_each, |votes| votes.map(VotesEach::get)),
            totals: self.totals.unwrap_or(call.totals),
            blind: self.blind.unwrap_or(call.blind),
            moderated: self.moderated.unwrap_or(call.moderated),
            ..call.clone()
        }
    }
}

/// Changes a call for one of the hub's owners: all that is given, or nothing. The phase stays; [`move_to`] changes it. The
/// audit log records other times of a call that has begun.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::Archived`], [`Refusal::OutOfOrder`], [`Refusal::Past`], and [`Refusal::Settled`]
/// for what can't change once voting has begun.
pub async fn change(db: &mut Tx, call: CallId, owner: &User, change: &CallChange) -> Result<Call, Refusal> {
    let before = locks::for_owner(db, call, owner.id).await?;
    let after = change.applied_to(&before);
    if before == after {
        return Ok(before);
    }
    check_order(&after.times)?;
    if let Some(field) = before.times.rewrites_the_past(&after.times, now(db).await?) {
        return Err(Refusal::Past(field));
    }
    if let Some(field) = settled(&before, &after) {
        return Err(Refusal::Settled(field));
    }
    sqlx::query!(
        "update calls set title = $2, text = $3, pitch_from = $4, voting_from = $5, closes_at = $6, announced_at = $7,
                          voters = $8, votes_each = $9, totals = $10, blind = $11, moderated = $12
         where id = $1",
        call.0,
        after.title,
        after.text,
        after.times.pitch_from,
        after.times.voting_from,
        after.times.closes_at,
        after.times.announced_at,
        after.voters.name(),
        after.votes_each,
        after.totals.name(),
        after.blind,
        after.moderated,
    )
    .execute(&mut *db)
    .await?;
    if before.times != after.times && before.phase > Phase::Draft {
        let detail = json!({
            "call": call, "hub": before.hub, "title": before.title, "from": before.times, "to": after.times,
        });
        audit::record(db, owner.actor(), Action::RescheduleCall, &detail).await?;
    }
    Event::CallChanged { call, hub: before.hub }.record(db).await?;
    find(db, call).await?.ok_or(Refusal::Gone)
}

/// What changes although voting has begun.
fn settled(before: &Call, after: &Call) -> Option<&'static str> {
    let changes = [
        ("voters", before.voters != after.voters),
        ("votes_each", before.votes_each != after.votes_each),
        ("totals", before.totals != after.totals),
        ("blind", before.blind != after.blind),
        ("moderated", before.moderated != after.moderated),
    ];
    let changed = changes.into_iter().find(|(_, changes)| *changes).map(|(field, _)| field);
    changed.filter(|_| before.phase >= Phase::Voting)
}

/// Moves a call on for one of the hub's owners. `from` is the phase that the owner has seen: of two owners who move at
/// once, one moves and the other is refused, so none is skipped. Closing freezes the result, unless there are so many
/// votes that the tally does it. The audit log records the move.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::Archived`], [`Refusal::Moved`], [`Refusal::ThereAlready`] and
/// [`Refusal::Backwards`].
pub async fn move_to(
    db: &mut Tx,
    call: CallId,
    owner: &User,
    from: Phase,
    to: Phase,
) -> Result<Call, Refusal> {
    let before = locks::for_owner(db, call, owner.id).await?;
    if before.phase != from {
        return Err(Refusal::Moved(before.phase));
    }
    if !from.may_move_to(to) {
        return Err(if from == to { Refusal::ThereAlready } else { Refusal::Backwards });
    }
    let times = before.times.moved_to(to, now(db).await?);
    sqlx::query!(
        "update calls set pitch_from = $2, voting_from = $3, closes_at = $4, announced_at = $5, told_phase = $6
         where id = $1",
        call.0,
        times.pitch_from,
        times.voting_from,
        times.closes_at,
        times.announced_at,
        to.name(),
    )
    .execute(&mut *db)
    .await?;
    let detail = json!({ "call": call, "hub": before.hub, "title": before.title, "from": from, "to": to });
    audit::record(db, owner.actor(), Action::MoveCall, &detail).await?;
    if to.is_over() && has_few_votes(db, call).await? {
        results::freeze(db, call).await?;
    }
    Event::CallChanged { call, hub: before.hub }.record(db).await?;
    find(db, call).await?.ok_or(Refusal::Gone)
}

/// Counting more than these takes seconds, in which those who still vote would wait in vain.
const FEW: i64 = 5000;

/// Whether a call has so few votes that its result can be frozen while somebody waits.
async fn has_few_votes(db: &mut PgConnection, call: CallId) -> sqlx::Result<bool> {
    let votes = sqlx::query_scalar!(
        r#"select count(*) as "votes!" from (select from talk_votes where call_id = $1 limit $2) as some_votes"#,
        call.0,
        FEW + 1,
    );
    Ok(votes.fetch_one(db).await? <= FEW)
}

fn check_order(times: &Times) -> Result<(), Refusal> {
    times.out_of_order().map_or(Ok(()), |field| Err(Refusal::OutOfOrder(field)))
}

/// The time by the database's clock, also after a wait within a transaction.
async fn now(db: &mut PgConnection) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(db).await
}

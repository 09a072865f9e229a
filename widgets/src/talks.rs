//! The hub's call for talks: how long its phase lasts, who leads, and a talk to read.

use std::time::Duration;

use askama::Template;
use chrono::{DateTime, NaiveDateTime, Utc};
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::{CallId, TalkId};
use pawdium_shared::talks::times::{self, LocalTimes};
use pawdium_shared::talks::{self, Call, Phase, TalkRow, TalkState, Times, Totals, calls, lists, order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::widget::{Everyone, Pages, Widget};

/// For how many seconds a page offers the same talk to read. Every talk has as many turns as any other.
const TURN: i64 = 60;

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Talks {
    /// How many talks the standing names, those with most votes first.
    #[schemars(range(min = 1, max = 10))]
    limit: u8,
}

impl Default for Talks {
    fn default() -> Self {
        Self { limit: 3 }
    }
}

/// The newest call that is open, or else the newest one; `None` if there is none.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "talks.html")]
pub(crate) struct Data {
    call: Option<Shown>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Shown {
    id: CallId,
    title: String,
    times: Times,
    local: LocalTimes,
    zone: String,
    talks: i64,
    /// `None` while not everybody may see the counts.
    standing: Option<Vec<Placed>>,
    to_read: Vec<ToRead>,
    /// The page of all calls.
    more: String,
}

/// A talk in the standing.
#[derive(Debug, Deserialize, Serialize)]
struct Placed {
    id: TalkId,
    place: i32,
    title: String,
    votes: i32,
    guest_votes: i32,
}

#[derive(Debug, Deserialize, Serialize)]
struct ToRead {
    id: TalkId,
    title: String,
    author: Option<String>,
}

/// What is shown at one moment.
struct Now<'a> {
    phase: Phase,
    next: Option<Next>,
    to_read: Option<&'a ToRead>,
}

/// The phase that comes next.
struct Next {
    says: &'static str,
    at: DateTime<Utc>,
    left: Duration,
    local: Option<NaiveDateTime>,
}

impl Shown {
    fn now(&self) -> Now<'_> {
        self.at(Utc::now())
    }

    fn at(&self, now: DateTime<Utc>) -> Now<'_> {
        Now { phase: self.times.phase_at(now), next: self.next(now), to_read: self.to_read(now) }
    }

    fn next(&self, now: DateTime<Utc>) -> Option<Next> {
        let (phase, at) = self.times.next_after(now)?;
        let says = match phase {
            Phase::Draft | Phase::Pitch => "Pitching begins",
            Phase::Voting => "Voting begins",
            Phase::Closed => "Voting ends",
            Phase::Announced => "The result is announced",
        };
        Some(Next { says, at, left: (at - now).to_std().unwrap_or_default(), local: self.local.of(phase) })
    }

    /// Everybody who looks in the same minute is offered the same talk, and the next one a minute later: so none is
    /// shown more than another, however long the page is kept.
    fn to_read(&self, now: DateTime<Utc>) -> Option<&ToRead> {
        let turn = (now.timestamp() / TURN).unsigned_abs();
        let place = turn.checked_rem(u64::try_from(self.to_read.len()).ok()?)?;
        self.to_read.get(usize::try_from(place).ok()?)
    }

    /// Whether somebody has voted, as far as everybody may know.
    fn has_votes(&self) -> bool {
        self.standing.iter().flatten().any(|talk| talk.votes + talk.guest_votes > 0)
    }
}

impl Next {
    /// As people read it: Fri 4 Dec, 18:00.
    fn clock(&self) -> String {
        self.local.map(|local| local.format("%a %-d %b, %H:%M").to_string()).unwrap_or_default()
    }
}

/// Whether members pitch in a call or vote in it.
fn is_open(call: &Call) -> bool {
    matches!(call.phase, Phase::Pitch | Phase::Voting)
}

/// Finds the newest open call of a hub, or else the newest that has ended. In an archived hub none is open.
async fn find_call(db: &mut PgConnection, hub: &Hub) -> sqlx::Result<Option<Call>> {
    let mut newest = calls::of_hub(db, hub.id, false).await?;
    if hub.is_archived() {
        newest.retain(|call| !is_open(call));
    }
    let place = newest.iter().position(is_open).unwrap_or(0);
    Ok(newest.into_iter().nth(place))
}

/// The talks with most votes, if everybody may see how many these are.
fn standing(call: &Call, mut talks: Vec<TalkRow>, limit: u8) -> Option<Vec<Placed>> {
    if call.phase < Phase::Voting || !Totals::visible_to(call, false) {
        return None;
    }
    // A talk that was hidden at the close has no place in the result.
    talks.retain(|row| row.votes.is_some());
    let votes = |row: &TalkRow| row.votes.unwrap_or(0);
    order::by_votes(&mut talks, |row| (votes(row), row.talk.title.clone(), row.talk.id));
    let places = order::places(&talks.iter().map(votes).collect::<Vec<_>>());
    let placed = |(row, place): (TalkRow, i32)| {
        Some(Placed {
            id: row.talk.id,
            // Of what has changed since the close, the result says nothing.
            place: row.place.unwrap_or(place),
            votes: row.votes?,
            guest_votes: row.guest_votes?,
            title: row.talk.title,
        })
    };
    talks.into_iter().zip(places).take(limit.into()).map(placed).collect()
}

/// While members pitch, the newest talk; while they vote, all in an order that says nothing about them.
fn to_read(call: &Call, talks: &[TalkRow]) -> Vec<ToRead> {
    let most = match call.phase {
        Phase::Pitch => 1,
        Phase::Voting => usize::MAX,
        Phase::Draft | Phase::Closed | Phase::Announced => 0,
    };
    let short = |row: &TalkRow| ToRead {
        id: row.talk.id,
        title: row.talk.title.clone(),
        author: row.talk.author_name.clone(),
    };
    talks.iter().take(most).map(short).collect()
}

impl Widget for Talks {
    const KIND: &'static str = "talks";
    const TITLE: &'static str = "Talks";
    const ABOUT: &'static str = "The hub's open call: when voting ends, who leads, and a talk to read.";
    const PAGES: Pages = Pages::Hubs;
    const LISTENS: &'static [EventKind] = &[
        EventKind::CallChanged,
        EventKind::TalkChanged,
        EventKind::TalkVoted,
        EventKind::MemberChanged,
        EventKind::HubChanged,
    ];
    /// Phases begin by the clock, and `talks.tally` says so only if it runs.
    const MAX_AGE: Duration = Duration::from_mins(1);
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let Some(call) = find_call(db, hub).await? else { return Ok(Data { call: None }) };
        // Nobody has this key, and so nobody votes in this order.
        let nobody = talks::Viewer { user: None, key: RaterKey(0), runs_it: false };
        let mut talks = lists::talks_for(db, &call, &nobody).await?;
        talks.retain(|row| row.talk.state == TalkState::Shown);
        let local = times::local(db, &call).await?;
        let shown = Shown {
            id: call.id,
            times: call.times,
            local,
            zone: call.time_zone.clone(),
            talks: i64::try_from(talks.len())?,
            to_read: to_read(&call, &talks),
            standing: standing(&call, talks, self.limit),
            more: format!("{}/talks", hub.path()),
            title: call.title,
        };
        Ok(Data { call: Some(shown) })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        hub.slug.is_some() && event.hubs().contains(&hub.id)
    }

    fn is_empty(data: &Data) -> bool {
        data.call.is_none()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn shown(talks: i64) -> Shown {
        let to_read = |id| ToRead { id: TalkId(id), title: format!("Talk {id}"), author: None };
        Shown {
            id: CallId(1),
            title: "Call".to_owned(),
            times: Times::default(),
            local: LocalTimes::default(),
            zone: "UTC".to_owned(),
            talks,
            standing: None,
            to_read: (0..talks).map(to_read).collect(),
            more: String::new(),
        }
    }

    #[test]
    fn every_talk_has_as_many_turns_as_any_other() {
        let start = Utc::now();
        for talks in 1..9 {
            let shown = shown(talks);
            let mut turns = vec![0; usize::try_from(talks).expect("small")];
            for minute in 0..talks * 3 {
                let at = start + TimeDelta::seconds(minute * TURN);
                let talk = shown.to_read(at).expect("a talk");
                turns[usize::try_from(talk.id.0).expect("small")] += 1;
            }
            assert!(turns.iter().all(|turns| *turns == 3), "{turns:?}");
        }
        assert!(shown(0).to_read(start).is_none());
    }

    #[test]
    fn what_is_kept_goes_on_counting() {
        let start = Utc::now();
        let at = |minutes| start + TimeDelta::minutes(minutes);
        let times = Times { pitch_from: Some(at(-5)), closes_at: Some(at(5)), ..Times::default() };
        let shown = Shown { times, ..shown(1) };
        let now = shown.at(start);
        assert_eq!((now.phase, now.next.as_ref().map(|next| next.says)), (Phase::Pitch, Some("Voting ends")));
        assert_eq!(now.next.map(|next| next.left), Some(Duration::from_mins(5)));
        let later = shown.at(at(6));
        assert!(later.phase == Phase::Closed && later.next.is_none());
    }
}

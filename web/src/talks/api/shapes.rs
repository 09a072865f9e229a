//! The shapes of calls and talks in the API's answers. Fields may be added, never renamed or removed.

use chrono::{DateTime, Utc};
use pawdium_shared::hubs::Hub;
use pawdium_shared::talks::{Call, TalkRow, Voted};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::shapes::PagingShape;

/// A call for talks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallShape {
    /// Its id.
    pub id: i64,
    /// The slug of its hub.
    #[schema(example = "orange-cats")]
    pub hub: String,
    /// The title.
    pub title: String,
    /// What it is about, in Markdown; may be empty.
    pub text: String,
    /// draft, pitch, voting, closed or announced, as of now.
    #[schema(example = "voting")]
    pub phase: &'static str,
    /// When members begin to pitch; null for when an owner says so.
    pub pitch_from: Option<DateTime<Utc>>,
    /// When voting begins.
    pub voting_from: Option<DateTime<Utc>>,
    /// When voting ends.
    pub closes_at: Option<DateTime<Utc>>,
    /// When the result is announced.
    pub announced_at: Option<DateTime<Utc>>,
    /// The hub's time zone, in which its pages show these times.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// Who votes: members (of the hub), verified (members of the site) or anybody.
    #[schema(example = "members")]
    pub voters: &'static str,
    /// The most votes of a voter; null for as many as there are talks.
    pub votes_each: Option<i16>,
    /// Who sees the counts before the close: hidden (those who have voted) or shown (everybody).
    #[schema(example = "hidden")]
    pub totals: &'static str,
    /// Whether authors stay unnamed until the close.
    pub blind: bool,
    /// Whether a pitch waits for an owner before others see it.
    pub moderated: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl CallShape {
    /// A call of a hub.
    pub(super) fn of(call: Call, hub: &Hub) -> Self {
        Self {
            id: call.id.0,
            hub: hub.slug.clone().unwrap_or_default(),
            phase: call.phase.name(),
            pitch_from: call.times.pitch_from,
            voting_from: call.times.voting_from,
            closes_at: call.times.closes_at,
            announced_at: call.times.announced_at,
            voters: call.voters.name(),
            votes_each: call.votes_each,
            totals: call.totals.name(),
            blind: call.blind,
            moderated: call.moderated,
            created_at: call.created_at,
            title: call.title,
            text: call.text,
            time_zone: call.time_zone,
        }
    }
}

/// A page of a hub's calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallListShape {
    /// The calls, newest first.
    pub data: Vec<CallShape>,
    /// The position in the list.
    pub paging: PagingShape,
}

/// A call with its talks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallPageShape {
    /// The call.
    #[serde(flatten)]
    pub call: CallShape,
    /// The talks: before voting the newest first; while it takes votes in the caller's own order, which stays the same;
    /// after the close by votes, and those with equally many by title.
    pub talks: Vec<TalkShape>,
    /// The position in the list of talks.
    pub paging: PagingShape,
}

/// A talk.
#[derive(Debug, Serialize, ToSchema)]
pub struct TalkShape {
    /// Its id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// What it is about, in Markdown; may be empty.
    pub description: String,
    /// The author's name; null while the call is blind, and if the account is gone.
    pub author: Option<String>,
    /// The id of its picture, a live photo of the author's.
    pub photo: Option<i64>,
    /// shown, waiting (for an owner) or hidden; others than shown are seen by those who run the call and by the author.
    #[schema(example = "shown")]
    pub state: &'static str,
    /// The votes, without guests'; null while they are hidden from the caller.
    pub votes: Option<i32>,
    /// The votes of guests, who are neither members of the hub nor verified members of the site; null while they are
    /// hidden from the caller.
    pub guest_votes: Option<i32>,
    /// Whether the caller votes for it.
    pub voted: bool,
    /// When it was pitched.
    pub created_at: DateTime<Utc>,
}

impl TalkShape {
    pub(super) fn of(row: TalkRow) -> Self {
        Self {
            id: row.talk.id.0,
            title: row.talk.title,
            description: row.talk.description,
            author: row.talk.author_name,
            photo: row.talk.photo.map(|photo| photo.0),
            state: row.talk.state.name(),
            votes: row.votes,
            guest_votes: row.guest_votes,
            voted: row.voted,
            created_at: row.talk.created_at,
        }
    }
}

/// What became of a vote.
#[derive(Debug, Serialize, ToSchema)]
pub struct VotedShape {
    /// create vote or delete vote: what was asked for, also if nothing had to change.
    #[schema(example = "create vote")]
    pub action: &'static str,
    /// Whether the caller votes for the talk now.
    pub voted: bool,
    /// The talk's votes, without guests'; null while they are hidden from the caller.
    pub votes: Option<i32>,
}

impl From<Voted> for VotedShape {
    fn from(voted: Voted) -> Self {
        Self { action: voted.action, voted: voted.voted, votes: voted.votes }
    }
}

//! Calls and talks in the database.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::phase::{Phase, Times};
use super::types::{Call, Seed, Talk, TalkState, Totals, Voters};
use crate::ids::{CallId, HubId, PhotoId, TalkId, UserId};

/// A call's row. [`Call`] is the public type.
struct Row {
    id: CallId,
    hub: HubId,
    title: String,
    text: String,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    pitch_from: Option<DateTime<Utc>>,
    voting_from: Option<DateTime<Utc>>,
    closes_at: Option<DateTime<Utc>>,
    announced_at: Option<DateTime<Utc>>,
    phase: Phase,
    voters: Voters,
    votes_each: Option<i16>,
    totals: Totals,
    blind: bool,
    moderated: bool,
    seed: Seed,
    frozen_at: Option<DateTime<Utc>>,
    time_zone: String,
}

impl From<Row> for Call {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            hub: row.hub,
            title: row.title,
            text: row.text,
            created_by: row.created_by,
            created_at: row.created_at,
            times: Times {
                pitch_from: row.pitch_from,
                voting_from: row.voting_from,
                closes_at: row.closes_at,
                announced_at: row.announced_at,
            },
            phase: row.phase,
            voters: row.voters,
            votes_each: row.votes_each,
            totals: row.totals,
            blind: row.blind,
            moderated: row.moderated,
            seed: row.seed,
            frozen_at: row.frozen_at,
            time_zone: row.time_zone,
        }
    }
}

/// A checked query for whole calls. The macro has the columns, the caller the rest of the statement.
macro_rules! calls_where {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select calls.id as "id: CallId", hub_id as "hub: HubId", title, text, created_by as "created_by: UserId",
                      calls.created_at, pitch_from, voting_from, closes_at, announced_at,
                      call_phase(calls) as "phase!: Phase", calls.voters as "voters: Voters", votes_each,
                      totals as "totals: Totals", blind, moderated, seed as "seed: Seed", frozen_at as "frozen_at?",
                      time_zone
               from calls
               join hubs on hubs.id = hub_id
               left join call_results on call_id = calls.id "# + $rest
            $(, $argument)*
        )
    };
}

/// Finds a call.
pub async fn find(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<Call>> {
    Ok(calls_where!("where calls.id = $1", call.0).fetch_optional(db).await?.map(Call::from))
}

/// Lists the newest calls of a hub, at most 200. With `drafts` also those that haven't begun.
pub async fn of_hub(db: &mut PgConnection, hub: HubId, drafts: bool) -> sqlx::Result<Vec<Call>> {
    let rows = calls_where!(
        "where hub_id = $1 and ($2 or call_phase(calls) <> 'draft') order by calls.id desc limit 200",
        hub.0,
        drafts,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Call::from).collect())
}

/// A checked query for whole talks.
macro_rules! talks_where {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Talk,
            r#"select talks.id as "id: TalkId", call_id as "call: CallId", hub_id as "hub: HubId",
                      author_id as "author: UserId", users.name as author_name, talks.title, description,
                      photos.id as "photo?: PhotoId", talks.state as "state: TalkState", revision, talks.created_at,
                      talks.updated_at
               from talks
               join calls on calls.id = call_id
               left join users on users.id = author_id
               left join photos on photos.id = photo_id and photos.state = 'live' "# + $rest
            $(, $argument)*
        )
    };
}

/// Finds a talk in any state.
pub async fn find_talk(db: &mut PgConnection, talk: TalkId) -> sqlx::Result<Option<Talk>> {
    talks_where!("where talks.id = $1", talk.0).fetch_optional(db).await
}

/// Lists the talks of a call in any state, newest first.
pub async fn list_talks(db: &mut PgConnection, call: CallId) -> sqlx::Result<Vec<Talk>> {
    talks_where!("where call_id = $1 order by talks.id desc", call.0).fetch_all(db).await
}

/// Lists the talks that somebody votes for, in all calls.
pub async fn list_votes(db: &mut PgConnection, voter: UserId) -> sqlx::Result<Vec<TalkId>> {
    sqlx::query_scalar!(
        r#"select talk_id as "talk: TalkId" from talk_votes where voter_id = $1 order by talk_id"#,
        voter.0,
    )
    .fetch_all(db)
    .await
}

/// A former text of a talk, or the present one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Counts from 1.
    pub revision: i32,
    /// The title.
    pub title: String,
    /// The description, in Markdown.
    pub description: String,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// Lists the texts that a talk has had, newest first: all of them, or those that everybody has seen.
pub async fn list_revisions(
    db: &mut PgConnection,
    talk: TalkId,
    with_unseen: bool,
) -> sqlx::Result<Vec<Revision>> {
    sqlx::query_as!(
        Revision,
        "select revision, title, description, at from talk_revisions
         where talk_id = $1 and (was_shown or $2) order by revision desc",
        talk.0,
        with_unseen,
    )
    .fetch_all(db)
    .await
}

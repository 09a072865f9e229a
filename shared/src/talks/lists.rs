//! The talks of a call as one viewer sees them.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::order::{self, Orders};
use super::phase::Phase;
use super::queries;
use super::types::{Call, Talk, TalkRow, TalkState, Totals, Viewer};
use crate::ids::{TalkId, UserId};

/// Lists the talks of a call for a viewer: while it takes votes in the viewer's own order, before that the newest
/// first, and after the close by votes. Who runs the call sees those that wait or are hidden too, and an author their
/// own.
pub async fn talks_for(db: &mut PgConnection, call: &Call, viewer: &Viewer) -> sqlx::Result<Vec<TalkRow>> {
    let talks = queries::list_talks(db, call.id).await?;
    let counts = counts(db, call).await?;
    let votes = own_votes(db, call, viewer.user).await?;
    let mut rows: Vec<TalkRow> = talks
        .into_iter()
        .filter(|talk| is_seen(talk, viewer))
        .map(|talk| row(call, viewer, talk, &counts, &votes))
        .collect();
    arrange(call, viewer, &mut rows, &counts);
    Ok(rows)
}

/// Finds a talk of a call for a viewer; `None` if they may not see it.
pub async fn find_for(
    db: &mut PgConnection,
    call: &Call,
    talk: TalkId,
    viewer: &Viewer,
) -> sqlx::Result<Option<TalkRow>> {
    // The place depends on all talks.
    Ok(talks_for(db, call, viewer).await?.into_iter().find(|row| row.talk.id == talk))
}

fn is_seen(talk: &Talk, viewer: &Viewer) -> bool {
    match talk.state {
        TalkState::Shown => true,
        TalkState::Waiting | TalkState::Hidden => viewer.runs_it || is_own(talk, viewer),
        TalkState::Withdrawn => false,
    }
}

fn is_own(talk: &Talk, viewer: &Viewer) -> bool {
    talk.author.is_some() && talk.author == viewer.user
}

/// What is counted of a talk.
#[derive(Clone, Copy)]
struct Count {
    votes: i32,
    guest_votes: i32,
    /// Its place, once the result is frozen.
    place: Option<i32>,
}

type Counts = HashMap<TalkId, Count>;

/// The counts of all talks of a call. Once the result is frozen they are those of the result, which has none of a talk
/// that was hidden at the close.
async fn counts(db: &mut PgConnection, call: &Call) -> sqlx::Result<Counts> {
    let counts = sqlx::query!(
        r#"select id as "talk!: TalkId", coalesce(frozen.votes, talks.votes) as "votes!",
                  coalesce(frozen.guest_votes, talks.guest_votes) as "guest_votes!", frozen.place as "place?"
           from talks
           left join call_result_talks as frozen on frozen.call_id = talks.call_id and talk_id = id
           where talks.call_id = $1 and (not $2 or frozen.talk_id is not null)"#,
        call.id.0,
        call.frozen_at.is_some(),
    );
    let rows = counts.fetch_all(db).await?.into_iter();
    let count = |votes, guest_votes, place| Count { votes, guest_votes, place };
    Ok(rows.map(|row| (row.talk, count(row.votes, row.guest_votes, row.place))).collect())
}

async fn own_votes(db: &mut PgConnection, call: &Call, voter: Option<UserId>) -> sqlx::Result<Vec<TalkId>> {
    let Some(voter) = voter else { return Ok(Vec::new()) };
    sqlx::query_scalar!(
        r#"select talk_id as "talk: TalkId" from talk_votes where voter_id = $1 and call_id = $2"#,
        voter.0,
        call.id.0,
    )
    .fetch_all(db)
    .await
}

fn row(call: &Call, viewer: &Viewer, talk: Talk, counts: &Counts, votes: &[TalkId]) -> TalkRow {
    let count = counts.get(&talk.id).filter(|_| Totals::visible_to(call, !votes.is_empty()));
    let is_own = is_own(&talk, viewer);
    let names_author = !call.blind || call.phase.is_over() || viewer.runs_it || is_own;
    TalkRow {
        votes: count.map(|count| count.votes),
        guest_votes: count.map(|count| count.guest_votes),
        voted: votes.contains(&talk.id),
        is_own,
        place: None,
        talk: Talk {
            author: talk.author.filter(|_| names_author),
            author_name: talk.author_name.filter(|_| names_author),
            ..talk
        },
    }
}

/// Puts the talks of a call that takes votes into one of the shared orders, for visitors who have none of their own.
pub fn share_order(call: &Call, order: u8, rows: &mut [TalkRow]) {
    if call.phase == Phase::Voting {
        Orders::new(&call.seed).arrange_shared(order, rows, |row| row.talk.id);
    }
}

fn arrange(call: &Call, viewer: &Viewer, rows: &mut [TalkRow], counts: &Counts) {
    // Without a count a talk stands last.
    let votes = |row: &TalkRow| counts.get(&row.talk.id).map_or(-1, |count| count.votes);
    match call.phase {
        Phase::Draft | Phase::Pitch => {}
        Phase::Voting => Orders::new(&call.seed).arrange(viewer.key, rows, |row| row.talk.id),
        Phase::Closed | Phase::Announced => {
            order::by_votes(rows, |row| (votes(row), row.talk.title.clone(), row.talk.id));
            // A talk that is hidden has no place among the others.
            let shown = |row: &TalkRow| row.talk.state == TalkState::Shown;
            let places = order::places(&rows.iter().filter(|row| shown(row)).map(votes).collect::<Vec<_>>());
            for (row, place) in rows.iter_mut().filter(|row| shown(row)).zip(places) {
                row.place = match call.frozen_at {
                    None => Some(place),
                    Some(_) => counts.get(&row.talk.id).and_then(|count| count.place),
                };
            }
        }
    }
}

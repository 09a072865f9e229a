//! What is counted of calls, cached. Open pages of a call hear when it changes.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::{CallId, UserId};
use crate::live::Topic;

/// What is counted of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct CallFacts {
    /// How many talks everybody sees.
    pub talks: i64,
    /// How many people have voted, guests included.
    pub voters: i64,
}

/// The facts about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CachedCallFacts(pub CallId);

impl Cached for CachedCallFacts {
    const KIND: &'static str = "call-facts";
    type Part = Whole;
    type Data = CallFacts;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::CallChanged { call, .. }
            | Event::TalkChanged { call, .. }
            | Event::TalkVoted { call, .. } => vec![Self(*call)],
            _ => Vec::new(),
        })
    }

    fn topic(&self, event: &Event) -> Option<Topic> {
        // Who may not know the totals doesn't hear of votes either.
        let is_vote = matches!(event, Event::TalkVoted { .. });
        Some(if is_vote { Topic::Standing(self.0) } else { Topic::Call(self.0) })
    }

    async fn load(these: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, CallFacts)>> {
        count_each(&mut *db.acquire().await?, these).await
    }
}

/// Counts by `talks_call` and `talk_votes_call`.
async fn count_each(
    db: &mut PgConnection,
    calls: &[CachedCallFacts],
) -> sqlx::Result<Vec<(CachedCallFacts, CallFacts)>> {
    let ids: Vec<_> = calls.iter().map(|call| call.0.0).collect();
    let rows = sqlx::query!(
        r#"select id as "call: CallId",
                  (select count(*) from talks where call_id = calls.id and state = 'shown') as "talks!",
                  (select count(distinct voter_id) from talk_votes where call_id = calls.id) as "voters!"
           from calls where id = any($1)"#,
        &ids,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| (CachedCallFacts(row.call), CallFacts { talks: row.talks, voters: row.voters }))
        .collect())
}

/// Whether somebody has a vote in a call.
pub async fn has_voted(db: &mut PgConnection, call: CallId, voter: UserId) -> sqlx::Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (select from talk_votes where voter_id = $1 and call_id = $2) as "has!""#,
        voter.0,
        call.0,
    );
    has.fetch_one(db).await
}

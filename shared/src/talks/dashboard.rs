//! What a call's owners see of its votes. Guests have no name.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::types::TalkState;
use crate::ids::{CallId, TalkId, UserId};

/// A talk with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopTalk {
    /// The talk.
    pub id: TalkId,
    /// Its title.
    pub title: String,
    /// The author's name; `None` if the account is gone.
    pub author_name: Option<String>,
    /// What has become of it.
    pub state: TalkState,
    /// Its votes, without guests'.
    pub votes: i32,
    /// Its guests' votes.
    pub guest_votes: i32,
    /// Its votes that were set aside.
    pub set_aside: i64,
}

/// Lists the talks of a call that have the most votes, ties by title.
pub async fn top(db: &mut PgConnection, call: CallId, limit: i64) -> sqlx::Result<Vec<TopTalk>> {
    sqlx::query_as!(
        TopTalk,
        r#"with top as (
               select * from talks where call_id = $1 and state <> 'withdrawn'
               order by votes desc, lower(title), id limit $2
           ), aside as (
               select talk_id, count(*) as votes from talk_votes
               where call_id = $1 and set_aside_at is not null group by talk_id
           )
           select top.id as "id: TalkId", title, users.name as "author_name?", state as "state: TalkState", top.votes,
                  guest_votes, coalesce(aside.votes, 0) as "set_aside!"
           from top
           left join users on users.id = author_id
           left join aside on talk_id = top.id
           order by top.votes desc, lower(title), top.id"#,
        call.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A vote with its voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteRow {
    /// The talk.
    pub talk: TalkId,
    /// Its title.
    pub title: String,
    /// The voter.
    pub voter: UserId,
    /// The voter's name; `None` for a guest without an account, or if the account is gone.
    pub name: Option<String>,
    /// When the vote was cast.
    pub at: DateTime<Utc>,
    /// When the voter's account was made; `None` if it is gone.
    pub account_since: Option<DateTime<Utc>>,
    /// How many votes the voter has in the call.
    pub cast: i64,
    /// Whether it counts among the guests'.
    pub guest: bool,
    /// When it was set aside.
    pub set_aside_at: Option<DateTime<Utc>>,
    /// Who set it aside; `None` if that account is gone.
    pub set_aside_by: Option<String>,
    /// Why it was set aside.
    pub set_aside_reason: Option<String>,
}

/// Lists the voters of a talk, the latest first.
pub async fn voters(
    db: &mut PgConnection,
    talk: TalkId,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<VoteRow>> {
    sqlx::query_as!(
        VoteRow,
        r#"with page as (
               select * from talk_votes where talk_id = $1 order by at desc, voter_id limit $2 offset $3
           )
           select talk_id as "talk: TalkId", title, voter_id as "voter: UserId", users.name as "name?", at,
                  users.created_at as "account_since?",
                  (select count(*) from talk_votes as others
                   where others.voter_id = page.voter_id and others.call_id = page.call_id) as "cast!",
                  guest, set_aside_at, owner.name as "set_aside_by?", set_aside_reason
           from page
           join talks on talks.id = talk_id
           left join users on users.id = voter_id
           left join users as owner on owner.id = set_aside_by
           order by at desc, voter_id"#,
        talk.0,
        limit,
        offset,
    )
    .fetch_all(db)
    .await
}

/// Lists the voters of each of these talks, the latest first and at most so many of each.
pub async fn latest_voters(
    db: &mut PgConnection,
    talks: &[TalkId],
    each: i64,
) -> sqlx::Result<HashMap<TalkId, Vec<VoteRow>>> {
    let ids: Vec<_> = talks.iter().map(|talk| talk.0).collect();
    let rows = sqlx::query_as!(
        VoteRow,
        r#"with latest as (
               select votes.* from unnest($1::bigint[]) as given (id),
                    lateral (select * from talk_votes where talk_id = given.id
                             order by at desc, voter_id limit $2) as votes
           )
           select talk_id as "talk: TalkId", title, voter_id as "voter: UserId", users.name as "name?", at,
                  users.created_at as "account_since?",
                  (select count(*) from talk_votes as others
                   where others.voter_id = latest.voter_id and others.call_id = latest.call_id) as "cast!",
                  guest, set_aside_at, owner.name as "set_aside_by?", set_aside_reason
           from latest
           join talks on talks.id = talk_id
           left join users on users.id = voter_id
           left join users as owner on owner.id = set_aside_by
           order by at desc, voter_id"#,
        &ids,
        each,
    )
    .fetch_all(db)
    .await?;
    let mut voters: HashMap<TalkId, Vec<VoteRow>> = HashMap::new();
    for row in rows {
        voters.entry(row.talk).or_default().push(row);
    }
    Ok(voters)
}

/// Where a page of all votes begins: after the vote of this voter for this talk at this time.
pub type After = (DateTime<Utc>, TalkId, UserId);

/// Lists a page of all votes of a call, the first first, for exports.
pub async fn votes(
    db: &mut PgConnection,
    call: CallId,
    after: Option<After>,
    limit: i64,
) -> sqlx::Result<Vec<VoteRow>> {
    let (at, talk, voter) =
        after.map_or((None, None, None), |(at, talk, voter)| (Some(at), Some(talk.0), Some(voter.0)));
    sqlx::query_as!(
        VoteRow,
        r#"with page as (
               select * from talk_votes
               where call_id = $1
                 and ($2::timestamptz is null or at >= $2 and (at, talk_id, voter_id) > ($2, $3::bigint, $4::bigint))
               order by at, talk_id, voter_id limit $5
           )
           select talk_id as "talk: TalkId", title, voter_id as "voter: UserId", users.name as "name?", at,
                  users.created_at as "account_since?",
                  (select count(*) from talk_votes as others
                   where others.voter_id = page.voter_id and others.call_id = page.call_id) as "cast!",
                  guest, set_aside_at, owner.name as "set_aside_by?", set_aside_reason
           from page
           join talks on talks.id = talk_id
           left join users on users.id = voter_id
           left join users as owner on owner.id = set_aside_by
           order by at, talk_id, voter_id"#,
        call.0,
        at,
        talk,
        voter,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The votes of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minute {
    /// Its beginning.
    pub at: DateTime<Utc>,
    /// How many votes were cast in it that are still there.
    pub votes: i64,
}

/// Counts the votes of each of the last `minutes` minutes in which there were any, the oldest first.
pub async fn per_minute(db: &mut PgConnection, call: CallId, minutes: i32) -> sqlx::Result<Vec<Minute>> {
    sqlx::query_as!(
        Minute,
        r#"select date_trunc('minute', at) as "at!", count(*) as "votes!" from talk_votes
           where call_id = $1 and at > date_trunc('minute', now()) - make_interval(mins => $2)
           group by 1 order by 1"#,
        call.0,
        minutes,
    )
    .fetch_all(db)
    .await
}

/// How many votes and voters a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turnout {
    /// The votes that count, without guests'.
    pub votes: i64,
    /// The guests' votes that count.
    pub guest_votes: i64,
    /// The votes that were set aside.
    pub set_aside: i64,
    /// Who has voted, guests included.
    pub voters: i64,
}

/// Counts the votes and voters of a call.
pub async fn turnout(db: &mut PgConnection, call: CallId) -> sqlx::Result<Turnout> {
    sqlx::query_as!(
        Turnout,
        r#"select count(*) filter (where not guest and set_aside_at is null) as "votes!",
                  count(*) filter (where guest and set_aside_at is null) as "guest_votes!",
                  count(*) filter (where set_aside_at is not null) as "set_aside!",
                  count(distinct voter_id) as "voters!"
           from talk_votes where call_id = $1"#,
        call.0,
    )
    .fetch_one(db)
    .await
}

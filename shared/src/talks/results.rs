//! Results: counted and frozen once, at the close.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use sqlx::PgConnection;

use super::exposure::{self, Equality};
use super::order::{self, Orders};
use super::receipt::{self, Line, Nonce, Receipt};
use super::refusal::Refusal;
use super::types::{Call, Seed, TalkState};
use super::{locks, tally};
use crate::accounts::RaterKey;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CallId, PhotoId, TalkId, UserId};

/// The result of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// When it was frozen.
    pub frozen_at: DateTime<Utc>,
    /// How many voted, without guests.
    pub voters: i32,
    /// How many guests voted.
    pub guests: i32,
    /// BLAKE3 over the list of receipts, in hexadecimal digits.
    pub hash: String,
    /// How unequally often talks were shown to those who voted: 0 if all were shown equally often.
    pub gini: f64,
    /// χ² of these numbers against equal ones.
    pub chi_square: f64,
    /// Its degrees of freedom.
    pub degrees: i32,
    /// The talks by votes, ties by title.
    pub talks: Vec<TalkResult>,
}

/// A talk in a result.
#[derive(Clone, Debug, PartialEq)]
pub struct TalkResult {
    /// The talk.
    pub id: TalkId,
    /// Its title; `None` if it was hidden since.
    pub title: Option<String>,
    /// The author's name; `None` if the account is gone.
    pub author_name: Option<String>,
    /// Its picture, if that photo is live.
    pub photo: Option<PhotoId>,
    /// Its votes, without guests'.
    pub votes: i32,
    /// Its guests' votes.
    pub guest_votes: i32,
    /// The part of the voters who voted for it, without guests: 0 to 1.
    pub share: f64,
    /// Its place; those with equally many votes share one.
    pub place: i32,
    /// To how many of those who voted the list showed it.
    pub shown: i32,
    /// At which place on average the list showed it; `None` if it never did.
    pub mean_place: Option<f64>,
}

/// Finds the result of a call; `None` until it is frozen. [`freeze`] freezes it.
pub async fn find(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<Results>> {
    let found = sqlx::query!(
        "select frozen_at, voters, guests, hash, gini, chi_square, degrees from call_results where call_id = $1",
        call.0,
    );
    let Some(found) = found.fetch_optional(&mut *db).await? else { return Ok(None) };
    let rows = sqlx::query!(
        r#"select talks.id as "id: TalkId", talks.title, talks.state as "state: TalkState",
                  users.name as "author_name?", photos.id as "photo?: PhotoId", frozen.votes, frozen.guest_votes, share, place, shown, mean_place
           from call_result_talks as frozen
           join talks on talks.id = talk_id
           left join users on users.id = author_id
           left join photos on photos.id = photo_id and photos.state = 'live'
           where frozen.call_id = $1
           order by place, lower(talks.title), talks.id"#,
        call.0,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    let talks = rows.map(|row| {
        let is_shown = row.state == TalkState::Shown;
        TalkResult {
            id: row.id,
            title: is_shown.then_some(row.title),
            author_name: row.author_name.filter(|_| is_shown),
            photo: row.photo.filter(|_| is_shown),
            votes: row.votes,
            guest_votes: row.guest_votes,
            share: row.share,
            place: row.place,
            shown: row.shown,
            mean_place: row.mean_place,
        }
    });
    Ok(Some(Results {
        frozen_at: found.frozen_at,
        voters: found.voters,
        guests: found.guests,
        hash: HEXLOWER.encode(&found.hash),
        gini: found.gini,
        chi_square: found.chi_square,
        degrees: found.degrees,
        talks: talks.collect(),
    }))
}

/// Freezes the result of a call that has closed. Returns false if it is frozen already. All votes that were answered
/// are in it: each shares the call's lock, which this takes alone.
///
/// # Errors
/// [`Refusal::Gone`] and, for a call that isn't over, [`Refusal::TooEarly`].
pub async fn freeze(db: &mut Tx, call: CallId) -> Result<bool, Refusal> {
    let call = locks::alone(db, call).await?;
    if !call.phase.is_over() {
        return Err(Refusal::TooEarly);
    }
    if call.frozen_at.is_some() {
        return Ok(false);
    }
    tally::recount(db, call.id).await?;
    let talks = list_shown(db, call.id).await?;
    let counted = count(db, &call, talks).await?;
    store(db, &call, &counted).await?;
    Event::CallChanged { call: call.id, hub: call.hub }.record(db).await?;
    Ok(true)
}

/// The talks that a result counts, before it is frozen.
async fn list_shown(db: &mut PgConnection, call: CallId) -> sqlx::Result<Vec<(TalkId, String)>> {
    let rows = sqlx::query!(
        r#"select id as "id: TalkId", title from talks where call_id = $1 and state = 'shown' order by id"#,
        call.0,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.title)).collect())
}

/// All that is counted of a call.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) lines: Vec<Line>,
    pub(super) hash: [u8; 32],
    pub(super) voters: i32,
    pub(super) guests: i32,
    pub(super) equality: Equality,
    pub(super) talks: BTreeMap<TalkId, TalkCount>,
}

/// What is counted of a talk.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TalkCount {
    pub(super) votes: i32,
    pub(super) guest_votes: i32,
    pub(super) share: f64,
    pub(super) place: i32,
    pub(super) shown: i32,
    pub(super) mean_place: Option<f64>,
}

struct Vote {
    talk: TalkId,
    voter: UserId,
    nonce: Nonce,
    guest: bool,
}

struct Reader {
    voter: UserId,
    order_key: RaterKey,
    reached: i16,
}

/// Counts the votes for these talks of a call, with all that a result says.
pub(super) async fn count(
    db: &mut PgConnection,
    call: &Call,
    talks: Vec<(TalkId, String)>,
) -> sqlx::Result<Counted> {
    let votes = sqlx::query_as!(
        Vote,
        r#"select talk_id as "talk: TalkId", voter_id as "voter: UserId", nonce as "nonce: Nonce", guest
           from talk_votes where call_id = $1 and set_aside_at is null"#,
        call.id.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let readers = sqlx::query_as!(
        Reader,
        r#"select voter_id as "voter: UserId", order_key as "order_key: RaterKey", reached
           from call_readers where call_id = $1 and reached > 0"#,
        call.id.0,
    )
    .fetch_all(db)
    .await?;
    let (id, seed) = (call.id, call.seed.clone());
    // Hashing for many voters takes a while.
    let counted = tokio::task::spawn_blocking(move || evaluate(id, &seed, &talks, votes, &readers)).await;
    counted.map_err(|_| sqlx::Error::WorkerCrashed)
}

fn evaluate(
    call: CallId,
    seed: &Seed,
    talks: &[(TalkId, String)],
    votes: Vec<Vote>,
    readers: &[Reader],
) -> Counted {
    let mut counts: BTreeMap<TalkId, TalkCount> =
        talks.iter().map(|(talk, _)| (*talk, TalkCount::default())).collect();
    let (mut voters, mut guests, mut lines) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for Vote { talk, voter, nonce, guest } in votes {
        let Some(count) = counts.get_mut(&talk) else { continue };
        let (number, who) =
            if guest { (&mut count.guest_votes, &mut guests) } else { (&mut count.votes, &mut voters) };
        *number += 1;
        who.insert(voter);
        lines.push(Line { talk, receipt: Receipt::of(&nonce, call, talk, voter), guest });
    }
    lines.sort_unstable();
    let has_voted = |reader: &&Reader| voters.contains(&reader.voter) || guests.contains(&reader.voter);
    expose(&Orders::new(seed), &mut counts, readers.iter().filter(has_voted));
    place(talks, &mut counts, voters.len());
    let shown: Vec<_> = counts.values().map(|count| count.shown).collect();
    Counted {
        hash: receipt::hash(&lines),
        lines,
        voters: i32::try_from(voters.len()).unwrap_or(i32::MAX),
        guests: i32::try_from(guests.len()).unwrap_or(i32::MAX),
        equality: exposure::equality(&shown),
        talks: counts,
    }
}

/// Counts to whom each talk was shown, and where: the first talks of each reader's order, as far as they have read.
fn expose<'a>(
    orders: &Orders,
    counts: &mut BTreeMap<TalkId, TalkCount>,
    readers: impl Iterator<Item = &'a Reader>,
) {
    let talks: Vec<TalkId> = counts.keys().copied().collect();
    let mut places: BTreeMap<TalkId, f64> = BTreeMap::new();
    for reader in readers {
        let mut order = talks.clone();
        orders.arrange(reader.order_key, &mut order, |talk| *talk);
        let reached = usize::try_from(reader.reached).unwrap_or(0);
        for (place, talk) in (1_u32..).zip(order.into_iter().take(reached)) {
            counts.entry(talk).or_default().shown += 1;
            *places.entry(talk).or_default() += f64::from(place);
        }
    }
    for (talk, sum) in places {
        let count = counts.entry(talk).or_default();
        count.mean_place = Some(sum / f64::from(count.shown));
    }
}

/// Computes shares and places.
fn place(talks: &[(TalkId, String)], counts: &mut BTreeMap<TalkId, TalkCount>, voters: usize) {
    let mut sorted: Vec<_> = talks.iter().map(|(talk, title)| (*talk, title, counts[talk].votes)).collect();
    order::by_votes(&mut sorted, |(talk, title, votes)| (*votes, (*title).clone(), *talk));
    let places = order::places(&sorted.iter().map(|(_, _, votes)| *votes).collect::<Vec<_>>());
    let voters = f64::from(u32::try_from(voters).unwrap_or(u32::MAX).max(1));
    for ((talk, _, votes), place) in sorted.into_iter().zip(places) {
        let count = counts.entry(talk).or_default();
        count.place = place;
        count.share = f64::from(votes) / voters;
    }
}

async fn store(db: &mut PgConnection, call: &Call, counted: &Counted) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into call_results (call_id, voters, guests, hash, gini, chi_square, degrees)
         values ($1, $2, $3, $4, $5, $6, $7)",
        call.id.0,
        counted.voters,
        counted.guests,
        &counted.hash,
        counted.equality.gini,
        counted.equality.chi_square,
        counted.equality.degrees,
    )
    .execute(&mut *db)
    .await?;
    for (talk, count) in &counted.talks {
        sqlx::query!(
            "insert into call_result_talks (call_id, talk_id, votes, guest_votes, share, place, shown, mean_place)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            call.id.0,
            talk.0,
            count.votes,
            count.guest_votes,
            count.share,
            count.place,
            count.shown,
            count.mean_place,
        )
        .execute(&mut *db)
        .await?;
    }
    let talks: Vec<_> = counted.lines.iter().map(|line| line.talk.0).collect();
    let receipts: Vec<_> = counted.lines.iter().map(|line| line.receipt.as_bytes().to_vec()).collect();
    let guests: Vec<_> = counted.lines.iter().map(|line| line.guest).collect();
    sqlx::query!(
        "insert into call_receipts (call_id, talk_id, receipt, guest)
         select $1, talk, receipt, guest
         from unnest($2::bigint[], $3::bytea[], $4::bool[]) as lines (talk, receipt, guest)",
        call.id.0,
        &talks,
        &receipts,
        &guests,
    )
    .execute(db)
    .await?;
    Ok(())
}

//! A rater's walk through the slots.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::super::permutation::Permutation;
use super::served::Served;
use crate::accounts::RaterKey;
use crate::ids::{PhotoId, UserId};
use crate::ratings::Lane;

/// How many slots one query checks. Most photos are live and unrated, so one query is usually enough.
const LOOKAHEAD: i64 = 16;

/// The same in a batch, where each slot delays the other raters.
const LOOKAHEAD_TOGETHER: i64 = 3;

/// A batch does the last search only if there are at most this many slots, because it delays the other raters.
const SEARCHED_TOGETHER: i64 = 1000;

/// Every this many servings, a fresh photo is tried first.
const FRESH_EVERY: i64 = 5;

/// A rater's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The span covers the slots from here to before `last`.
    pub(super) first: i64,
    pub(super) last: i64,
    /// The next index of the permutation.
    pub(super) cursor: i64,
    /// The next slot to check for photos newer than the span.
    pub(super) fresh: i64,
    /// How many photos were served.
    pub(super) served: i64,
}

impl Position {
    /// The position before the first photo.
    pub(super) const START: Self = Self { first: 0, last: 0, cursor: 0, fresh: 0, served: 0 };
}

/// A rater whose position advances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walker {
    pub(super) rater: UserId,
    /// Determines the permutation.
    pub(super) key: RaterKey,
    pub(super) position: Position,
}

/// The ratable photos by rater and slot.
type RatablePhotos = HashMap<(UserId, i64), PhotoId>;

impl Walker {
    /// Goes to the next photo, however far away, and finally searches all photos.
    pub(super) async fn walk(&mut self, db: &mut PgConnection) -> sqlx::Result<Option<Served>> {
        if let Some(next) = self.walk_in_turn(db).await? {
            return Ok(Some(next));
        }
        let photo = find_any_ratable(db, &[self.rater.0]).await?.remove(&self.rater);
        Ok(photo.map(|photo| Served { photo, lane: Lane::Random }))
    }

    /// Like `walk`, without the final search.
    pub(super) async fn walk_in_turn(&mut self, db: &mut PgConnection) -> sqlx::Result<Option<Served>> {
        if self.looks_for_fresh()
            && let Some(next) = self.take_fresh(&find_fresh(db, &[*self]).await?)
        {
            return Ok(Some(next));
        }
        loop {
            loop {
                let slots = self.ahead(LOOKAHEAD);
                if slots.is_empty() {
                    break;
                }
                let next = self.take(&slots, &find_ratable(db, &[(self.rater, slots.clone())]).await?);
                if next.is_some() {
                    return Ok(next);
                }
            }
            let end = next_slot(db).await?;
            let position = &mut self.position;
            if end <= position.last {
                return Ok(None);
            }
            (position.first, position.last, position.cursor) = (position.last, end, 0);
        }
    }

    fn is_through(&self) -> bool {
        let Position { first, last, cursor, .. } = self.position;
        cursor == last - first
    }

    fn looks_for_fresh(&self) -> bool {
        self.position.served % FRESH_EVERY == FRESH_EVERY - 1
    }

    fn take_fresh(&mut self, found: &HashMap<UserId, (i64, PhotoId)>) -> Option<Served> {
        let (slot, photo) = *found.get(&self.rater)?;
        self.position.fresh = slot + 1;
        Some(Served { photo, lane: Lane::Fresh })
    }

    /// The next slots of the span in the order of the permutation, at most `limit`.
    fn ahead(&self, limit: i64) -> Vec<i64> {
        let Position { first, last, cursor, .. } = self.position;
        let order = Permutation::new(self.key, first.unsigned_abs(), (last - first).unsigned_abs());
        (cursor..(last - first).min(cursor + limit))
            .map(|place| first + order.at(place.unsigned_abs()).cast_signed())
            .collect()
    }

    /// Advances through these slots to the first ratable photo.
    fn take(&mut self, slots: &[i64], found: &RatablePhotos) -> Option<Served> {
        for slot in slots {
            self.position.cursor += 1;
            if let Some(photo) = found.get(&(self.rater, *slot)) {
                return Some(Served { photo: *photo, lane: Lane::Random });
            }
        }
        None
    }
}

/// The result of a short walk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arrival {
    /// A photo, or `None` if all are rated.
    At(Option<Served>),
    /// Needs the longer [`walk`](Walker::walk).
    Underway,
}

/// Advances each rater to the next photo if it is near.
pub(super) async fn walk_a_little(
    db: &mut PgConnection,
    walkers: &mut [Walker],
) -> sqlx::Result<Vec<Arrival>> {
    let looking: Vec<_> = walkers.iter().filter(|walker| walker.looks_for_fresh()).copied().collect();
    let fresh = find_fresh(db, &looking).await?;
    let mut next: Vec<_> = walkers.iter_mut().map(|walker| walker.take_fresh(&fresh)).collect();
    let slots: Vec<_> = walkers.iter().map(|walker| walker.ahead(LOOKAHEAD_TOGETHER)).collect();
    let others = walkers.iter().zip(&slots).zip(&next).filter(|(_, next)| next.is_none());
    let others: Vec<_> = others.map(|((walker, slots), _)| (walker.rater, slots.clone())).collect();
    let found = find_ratable(db, &others).await?;
    for ((walker, slots), next) in walkers.iter_mut().zip(&slots).zip(&mut next) {
        if next.is_none() {
            *next = walker.take(slots, &found);
        }
    }
    let through = walkers.iter().zip(&next).filter(|(walker, next)| next.is_none() && walker.is_through());
    let through: Vec<_> = through.map(|(walker, _)| *walker).collect();
    let last = find_last(db, &through).await?;
    Ok(walkers
        .iter()
        .zip(next)
        .map(|(walker, next)| match last.get(&walker.rater) {
            _ if next.is_some() => Arrival::At(next),
            Some(last) => Arrival::At(*last),
            None => Arrival::Underway,
        })
        .collect())
}

/// For raters at the end of all slots, finds any photo that is left.
async fn find_last(
    db: &mut PgConnection,
    walkers: &[Walker],
) -> sqlx::Result<HashMap<UserId, Option<Served>>> {
    if walkers.is_empty() {
        return Ok(HashMap::new());
    }
    let end = next_slot(db).await?;
    if end > SEARCHED_TOGETHER {
        return Ok(HashMap::new());
    }
    let through = walkers.iter().filter(|walker| end <= walker.position.last);
    let through: Vec<_> = through.map(|walker| walker.rater.0).collect();
    let left = find_any_ratable(db, &through).await?;
    let served = |rater| left.get(&rater).map(|photo| Served { photo: *photo, lane: Lane::Random });
    Ok(through.into_iter().map(|rater| (UserId(rater), served(UserId(rater)))).collect())
}

/// Finds the next ratable photo newer than the span for each rater, with its slot.
///
/// The check for a rating is a scalar subquery, so it is one lookup in the primary key. Postgres may turn `not exists`
/// into a join with all ratings of the photo or the rater. The queries below do the same.
async fn find_fresh(
    db: &mut PgConnection,
    walkers: &[Walker],
) -> sqlx::Result<HashMap<UserId, (i64, PhotoId)>> {
    if walkers.is_empty() {
        return Ok(HashMap::new());
    }
    let raters: Vec<_> = walkers.iter().map(|walker| walker.rater.0).collect();
    let after: Vec<_> =
        walkers.iter().map(|Walker { position, .. }| position.fresh.max(position.last)).collect();
    let rows = sqlx::query!(
        r#"select rater as "rater!: UserId", slot as "slot!", id as "id: PhotoId"
           from unnest((select $1::bigint[]), (select $2::bigint[])) as looking (rater, after)
           cross join lateral (
               select slot, id from photos
               where slot >= after and state = 'live' and owner_id <> rater
                 and not coalesce((select true from ratings where photo_id = photos.id and rater_id = rater), false)
               order by slot limit 1
           ) as fresh"#,
        &raters,
        &after,
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.rater, (row.slot, row.id))).collect())
}

/// Finds the ratable photos in these raters' slots.
async fn find_ratable(db: &mut PgConnection, looking: &[(UserId, Vec<i64>)]) -> sqlx::Result<RatablePhotos> {
    let (mut raters, mut slots) = (Vec::new(), Vec::new());
    for (rater, at) in looking {
        raters.extend(at.iter().map(|_| rater.0));
        slots.extend(at);
    }
    if slots.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select rater as "rater!: UserId", photos.slot as "slot!", id as "id: PhotoId"
           from unnest((select $1::bigint[]), (select $2::bigint[])) as looking (rater, slot)
           join photos on photos.slot = looking.slot
           where state = 'live' and owner_id <> rater
             and not coalesce((select true from ratings where photo_id = photos.id and rater_id = rater), false)"#,
        &raters,
        &slots,
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| ((row.rater, row.slot), row.id)).collect())
}

/// One more than the highest slot.
async fn next_slot(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select coalesce(max(slot) + 1, 0) as "end!" from photos"#).fetch_one(db).await
}

/// The final search before "all rated": for each rater, the first ratable one of all live photos.
async fn find_any_ratable(db: &mut PgConnection, raters: &[i64]) -> sqlx::Result<HashMap<UserId, PhotoId>> {
    let rows = sqlx::query!(
        r#"select rater as "rater!: UserId", id as "id: PhotoId"
           from unnest((select $1::bigint[])) as given (rater)
           cross join lateral (
               select id from photos
               where state = 'live' and owner_id <> rater
                 and not coalesce((select true from ratings where photo_id = photos.id and rater_id = rater), false)
               order by slot limit 1
           ) as left_over"#,
        raters,
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.rater, row.id)).collect())
}

//! A rater's walk through the slots.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::super::permutation::Permutation;
use super::scope::Scope;
use super::served::Served;
use super::slots::{self, RatablePhotos};
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
    /// The photos to walk through.
    pub(super) scope: Scope,
    pub(super) rater: UserId,
    /// Determines the permutation.
    pub(super) key: RaterKey,
    pub(super) position: Position,
}

impl Walker {
    /// Goes to the next photo, however far away, and finally searches all photos.
    pub(super) async fn walk(&mut self, db: &mut PgConnection) -> sqlx::Result<Option<Served>> {
        if let Some(next) = self.walk_in_turn(db).await? {
            return Ok(Some(next));
        }
        let photo = slots::find_any(db, self.scope, &[self.rater.0]).await?.remove(&self.rater);
        Ok(photo.map(|photo| Served { photo, lane: Lane::Random }))
    }

    /// Like `walk`, without the final search.
    pub(super) async fn walk_in_turn(&mut self, db: &mut PgConnection) -> sqlx::Result<Option<Served>> {
        if self.looks_for_fresh()
            && let Some(next) = self.take_fresh(&find_fresh(db, self.scope, &[*self]).await?)
        {
            return Ok(Some(next));
        }
        loop {
            loop {
                let slots = self.ahead(LOOKAHEAD);
                if slots.is_empty() {
                    break;
                }
                let found = slots::find_ratable(db, self.scope, &[(self.rater, slots.clone())]).await?;
                let next = self.take(&slots, &found);
                if next.is_some() {
                    return Ok(next);
                }
            }
            let end = slots::next_slot(db, self.scope).await?;
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
        let order = Permutation::new(self.key, self.scope.salt(first), (last - first).unsigned_abs());
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

/// Advances each rater to the next photo if it is near. All walk through this scope.
pub(super) async fn walk_a_little(
    db: &mut PgConnection,
    scope: Scope,
    walkers: &mut [Walker],
) -> sqlx::Result<Vec<Arrival>> {
    let looking: Vec<_> = walkers.iter().filter(|walker| walker.looks_for_fresh()).copied().collect();
    let fresh = find_fresh(db, scope, &looking).await?;
    let mut next: Vec<_> = walkers.iter_mut().map(|walker| walker.take_fresh(&fresh)).collect();
    let slots: Vec<_> = walkers.iter().map(|walker| walker.ahead(LOOKAHEAD_TOGETHER)).collect();
    let others = walkers.iter().zip(&slots).zip(&next).filter(|(_, next)| next.is_none());
    let others: Vec<_> = others.map(|((walker, slots), _)| (walker.rater, slots.clone())).collect();
    let found = slots::find_ratable(db, scope, &others).await?;
    for ((walker, slots), next) in walkers.iter_mut().zip(&slots).zip(&mut next) {
        if next.is_none() {
            *next = walker.take(slots, &found);
        }
    }
    let through = walkers.iter().zip(&next).filter(|(walker, next)| next.is_none() && walker.is_through());
    let through: Vec<_> = through.map(|(walker, _)| *walker).collect();
    let last = find_last(db, scope, &through).await?;
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
    scope: Scope,
    walkers: &[Walker],
) -> sqlx::Result<HashMap<UserId, Option<Served>>> {
    if walkers.is_empty() {
        return Ok(HashMap::new());
    }
    let end = slots::next_slot(db, scope).await?;
    if end > SEARCHED_TOGETHER {
        return Ok(HashMap::new());
    }
    let through = walkers.iter().filter(|walker| end <= walker.position.last);
    let through: Vec<_> = through.map(|walker| walker.rater.0).collect();
    let left = slots::find_any(db, scope, &through).await?;
    let served = |rater| left.get(&rater).map(|photo| Served { photo: *photo, lane: Lane::Random });
    Ok(through.into_iter().map(|rater| (UserId(rater), served(UserId(rater)))).collect())
}

/// Finds the next ratable photo newer than the span for each rater, with its slot.
async fn find_fresh(
    db: &mut PgConnection,
    scope: Scope,
    walkers: &[Walker],
) -> sqlx::Result<HashMap<UserId, (i64, PhotoId)>> {
    let after = |Walker { rater, position, .. }: &Walker| (*rater, position.fresh.max(position.last));
    slots::find_from(db, scope, &walkers.iter().map(after).collect::<Vec<_>>()).await
}

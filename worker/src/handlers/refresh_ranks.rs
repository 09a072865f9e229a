//! Recomputes scores and ranks.

use std::collections::{BTreeSet, HashSet};

use pawdium_queue::{Claim, JobError};
use pawdium_shared::db::Db;
use pawdium_shared::events::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::live;
use pawdium_shared::notifications::milestones;
use pawdium_shared::ranking::refresh::{self, Moved};
use pawdium_shared::ranking::weighing;
use tracing::debug;

use crate::env::Env;

/// The number of ranks per transaction. With 300,000 photos that all change, on 2 busy cores, a transaction takes 70
/// ms, 130 ms at most, repeated sixty times; a single transaction takes 4.7 s.
const RANKS: usize = 5000;

/// The number of photos in one event about their scores.
const RESCORED: usize = 500;

/// The number of photos weighed per transaction.
const WEIGHED: usize = 100;

/// Weighs photos that were rated since the last run and tells their owners of milestones, updates all ranks, best
/// first, and invalidates the lists that changed. One rating can change every rank. Short transactions keep locks short
/// and let vacuum clean up.
pub async fn refresh_ranks(_: RefreshRanks, env: &Env, _: &Claim) -> Result<(), JobError> {
    let stale = weighing::list_stale(&mut *env.db.acquire().await?).await?;
    for part in stale.chunks(WEIGHED) {
        let mut tx = env.db.begin().await?;
        weighing::weigh_photos(&mut tx, part).await?;
        tx.commit().await?;
        let mut tx = env.db.begin().await?;
        milestones::tell(&mut tx, part).await?;
        tx.commit().await?;
    }
    let moved = refresh::list_moved(&mut *env.db.acquire().await?).await?;
    // While Redis is away nobody hears of changes; when it is back, every open page looks.
    let open = if moved.is_empty() {
        HashSet::new()
    } else {
        live::watched_photos(&env.redis).await.unwrap_or_default()
    };
    for part in moved.chunks(RANKS) {
        write(&env.db, part, &open).await?;
    }
    debug!(weighed = stale.len(), moved = moved.len(), "refreshed ranks");
    Ok(())
}

/// `open`: the photos whose pages are open.
async fn write(db: &Db, part: &[Moved], open: &HashSet<PhotoId>) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    refresh::write_moved(&mut tx, part).await?;
    // Equal events have equal keys, and only one job per key waits at a time.
    let species = part.iter().map(|moved| moved.species).collect::<BTreeSet<_>>().into_iter().collect();
    let rescored: Vec<_> = part.iter().filter(|moved| moved.rescored).map(|moved| moved.photo).collect();
    let photos = part.iter().map(|moved| moved.photo).filter(|photo| open.contains(photo)).collect();
    let mut events = vec![Event::RanksMoved { species, photos }];
    events.extend(rescored.chunks(RESCORED).map(|photos| Event::ScoresMoved { photos: photos.to_vec() }));
    Event::record_all(&mut tx, events).await?;
    tx.commit().await
}

//! Recomputing scores and ranks.

use std::collections::BTreeSet;

use pawdium_queue::{Claim, JobError};
use pawdium_shared::db::Db;
use pawdium_shared::events::Event;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::ranking::refresh::{self, Moved};
use pawdium_shared::ranking::weighing;
use tracing::debug;

use crate::env::Env;

/// How many ranks one transaction writes. With 300,000 photos of which all move, on 2 busy cores, that took 70 ms, and 130 ms
/// at most, sixty times; all in one it took 4.7 s.
const RANKS: usize = 5000;

/// How many photos' ratings one transaction weighs.
const WEIGHED: usize = 100;

/// Weighs what was rated since the last time and brings all ranks up to date, the best first, and invalidates the lists that moved. One rating can move every rank, so
/// they are written in short transactions: nobody waits long for a lock, and a vacuum can clean up behind them.
pub async fn refresh_ranks(_: RefreshRanks, env: &Env, _: &Claim) -> Result<(), JobError> {
    let stale = weighing::list_stale(&mut *env.db.acquire().await?).await?;
    for part in stale.chunks(WEIGHED) {
        let mut tx = env.db.begin().await?;
        weighing::weigh_photos(&mut tx, part).await?;
        tx.commit().await?;
    }
    let moved = refresh::list_moved(&mut *env.db.acquire().await?).await?;
    for part in moved.chunks(RANKS) {
        write(&env.db, part).await?;
    }
    debug!(weighed = stale.len(), moved = moved.len(), "refreshed ranks");
    Ok(())
}

async fn write(db: &Db, part: &[Moved]) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    refresh::write_moved(&mut tx, part).await?;
    // Equal sets have equal keys, of which one waits at a time.
    let species = part.iter().map(|moved| moved.species).collect::<BTreeSet<_>>().into_iter().collect();
    Event::RanksMoved { species }.record(&mut tx).await?;
    tx.commit().await
}

//! Recomputing scores and ranks.

use pawdium_shared::cache::Event;
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::ranking::refresh;

use crate::env::Env;

/// Brings all ranks up to date, and invalidates the lists that moved.
pub async fn refresh_ranks(job: RefreshRanks, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let mut species = refresh::refresh_ranks(&mut tx).await?;
    // Equal sets must have equal keys.
    species.sort_unstable();
    if !species.is_empty() {
        InvalidateCache::of(Event::RanksMoved { species }).enqueue(&mut tx).await?;
    }
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(())
}

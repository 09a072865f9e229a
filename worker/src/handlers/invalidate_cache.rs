//! Keeping caches and open pages current.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::live;

use crate::env::Env;

/// Drops what the event made stale, and then tells the pages that show it: they must not fetch what was cached before.
pub async fn invalidate_cache(job: InvalidateCache, env: &Env, _: &Claim) -> Result<(), JobError> {
    let stale = env.cache.stale_after(&[job.event]);
    env.cache.drop_groups(&stale.groups).await?;
    live::publish(&env.redis, &stale.topics).await?;
    Ok(())
}

//! Drops cached data and notifies open pages.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::live::{self, Note};

use crate::env::Env;

/// Drops what the event made stale, and then notifies the pages that show it, so that they don't fetch old data.
pub async fn invalidate_cache(job: InvalidateCache, env: &Env, _: &Claim) -> Result<(), JobError> {
    let stale = env.cache.stale_after(&[job.event]);
    env.cache.drop_groups(&stale.groups).await?;
    let changes: Vec<_> = stale.topics.into_iter().map(|topic| (topic, Note::Changed)).collect();
    live::publish(&env.redis, &changes).await?;
    Ok(())
}

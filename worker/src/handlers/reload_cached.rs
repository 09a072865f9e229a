//! Loads cached data again after an event.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::cache::Reload;
use pawdium_shared::jobs::cache::ReloadCached;

use super::invalidate_cache::wait_for_redis;
use crate::env::Env;

/// Loads the data and stores it, which tells open pages if it has changed. Data that can't be loaded is tried again; until
/// then pages show what they have.
pub async fn reload_cached(job: ReloadCached, env: &Env, _: &Claim) -> Result<(), JobError> {
    wait_for_redis(env).await?;
    match env.cache.reload(&env.db, &job.kind, &job.name, &job.because).await? {
        Reload::Loaded | Reload::Gone => Ok(()),
        Reload::Failed => {
            Err(JobError::retry(anyhow::anyhow!("{} {} couldn't be loaded again", job.kind, job.name)))
        }
    }
}

//! Finds what an event makes stale, and has it dropped or loaded again.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::cache::Due;
use pawdium_shared::jobs::cache::{Because, InvalidateCache, ReloadCached};
use pawdium_shared::live;

use crate::env::Env;

/// How long a job waits for Redis before another one gets its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// Begins the transaction that enqueues the reloads. Its commit doesn't wait for the disk: the outcome of this job is
/// written after it, so a crash that loses the reloads loses the outcome, too, and the job runs again.
const BEGIN: &str = "begin; set local synchronous_commit = off";

/// Waits while Redis is away, so that open pages hear of a change as soon as Redis is back, however long that took. A
/// few jobs wait here and the others in their queue; if each failed by itself, an outage would burden Postgres.
pub(super) async fn wait_for_redis(env: &Env) -> Result<(), JobError> {
    env.redis.caches().wait_until_back(PATIENCE).await.map_err(JobError::away)
}

/// Drops what the event made stale, and then notifies the pages that show it, so that they don't fetch old data. What
/// is to be loaded again gets a job, at once for the first event and then four times a second at most.
pub async fn invalidate_cache(job: InvalidateCache, env: &Env, claim: &Claim) -> Result<(), JobError> {
    wait_for_redis(env).await?;
    let triaged_at = Utc::now();
    let age = TimeDelta::from_std(claim.age()).unwrap_or_default();
    let because = Because { event: job.event.key(), recorded_at: triaged_at - age, triaged_at };
    let (mut stale, asked) = env.cache.stale_after(&[job.event], &env.db).await;
    // Lists and photos last, so that a page that is rendered between the two hears of both.
    let due = env.cache.expire(std::mem::take(&mut stale.reload), stale.staleness).await?;
    env.cache.drop_stale(&stale).await?;
    if !due.is_empty() {
        let mut tx = env.db.begin_with(BEGIN).await?;
        let (now, later): (Vec<_>, Vec<_>) = due.into_iter().partition(|due| due.at_once);
        let jobs = |due: Vec<Due>| -> Vec<_> {
            let job = |due: Due| ReloadCached {
                kind: due.kind.to_owned(),
                name: due.name,
                because: because.clone(),
            };
            due.into_iter().map(job).collect()
        };
        ReloadCached::enqueue_all(&mut tx, &jobs(now)).await?;
        ReloadCached::enqueue_all_in(&mut tx, &jobs(later), ReloadCached::COALESCED).await?;
        tx.commit().await?;
    }
    live::publish(&env.redis, &stale.topics).await?;
    Ok(asked.map_err(anyhow::Error::from)?)
}

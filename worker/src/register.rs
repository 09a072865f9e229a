//! Which function handles which kind of job, and how many of each queue run at once.

use std::sync::Arc;

use pawdium_queue::{Capacity, Queue, Runner};
use pawdium_shared::config::WorkerConfig;
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::media::{AbandonPhoto, ProcessPhoto, RemoveFiles};
use pawdium_shared::jobs::metrics::ReportMetrics;
use pawdium_shared::jobs::ranking::{RecountPart, RecountRatings, RefreshRanks, RefreshVirality, StartEpoch};
use pawdium_shared::jobs::upkeep::{BalanceJobs, Purge};
use pawdium_shared::queues;
use redis::RedisError;

use crate::env::Env;
use crate::handlers::{
    abandon_photo, balance_jobs, invalidate_cache, process_photo, purge, recount_part, recount_ratings,
    refresh_ranks, refresh_virality, remove_files, report_metrics, send_mail, start_epoch,
};

/// Every kind of job and its handler.
#[must_use]
pub fn runner(env: Arc<Env>) -> Runner<Env> {
    // The link to Redis says once that it is away.
    Runner::new(env)
        .quiet_about(|error| error.chain().any(<dyn std::error::Error>::is::<RedisError>))
        .on::<ProcessPhoto>(|job, env, claim| Box::pin(process_photo(job, env, claim)))
        .on::<AbandonPhoto>(|job, env, _| Box::pin(abandon_photo(job, env)))
        .on::<RemoveFiles>(|job, env, _| Box::pin(remove_files(job, env)))
        .on::<SendMail>(|job, env, claim| Box::pin(send_mail(job, env, claim)))
        .on::<RefreshRanks>(|job, env, _| Box::pin(refresh_ranks(job, env)))
        .on::<RefreshVirality>(|job, env, claim| Box::pin(refresh_virality(job, env, claim)))
        .on::<RecountRatings>(|job, env, claim| Box::pin(recount_ratings(job, env, claim)))
        .on::<RecountPart>(|job, env, _| Box::pin(recount_part(job, env)))
        .on::<StartEpoch>(|job, env, claim| Box::pin(start_epoch(job, env, claim)))
        .on::<InvalidateCache>(|job, env, _| Box::pin(invalidate_cache(job, env)))
        .on::<ReportMetrics>(|job, env, _| Box::pin(report_metrics(job, env)))
        .on::<BalanceJobs>(|job, env, claim| Box::pin(balance_jobs(job, env, claim)))
        .on::<Purge>(|job, env, _| Box::pin(purge(job, env)))
}

/// What a process serves by its configuration. Long jobs are claimed one by one, so that idle processes find them; short
/// ones ahead, which saves round trips, and the more of them the faster they end.
#[must_use]
pub fn queues(config: &WorkerConfig) -> Vec<(Queue, Capacity)> {
    let one_by_one = |concurrency| Capacity { concurrency, prefetch: 0, burst: 0 };
    // Mail goes to servers that may stop answering at any time; what is claimed ahead would wait with it.
    let ahead = |concurrency| Capacity { concurrency, prefetch: 4 * concurrency, burst: Capacity::BURST };
    let capacities: [_; queues::ALL.len()] = [
        (queues::MEDIA, one_by_one(config.media)),
        (queues::MAIL, one_by_one(config.mail)),
        (queues::RANKING, one_by_one(config.ranking)),
        (queues::CACHE, ahead(config.cache)),
        (queues::METRICS, one_by_one(config.metrics)),
        (queues::UPKEEP, one_by_one(config.upkeep)),
    ];
    capacities.into()
}

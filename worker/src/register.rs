//! Which function handles which kind of job, and how many of each queue run at once.

use std::sync::Arc;

use apalis::prelude::{Monitor, WorkerBuilder, WorkerBuilderExt as _};
use pawdium_shared::config::WorkerConfig;
use pawdium_shared::jobs::cache::InvalidateCache;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::media::{AbandonPhoto, ProcessPhoto, RemoveFiles};
use pawdium_shared::jobs::metrics::ReportMetrics;
use pawdium_shared::jobs::ranking::{RecountPart, RecountRatings, RefreshRanks, RefreshVirality, StartEpoch};
use pawdium_shared::jobs::upkeep::{BalanceJobs, Purge};
use pawdium_shared::queue::{Capacity, Process, Queue, Runner};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::env::Env;
use crate::handlers::{
    abandon_photo, balance_jobs, invalidate_cache, process_photo, purge, recount_part, recount_ratings,
    refresh_ranks, refresh_virality, remove_files, report_metrics, send_mail, start_epoch,
};

/// Every kind of job and its handler.
#[must_use]
pub fn runner(env: Arc<Env>) -> Runner<Env> {
    Runner::new(env)
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
pub(crate) fn queues(config: &WorkerConfig) -> Vec<(Queue, Capacity)> {
    let capacity = |queue| {
        let (concurrency, prefetch) = match queue {
            Queue::Media => (config.media, 0),
            Queue::Mail => (config.mail, 0),
            Queue::Ranking => (config.ranking, 0),
            Queue::Cache => (config.cache, 4 * config.cache),
            Queue::Metrics => (config.metrics, 0),
            Queue::Upkeep => (config.upkeep, 0),
        };
        // Mail goes to servers that may stop answering at any time; what is claimed ahead would wait with it.
        let burst = if queue == Queue::Cache { Capacity::BURST } else { prefetch };
        Capacity { concurrency, prefetch, burst }
    };
    Queue::ALL.map(|queue| (queue, capacity(queue))).into()
}

/// One apalis worker for every queue.
pub fn monitor<E: Send + Sync + 'static>(
    process: &Process,
    runner: &Runner<E>,
    config: &WorkerConfig,
    broken: &CancellationToken,
) -> Monitor {
    monitor_queues(process, runner, &queues(config), broken)
}

/// One apalis worker a queue. Should one ever break, `broken` is cancelled: the process had better start anew than go on
/// without a queue.
pub(crate) fn monitor_queues<E: Send + Sync + 'static>(
    process: &Process,
    runner: &Runner<E>,
    queues: &[(Queue, Capacity)],
    broken: &CancellationToken,
) -> Monitor {
    let broken = broken.clone();
    let monitor = Monitor::new().should_restart(move |worker, error| {
        error!(queue = worker.name(), %error, "a queue's worker broke");
        broken.cancel();
        false
    });
    queues.iter().fold(monitor, |monitor, &(queue, capacity)| {
        let (process, runner) = (process.clone(), runner.clone());
        monitor.register(move |_| {
            WorkerBuilder::new(queue.name())
                .backend(process.backend(queue, capacity))
                .concurrency(capacity.concurrency)
                .build(runner.clone())
        })
    })
}

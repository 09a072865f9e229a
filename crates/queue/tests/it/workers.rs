//! Workers in this process.

use pawdium_kit::workers::Workers;
use pawdium_queue::{Capacity, Runner};
use sqlx::PgPool;

use crate::kinds::queues;

/// Starts a worker of all queues. It runs one media job at a time, and prefetches cache jobs.
pub(crate) async fn start_workers<E: Send + Sync + 'static>(db: &PgPool, runner: &Runner<E>) -> Workers {
    let capacity = |queue| match queue {
        queues::MEDIA => Capacity { concurrency: 1, prefetch: 0, burst: 0 },
        queues::CACHE => Capacity { concurrency: 4, prefetch: 16, burst: Capacity::BURST },
        _ => Capacity { concurrency: 4, prefetch: 0, burst: 0 },
    };
    Workers::start(db, runner, &queues::ALL.map(|queue| (queue, capacity(queue)))).await
}

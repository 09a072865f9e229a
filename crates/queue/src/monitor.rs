//! Runs queues: an apalis worker for each.

use apalis::prelude::{Monitor, WorkerBuilder, WorkerBuilderExt as _};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::job::Queue;
use super::process::Process;
use super::runner::Runner;
use super::slots::Capacity;

/// Makes an apalis worker for each queue. If a worker fails, `broken` is cancelled: the process should then be restarted,
/// because it no longer serves all its queues.
pub fn monitor<E: Send + Sync + 'static>(
    process: &Process,
    runner: &Runner<E>,
    queues: &[(Queue, Capacity)],
    broken: &CancellationToken,
) -> Monitor {
    let broken = broken.clone();
    let monitor = Monitor::new().should_restart(move |worker, error| {
        error!(queue = worker.name(), %error, "the worker of a queue failed");
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

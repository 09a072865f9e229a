//! Workers inside the test process.

use pawdium_kit::workers::Workers;
use pawdium_queue::Runner;
use pawdium_shared::config::WorkerConfig;
use pawdium_worker::queues;
use sqlx::PgPool;

/// Starts a worker like the program's, with these handlers; media jobs run one at a time.
pub(crate) async fn start_workers<E: Send + Sync + 'static>(db: &PgPool, runner: &Runner<E>) -> Workers {
    let config = WorkerConfig { media: 1, ..WorkerConfig::default() };
    Workers::start(db, runner, &queues(&config)).await
}

//! Workers in the test's process.

use pawdium_db::Tx;
use pawdium_queue::{Capacity, Enqueue, JobId, Process, Queue, Runner};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::waiting::SOON;

/// A worker configured like the production one, with the test's own handlers.
#[derive(Debug)]
pub struct Workers {
    db: PgPool,
    process: Process,
    running: JoinHandle<()>,
    stop: CancellationToken,
}

impl Workers {
    /// Registers a worker and runs these queues.
    pub async fn start<E: Send + Sync + 'static>(
        db: &PgPool,
        runner: &Runner<E>,
        queues: &[(Queue, Capacity)],
    ) -> Self {
        let db = PgPoolOptions::new().max_connections(8).connect_lazy_with((*db.connect_options()).clone());
        let names: Vec<_> = queues.iter().map(|(queue, _)| *queue).collect();
        let process = Process::start(db.clone(), &names).await.expect("the database is there");
        let stop = CancellationToken::new();
        let told = stop.clone().cancelled_owned();
        let monitor = pawdium_queue::monitor(&process, runner, queues, &CancellationToken::new());
        let running = tokio::spawn(async move {
            let signal = async {
                told.await;
                Ok(())
            };
            monitor.run_with_signal(signal).await.expect("no worker breaks");
        });
        Self { db, process, running, stop }
    }

    /// Hands back running jobs, and signs off.
    pub async fn stop(self) {
        self.process.stop_claiming();
        self.stop.cancel();
        self.process.abort_running();
        let stopping = async {
            self.running.await.expect("the workers don't panic");
            self.process.leave().await;
            self.db.close().await;
        };
        tokio::time::timeout(SOON, stopping).await.expect("workers stop");
    }
}

/// Enqueues a job in its own transaction.
pub async fn enqueue(db: &PgPool, job: &impl Enqueue) -> JobId {
    let mut tx = Tx::begin(db).await.expect("a connection");
    let id = job.enqueue(&mut tx).await.expect("it can be enqueued").expect("nothing bears its key");
    tx.commit().await.expect("it commits");
    id
}

/// Runs `act` in its own transaction.
pub async fn transact<T>(db: &PgPool, act: impl AsyncFnOnce(&mut Tx) -> T) -> T {
    let mut tx = Tx::begin(db).await.expect("a connection");
    let done = act(&mut tx).await;
    tx.commit().await.expect("it commits");
    done
}

/// The URL of the test's database, for another process.
pub fn url(db: &PgPool) -> String {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL is set");
    let mut url: Url = url.parse().expect("DATABASE_URL is a URL");
    url.set_path(db.connect_options().get_database().expect("the test has a database"));
    url.into()
}

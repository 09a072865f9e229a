//! The worker: the site's own, with the test's handlers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pawdium_queue::{Capacity, Queue};
use pawdium_shared::config::DatabaseConfig;
use pawdium_shared::queues;
use pawdium_shared::{db, shutdown};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::handlers::{Env, runner};
use crate::starts::Starts;

/// The settings of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Worker {
    /// The name of the process.
    pub name: String,
    /// The database's URL.
    pub database: String,
    /// The most connections of its pool.
    pub connections: u32,
    /// The queues that it serves.
    pub serves: Vec<Serves>,
    /// How long running jobs may take after SIGTERM, in milliseconds.
    pub drain_ms: u64,
    /// The most memory that it may map, in MiB.
    pub memory_mb: u64,
    /// The folder of its log of starts.
    pub folder: PathBuf,
}

/// A queue that a worker serves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Serves {
    /// The queue's name.
    pub queue: String,
    /// The most jobs that run at once.
    pub concurrency: usize,
    /// How many more jobs are prefetched.
    pub prefetch: usize,
}

impl Serves {
    /// Serves a queue with this concurrency and prefetch.
    #[must_use]
    pub fn new(queue: Queue, concurrency: usize, prefetch: usize) -> Self {
        Self { queue: queue.name().to_owned(), concurrency, prefetch }
    }
}

impl Worker {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let most = Some(self.memory_mb << 20);
        setrlimit(Resource::As, Rlimit { current: most, maximum: most })?;
        let config = DatabaseConfig { url: self.database.as_str().into(), max_connections: self.connections };
        let db = db::connect(&config, &self.name)?;
        let env = Env { db: db.clone(), starts: Starts::append(&self.folder, &self.name)? };
        let mut queues = Vec::new();
        for Serves { queue, concurrency, prefetch } in self.serves {
            queues.push((queues::parse(&queue)?, Capacity { concurrency, prefetch, burst: Capacity::BURST }));
        }
        let drain = Duration::from_millis(self.drain_ms);
        pawdium_worker::run(&db, &runner(Arc::new(env)), &queues, drain, shutdown::on_signal()?).await
    }
}

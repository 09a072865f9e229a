//! The bench of a test: a database, processes that use it, and the verdict.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use pawdium_chaos::effects::{self, prepare_effects};
use pawdium_chaos::kinds::Tagged;
use pawdium_chaos::launch::{Launcher, RoleProcess};
use pawdium_chaos::ledger::{Ledger, Line};
use pawdium_chaos::roles::{Enqueuer, Role, Serves, Worker};
use pawdium_chaos::starts;
use pawdium_chaos::verdict::{self, Verdict};
use pawdium_kit::stack::{Kind, Stack, throwaway_folder};
use pawdium_queue::JobId;
use pawdium_queue::Queue;
use pawdium_queue::inspect::{self, JobRow};
use pawdium_shared::db::Tx;
use pawdium_shared::queues;
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions as _, PgPool};
use tempfile::TempDir;

/// Long enough for anything that should happen soon, also on a slow and busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Runs `pawdium-chaos`, which must succeed, and returns its output.
pub(crate) async fn run_chaos(arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_pawdium-chaos"));
    let output = command.args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

pub(crate) struct Bench {
    pub(crate) db: PgPool,
    pub(crate) url: String,
    pub(crate) launcher: Launcher,
    ledger: Ledger,
    folder: TempDir,
}

impl Bench {
    /// A bench on a database that has the site's schema.
    pub(crate) async fn on(db: PgPool) -> Self {
        prepare_effects(&db).await.expect("a database without these tables");
        let folder = tempfile::tempdir().expect("a folder");
        let launcher = Launcher::new(env!("CARGO_BIN_EXE_pawdium-chaos"), folder.path());
        let ledger = Ledger::append(folder.path(), "test").expect("it can be written");
        Self { url: db.connect_options().to_url_lossy().into(), db, launcher, ledger, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A worker with these queues, each with its concurrency and prefetch.
    pub(crate) fn worker(&self, name: &str, serves: &[(Queue, usize, usize)]) -> Worker {
        Worker {
            name: name.to_owned(),
            database: self.url.clone(),
            connections: 6,
            serves: serves
                .iter()
                .map(|&(queue, concurrency, prefetch)| Serves::new(queue, concurrency, prefetch))
                .collect(),
            drain_ms: 1000,
            memory_mb: 1024,
            folder: self.folder.path().to_owned(),
        }
    }

    /// A worker that serves all queues.
    pub(crate) fn versatile_worker(&self, name: &str) -> Worker {
        self.worker(name, &queues::ALL.map(|queue| (queue, 4, 4)))
    }

    pub(crate) fn start(&self, worker: &Worker) -> RoleProcess {
        self.launcher.launch(Role::Worker(worker.clone())).expect("it starts")
    }

    /// Starts an enqueuer of all sorts of jobs, with about this many transactions a second.
    pub(crate) fn start_enqueuer(&self, per_second: u32) -> RoleProcess {
        let role = Enqueuer {
            name: "enqueuer".to_owned(),
            database: self.url.clone(),
            folder: self.folder.path().to_owned(),
            start: 1,
            seed: 1,
            per_second,
        };
        self.launcher.launch(Role::Enqueuer(role)).expect("it starts")
    }

    pub(crate) async fn enqueue<J: Tagged>(&self, job: J) -> JobId {
        self.enqueue_all([job]).await[0]
    }

    /// Enqueues a job whose key a live job may have.
    pub(crate) async fn ask_for<J: Tagged>(&self, job: J) -> Option<JobId> {
        let mut tx = Tx::begin(&self.db).await.expect("a transaction");
        let entry = effects::enqueue(&mut tx, job, Duration::ZERO).await.expect("it can be enqueued");
        tx.commit().await.expect("it commits");
        let id = entry.job.map(JobId);
        self.ledger.write(&[Line::Enqueued(entry)]).expect("it can be written");
        id
    }

    /// How often the handler of a job has started.
    pub(crate) fn starts_of(&self, job: JobId) -> i32 {
        starts::read(self.folder()).expect("good logs").get(&job.0).map_or(0, |count| count.starts)
    }

    /// Enqueues jobs in one transaction.
    pub(crate) async fn enqueue_all<J: Tagged>(&self, jobs: impl IntoIterator<Item = J>) -> Vec<JobId> {
        let mut tx = Tx::begin(&self.db).await.expect("a transaction");
        let (mut ids, mut lines) = (Vec::new(), Vec::new());
        for job in jobs {
            let entry = effects::enqueue(&mut tx, job, Duration::ZERO).await.expect("it can be enqueued");
            ids.push(JobId(entry.job.expect("no live job has its key")));
            lines.push(Line::Enqueued(entry));
        }
        tx.commit().await.expect("it commits");
        self.ledger.write(&lines).expect("it can be written");
        ids
    }

    /// The current row of a job.
    pub(crate) async fn find(&self, job: JobId) -> Option<JobRow> {
        let mut tx = Tx::begin(&self.db).await.expect("a connection");
        inspect::find(&mut tx, job).await.expect("jobs can be read")
    }

    /// Waits until the job is in that state.
    pub(crate) async fn until_job_is(&self, job: JobId, state: &str) -> JobRow {
        let is = async || self.find(job).await.filter(|row| row.state == state);
        until(&format!("job {job} is {state}"), SOON, is).await
    }

    /// Waits until no job is live.
    pub(crate) async fn until_idle(&self, within: Duration) {
        let none = async || (self.count("select count(*) from jobs").await == 0).then_some(());
        until("no job is live", within, none).await;
    }

    /// The number that a query returns.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.db).await.expect("the query is good")
    }

    /// The time by the database's clock.
    pub(crate) async fn now(&self) -> DateTime<Utc> {
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&self.db).await.expect("a time")
    }

    /// How many jobs have ended.
    pub(crate) async fn ended(&self) -> i64 {
        self.count("select count(*) from job_history").await
    }

    /// When the job was claimed for the last time.
    pub(crate) async fn claimed_at(&self, job: JobId) -> DateTime<Utc> {
        sqlx::query_scalar(
            "select claimed_at from job_history where id = $1 union all
             select claimed_at from jobs where id = $1",
        )
        .bind(job)
        .fetch_one(&self.db)
        .await
        .expect("it was claimed")
    }

    /// The attempts that have written an effect.
    pub(crate) async fn effects_of(&self, job: JobId) -> Vec<i16> {
        sqlx::query_scalar("select attempt from chaos_effects where job = $1")
            .bind(job)
            .fetch_all(&self.db)
            .await
            .expect("effects can be read")
    }

    /// Asserts that nothing is lost, doubled or otherwise wrong.
    pub(crate) async fn assert_in_order(&self) -> Verdict {
        let mut db = self.db.acquire().await.expect("a connection");
        let verdict = verdict::judge(&mut db, self.folder()).await.expect("a verdict");
        assert!(verdict.is_clean(), "{:#?}", verdict.wrongs);
        verdict
    }
}

/// A Postgres that a test may crash, and a bench on it. The folder is dropped last.
pub(crate) struct Private {
    pub(crate) bench: Bench,
    pub(crate) stack: Stack,
    _folder: TempDir,
}

impl Private {
    pub(crate) async fn start() -> Self {
        let folder = throwaway_folder().expect("a folder");
        let stack = Stack::start(folder.path(), Kind::Throwaway).await.expect("it starts");
        let db = PgPoolOptions::new().max_connections(3).connect_lazy(&stack.database_url()).expect("a URL");
        pawdium_shared::db::migrate(&db).await.expect("it is empty");
        Self { bench: Bench::on(db).await, stack, _folder: folder }
    }

    pub(crate) async fn stop(self) {
        self.bench.db.close().await;
        self.stack.stop().await;
    }
}

/// Calls `probe` until it returns something.
pub(crate) async fn until<T>(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

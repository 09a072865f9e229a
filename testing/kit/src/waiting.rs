//! Waiting for asynchronous events, with a timeout.

use std::panic::Location;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use pawdium_db::Tx;
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, JobRow};
use sqlx::PgPool;

/// Long enough for anything that happens by itself, including recovery from a killed worker, on a slow, busy
/// machine.
pub const SOON: Duration = Duration::from_mins(1);

/// Polls `probe` every 20 ms until it returns a value.
///
/// # Panics
/// After `within`, with `what` and the caller's location.
#[track_caller]
pub fn until<T>(
    what: &str,
    within: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let started = Instant::now();
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            assert!(started.elapsed() < within, "{caller}: not within {within:?}: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Like [`until`], for tests without a runtime.
///
/// # Panics
/// After `within`, with `what`.
#[track_caller]
pub fn until_blocking<T>(what: &str, within: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The job's current row; `None` if it is gone without a trace.
pub async fn find_job(db: &PgPool, job: JobId) -> Option<JobRow> {
    let mut tx = Tx::begin(db).await.expect("a connection");
    inspect::find(&mut tx, job).await.expect("jobs can be read")
}

/// Waits until the job is in this state.
pub async fn until_job_is(db: &PgPool, job: JobId, state: &str) -> JobRow {
    let is = async || find_job(db, job).await.filter(|row| row.state == state);
    until(&format!("job {job} is {state}"), SOON, is).await
}

/// Waits until no job is ready, running or scheduled.
pub async fn until_idle(db: &PgPool) {
    until("no job is live", SOON, async || (count(db, "select count(*) from jobs").await == 0).then_some(()))
        .await;
}

/// Waits until this many workers listen for new jobs. A stopping worker no longer does.
pub async fn until_listening(db: &PgPool, workers: i64) {
    let listening = "select count(*) from pg_stat_activity
                     where datname = current_database() and query like 'LISTEN%'";
    let what = format!("{workers} workers listen");
    until(&what, SOON, async || (count(db, listening).await == workers).then_some(())).await;
}

/// Waits until every live worker has written a heartbeat. Polls are twice as frequent, so each has also polled.
pub async fn until_all_have_beaten(db: &PgPool) {
    let since: DateTime<Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(db).await.expect("Postgres has a clock");
    let silent = "select count(*) from job_workers where gone_at is null and beat_at < $1";
    until("every worker has beaten", SOON, async || {
        let silent: i64 =
            sqlx::query_scalar(silent).bind(since).fetch_one(db).await.expect("workers can be counted");
        (silent == 0).then_some(())
    })
    .await;
}

/// Waits until nothing else is connected to the test's database. Sessions report their statistics when they end.
pub async fn until_alone(db: &PgPool) {
    let sessions = "select count(*) from pg_stat_activity
                    where datname = current_database() and backend_type = 'client backend'";
    let alone = async || (count(db, sessions).await <= i64::from(db.size())).then_some(());
    until("nobody else is connected", SOON, alone).await;
}

/// The number returned by a query.
pub async fn count(db: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(db).await.expect("the query is good")
}

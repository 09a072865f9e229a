//! Waiting for what happens elsewhere, for a bounded time.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use pawdium_db::Tx;
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, JobRow};
use sqlx::PgPool;

/// Long enough for anything that happens by itself, recovery from a killed worker included, on a slow machine that does
/// other things too.
pub const SOON: Duration = Duration::from_mins(1);

/// Asks `probe` again and again until it has an answer.
pub async fn until<T>(what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The job as it is now; `None` when it is gone without a trace.
pub async fn find_job(db: &PgPool, job: JobId) -> Option<JobRow> {
    let mut tx = Tx::begin(db).await.expect("a connection");
    inspect::find(&mut tx, job).await.expect("jobs can be read")
}

/// Waits until the job is in that state.
pub async fn until_job_is(db: &PgPool, job: JobId, state: &str) -> JobRow {
    let is = async || find_job(db, job).await.filter(|row| row.state == state);
    until(&format!("job {job} is {state}"), SOON, is).await
}

/// Waits until nothing is ready, running or scheduled.
pub async fn until_idle(db: &PgPool) {
    until("no job is live", SOON, async || (count(db, "select count(*) from jobs").await == 0).then_some(()))
        .await;
}

/// Waits until so many workers listen for new jobs; one that is stopping doesn't any more.
pub async fn until_listening(db: &PgPool, workers: i64) {
    let listening = "select count(*) from pg_stat_activity
                     where datname = current_database() and query like 'LISTEN%'";
    let what = format!("{workers} workers listen");
    until(&what, SOON, async || (count(db, listening).await == workers).then_some(())).await;
}

/// Waits until every live worker has written a heartbeat after this moment. Its polls, which are twice as frequent, have
/// gone round meanwhile.
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

/// Waits until nobody else is connected to the test's database. Sessions report what they have read when they end.
pub async fn until_alone(db: &PgPool) {
    let sessions = "select count(*) from pg_stat_activity
                    where datname = current_database() and backend_type = 'client backend'";
    let alone = async || (count(db, sessions).await <= i64::from(db.size())).then_some(());
    until("nobody else is connected", SOON, alone).await;
}

/// The number that a query answers with.
pub async fn count(db: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(db).await.expect("the query is good")
}

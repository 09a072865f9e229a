//! Limits of queues and partitions over two processes.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_db::{Db, Tx};
use pawdium_kit::operators::{assert_balanced, cancel, retry};
use pawdium_kit::waiting::{SOON, count, find_job, until, until_all_have_beaten, until_idle, until_job_is};
use pawdium_kit::workers::{Workers, enqueue, transact};
use pawdium_queue::JobId;
use pawdium_queue::partition::purge_partitions;
use pawdium_queue::{Enqueue as _, Limits, control};
use sqlx::PgPool;

use crate::gates::Gate;
use crate::kinds::Letter;
use crate::kinds::queues;
use crate::workers::start_workers;

async fn limit(db: &PgPool, limits: Limits) {
    let mut db = db.acquire().await.expect("a connection");
    control::set_limits(&mut db, queues::MAIL, limits).await.expect("no error");
}

async fn post(db: &PgPool, owner: &str, letters: usize) -> Vec<JobId> {
    let letters: Vec<_> = (0..letters).map(|number| Letter::new(format!("{owner}{number}"))).collect();
    transact(db, async |tx| Letter::enqueue_all(tx, &letters).await.expect("they fit")).await
}

/// Starts two processes that each run four letters at once.
async fn two(db: &PgPool, gate: &std::sync::Arc<Gate>) -> [Workers; 2] {
    [start_workers(db, &gate.runner()).await, start_workers(db, &gate.runner()).await]
}

async fn stop(workers: [Workers; 2]) {
    for workers in workers {
        workers.stop().await;
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn no_more_jobs_of_a_queue_run_at_once_than_its_limit(db: PgPool) {
    limit(&db, Limits { max_running: Some(3), ..Limits::default() }).await;
    let gate = Gate::closed();
    post(&db, "", 150).await;
    let workers = two(&db, &gate).await;
    gate.until_inside("", 3).await;
    until_all_have_beaten(&db).await;
    assert_eq!(gate.inside(""), 3);
    gate.pass(100);
    gate.until_started(103).await;
    assert_eq!(gate.most(""), 3);
    // More may run after the commit.
    limit(&db, Limits { max_running: Some(5), ..Limits::default() }).await;
    gate.until_inside("", 5).await;
    gate.pass(50);
    until_idle(&db).await;
    assert_eq!(gate.most(""), 5);
    stop(workers).await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn jobs_of_a_queue_start_no_faster_than_its_rate(db: PgPool) {
    limit(&db, Limits { starts_per_minute: Some(600), ..Limits::default() }).await;
    let gate = Gate::open();
    let begun: DateTime<Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&db).await.expect("Postgres has a clock");
    post(&db, "", 20).await;
    let workers = two(&db, &gate).await;
    until_idle(&db).await;
    let starts: Vec<DateTime<Utc>> =
        sqlx::query_scalar("select claimed_at from job_history order by claimed_at")
            .fetch_all(&db)
            .await
            .expect("jobs can be read");
    // At most one start in each tenth of a second after the first claim.
    let mut earliest = begun;
    for start in &starts {
        assert!(*start >= earliest, "{start} is before {earliest}: {starts:#?}");
        earliest += TimeDelta::milliseconds(100);
    }
    assert_eq!(starts.len(), 20);
    stop(workers).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn no_more_jobs_of_a_partition_run_at_once_than_its_limit(db: PgPool) {
    limit(&db, Limits { partition_max_running: Some(2), ..Limits::default() }).await;
    let gate = Gate::closed();
    post(&db, "slow:", 40).await;
    let workers = two(&db, &gate).await;
    gate.until_inside("slow", 2).await;
    // Other partitions get the remaining slots, and jobs without a partition have no limit.
    post(&db, "fast:", 3).await;
    post(&db, "", 3).await;
    gate.until_inside("fast", 2).await;
    gate.until_inside("", 7).await;
    gate.pass(100);
    until_idle(&db).await;
    assert_eq!((gate.most("slow"), gate.most("fast")), (2, 2));
    assert_eq!(gate.started.read().len(), 46);
    stop(workers).await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partition_at_its_rate_delays_only_itself(db: PgPool) {
    limit(&db, Limits { partition_starts_per_minute: Some(1), ..Limits::default() }).await;
    let gate = Gate::open();
    let slow = post(&db, "slow:", 3).await;
    let workers = two(&db, &gate).await;
    until_job_is(&db, slow[0], "done").await;
    let other = post(&db, "other:", 1).await;
    until_job_is(&db, other[0], "done").await;
    for job in &slow[1..] {
        assert_eq!(find_job(&db, *job).await.expect("it waits").state, "ready");
    }
    limit(&db, Limits::default()).await;
    until_idle(&db).await;
    stop(workers).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn all_limits_together_apply_and_all_jobs_run(db: PgPool) {
    let limits = Limits {
        max_running: Some(4),
        starts_per_minute: Some(6000),
        partition_max_running: Some(2),
        partition_starts_per_minute: Some(6000),
    };
    limit(&db, limits).await;
    let gate = Gate::open();
    for owner in ["a:", "b:", "c:", ""] {
        post(&db, owner, 40).await;
    }
    let workers = two(&db, &gate).await;
    until_idle(&db).await;
    assert_eq!(gate.started.read().len(), 160);
    assert!(gate.most("") <= 4 && ["a", "b", "c"].iter().all(|owner| gate.most(owner) <= 2));
    stop(workers).await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_retried_job_runs_even_if_its_partition_was_purged(db: PgPool) {
    limit(&db, Limits { partition_max_running: Some(1), ..Limits::default() }).await;
    let job = enqueue(&db, &Letter::new("gone:0")).await;
    cancel(&db, &[job]).await;
    assert_eq!(purge_partitions(&Db::from(db.clone())).await.expect("no error"), 1);
    assert_eq!(retry(&db, &[job]).await, [job]);
    let gate = Gate::open();
    let workers = two(&db, &gate).await;
    until_job_is(&db, job, "done").await;
    stop(workers).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_partition_that_is_getting_a_job_is_not_purged(db: PgPool) {
    let job = enqueue(&db, &Letter::new("busy:0")).await;
    cancel(&db, &[job]).await;
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    Letter::new("busy:1").enqueue(&mut tx).await.expect("no error");
    let purged = tokio::time::timeout(SOON, purge_partitions(&Db::from(db.clone()))).await;
    assert_eq!(purged.expect("it waits for nobody").expect("no error"), 0);
    tx.commit().await.expect("it commits");
    assert_eq!(purge_partitions(&Db::from(db.clone())).await.expect("no error"), 0);
    assert_eq!(count(&db, "select count(*) from job_partitions").await, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_without_a_partition_is_found_behind_a_throttled_backlog(db: PgPool) {
    limit(&db, Limits { partition_max_running: Some(1), ..Limits::default() }).await;
    let gate = Gate::closed();
    let workers = two(&db, &gate).await;
    post(&db, "full:", 500).await;
    gate.until_inside("full", 1).await;
    let free = enqueue(&db, &Letter::new("free")).await;
    // Kinds of other priorities may share the queue.
    sqlx::query("update jobs set priority = 5 where id = $1").bind(free.0).execute(&db).await.expect("a job");
    until("the free one runs", SOON, async || (gate.inside("free") == 1).then_some(())).await;
    assert_eq!(gate.inside("full"), 1);
    stop(workers).await;
}

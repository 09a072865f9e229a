//! Fair turns of partitions, counted in jobs and not in seconds.

use std::sync::Arc;

use pawdium_kit::operators::{cancel, retry};
use pawdium_kit::waiting::{SOON, count, until, until_idle};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::JobId;
use pawdium_queue::{Enqueue as _, Limits, control};
use sqlx::PgPool;

use crate::gates::Gate;
use crate::kinds::Owned;
use crate::kinds::queues;
use crate::workers::start_workers;

async fn submit(db: &PgPool, owner: &str, photos: usize) -> Vec<JobId> {
    let jobs: Vec<_> = (0..photos).map(|number| Owned::new(format!("{owner}:{number}"))).collect();
    transact(db, async |tx| Owned::enqueue_all(tx, &jobs).await.expect("they fit")).await
}

async fn paused(db: &PgPool) {
    let mut db = db.acquire().await.expect("a connection");
    assert!(control::pause(&mut db, queues::MEDIA).await.expect("no error"));
}

/// Runs all jobs, one at a time, and returns the order in which they started. The queue is resumed before the worker
/// starts: if the notification came after its first claim, it would hand back its prefetched jobs and claim later ones.
async fn run_all(db: &PgPool) -> Vec<String> {
    let gate = Gate::open();
    let mut connection = db.acquire().await.expect("a connection");
    control::resume(&mut connection, queues::MEDIA).await.expect("no error");
    drop(connection);
    let workers = start_workers(db, &gate.runner()).await;
    until_idle(db).await;
    workers.stop().await;
    gate.started.read()
}

fn position(order: &[String], text: &str) -> usize {
    order.iter().position(|started| started == text).expect("it ran")
}

/// Returns how many other jobs start before the single job of an owner that comes after ten of another owner's thousand.
async fn position_behind_a_thousand(db: &PgPool) -> usize {
    submit(db, "ada", 1000).await;
    let gate = Gate::closed();
    let workers = start_workers(db, &gate.runner()).await;
    gate.pass(10);
    gate.until_started(11).await;
    submit(db, "bo", 1).await;
    gate.pass(10);
    let started = async || Some(gate.started.read()).filter(|order| order.iter().any(|text| text == "bo:0"));
    let order = until("the single job starts", SOON, started).await;
    workers.stop().await;
    position(&order, "bo:0") - 11
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_single_job_waits_for_at_most_three_of_another_owners_thousand(db: PgPool) {
    let before = position_behind_a_thousand(&db).await;
    assert!(before <= 3, "{before} started before it");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_same_is_true_if_partitions_have_limits(db: PgPool) {
    let limits = Limits { partition_max_running: Some(8), ..Limits::default() };
    let mut connection = db.acquire().await.expect("a connection");
    control::set_limits(&mut connection, queues::MEDIA, limits).await.expect("no error");
    drop(connection);
    let before = position_behind_a_thousand(&db).await;
    assert!(before <= 3, "{before} started before it");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn three_owners_take_turns(db: PgPool) {
    paused(&db).await;
    for owner in ["ada", "bo", "cy"] {
        submit(&db, owner, 30).await;
    }
    let order = run_all(&db).await;
    assert_eq!(order.len(), 90);
    for length in 1..90 {
        let had = ["ada:", "bo:", "cy:"]
            .map(|owner| order[..length].iter().filter(|text| text.starts_with(owner)).count());
        let (least, most) = (had.iter().min(), had.iter().max());
        assert!(most <= least.map(|least| least + 2).as_ref(), "{had:?} of the first {length}");
    }
    let own: Vec<_> = order.iter().filter(|text| text.starts_with("bo:")).cloned().collect();
    let in_order: Vec<_> = (0..30).map(|number| format!("bo:{number}")).collect();
    assert_eq!(own, in_order, "the jobs of one owner keep their order");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_owner_has_no_disadvantage_after_its_backlog_is_worked_off(db: PgPool) {
    submit(&db, "ada", 200).await;
    run_all(&db).await;
    paused(&db).await;
    submit(&db, "bo", 20).await;
    submit(&db, "ada", 1).await;
    let order = run_all(&db).await;
    assert!(position(&order, "ada:0") <= 2, "{order:?}");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn hundreds_that_become_due_together_take_turns_with_other_jobs(db: PgPool) {
    paused(&db).await;
    // As after an outage in which all first attempts failed, those of one owner before the other owner's.
    for (owner, photos) in [("ada", 300), ("bo", 1)] {
        submit(&db, owner, photos).await;
        let failed = "update jobs set state = 'scheduled', attempt = 1, run_at = now() - make_interval(secs => 1000 - id)";
        sqlx::query(failed).execute(&db).await.expect("jobs can wait");
    }
    let idle = Arc::new(());
    let poll = start_workers(&db, &pawdium_queue::Runner::new(idle)).await;
    let ready = "select count(*) from jobs where state = 'ready'";
    until("all are ready", SOON, async || (count(&db, ready).await == 301).then_some(())).await;
    poll.stop().await;
    let order = run_all(&db).await;
    assert!(position(&order, "bo:0") <= 2, "it started as number {}", position(&order, "bo:0"));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn hundreds_that_are_retried_by_hand_take_turns_with_other_jobs(db: PgPool) {
    paused(&db).await;
    let dead = submit(&db, "ada", 300).await;
    cancel(&db, &dead).await;
    // They come back in the middle of this owner's backlog.
    submit(&db, "cy", 300).await;
    assert_eq!(retry(&db, &dead).await.len(), 300);
    submit(&db, "bo", 1).await;
    let order = run_all(&db).await;
    let before = |owner: &str| order[..100].iter().filter(|text| text.starts_with(owner)).count();
    assert!(position(&order, "bo:0") <= 4, "it started as number {}", position(&order, "bo:0"));
    assert!(before("cy:") >= 45, "{} of the first hundred", before("cy:"));
    assert!(before("ada:") >= 45, "{} of the first hundred", before("ada:"));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn jobs_without_a_partition_run_by_age(db: PgPool) {
    paused(&db).await;
    submit(&db, "ada", 3).await;
    for number in 0..3 {
        enqueue(&db, &crate::kinds::Note::new(number.to_string())).await;
    }
    let order = run_all(&db).await;
    assert_eq!(order, ["0", "1", "2", "ada:0", "ada:1", "ada:2"]);
}

//! Actions of operators on queues and jobs while workers run.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use pawdium_db::Tx;
use pawdium_kit::operators::{assert_balanced, cancel, delete, pause, resume, retry, until_running};
use pawdium_kit::waiting::{
    SOON, count, find_job, until, until_all_have_beaten, until_idle, until_job_is, until_listening,
};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::JobId;
use pawdium_queue::{Enqueue as _, JobError, Runner, control};
use sqlx::PgPool;

use crate::gates::Gate;
use crate::kinds::queues;
use crate::kinds::{Diary, Note, Owned, Patient, Single, Traceless};
use crate::workers::start_workers;

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_cancelled_while_it_is_prefetched_never_starts(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let jobs: Vec<_> = (0..20).map(|number| Traceless::new(number.to_string())).collect();
    let jobs = transact(&db, async |tx| Traceless::enqueue_all(tx, &jobs).await.expect("they fit")).await;
    gate.until_inside("", 4).await;
    until_running(&db, 20).await;
    let ahead = jobs[4..].to_vec();
    assert_eq!(cancel(&db, &ahead).await, ahead);
    // A heartbeat finds it at the latest.
    until_all_have_beaten(&db).await;
    gate.pass(20);
    until_idle(&db).await;
    assert_eq!(gate.started.read().len(), 4);
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_cancelled_while_it_waits_never_starts(db: PgPool) {
    let later = Duration::from_hours(1);
    let scheduled = transact(&db, async |tx| Note::new("scheduled").enqueue_in(tx, later).await).await;
    let scheduled = scheduled.expect("no error").expect("no key");
    let ready = enqueue(&db, &Note::new("ready")).await;
    let other = enqueue(&db, &Note::new("other")).await;
    let unknown = JobId(1_000_000);
    assert_eq!(cancel(&db, &[scheduled, unknown, ready]).await, [scheduled, ready]);
    assert_eq!(cancel(&db, &[scheduled, ready]).await, [], "they are no longer live");
    let gate = Gate::open();
    let workers = start_workers(&db, &gate.runner()).await;
    until_job_is(&db, other, "done").await;
    for job in [scheduled, ready] {
        let row = find_job(&db, job).await.expect("it is remembered");
        assert_eq!((row.state.as_str(), row.attempt), ("cancelled", 0));
        assert_eq!(row.last_error.as_deref(), Some("cancelled by a test"));
    }
    assert_eq!(gate.started.read(), ["other"]);
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_running_job_that_is_cancelled_is_stopped_and_makes_room(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let first = enqueue(&db, &Owned::new("first")).await;
    let second = enqueue(&db, &Owned::new("second")).await;
    gate.until_inside("first", 1).await;
    assert_eq!(cancel(&db, &[first]).await, [first]);
    // Only one runs at a time, so the first one has made room.
    gate.until_inside("second", 1).await;
    assert_eq!(gate.stopped.read(), ["first"]);
    gate.pass(1);
    until_job_is(&db, second, "done").await;
    workers.stop().await;
    assert_eq!(find_job(&db, first).await.expect("it is remembered").state, "cancelled");
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_worker_without_notifications_stops_a_cancelled_job(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let job = enqueue(&db, &Patient::new("unheard")).await;
    gate.until_inside("unheard", 1).await;
    until_listening(&db, 1).await;
    // It listens again after 1.5 s, which is too late for this notification.
    let deafened = "select count(*) from (select pg_terminate_backend(pid, 60000) from pg_stat_activity
                    where datname = current_database() and query like 'LISTEN%') as killed";
    assert_eq!(count(&db, deafened).await, 1);
    assert_eq!(cancel(&db, &[job]).await, [job]);
    until("it is stopped", SOON, async || (gate.stopped.read() == ["unheard"]).then_some(())).await;
    workers.stop().await;
    assert_eq!(find_job(&db, job).await.expect("it is remembered").state, "cancelled");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_notified_worker_stops_a_cancelled_job_without_a_heartbeat(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let job = enqueue(&db, &Patient::new("told")).await;
    gate.until_inside("told", 1).await;
    until_listening(&db, 1).await;
    // The lock blocks heartbeats, so only the notification can stop the job.
    let mut lock = Tx::begin(&db).await.expect("a transaction");
    sqlx::query("lock table job_workers in share row exclusive mode")
        .execute(&mut *lock)
        .await
        .expect("it is there");
    assert_eq!(cancel(&db, &[job]).await, [job]);
    until("it is stopped", SOON, async || (gate.stopped.read() == ["told"]).then_some(())).await;
    lock.rollback().await.expect("nobody has ended it");
    workers.stop().await;
    assert_eq!(find_job(&db, job).await.expect("it is remembered").state, "cancelled");
}

/// Cancels its own job, and completes it all the same.
async fn go_on_regardless(db: &PgPool, diary: &Diary, claim: &pawdium_queue::Claim) -> Result<(), JobError> {
    // One transaction, so that nothing stops the handler before it completes the job.
    let mut tx = Tx::begin(db).await?;
    control::cancel(&mut tx, &[claim.job()], "cancelled").await?;
    match claim.complete(&mut tx, &Note::new("")).await {
        Ok(()) => diary.write("completed"),
        Err(error) => diary.write(error.to_string()),
    }
    tx.commit().await?;
    Ok(())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_outcome_of_a_cancelled_job_is_refused(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let runner = Runner::new(Arc::new((db.clone(), Arc::clone(&diary))))
        .on::<Note>(|_, (db, diary), claim| Box::pin(go_on_regardless(db, diary, claim)));
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Note::new("")).await;
    until_job_is(&db, job, "cancelled").await;
    // All outcomes are written by then.
    workers.stop().await;
    assert_eq!(diary.read(), ["another worker has taken this job over"]);
    assert_eq!(find_job(&db, job).await.expect("it is remembered").state, "cancelled");
    assert_eq!(count(&db, "select count(*) from job_history").await, 1);
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_that_is_cancelled_and_retried_runs_again(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let job = enqueue(&db, &Owned::new("again")).await;
    gate.until_inside("again", 1).await;
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    control::cancel(&mut tx, &[job], "cancelled").await.expect("no error");
    assert_eq!(control::retry(&mut tx, &[job]).await.expect("no error"), [job]);
    tx.commit().await.expect("it commits");
    until("the first run is stopped", SOON, async || (!gate.stopped.read().is_empty()).then_some(())).await;
    gate.pass(1);
    assert_eq!(until_job_is(&db, job, "done").await.attempt, 1);
    assert_eq!(gate.started.read(), ["again", "again"]);
    workers.stop().await;
    assert_balanced(&db).await;
}

fn hopeless() -> Runner<()> {
    Runner::new(Arc::new(()))
        .on::<Single>(|_, (), _| Box::pin(async { Err(JobError::give_up(anyhow!("hopeless"))) }))
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_retried_job_has_its_key_again_unless_another_job_has_it(db: PgPool) {
    let workers = start_workers(&db, &hopeless()).await;
    let first = enqueue(&db, &Single::new("key")).await;
    until_job_is(&db, first, "dead").await;
    pause(&db, queues::CACHE).await;
    let second = enqueue(&db, &Single::new("key")).await;
    assert_eq!(retry(&db, &[first]).await, [], "the second has the key");
    assert_eq!(find_job(&db, first).await.expect("it stays").state, "dead");
    assert_eq!(delete(&db, &[second]).await, [second]);

    assert_eq!(retry(&db, &[first]).await, [first]);
    let third = transact(&db, async |tx| Single::new("key").enqueue(tx).await.expect("no error")).await;
    assert_eq!(third, None, "the first has the key again");
    resume(&db, queues::CACHE).await;
    until_job_is(&db, first, "dead").await;
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_two_dead_jobs_with_one_key_the_older_is_retried(db: PgPool) {
    let workers = start_workers(&db, &hopeless()).await;
    let mut dead = Vec::new();
    for _ in 0..2 {
        let job = enqueue(&db, &Single::new("key")).await;
        until_job_is(&db, job, "dead").await;
        dead.push(job);
    }
    workers.stop().await;
    assert_eq!(retry(&db, &dead).await, [dead[0]]);
    assert_eq!(find_job(&db, dead[1]).await.expect("it stays").state, "dead");
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_scheduled_job_that_is_retried_runs_now(db: PgPool) {
    let job = transact(&db, async |tx| Patient::new("").enqueue_in(tx, Duration::from_hours(1)).await).await;
    let job = job.expect("no error").expect("no key");
    let gate = Gate::open();
    let workers = start_workers(&db, &gate.runner()).await;
    assert_eq!(retry(&db, &[job]).await, [job]);
    until_job_is(&db, job, "done").await;
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn waiting_and_ended_jobs_can_be_deleted_and_running_ones_can_not(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let running = enqueue(&db, &Note::new("running")).await;
    gate.until_inside("running", 1).await;
    let ready = enqueue(&db, &Note::new("ready")).await;
    let cancelled = enqueue(&db, &Note::new("cancelled")).await;
    cancel(&db, &[cancelled]).await;
    assert_eq!(delete(&db, &[running, ready, cancelled]).await, [ready, cancelled]);
    assert!(find_job(&db, ready).await.is_none());
    assert!(find_job(&db, cancelled).await.is_none());
    gate.pass(1);
    until_job_is(&db, running, "done").await;
    assert_eq!(delete(&db, &[running]).await, [running]);
    assert_eq!(gate.started.read(), ["running"]);
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn cancelling_a_thousand_jobs_that_are_ending_ends_each_once(db: PgPool) {
    let gate = Gate::open();
    let workers = [start_workers(&db, &gate.runner()).await, start_workers(&db, &gate.runner()).await];
    let mut cancelled = 0;
    for round in 0..5 {
        let jobs: Vec<_> = (0..200).map(|number| Single::new(format!("{round} {number}"))).collect();
        let ids = transact(&db, async |tx| Single::enqueue_all(tx, &jobs).await.expect("they fit")).await;
        gate.until_started(round * 200 - cancelled + 20).await;
        cancelled += cancel(&db, &ids).await.len();
        until_idle(&db).await;
    }
    for workers in workers {
        workers.stop().await;
    }
    let ended = |outcome| {
        sqlx::query_scalar("select count(*) from job_history where outcome::text = $1").bind(outcome)
    };
    let ended: (i64, i64) = (
        ended("done").fetch_one(&db).await.expect("jobs can be counted"),
        ended("cancelled").fetch_one(&db).await.expect("jobs can be counted"),
    );
    assert_eq!(ended.0 + ended.1, 1000);
    assert_eq!(usize::try_from(ended.1), Ok(cancelled));
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_cancellation_survives_a_deadlock(db: PgPool) {
    let first = enqueue(&db, &Note::new("first")).await;
    let second = enqueue(&db, &Note::new("second")).await;
    let lock = "select from jobs where id = $1 for update";
    let mut other = Tx::begin(&db).await.expect("a connection");
    // Postgres ends the other transaction because of the deadlock.
    sqlx::query("set local deadlock_timeout = '10min'").execute(&mut *other).await.expect("the tests may");
    sqlx::query(lock).bind(second.0).execute(&mut *other).await.expect("it is there");
    let both = [first, second];
    let (cancelled, ()) = tokio::join!(cancel(&db, &both), async {
        let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'
                       and datname = current_database()";
        until("the cancellation waits", SOON, async || (count(&db, waiting).await > 0).then_some(())).await;
        sqlx::query(lock).bind(first.0).execute(&mut *other).await.expect("the other one is rolled back");
        other.commit().await.expect("nothing has gone wrong");
    });
    assert_eq!(cancelled, both);
}

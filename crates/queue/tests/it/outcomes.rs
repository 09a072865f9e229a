//! The outcomes of jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::anyhow;
use pawdium_db::Tx;
use pawdium_kit::waiting::{SOON, count, until, until_all_have_beaten, until_idle, until_job_is};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::{Claim, Job as _, JobError, Limits, Runner, control};
use sqlx::PgPool;

use crate::gates::Gate;
use crate::kinds::queues;
use crate::kinds::{Diary, Flaky, Note, Patient, Traceless};
use crate::workers::start_workers;

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_attempt_counts_when_it_starts(db: PgPool) {
    let runner = Runner::new(Arc::new(db.clone())).on::<Note>(|_, db, claim| {
        Box::pin(async move {
            let attempt: i16 = sqlx::query_scalar("select attempt from jobs where id = $1")
                .bind(claim.job().0)
                .fetch_one(db)
                .await?;
            if attempt == 1 { Ok(()) } else { Err(JobError::give_up(anyhow!("attempt is {attempt}"))) }
        })
    });
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Note::new("")).await;
    assert_eq!(until_job_is(&db, job, "done").await.attempt, 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_failing_job_is_tried_again_after_its_backoff_and_then_dead_with_its_last_error(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let runner = Runner::new(Arc::clone(&diary)).on::<Flaky>(|_, diary, claim| {
        Box::pin(async move {
            diary.write(claim.attempt().to_string());
            Err(JobError::retry(anyhow!("cause {}", claim.attempt()).context("failed")))
        })
    });
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Flaky::new("")).await;
    let dead = until_job_is(&db, job, "dead").await;
    assert_eq!((dead.attempt, dead.max_attempts), (3, 3));
    assert_eq!(dead.last_error.as_deref(), Some("failed: cause 3"));
    assert_eq!(diary.read(), ["1", "2", "3"]);
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_that_waits_for_its_next_attempt_has_its_error_and_time(db: PgPool) {
    let runner = Runner::new(Arc::new(()))
        .on::<Patient>(|_, (), _| Box::pin(async { Err(JobError::retry(anyhow!("no answer"))) }));
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Patient::new("")).await;
    let waiting = until_job_is(&db, job, "scheduled").await;
    assert_eq!(waiting.last_error.as_deref(), Some("no answer"));
    assert_eq!(waiting.attempt, 1);
    // Between a tenth of an hour and all of it.
    assert!(waiting.at - chrono::Utc::now() < chrono::TimeDelta::hours(1), "{waiting:?}");
    assert!(waiting.at - waiting.created_at > chrono::TimeDelta::minutes(6), "{waiting:?}");
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_that_gives_up_is_dead_at_once(db: PgPool) {
    let runner = Runner::new(Arc::new(()))
        .on::<Note>(|_, (), _| Box::pin(async { Err(JobError::give_up(anyhow!("hopeless"))) }));
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Note::new("")).await;
    let dead = until_job_is(&db, job, "dead").await;
    assert_eq!((dead.attempt, dead.last_error.as_deref()), (1, Some("hopeless")));
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_dead_job_is_retried_by_hand_with_all_its_attempts(db: PgPool) {
    let mended = Arc::new(AtomicBool::new(false));
    let runner = Runner::new(Arc::clone(&mended)).on::<Flaky>(|_, mended, _| {
        Box::pin(async {
            if mended.load(Ordering::Relaxed) { Ok(()) } else { Err(JobError::give_up(anyhow!("broken"))) }
        })
    });
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Flaky::new("")).await;
    until_job_is(&db, job, "dead").await;
    let retry = async || transact(&db, async |tx| control::retry(tx, &[job]).await).await;
    mended.store(true, Ordering::Relaxed);
    assert_eq!(retry().await.expect("no error"), [job]);
    assert_eq!(until_job_is(&db, job, "done").await.attempt, 1);
    assert_eq!(retry().await.expect("no error"), [], "a job that is done isn't run again");
    workers.stop().await;
}

/// Completes a job that another process has taken over.
async fn be_overtaken(db: &PgPool, diary: &Diary, claim: &Claim) -> Result<(), JobError> {
    if claim.attempt() > 1 {
        return Ok(());
    }
    // One transaction, because a heartbeat that sees the change would stop this handler.
    let mut tx = Tx::begin(db).await?;
    sqlx::query("update jobs set state = 'ready', worker_id = null, claim = claim + 1 where id = $1")
        .bind(claim.job().0)
        .execute(&mut *tx)
        .await?;
    match claim.complete(&mut tx, &Note::new("")).await {
        Ok(()) => diary.write("completed"),
        Err(error) => diary.write(error.to_string()),
    }
    tx.commit().await?;
    // Finishes all the same, which writes an outcome under the old claim.
    Ok(())
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lost_claim_can_not_write_an_outcome(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let runner = Runner::new(Arc::new((db.clone(), Arc::clone(&diary))))
        .on::<Note>(|_, (db, diary), claim| Box::pin(be_overtaken(db, diary, claim)));
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Note::new("")).await;
    let done = until_job_is(&db, job, "done").await;
    assert_eq!(done.attempt, 2, "the outcome of the first attempt must not count");
    assert_eq!(diary.read(), ["another worker has taken this job over"]);
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_handlers_rows_and_its_outcome_commit_together(db: PgPool) {
    let runner = Runner::new(Arc::new(db.clone())).on::<Flaky>(|job, db, claim| {
        Box::pin(async move {
            let mut tx = Tx::begin(db).await?;
            sqlx::query(
                "insert into ranking_epochs (weight, prior) values (1, array_fill(0.1::float8, array[10]))",
            )
            .execute(&mut *tx)
            .await?;
            claim.complete(&mut tx, &job).await?;
            if claim.attempt() == 1 {
                drop(tx);
                return Err(JobError::retry(anyhow!("the commit failed")));
            }
            tx.commit().await?;
            Ok(())
        })
    });
    let epochs = "select count(*) from ranking_epochs";
    let before = count(&db, epochs).await;
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Flaky::new("")).await;
    assert_eq!(until_job_is(&db, job, "done").await.attempt, 2);
    assert_eq!(count(&db, epochs).await, before + 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_buried_by_its_handler_is_dead_with_that_error(db: PgPool) {
    let runner = Runner::new(Arc::new(db.clone())).on::<Note>(|_, db, claim| {
        Box::pin(async move {
            let mut tx = Tx::begin(db).await?;
            claim.bury(&mut tx, &anyhow!("beyond repair")).await?;
            tx.commit().await?;
            Ok(())
        })
    });
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Note::new("")).await;
    let dead = until_job_is(&db, job, "dead").await;
    assert_eq!(dead.last_error.as_deref(), Some("beyond repair"));
    workers.stop().await;
    assert_eq!(count(&db, "select count(*) from jobs").await, 0, "also after all outcomes are written");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_is_noted_until_none_of_its_jobs_runs(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    for text in ["one", "two", "three"] {
        enqueue(&db, &Traceless::new(text)).await;
    }
    gate.until_inside("", 3).await;
    assert_eq!(count(&db, "select count(*) from running_jobs('cache')").await, 3);
    gate.pass(2);
    gate.until_inside("", 1).await;
    until_count(&db, "select count(*) from running_jobs('cache')", 1).await;
    gate.pass(1);
    until_count(&db, "select count(*) from job_batches", 0).await;
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_is_forgotten_if_handlers_complete_its_jobs_themselves(db: PgPool) {
    let runner = Runner::new(Arc::new(db.clone())).on::<Note>(|job, db, claim| {
        Box::pin(async move {
            let mut tx = Tx::begin(db).await?;
            claim.complete(&mut tx, &job).await?;
            Ok(tx.commit().await?)
        })
    });
    let workers = start_workers(&db, &runner).await;
    let job = enqueue(&db, &Note::new("")).await;
    until_job_is(&db, job, "done").await;
    until_count(&db, "select count(*) from job_batches", 0).await;
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_batch_within_limits_is_forgotten(db: PgPool) {
    let limits = Limits { partition_max_running: Some(2), ..Limits::default() };
    control::set_limits(&mut db.acquire().await.expect("a connection"), queues::CACHE, limits)
        .await
        .expect("no error");
    let gate = Gate::open();
    let workers = start_workers(&db, &gate.runner()).await;
    for number in 0..10 {
        enqueue(&db, &Traceless::new(number.to_string())).await;
        until_idle(&db).await;
    }
    until_count(&db, "select count(*) from job_batches", 0).await;
    workers.stop().await;
}

/// The lock blocks the writing of outcomes, but no claims.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn nothing_is_claimed_while_too_many_outcomes_are_unwritten(db: PgPool) {
    const JOBS: i64 = 40_000;
    sqlx::query(
        "insert into jobs (queue, kind, max_attempts, payload)
         select 'cache', $1, 3, '{\"text\": \"\"}' from generate_series(1, $2)",
    )
    .bind(Traceless::KIND)
    .bind(JOBS)
    .execute(&db)
    .await
    .expect("there is room");
    let mut lock = Tx::begin(&db).await.expect("a transaction");
    sqlx::query("lock table job_movements in exclusive mode").execute(&mut *lock).await.expect("it is free");
    let gate = Gate::open();
    let workers = start_workers(&db, &gate.runner()).await;
    let claimed = async || count(&db, "select count(*) from jobs where state = 'running'").await;
    until("many are claimed", SOON, async || (claimed().await >= 20_000).then_some(())).await;
    until_all_have_beaten(&db).await;
    let claimed = claimed().await;
    assert!(claimed <= 25_000, "{claimed}");
    lock.rollback().await.expect("it is given back");
    until_idle(&db).await;
    workers.stop().await;
}

async fn until_count(db: &PgPool, query: &'static str, wanted: i64) {
    until(query, SOON, async || (count(db, query).await == wanted).then_some(())).await;
}

//! Operator actions on queues and jobs, and invariants that must hold afterwards.

use pawdium_queue::{JobId, Queue, control, ledger};
use sqlx::PgPool;

use crate::waiting::{SOON, count, until, until_all_have_beaten};
use crate::workers::transact;

/// Cancels jobs. Returns those that were live.
pub async fn cancel(db: &PgPool, jobs: &[JobId]) -> Vec<JobId> {
    transact(db, async |tx| control::cancel(tx, jobs, "cancelled by a test").await.expect("no error")).await
}

/// Retries jobs. Returns those that are ready now.
pub async fn retry(db: &PgPool, jobs: &[JobId]) -> Vec<JobId> {
    transact(db, async |tx| control::retry(tx, jobs).await.expect("no error")).await
}

/// Deletes jobs. Returns those that are gone.
pub async fn delete(db: &PgPool, jobs: &[JobId]) -> Vec<JobId> {
    transact(db, async |tx| control::delete(tx, jobs).await.expect("no error")).await
}

/// Pauses a running queue.
pub async fn pause(db: &PgPool, queue: Queue) {
    assert!(control::pause(&mut db.acquire().await.expect("a connection"), queue).await.expect("no error"));
}

/// Resumes a paused queue.
pub async fn resume(db: &PgPool, queue: Queue) {
    assert!(control::resume(&mut db.acquire().await.expect("a connection"), queue).await.expect("no error"));
}

/// Asserts that the ledger of every kind balances.
pub async fn assert_balanced(db: &PgPool) {
    let accounts = ledger::balance(&mut db.acquire().await.expect("a connection")).await.expect("no error");
    assert!(accounts.iter().all(|account| account.missing() == 0), "{accounts:#?}");
}

/// Breaks the poll, so that workers rely on notifications.
pub async fn without_poll(db: &PgPool) {
    sqlx::query("drop function job_round").execute(db).await.expect("the poll's function is there");
    until_all_have_beaten(db).await;
}

/// Waits until this many jobs are running.
pub async fn until_running(db: &PgPool, jobs: i64) {
    until(&format!("{jobs} are claimed"), SOON, async || {
        (count(db, "select count(*) from jobs where state = 'running'").await == jobs).then_some(())
    })
    .await;
}

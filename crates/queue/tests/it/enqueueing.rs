//! Enqueueing jobs.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join_all};
use pawdium_db::{Db, Tx};
use pawdium_kit::waiting::{SOON, count, until, until_job_is};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::{Enqueue as _, Runner};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::kinds::{Again, Diary, Flaky, Latest, Note, Single};
use crate::workers::start_workers;

const JOBS: &str = "select count(*) from jobs";

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_job_exists_exactly_when_its_transaction_commits(db: PgPool) {
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    Note::new("lost").enqueue(&mut tx).await.expect("it can be enqueued");
    tx.rollback().await.expect("it rolls back");
    assert_eq!(count(&db, JOBS).await, 0);

    let mut tx = Tx::begin(&db).await.expect("a transaction");
    Note::new("kept").enqueue(&mut tx).await.expect("it can be enqueued");
    assert_eq!(count(&db, JOBS).await, 0);
    tx.commit().await.expect("it commits");
    assert_eq!(count(&db, JOBS).await, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn many_jobs_are_enqueued_in_order_and_at_once(db: PgPool) {
    let jobs: Vec<_> = (0..1000).map(|number| Note::new(number.to_string())).collect();
    let ids = transact(&db, async |tx| Note::enqueue_all(tx, &jobs).await.expect("they fit")).await;
    assert_eq!(ids.len(), 1000);
    assert!(ids.is_sorted());
    let texts: Vec<String> = sqlx::query_scalar("select payload->>'text' from jobs order by id")
        .fetch_all(&db)
        .await
        .expect("jobs can be read");
    assert!(texts.iter().map(String::as_str).eq(jobs.iter().map(|job| job.text.as_str())));
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn each_call_that_enqueues_alone_gets_the_id_of_its_own_job(db: PgPool) {
    let ours = &Db::from(db.clone());
    let notes = join_all((0..200).map(|n| async move {
        let job = Note::new(format!("note {n}")).enqueue_alone(ours).await;
        (job.expect("it can be enqueued").expect("it is new"), format!("note {n}"))
    }));
    let others = join_all((0..100).map(|n| async move {
        let job = Flaky::new(format!("other {n}")).enqueue_alone(ours).await;
        (job.expect("it can be enqueued").expect("it is new"), format!("other {n}"))
    }));
    let (notes, others) = join(notes, others).await;
    let mut expected: Vec<_> = notes.into_iter().chain(others).map(|(job, text)| (job.0, text)).collect();
    expected.sort();
    let stored: Vec<(i64, String)> = sqlx::query_as("select id, payload->>'text' from jobs order by id")
        .fetch_all(&db)
        .await
        .expect("jobs can be read");
    assert_eq!(stored, expected);
    let commits: i64 = sqlx::query_scalar("select count(distinct xmin::text) from jobs")
        .fetch_one(&db)
        .await
        .expect("the statement is right");
    assert!(commits < 30, "{commits} transactions");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_second_job_with_the_key_of_a_live_one_is_skipped_without_an_error(db: PgPool) {
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    assert!(Single::new("a").enqueue(&mut tx).await.expect("no error").is_some());
    assert!(Single::new("a").enqueue(&mut tx).await.expect("no error").is_none());
    assert!(Single::new("b").enqueue(&mut tx).await.expect("no error").is_some());
    let both = [Single::new("c"), Single::new("a"), Single::new("c")];
    assert_eq!(Single::enqueue_all(&mut tx, &both).await.expect("no error").len(), 1);
    tx.commit().await.expect("the transaction is sound");
    assert_eq!(count(&db, JOBS).await, 3);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn of_many_transactions_with_the_same_key_all_commit_and_one_enqueues(db: PgPool) {
    let enqueueing = (0..8).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = Tx::begin(&db).await.expect("a transaction");
            let job = Single::new("a").enqueue(&mut tx).await.expect("no error");
            tokio::time::sleep(Duration::from_millis(30)).await;
            sqlx::query("select 1").execute(&mut *tx).await.expect("the transaction is sound");
            tx.commit().await.expect("it commits");
            job.is_some()
        })
    });
    let mut enqueued = 0;
    for task in enqueueing.collect::<Vec<_>>() {
        enqueued += usize::from(task.await.expect("no panic"));
    }
    assert_eq!(enqueued, 1);
    assert_eq!(count(&db, JOBS).await, 1);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_kind_can_replace_the_payload_of_a_waiting_job(db: PgPool) {
    let job = enqueue(&db, &Latest::new("old")).await;
    let again = transact(&db, async |tx| Latest::new("new").enqueue(tx).await.expect("no error")).await;
    assert!(again.is_none());
    let text: String = sqlx::query_scalar("select payload->>'text' from jobs where id = $1")
        .bind(job.0)
        .fetch_one(&db)
        .await
        .expect("the job is there");
    assert_eq!(text, "new");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_key_of_waiting_jobs_allows_one_more_while_the_first_runs(db: PgPool) {
    let (gate, diary) = (Arc::new(Semaphore::new(0)), Arc::new(Diary::default()));
    let passing = Arc::clone(&gate);
    let runner = Runner::new(Arc::clone(&diary)).on::<Again>(move |job, diary, _| {
        let gate = Arc::clone(&passing);
        Box::pin(async move {
            diary.write(job.text);
            gate.acquire().await?.forget();
            Ok(())
        })
    });
    let workers = start_workers(&db, &runner).await;
    let first = enqueue(&db, &Again::new("a")).await;
    until("the first runs", SOON, async || (diary.read().len() == 1).then_some(())).await;

    // The second waits, or runs beside the first. There must be no third.
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    let second = Again::new("a").enqueue(&mut tx).await.expect("no error").expect("the first is running");
    assert!(Again::new("a").enqueue(&mut tx).await.expect("no error").is_none());
    tx.commit().await.expect("it commits");
    gate.add_permits(2);
    until_job_is(&db, first, "done").await;
    until_job_is(&db, second, "done").await;
    assert_eq!(diary.read().len(), 2);
    workers.stop().await;
}

/// An operator who cancels jobs locks them in the order of their ids, and enqueueing in the order of their keys.
#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_deadlock_on_keys_is_not_an_error(db: PgPool) {
    let jobs = ["a", "b"].map(Single::new);
    let two = transact(&db, async |tx| Single::enqueue_all(tx, &jobs).await.expect("no error").len()).await;
    assert_eq!(two, 2);

    let mut operator = Tx::begin(&db).await.expect("a transaction");
    let patience = "set local deadlock_timeout = '1min'";
    sqlx::query(patience).execute(&mut *operator).await.expect("the enqueuer finds the deadlock");
    let lock = "select from jobs where unique_key = $1 for update";
    sqlx::query(lock).bind("b").execute(&mut *operator).await.expect("nobody else has it");
    let again = tokio::spawn({
        let db = db.clone();
        async move { transact(&db, async |tx| Single::enqueue_all(tx, &["a", "b"].map(Single::new)).await).await }
    });
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    until("the enqueuer waits", SOON, async || (count(&db, waiting).await == 1).then_some(())).await;
    sqlx::query(lock).bind("a").execute(&mut *operator).await.expect("the enqueuer is rolled back");
    operator.commit().await.expect("nothing is in the way");
    let added = again.await.expect("no panic").expect("no error");
    assert!(added.is_empty(), "both are live: {added:?}");
}

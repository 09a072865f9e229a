//! The order in which jobs run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pawdium_kit::waiting::{SOON, until, until_idle, until_job_is, until_listening};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::{Enqueue as _, Runner};
use sqlx::PgPool;

use crate::kinds::{Diary, Note, Urgent};
use crate::workers::start_workers;

fn writing(diary: &Arc<Diary>) -> Runner<Arc<Diary>> {
    Runner::new(Arc::new(Arc::clone(diary)))
        .on::<Note>(|job, diary, _| {
            Box::pin(async move {
                diary.write(job.text);
                Ok(())
            })
        })
        .on::<Urgent>(|job, diary, _| {
            Box::pin(async move {
                diary.write(job.text);
                Ok(())
            })
        })
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn urgent_jobs_run_first_and_then_the_oldest(db: PgPool) {
    enqueue(&db, &Note::new("old")).await;
    enqueue(&db, &Note::new("young")).await;
    enqueue(&db, &Urgent::new("urgent, old")).await;
    enqueue(&db, &Urgent::new("urgent, young")).await;
    let diary = Arc::new(Diary::default());
    let workers = start_workers(&db, &writing(&diary)).await;
    until_idle(&db).await;
    assert_eq!(diary.read(), ["urgent, old", "urgent, young", "old", "young"]);
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_scheduled_job_runs_when_it_is_due_and_not_before(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let workers = start_workers(&db, &writing(&diary)).await;
    let delay = Duration::from_secs(3);
    let enqueued = Instant::now();
    let job = transact(&db, async |tx| Note::new("later").enqueue_in(tx, delay).await).await;
    let job = job.expect("no error").expect("no key");
    let sooner = enqueue(&db, &Note::new("sooner")).await;
    until_job_is(&db, sooner, "done").await;
    until_job_is(&db, job, "done").await;
    assert!(enqueued.elapsed() >= delay, "{:?}", enqueued.elapsed());
    assert_eq!(diary.read().len(), 2);
    workers.stop().await;
}

/// Measures how long a job with this delay waits until it runs.
async fn latency(db: &PgPool, diary: &Diary, delay: Duration) -> Duration {
    let before = diary.read().len();
    let enqueued = Instant::now();
    let job = transact(db, async |tx| Note::new("ping").enqueue_in(tx, delay).await).await;
    job.expect("no error").expect("no key");
    until("it runs", SOON, async || (diary.read().len() > before).then_some(())).await;
    enqueued.elapsed()
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_notification_wakes_the_worker_long_before_its_next_poll(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let workers = start_workers(&db, &writing(&diary)).await;
    until_listening(&db, 1).await;
    // Each is enqueued just after the last one has run. If the poll found them, all but the first would take 1.5 s.
    let mut latencies = Vec::new();
    for _ in 0..9 {
        latencies.push(latency(&db, &diary, Duration::ZERO).await);
    }
    let quick = latencies.iter().filter(|latency| **latency < Duration::from_secs(1)).count();
    assert!(quick >= 5, "{latencies:?}");
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_short_delay_ends_long_before_the_next_poll(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let workers = start_workers(&db, &writing(&diary)).await;
    until_listening(&db, 1).await;
    let delay = Duration::from_millis(250);
    let mut latencies = Vec::new();
    for _ in 0..9 {
        latencies.push(latency(&db, &diary, delay).await);
    }
    assert!(latencies.iter().all(|latency| *latency >= delay), "{latencies:?}");
    let quick = latencies.iter().filter(|latency| **latency < Duration::from_secs(1)).count();
    assert!(quick >= 5, "{latencies:?}");
    workers.stop().await;
}

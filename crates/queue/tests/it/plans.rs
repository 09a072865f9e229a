//! The plans of the queue's statements.

use std::sync::Arc;

use pawdium_kit::waiting::{SOON, count, until, until_alone};
use pawdium_kit::workers::enqueue;
use pawdium_queue::{JobError, Runner};
use sqlx::PgPool;

use crate::gates::Gate;
use crate::kinds::{Diary, Flaky, Note};
use crate::workers::start_workers;

/// From its sixth execution on, Postgres keeps the plan of a prepared statement.
const UNTIL_PLANNED: usize = 8;
const BACKLOG: i64 = 20_000;
/// The number of jobs that are ready.
const READY: i64 = 5_000;

/// Notes succeed at once, and flaky jobs at their second attempt.
fn writing(diary: &Arc<Diary>) -> Runner<Arc<Diary>> {
    Runner::new(Arc::new(Arc::clone(diary)))
        .on::<Note>(|job, diary, _| {
            Box::pin(async move {
                diary.write(job.text);
                Ok(())
            })
        })
        .on::<Flaky>(|job, diary, claim| {
            Box::pin(async move {
                if claim.attempt() == 1 {
                    return Err(JobError::retry(anyhow::anyhow!("not yet")));
                }
                diary.write(job.text);
                Ok(())
            })
        })
}

/// Runs this many jobs of both kinds, one after the other.
async fn run(db: &PgPool, diary: &Diary, jobs: usize) {
    for _ in 0..jobs {
        let before = diary.read().len();
        enqueue(db, &Note::new("note")).await;
        enqueue(db, &Flaky::new("flaky")).await;
        until("both have run", SOON, async || (diary.read().len() == before + 2).then_some(())).await;
    }
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn plans_made_for_an_empty_table_find_jobs_by_index(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let workers = start_workers(&db, &writing(&diary)).await;
    run(&db, &diary, UNTIL_PLANNED).await;
    let backlog = "insert into jobs (queue, kind, payload, state, max_attempts, run_at)
                   select 'media', 'test.note.v1', '{}', 'scheduled', 1, now() + interval '1 day'
                   from generate_series(1, $1)";
    sqlx::query(backlog).bind(BACKLOG).execute(&db).await.expect("jobs are inserted");
    run(&db, &diary, UNTIL_PLANNED).await;
    workers.stop().await;
    until_alone(&db).await;
    let read = "select seq_tup_read from pg_stat_user_tables where relname = 'jobs'";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&db).await.expect("the table has figures");
    assert!(read < BACKLOG, "{read} rows of jobs were read by scanning all of them");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn no_claim_reads_a_whole_backlog_after_an_analyze_without_ready_jobs(db: PgPool) {
    for made in [
        // In random order of queues, as in any table that has been in use.
        "insert into jobs (queue, kind, payload, state, worker_id, max_attempts)
         select case when random() < 0.5 then 'cache' else 'mail' end, 'test.traceless.v1', '{}', 'running', 7, 1
         from generate_series(1, 300)",
        "analyze jobs",
        "delete from jobs",
    ] {
        sqlx::query(made).execute(&db).await.expect("the statistics are made");
    }
    let fill = "insert into jobs (queue, kind, payload, max_attempts)
                select 'cache', 'test.traceless.v1', '{\"text\": \"\"}', 1 from generate_series(1, $1)";
    sqlx::query(fill).bind(READY).execute(&db).await.expect("jobs are inserted");
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    gate.pass(3);
    gate.until_started(4).await;
    workers.stop().await;
    until_alone(&db).await;
    let read = "select idx_tup_fetch from pg_stat_user_tables where relname = 'jobs'";
    let read = count(&db, read).await;
    assert!(read < READY, "{read} rows of jobs were read to run three of them");
}

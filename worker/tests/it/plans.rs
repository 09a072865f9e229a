//! How the queue's statements find their jobs.

use std::sync::Arc;

use pawdium_shared::queue::{JobError, Runner};
use sqlx::PgPool;

use crate::kinds::{Diary, Flaky, Note};
use crate::waiting::{SOON, until};
use crate::workers::{Workers, enqueue};

/// From its sixth execution on, Postgres keeps the plan of a prepared statement.
const UNTIL_PLANNED: usize = 8;
const BACKLOG: i64 = 20_000;

/// Notes work at once, flaky ones at their second attempt.
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

/// Runs that many jobs of both kinds, one after the other.
async fn run(db: &PgPool, diary: &Diary, jobs: usize) {
    for _ in 0..jobs {
        let before = diary.read().len();
        enqueue(db, &Note::new("note")).await;
        enqueue(db, &Flaky::new("flaky")).await;
        until("both have run", SOON, async || (diary.read().len() == before + 2).then_some(())).await;
    }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_are_found_by_index_by_plans_that_were_made_when_there_were_none(db: PgPool) {
    let diary = Arc::new(Diary::default());
    let workers = Workers::start(&db, &writing(&diary)).await;
    run(&db, &diary, UNTIL_PLANNED).await;
    let backlog = "insert into jobs (queue, kind, payload, state, max_attempts, run_at)
                   select 'media', 'test.note.v1', '{}', 'scheduled', 1, now() + interval '1 day'
                   from generate_series(1, $1)";
    sqlx::query(backlog).bind(BACKLOG).execute(&db).await.expect("jobs are inserted");
    run(&db, &diary, UNTIL_PLANNED).await;
    // Sessions report what they have read when they end.
    workers.stop().await;
    let read = "select seq_tup_read from pg_stat_user_tables where relname = 'jobs'";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&db).await.expect("the table has figures");
    assert!(read < BACKLOG, "{read} rows of jobs were read by scanning all of them");
}

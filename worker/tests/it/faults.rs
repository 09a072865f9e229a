//! Workers that die, and databases that go away.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_shared::queue::{Claim, JobError, Runner};
use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::kinds::{Diary, Flaky, Note};
use crate::waiting::{SOON, count, until, until_job_is};
use crate::workers::{Workers, enqueue, spawn_test};

/// Hangs when it runs for the first time.
async fn hang_at_first(claim: &Claim) -> Result<(), JobError> {
    if claim.attempt() == 1 {
        std::future::pending::<()>().await;
    }
    Ok(())
}

fn hanging() -> Runner<()> {
    Runner::new(Arc::new(()))
        .on::<Note>(|_, (), claim| Box::pin(hang_at_first(claim)))
        .on::<Flaky>(|_, (), _| Box::pin(std::future::pending()))
}

/// Not a test: what the others start to kill it.
#[tokio::test]
#[ignore = "is the worker process of other tests"]
async fn worker_process() {
    let Ok(url) = std::env::var("TEST_PROCESS_DATABASE") else { return };
    let db = PgPool::connect(&url).await.expect("the database is there");
    let _workers = Workers::start(&db, &hanging()).await;
    std::future::pending::<()>().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_job_whose_worker_was_killed_is_taken_by_another_within_twenty_seconds(db: PgPool) {
    let mut victim = spawn_test("faults::worker_process", &db);
    let job = enqueue(&db, &Note::new("")).await;
    until_job_is(&db, job, "running").await;
    let workers = Workers::start(&db, &hanging()).await;
    victim.kill().await.expect("it can be killed");
    let killed = Utc::now();
    assert_eq!(until_job_is(&db, job, "done").await.attempt, 2);
    let claimed: DateTime<Utc> = sqlx::query_scalar("select claimed_at from job_history where id = $1")
        .bind(job.0)
        .fetch_one(&db)
        .await
        .expect("it is remembered");
    assert!(claimed - killed < TimeDelta::seconds(20), "claimed again {} after the kill", claimed - killed);
    assert_eq!(count(&db, "select count(*) from job_workers where gone_at is null").await, 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_job_that_kills_its_worker_each_time_is_dead_after_its_attempts(db: PgPool) {
    let job = enqueue(&db, &Flaky::new("")).await;
    sqlx::query("update jobs set attempt = 2 where id = $1").bind(job.0).execute(&db).await.expect("a job");
    let mut victim = spawn_test("faults::worker_process", &db);
    until_job_is(&db, job, "running").await;
    victim.kill().await.expect("it can be killed");
    // What would be silence for fifteen seconds.
    sqlx::query("update job_workers set beat_at = now() - interval '20 seconds'")
        .execute(&db)
        .await
        .expect("rows");
    let workers = Workers::start(&db, &hanging()).await;
    let dead = until_job_is(&db, job, "dead").await;
    assert_eq!(dead.attempt, 3);
    assert!(dead.last_error.is_some_and(|error| error.contains("worker died")));
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_live_worker_keeps_a_job_for_longer_than_the_lease(db: PgPool) {
    let (gate, diary) = (Arc::new(Semaphore::new(0)), Arc::new(Diary::default()));
    let runner = waiting_at(&gate, &diary);
    let (first, second) = (Workers::start(&db, &runner).await, Workers::start(&db, &runner).await);
    let job = enqueue(&db, &Note::new("")).await;
    until_job_is(&db, job, "running").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    gate.add_permits(5);
    assert_eq!(until_job_is(&db, job, "done").await.attempt, 1);
    assert_eq!(diary.read().len(), 1);
    first.stop().await;
    second.stop().await;
}

fn waiting_at(gate: &Arc<Semaphore>, diary: &Arc<Diary>) -> Runner<(Arc<Semaphore>, Arc<Diary>)> {
    Runner::new(Arc::new((Arc::clone(gate), Arc::clone(diary)))).on::<Note>(|job, (gate, diary), _| {
        Box::pin(async move {
            diary.write(job.text);
            gate.acquire().await?.forget();
            Ok(())
        })
    })
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn work_that_ended_while_the_database_was_away_is_acked_and_work_goes_on(db: PgPool) {
    let (gate, diary) = (Arc::new(Semaphore::new(0)), Arc::new(Diary::default()));
    let workers = Workers::start(&db, &waiting_at(&gate, &diary)).await;
    let job = enqueue(&db, &Note::new("before")).await;
    until("it runs", SOON, async || (!diary.read().is_empty()).then_some(())).await;
    // For two seconds nobody is let in, and whoever is in is thrown out.
    let name = db.connect_options().get_database().expect("a database").to_owned();
    let admin =
        PgPool::connect(&std::env::var("DATABASE_URL").expect("it is set")).await.expect("a connection");
    let allow = |yes: bool| sqlx::AssertSqlSafe(format!("alter database {name:?} allow_connections {yes}"));
    sqlx::query(allow(false)).execute(&admin).await.expect("a superuser");
    sqlx::query("select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $1")
        .bind(&name)
        .execute(&admin)
        .await
        .expect("a superuser");
    gate.add_permits(2);
    tokio::time::sleep(Duration::from_secs(2)).await;
    sqlx::query(allow(true)).execute(&admin).await.expect("a superuser");
    admin.close().await;

    assert_eq!(until_job_is(&db, job, "done").await.attempt, 1);
    let after = enqueue(&db, &Note::new("after")).await;
    until_job_is(&db, after, "done").await;
    assert_eq!(diary.read(), ["before", "after"]);
    workers.stop().await;
}

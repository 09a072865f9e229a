//! Databases that crash, go away, or end sessions.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_chaos::kinds::{Again, Note};
use pawdium_chaos::launch::RoleProcess;
use pawdium_chaos::sessions::{self, Use};
use pawdium_chaos::starts;
use pawdium_shared::db::Tx;
use pawdium_shared::queues;
use sqlx::PgPool;

use crate::bench::{Bench, Private, SOON, until};

/// Waits until this many more jobs have ended.
async fn until_ended(bench: &Bench, more: i64) {
    let goal = bench.ended().await + more;
    until("jobs end", SOON, async || (bench.ended().await >= goal).then_some(())).await;
}

async fn end_the_load(bench: &Bench, mut enqueuer: RoleProcess) {
    enqueuer.terminate();
    assert!(enqueuer.wait().await.expect("it is ours").success());
    bench.until_idle(SOON * 2).await;
}

#[tokio::test]
async fn postgres_may_crash_amid_claims_and_outcomes_and_no_outcome_is_lost_and_no_effect_doubled() {
    let mut private = Private::start().await;
    let bench = &private.bench;
    let mut workers = ["one", "two"].map(|name| bench.start(&bench.versatile_worker(name)));
    let enqueuer = bench.start_enqueuer(200);
    for away in [0, 1, 3] {
        until_ended(bench, 200).await;
        // It ends while Postgres is away, at least in the last round.
        let note = bench.enqueue(Note { tag: away, first_ms: 2500, then_ms: 2500 }).await;
        bench.until_job_is(note, "running").await;
        // Wait until its claim is on disk.
        tokio::time::sleep(Duration::from_secs(1)).await;
        private.stack.crash_postgres().await;
        starts::note_crash(bench.folder()).expect("it can be written");
        tokio::time::sleep(Duration::from_secs(away.unsigned_abs())).await;
        private.stack.restart_postgres().await.expect("it recovers");
        assert_eq!(bench.until_job_is(note, "done").await.attempt, 1, "its outcome waited for Postgres");
    }
    until_ended(bench, 200).await;
    end_the_load(bench, enqueuer).await;
    assert!(workers.iter_mut().all(|worker| worker.ended().is_none()), "they went on without a restart");
    bench.assert_in_order().await;
    private.stop().await;
}

#[tokio::test]
async fn a_key_enqueued_again_while_a_job_with_a_forgotten_claim_runs_is_run_again() {
    let mut private = Private::start().await;
    let bench = &private.bench;
    // With one slot, the worker can't claim the job again while it runs it.
    let _worker = bench.start(&bench.worker("worker", &[(queues::CACHE, 1, 0)]));
    for round in 0..3_i64 {
        let again = |tag| Again { tag: 2 * round + tag, key: "the one".to_owned(), ms: 3000 };
        let job = bench.ask_for(again(0)).await.expect("no other job has its key");
        until("it runs", SOON, async || (bench.starts_of(job) > 0).then_some(())).await;
        // The crash may come before the claim is on disk.
        private.stack.crash_postgres().await;
        starts::note_crash(bench.folder()).expect("it can be written");
        private.stack.restart_postgres().await.expect("it recovers");
        let forgotten = bench.find(job).await.is_some_and(|row| row.state == "ready");
        let new = bench.ask_for(again(1)).await;
        println!("round {round}: claim forgotten {forgotten}, enqueued anew {}", new.is_some());
        bench.until_idle(SOON).await;
        bench.assert_in_order().await;
    }
    private.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn sessions_that_claim_complete_listen_or_beat_may_be_ended_at_any_time(db: PgPool) {
    let bench = Bench::on(db).await;
    let mut workers = ["worker-1", "worker-2"].map(|name| bench.start(&bench.versatile_worker(name)));
    let enqueuer = bench.start_enqueuer(200);
    for of in Use::ALL.repeat(2) {
        let end = async || {
            let ended = sessions::end_one(&bench.db, "worker", of).await.expect("the database is there");
            ended.then_some(())
        };
        until(&format!("a session for {of:?} is ended"), SOON, end).await;
        until_ended(&bench, 30).await;
    }
    end_the_load(&bench, enqueuer).await;
    let listening = async || {
        let count = sessions::count(&bench.db, "worker", Use::Listen).await.expect("the database is there");
        (count == 2).then_some(())
    };
    until("both listen again", SOON, listening).await;
    assert!(workers.iter_mut().all(|worker| worker.ended().is_none()), "they went on without a restart");
    bench.assert_in_order().await;
}

/// Waits until a lease has ended, and returns when it did.
async fn until_one_is_gone(bench: &Bench) -> DateTime<Utc> {
    let gone = "select gone_at from job_workers where gone_at is not null";
    let gone = async || sqlx::query_scalar(gone).fetch_optional(&bench.db).await.ok().flatten();
    until("a lease has ended", SOON, gone).await
}

#[tokio::test]
async fn a_worker_has_its_whole_lease_after_a_restart_of_postgres() {
    let mut private = Private::start().await;
    let bench = &private.bench;
    let silent = bench.start(&bench.worker("silent", &[(queues::MAIL, 1, 0)]));
    let registered = "select count(*) from job_workers";
    until("it has registered", SOON, async || (bench.count(registered).await == 1).then_some(())).await;
    silent.freeze();
    let silence = "update job_workers set beat_at = now() - interval '20 seconds'";
    sqlx::query(silence).execute(&bench.db).await.expect("it has a row");
    private.stack.crash_postgres().await;
    private.stack.restart_postgres().await.expect("it recovers");
    let _judge = bench.start(&bench.worker("judge", &[(queues::MAIL, 1, 0)]));
    let gone = until_one_is_gone(bench).await;
    let started: DateTime<Utc> = sqlx::query_scalar("select pg_postmaster_start_time()")
        .fetch_one(&bench.db)
        .await
        .expect("it has started");
    assert!(gone - started >= TimeDelta::seconds(15), "{}", gone - started);
    private.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_worker_that_was_silent_itself_ends_no_lease_before_its_second_heartbeat(db: PgPool) {
    let bench = Bench::on(db).await;
    // After a restart, no worker counts as silent.
    let up = "select count(*) where pg_postmaster_start_time() < now() - interval '20 seconds'";
    until("Postgres is up for a while", SOON, async || (bench.count(up).await == 1).then_some(())).await;
    let _judge = bench.start(&bench.worker("judge", &[(queues::MAIL, 1, 0)]));
    let beaten = "select count(*) from job_workers where beat_at > started_at";
    until("it has beaten", SOON, async || (bench.count(beaten).await == 1).then_some(())).await;
    // The lock keeps heartbeats from coming in between.
    let mut tx = Tx::begin(&bench.db).await.expect("a transaction");
    sqlx::query("lock table job_workers in share row exclusive mode")
        .execute(&mut *tx)
        .await
        .expect("a table");
    let last_beat: DateTime<Utc> =
        sqlx::query_scalar("select beat_at from job_workers").fetch_one(&mut *tx).await.expect("one worker");
    sqlx::query("insert into job_workers (name, host, pid) values ('silent', 'elsewhere', 1)")
        .execute(&mut *tx)
        .await
        .expect("another worker");
    let silence = "update job_workers set beat_at = now() - interval '20 seconds'";
    sqlx::query(silence).execute(&mut *tx).await.expect("they have rows");
    tx.commit().await.expect("it commits");
    let gone = until_one_is_gone(&bench).await;
    // Heartbeats are 3 s apart.
    assert!(gone - last_beat >= TimeDelta::milliseconds(4500), "{}", gone - last_beat);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn claims_whose_answer_was_lost_or_whose_worker_has_no_row_are_handed_back(db: PgPool) {
    let bench = Bench::on(db).await;
    let note = |tag| Note { tag, first_ms: 0, then_ms: 0 };
    let jobs = bench.enqueue_all([note(1), note(2)]).await;
    // The first worker of a database has the id 1. It has claimed the first job, and no worker has the id of the second.
    for (job, worker) in jobs.iter().zip([1_i64, 1000]) {
        sqlx::query(
            "with claimed as (
                 update jobs set state = 'running', worker_id = $2, claim = 1, attempt = 1,
                                 claimed_at = now() - interval '20 seconds'
                 where id = $1 returning queue, worker_id, id
             )
             insert into job_batches (queue, worker_id, number, jobs)
             select queue, worker_id, 1000, array[id] from claimed",
        )
        .bind(job)
        .bind(worker)
        .execute(&bench.db)
        .await
        .expect("it is ready");
    }
    let _worker = bench.start(&bench.worker("worker", &[(queues::MAIL, 1, 0)]));
    for job in jobs {
        assert_eq!(bench.until_job_is(job, "done").await.attempt, 2);
    }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_forgotten_claim_that_the_same_worker_claims_again_runs_once(db: PgPool) {
    let bench = Bench::on(db).await;
    let _worker = bench.start(&bench.worker("worker", &[(queues::MAIL, 2, 0)]));
    let job = bench.enqueue(Note { tag: 1, first_ms: 8000, then_ms: 0 }).await;
    until("it runs", SOON, async || (bench.starts_of(job) > 0).then_some(())).await;
    // The state after a crash that forgets the claim.
    sqlx::query(
        "with forgotten as (
             update jobs set state = 'ready', worker_id = null, claimed_at = null, claim = claim - 1, attempt = attempt - 1
             where id = $1
         )
         select pg_notify('pawdium_jobs', 'mail')",
    )
    .bind(job)
    .execute(&bench.db)
    .await
    .expect("it is running");
    assert_eq!(bench.until_job_is(job, "done").await.attempt, 1);
    assert_eq!(bench.starts_of(job), 1);
}

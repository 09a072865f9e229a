//! Databases that crash, go away, and end sessions.

use std::time::Duration;

use pawdium_chaos::cast::Actor;
use pawdium_chaos::kinds::Note;
use pawdium_chaos::sessions::{self, Use};
use sqlx::PgPool;

use crate::bench::{Bench, Private, SOON, until};

/// Waits until so many more jobs have ended.
async fn until_ended(bench: &Bench, more: i64) {
    let goal = bench.ended().await + more;
    until("jobs end", SOON, async || (bench.ended().await >= goal).then_some(())).await;
}

async fn end_the_load(bench: &Bench, mut enqueuer: Actor) {
    enqueuer.terminate();
    assert!(enqueuer.wait().await.expect("it is ours").success());
    bench.until_idle(SOON * 2).await;
}

#[tokio::test]
async fn postgres_may_crash_amid_claims_and_acks_and_no_ack_is_lost_and_no_effect_doubled() {
    let mut private = Private::start().await;
    let bench = &private.bench;
    let mut workers = ["one", "two"].map(|name| bench.start(&bench.versatile_worker(name)));
    let enqueuer = bench.start_enqueuer(200);
    for away in [0, 1, 3] {
        until_ended(bench, 200).await;
        // It ends while Postgres is away, at least the last time.
        let note = bench.enqueue(Note { tag: away, first_ms: 1500, then_ms: 0 }).await;
        bench.until_job_is(note, "running").await;
        private.stack.crash_postgres().await;
        tokio::time::sleep(Duration::from_secs(away.unsigned_abs())).await;
        private.stack.restart_postgres().await.expect("it recovers");
        assert_eq!(bench.until_job_is(note, "done").await.attempt, 1, "its ack waited for Postgres");
    }
    until_ended(bench, 200).await;
    end_the_load(bench, enqueuer).await;
    assert!(workers.iter_mut().all(|worker| worker.ended().is_none()), "they went on without a restart");
    bench.is_in_order().await;
    private.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn sessions_that_claim_ack_listen_or_keep_the_lease_may_be_ended_at_any_time(db: PgPool) {
    let bench = Bench::on(db).await;
    let mut workers = ["worker-1", "worker-2"].map(|name| bench.start(&bench.versatile_worker(name)));
    let enqueuer = bench.start_enqueuer(200);
    for of in Use::ALL.repeat(3) {
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
    bench.is_in_order().await;
}

//! Workers that get no notifications.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_chaos::kinds::Note;
use pawdium_chaos::sessions::{self, Use};
use pawdium_kit::relay::{Relay, Target};
use sqlx::PgPool;

use crate::bench::{Bench, SOON, until};

async fn until_listening(bench: &Bench) {
    let listening = async || {
        let count = sessions::count(&bench.db, "worker", Use::Listen).await.expect("the database is there");
        (count == 1).then_some(())
    };
    until("the worker listens", SOON, listening).await;
}

/// The time from a job's commit until its claim, by the database's clock. It is the median of five, so that a delay of the
/// machine does not count.
async fn wait_for_a_claim(bench: &Bench) -> TimeDelta {
    let mut waits = Vec::new();
    for tag in 0..5 {
        let job = bench.enqueue(Note { tag: tag + bench.ended().await, first_ms: 0, then_ms: 0 }).await;
        let enqueued: DateTime<Utc> = bench.now().await;
        bench.until_job_is(job, "done").await;
        waits.push(bench.claimed_at(job).await - enqueued);
    }
    waits.sort_unstable();
    waits[2]
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_worker_whose_listener_receives_nothing_finds_jobs_within_two_seconds(db: PgPool) {
    let mut bench = Bench::on(db).await;
    let options = bench.db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    bench.url = relay.url(&options).into();
    let _worker = bench.start(&bench.versatile_worker("worker"));
    until_listening(&bench).await;
    assert_eq!(relay.silence_those_who_said(b"LISTEN"), 1);
    let wait = wait_for_a_claim(&bench).await;
    assert!(wait <= TimeDelta::seconds(2), "{wait}");
    bench.assert_in_order().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_worker_whose_listener_was_ended_finds_jobs_within_two_seconds_and_listens_again(db: PgPool) {
    let bench = Bench::on(db).await;
    let _worker = bench.start(&bench.versatile_worker("worker"));
    until_listening(&bench).await;
    assert!(sessions::end_one(&bench.db, "worker", Use::Listen).await.expect("the database is there"));
    let wait = wait_for_a_claim(&bench).await;
    assert!(wait <= TimeDelta::seconds(2), "{wait}");
    until_listening(&bench).await;
}

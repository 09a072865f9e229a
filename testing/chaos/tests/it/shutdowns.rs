//! Workers that get SIGTERM.

use pawdium_chaos::kinds::{Note, Slow};
use pawdium_shared::queues;
use sqlx::PgPool;

use crate::bench::{Bench, SOON, until};

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_stopping_worker_completes_jobs_that_end_in_time_and_hands_back_the_rest_at_once(db: PgPool) {
    let bench = Bench::on(db).await;
    let serves = [(queues::MEDIA, 1, 0), (queues::MAIL, 4, 20)];
    let mut leaving = bench.start(&bench.worker("leaving", &serves));
    let long = bench.enqueue(Slow { tag: 0, first_ms: 6000, then_ms: 0, holds: true }).await;
    let notes = bench.enqueue_all((0..12).map(|tag| Note { tag, first_ms: 800, then_ms: 0 })).await;
    let running = "select count(*) from jobs where state = 'running'";
    until("all are claimed", SOON, async || (bench.count(running).await == 13).then_some(())).await;
    leaving.terminate();
    let status = tokio::time::timeout(SOON, leaving.wait()).await.expect("it ends in time").expect("ours");
    assert!(status.success(), "{status}");

    let (mut done, mut ready) = (0, 0);
    for job in notes {
        let row = bench.find(job).await.expect("it is not lost");
        match (row.state.as_str(), row.attempt) {
            ("done", 1) => done += 1,
            ("ready", 0) => ready += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(done >= 4 && ready >= 1, "{done} were done and {ready} handed back");
    let row = bench.find(long).await.expect("it is not lost");
    assert_eq!((row.state.as_str(), row.attempt), ("ready", 0), "it isn't counted");
    assert!(bench.effects_of(long).await.is_empty());

    let _next = bench.start(&bench.worker("next", &serves));
    bench.until_idle(SOON).await;
    assert_eq!(bench.find(long).await.map(|row| row.attempt), Some(1));
    bench.assert_in_order().await;
}

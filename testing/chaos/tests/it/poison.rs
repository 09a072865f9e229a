//! Jobs that harm their worker.

use std::os::unix::process::ExitStatusExt as _;

use pawdium_chaos::kinds::{Aborts, Bloats, Effect, Garbled, Hangs, Note, Panics};
use pawdium_shared::queues;
use rustix::process::Signal;
use sqlx::PgPool;

use crate::bench::{Bench, SOON};

fn effects(tags: std::ops::Range<i64>) -> impl Iterator<Item = Effect> {
    tags.map(|tag| Effect { tag })
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_panic_a_hang_and_nonsense_fail_alone(db: PgPool) {
    let bench = Bench::on(db).await;
    let note = |tag| Note { tag, first_ms: 100, then_ms: 0 };
    let mut good = bench.enqueue_all((0..5).map(note)).await;
    let panics = bench.enqueue(Panics { tag: 0 }).await;
    let hangs = bench.enqueue(Hangs { tag: 0 }).await;
    let garbled = bench.enqueue(Garbled { tag: 0, said: true }).await;
    good.extend(bench.enqueue_all((5..10).map(note)).await);
    good.extend(bench.enqueue_all(effects(0..10)).await);
    let mut worker = bench.start(&bench.versatile_worker("worker"));
    for job in good {
        assert_eq!(bench.until_job_is(job, "done").await.attempt, 1);
    }
    for (job, attempts, error) in [
        (panics, 2, "panicked: as it was told to"),
        (hangs, 2, "took longer than 700ms"),
        (garbled, 1, "undecodable"),
    ] {
        let dead = bench.until_job_is(job, "dead").await;
        let last = dead.last_error.expect("a dead job says why");
        assert!(last.contains(error), "{last}");
        assert_eq!(dead.attempt, attempts);
    }
    let after = bench.enqueue(note(10)).await;
    bench.until_job_is(after, "done").await;
    assert!(worker.ended().is_none(), "the worker lives on");
    bench.assert_in_order().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_that_take_their_worker_with_them_are_dead_after_their_attempts_and_the_others_done(db: PgPool) {
    let bench = Bench::on(db).await;
    bench.enqueue_all(effects(0..50)).await;
    let poison = [bench.enqueue(Aborts { tag: 0 }).await, bench.enqueue(Bloats { tag: 0 }).await];
    let role = bench.worker("worker", &[(queues::CACHE, 2, 2), (queues::MAIL, 1, 0)]);
    let mut deaths = 0;
    loop {
        let mut worker = bench.start(&role);
        tokio::select! {
            () = bench.until_idle(SOON * 2) => break,
            status = worker.wait() => {
                let status = status.expect("it is ours");
                assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
            }
        }
        deaths += 1;
        assert!(deaths <= 4, "two attempts each");
        // Simulate a silence of 20 s.
        sqlx::query("update job_workers set beat_at = now() - interval '20 seconds'")
            .execute(&bench.db)
            .await
            .expect("there are rows");
    }
    assert_eq!(deaths, 4, "each job killed the worker at each of its attempts");
    for job in poison {
        let dead = bench.find(job).await.expect("it is not lost");
        assert_eq!((dead.state.as_str(), dead.attempt), ("dead", 2));
        assert!(dead.last_error.is_some_and(|error| error.contains("worker died")));
    }
    assert_eq!(bench.assert_in_order().await.done, 50);
}

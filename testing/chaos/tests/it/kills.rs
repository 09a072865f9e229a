//! Workers that are killed, and workers that stay alive.

use std::time::Duration;

use chrono::TimeDelta;
use pawdium_chaos::kinds::{Marathon, Note, Slow};
use pawdium_shared::queues;
use sqlx::PgPool;

use crate::bench::{Bench, SOON, until};

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_of_a_killed_worker_run_again_within_20_s_whether_it_comes_back_under_its_name_or_another(
    db: PgPool,
) {
    let bench = Bench::on(db).await;
    let slow = Slow { tag: 1, first_ms: 60_000, then_ms: 0, holds: true };
    let note = Note { tag: 1, first_ms: 60_000, then_ms: 0 };
    let (one, two) =
        (bench.worker("one", &[(queues::MEDIA, 1, 0)]), bench.worker("two", &[(queues::MAIL, 1, 0)]));
    let (mut first, mut second) = (bench.start(&one), bench.start(&two));
    let jobs = [bench.enqueue(slow).await, bench.enqueue(note).await];
    for job in jobs {
        bench.until_job_is(job, "running").await;
    }
    first.kill().await.expect("it can be killed");
    second.kill().await.expect("it can be killed");
    let killed = bench.now().await;
    let _again = bench.start(&one);
    let _another = bench.start(&bench.worker("three", &[(queues::MAIL, 1, 0)]));
    for job in jobs {
        let row = bench.until_job_is(job, "done").await;
        assert_eq!(row.attempt, 2);
        let recovery = bench.claimed_at(job).await - killed;
        assert!(recovery <= TimeDelta::seconds(20), "{recovery}");
    }
    bench.assert_in_order().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_job_longer_than_the_lease_and_those_claimed_with_it_run_once_in_a_worker_that_lives(db: PgPool) {
    let bench = Bench::on(db).await;
    let mut jobs = vec![Marathon { tag: 0, seconds: 20 }];
    jobs.extend((1..50).map(|tag| Marathon { tag, seconds: 0 }));
    let worker = bench.start(&bench.worker("at-work", &[(queues::UPKEEP, 1, 49)]));
    bench.enqueue_all(jobs).await;
    let running = "select count(*) from jobs where state = 'running'";
    until("all are claimed", SOON, async || (bench.count(running).await == 50).then_some(())).await;
    // This worker would claim any job that is handed back.
    let idle = bench.start(&bench.worker("idle", &[(queues::UPKEEP, 50, 0)]));
    bench.until_idle(SOON + Duration::from_secs(20)).await;
    assert!(worker.pid().is_some() && idle.pid().is_some());
    let verdict = bench.assert_in_order().await;
    assert_eq!(verdict.done, 50);
    assert_eq!(bench.count("select sum(attempt)::bigint from job_history").await, 50);
}

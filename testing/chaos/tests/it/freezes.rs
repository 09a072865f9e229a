//! A worker that is stopped, and continues after its lease has ended.

use chrono::TimeDelta;
use pawdium_chaos::kinds::{Note, Slow};
use pawdium_shared::queues;
use sqlx::PgPool;

use crate::bench::{Bench, SOON, until};

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_worker_frozen_past_its_lease_can_neither_complete_nor_commit_its_jobs(db: PgPool) {
    let bench = Bench::on(db).await;
    let serves = [(queues::MEDIA, 2, 0), (queues::MAIL, 1, 0)];
    let frozen = bench.start(&bench.worker("frozen", &serves));
    let slow = |tag, holds| Slow { tag, first_ms: 1500, then_ms: 5000, holds };
    let slow = bench.enqueue_all([slow(1, true), slow(2, false)]).await;
    let note = bench.enqueue(Note { tag: 1, first_ms: 1500, then_ms: 5000 }).await;
    let jobs = [slow[0], slow[1], note];
    for job in jobs {
        bench.until_job_is(job, "running").await;
    }
    frozen.freeze();
    let mut other = bench.start(&bench.worker("other", &serves));
    for job in jobs {
        let taken = async || bench.find(job).await.filter(|row| row.state == "running" && row.attempt == 2);
        until("the other has the job", SOON, taken).await;
    }
    // Its handlers end at once, while the other worker's handlers run.
    frozen.thaw();
    for job in jobs {
        assert_eq!(bench.until_job_is(job, "done").await.attempt, 2);
    }
    for job in slow {
        assert_eq!(bench.effects_of(job).await, [2], "the other's effect, and no other");
    }
    let (ended,): (chrono::DateTime<chrono::Utc>,) =
        sqlx::query_as("select finished_at from job_history where id = $1")
            .bind(note)
            .fetch_one(&bench.db)
            .await
            .expect("it is done");
    let ran = ended - bench.claimed_at(note).await;
    assert!(ran >= TimeDelta::milliseconds(4900), "the outcome is not from the other worker: {ran}");

    // The frozen worker works again.
    other.kill().await.expect("it can be killed");
    let after = bench.enqueue(Note { tag: 2, first_ms: 0, then_ms: 0 }).await;
    bench.until_job_is(after, "done").await;
    bench.assert_in_order().await;
}

//! Bad conditions: a slow connection, few connections, a transaction that never ends, and very many jobs.

use std::time::Duration;

use chrono::TimeDelta;
use pawdium_chaos::kinds::{Effect, Note, Slow};
use pawdium_chaos::sessions::Idler;
use pawdium_kit::relay::{Relay, Target};
use pawdium_queue::JobId;
use pawdium_shared::queues;
use sqlx::PgPool;

use crate::bench::{Bench, SOON, until};

/// Long enough for a job that nothing delays, on a busy machine.
const PROMPT: TimeDelta = TimeDelta::seconds(5);

/// The longest wait of a job that is found by a notification. Of jobs that are enqueued one after the other, the polls of
/// two workers, 1.5 s apart, find at most every other one this soon.
const NOTIFIED: TimeDelta = TimeDelta::milliseconds(700);

fn effects(tags: std::ops::Range<i64>) -> impl Iterator<Item = Effect> {
    tags.map(|tag| Effect { tag })
}

/// The time from a job's commit until its claim, by the database's clock.
async fn wait_for_a_claim(bench: &Bench, tag: i64) -> TimeDelta {
    let job = bench.enqueue(Note { tag, first_ms: 0, then_ms: 0 }).await;
    let enqueued = bench.now().await;
    bench.until_job_is(job, "done").await;
    bench.claimed_at(job).await - enqueued
}

/// Asserts that no notification is lost: no job waits long, and most are claimed before a poll could find them.
async fn assert_notified_of_jobs(bench: &Bench) {
    let mut waits = Vec::new();
    for tag in 10_000..10_009 {
        waits.push(wait_for_a_claim(bench, tag).await);
    }
    let notified = waits.iter().filter(|wait| **wait <= NOTIFIED).count();
    assert!(notified >= 6 && waits.iter().all(|wait| *wait <= PROMPT), "{waits:?}");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn twenty_milliseconds_to_the_database_slow_jobs_down_and_lose_no_wakeup(db: PgPool) {
    let mut bench = Bench::on(db).await;
    let options = bench.db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    relay.delay(Duration::from_millis(20));
    bench.url = relay.url(&options).into();
    let _workers = ["one", "two"].map(|name| bench.start(&bench.versatile_worker(name)));
    bench.enqueue_all(effects(0..300)).await;
    assert_notified_of_jobs(&bench).await;
    bench.until_idle(SOON).await;
    assert_eq!(bench.assert_in_order().await.done, 309);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn one_connection_is_enough_for_claims_outcomes_and_handlers(db: PgPool) {
    let bench = Bench::on(db).await;
    let mut role = bench.versatile_worker("worker");
    role.connections = 1;
    let _worker = bench.start(&role);
    // Some keep the connection for a while.
    bench.enqueue_all((0..10).map(|tag| Slow { tag, first_ms: 100, then_ms: 100, holds: true })).await;
    bench.enqueue_all(effects(0..300)).await;
    bench.until_idle(SOON).await;
    assert_notified_of_jobs(&bench).await;
    bench.until_idle(SOON).await;
    assert_eq!(bench.assert_in_order().await.done, 319);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_session_idle_in_a_transaction_delays_no_job(db: PgPool) {
    let bench = Bench::on(db).await;
    bench.enqueue(Effect { tag: -1 }).await;
    let idler = Idler::begin(&bench.db).await.expect("a session");
    let _workers = ["one", "two"].map(|name| bench.start(&bench.versatile_worker(name)));
    for round in 0..5 {
        bench.enqueue_all(effects(round * 1000..(round + 1) * 1000)).await;
        let wait = wait_for_a_claim(&bench, round).await;
        assert!(wait <= PROMPT, "{wait}");
    }
    assert_notified_of_jobs(&bench).await;
    bench.until_idle(SOON).await;
    idler.end().await.expect("nobody has ended it");
    assert_eq!(bench.assert_in_order().await.done, 5015);
}

/// Inserts a million jobs of one queue, with three priorities in turn.
async fn pile_up(bench: &Bench) {
    sqlx::query(
        "insert into jobs (queue, kind, priority, max_attempts, payload)
         select 'metrics', 'chaos.bulk.v1', n % 3, 100, jsonb_build_object('tag', n)
         from generate_series(1, 1000000) as n",
    )
    .execute(&bench.db)
    .await
    .expect("there is room");
}

/// The jobs in the order of the starts of their handlers.
fn started(bench: &Bench, worker: &str) -> Vec<JobId> {
    let log = bench.folder().join(format!("{worker}.starts"));
    let log = std::fs::read_to_string(log).expect("it has started something");
    let job = |line: &str| line.split(' ').nth(1).and_then(|job| job.parse().ok()).expect("a line of ours");
    log.lines().map(job).collect()
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_million_jobs_run_in_order_and_delay_no_other_queue(db: PgPool) {
    let bench = Bench::on(db).await;
    pile_up(&bench).await;
    // One job at a time, so that the order of starts is the order of claims.
    let mut role = bench.worker("orderly", &[(queues::METRICS, 1, 100)]);
    let mut orderly = bench.start(&role);
    until("some are done", SOON, async || (bench.ended().await >= 300).then_some(())).await;
    // This job comes late, but has the best priority.
    let urgent: JobId = sqlx::query_scalar(
        "insert into jobs (queue, kind, priority, max_attempts, payload)
         values ('metrics', 'chaos.bulk.v1', -1, 100, '{\"tag\": 0}') returning id",
    )
    .fetch_one(&bench.db)
    .await
    .expect("there is room");
    bench.until_job_is(urgent, "done").await;
    let left = bench.count("select count(*) from jobs").await;
    assert!(left > 900_000, "it waited for other jobs: {left} left");
    orderly.terminate();
    assert!(orderly.wait().await.expect("it is ours").success());

    let mut ran = started(&bench, "orderly");
    assert!(ran.contains(&urgent));
    ran.retain(|job| *job != urgent);
    let expected: Vec<JobId> = sqlx::query_scalar(
        "select id from (select id, priority from jobs union all select id, priority from job_history) as everything
         where id <> $2 order by priority, id limit $1",
    )
    .bind(i64::try_from(ran.len()).expect("few"))
    .bind(urgent)
    .fetch_all(&bench.db)
    .await
    .expect("jobs can be read");
    assert!(ran == expected, "by priority and then by age");

    // Jobs of another queue start at once beside the full one.
    role.name = "both".to_owned();
    role.serves = bench.worker("", &[(queues::METRICS, 4, 100), (queues::MAIL, 1, 0)]).serves;
    let _both = bench.start(&role);
    assert_notified_of_jobs(&bench).await;
}

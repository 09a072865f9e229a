//! Announced schedules and requested runs.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_kit::waiting::{SOON, count, until};
use pawdium_queue::schedules::{self, ScheduleRow};
use pawdium_queue::{Job, Queue};
use pawdium_scheduler::schedule::Schedule;
use pawdium_scheduler::tick::{Missed, When};
use pawdium_shared::db::Db;
use pawdium_shared::queues;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// The job that a tick enqueues.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    text: String,
}

impl Note {
    fn new(text: String) -> Self {
        Self { text }
    }
}

impl Job for Note {
    const KIND: &'static str = "test.note.v1";
    const QUEUE: Queue = queues::MEDIA;
}

/// Ticks at New Year. A schedule that has never fired has missed one tick, which fires at once.
fn yearly() -> [Schedule; 1] {
    let when = When::cron("0 0 0 1 1 *");
    [Schedule::new("yearly", when, Missed::Coalesce, |tick| Note::new(tick.to_rfc3339()))]
}

async fn list(db: &PgPool) -> Vec<ScheduleRow> {
    schedules::list(&mut db.acquire().await.expect("a connection")).await.expect("no error")
}

async fn request(db: &PgPool, name: &str) -> bool {
    schedules::request(&mut db.acquire().await.expect("a connection"), name).await.expect("no error")
}

/// Runs three schedulers until `day` ends.
async fn among_three<T>(db: &PgPool, day: impl Future<Output = T>) -> T {
    let stop = CancellationToken::new();
    let (one, two, three) = (yearly(), yearly(), yearly());
    let day = async {
        let seen = day.await;
        stop.cancel();
        seen
    };
    let db = Db::from(db.clone());
    tokio::join!(
        pawdium_scheduler::run(&db, &one, Utc::now, &stop),
        pawdium_scheduler::run(&db, &two, Utc::now, &stop),
        pawdium_scheduler::run(&db, &three, Utc::now, &stop),
        day
    )
    .3
}

async fn until_jobs(db: &PgPool, jobs: i64) {
    let what = format!("{jobs} jobs are enqueued");
    until(&what, SOON, async || (count(db, "select count(*) from jobs").await >= jobs).then_some(())).await;
}

/// Waits for the first job, and until a scheduler has announced what can be requested, which it does after that.
async fn until_requestable(db: &PgPool) {
    until_jobs(db, 1).await;
    until("a schedule is announced", SOON, async || (!list(db).await.is_empty()).then_some(())).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn schedulers_announce_their_schedules(db: PgPool) {
    let long_ago = "insert into schedules (name, expression, missed, kind, seen_at, requested_at)
                    values ('yearly', 'monthly', 'none', 'test.gone.v1', now() - interval '3 days', null)";
    sqlx::query(long_ago).execute(&db).await.expect("a schedule");
    let announced = async || list(&db).await.iter().any(|row| row.next_at.is_some()).then_some(());
    among_three(&db, async {
        until_jobs(&db, 1).await;
        until("a scheduler has announced the next tick", SOON, announced).await;
    })
    .await;
    let rows = list(&db).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.expression.as_str(), row.kind.as_str()), ("0 0 0 1 1 *", "test.note.v1"));
    assert_eq!(row.missed, "one run makes up for all");
    assert!(row.seen_at > Utc::now() - TimeDelta::hours(1));
    assert!(row.next_at > Some(Utc::now()) && row.last_tick < Some(Utc::now()));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn after_a_tick_the_next_one_is_announced(db: PgPool) {
    let when = When::cron("* * * * * *");
    let every_second = [Schedule::new("often", when, Missed::Coalesce, |tick| Note::new(tick.to_rfc3339()))];
    let stop = CancellationToken::new();
    let later = Utc::now() + TimeDelta::seconds(2);
    let announced = async || {
        list(&db)
            .await
            .iter()
            .any(|row| row.last_tick > Some(later) && row.next_at > row.last_tick)
            .then_some(())
    };
    let watching = async {
        until("the tick after one that fired is announced", SOON, announced).await;
        stop.cancel();
    };
    let pool = Db::from(db.clone());
    tokio::join!(pawdium_scheduler::run(&pool, &every_second, Utc::now, &stop), watching);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_requested_run_is_one_job(db: PgPool) {
    assert!(!request(&db, "yearly").await, "no scheduler has announced it yet");
    among_three(&db, async {
        until_requestable(&db).await;
        for run in 2..=5 {
            assert!(request(&db, "yearly").await);
            until_jobs(&db, run).await;
            let answered = async || list(&db).await[0].requested_at.is_none().then_some(());
            until("the request is taken", SOON, answered).await;
            assert_eq!(count(&db, "select count(*) from jobs").await, run);
        }
    })
    .await;
    // Requested runs have no ticks of their own. Their jobs are those of the last tick.
    assert_eq!(count(&db, "select count(*) from schedule_ticks").await, 1);
    assert_eq!(count(&db, "select count(distinct payload) from jobs").await, 1);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_requested_run_fires_within_two_seconds_and_is_requested_once(db: PgPool) {
    among_three(&db, until_requestable(&db)).await;
    assert!(request(&db, "yearly").await);
    assert!(!request(&db, "yearly").await, "it is already requested");
    // Two runs in time are enough, because the machine may stall during others.
    let mut waits = Vec::new();
    let in_time =
        |waits: &[TimeDelta]| waits.iter().filter(|wait| **wait < TimeDelta::seconds(2)).count() >= 2;
    among_three(&db, async {
        until_jobs(&db, 2).await;
        for run in 3..=12 {
            let asked: DateTime<Utc> =
                sqlx::query_scalar("select clock_timestamp()").fetch_one(&db).await.expect("a clock");
            assert!(request(&db, "yearly").await);
            until_jobs(&db, run).await;
            let fired: DateTime<Utc> =
                sqlx::query_scalar("select max(created_at) from jobs").fetch_one(&db).await.expect("jobs");
            waits.push(fired - asked);
            if in_time(&waits) {
                break;
            }
        }
    })
    .await;
    assert!(in_time(&waits), "{waits:?}");
}

//! What is known of the schedules, and runs that are asked for by hand.

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

/// What a tick enqueues.
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

/// Ticks at New Year; a schedule that never fired has missed one tick, which fires at once.
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

/// Lets three schedulers run while `day` lasts.
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

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn schedulers_write_down_what_they_fire_and_that_they_live(db: PgPool) {
    let long_ago = "insert into schedules (name, expression, missed, kind, seen_at, requested_at)
                    values ('yearly', 'monthly', 'none', 'test.gone.v1', now() - interval '3 days', null)";
    sqlx::query(long_ago).execute(&db).await.expect("a schedule");
    let told = async || list(&db).await.iter().any(|row| row.next_at.is_some()).then_some(());
    among_three(&db, async {
        until_jobs(&db, 1).await;
        until("a scheduler has told what comes next", SOON, told).await;
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
async fn when_a_tick_has_fired_the_next_one_is_told(db: PgPool) {
    let when = When::cron("* * * * * *");
    let every_second = [Schedule::new("often", when, Missed::Coalesce, |tick| Note::new(tick.to_rfc3339()))];
    let stop = CancellationToken::new();
    let later = Utc::now() + TimeDelta::seconds(2);
    let told = async || {
        list(&db)
            .await
            .iter()
            .any(|row| row.last_tick > Some(later) && row.next_at > row.last_tick)
            .then_some(())
    };
    let watching = async {
        until("the tick after one that fired is told", SOON, told).await;
        stop.cancel();
    };
    let pool = Db::from(db.clone());
    tokio::join!(pawdium_scheduler::run(&pool, &every_second, Utc::now, &stop), watching);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_run_that_is_asked_for_is_one_job_whoever_fires_it(db: PgPool) {
    assert!(!request(&db, "yearly").await, "nobody knows it yet");
    among_three(&db, async {
        until_jobs(&db, 1).await;
        for run in 2..=5 {
            assert!(request(&db, "yearly").await);
            until_jobs(&db, run).await;
            let answered = async || list(&db).await[0].requested_at.is_none().then_some(());
            until("the request is answered", SOON, answered).await;
            assert_eq!(count(&db, "select count(*) from jobs").await, run);
        }
    })
    .await;
    // It made no tick of its own, and ran as of the last one.
    assert_eq!(count(&db, "select count(*) from schedule_ticks").await, 1);
    assert_eq!(count(&db, "select count(distinct payload) from jobs").await, 1);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_run_is_fired_within_two_seconds_and_asked_for_once_until_then(db: PgPool) {
    among_three(&db, until_jobs(&db, 1)).await;
    assert!(request(&db, "yearly").await);
    assert!(!request(&db, "yearly").await, "it is asked for already");
    // A machine that stalls is no slow scheduler: two runs in time are enough, whatever became of some others.
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

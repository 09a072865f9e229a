//! Several schedulers at once, and ticks that were missed.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use pawdium_scheduler::schedule::Schedule;
use pawdium_scheduler::tick::{Missed, When};
use pawdium_shared::queue::cron::take_tick;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::kinds::Note;
use crate::waiting::{SOON, count, until};

fn every_second(missed: Missed) -> [Schedule; 1] {
    [Schedule::new("test", When::Every(1), missed, |tick| Note::new(tick.to_rfc3339()))]
}

/// Runs two schedulers until there are so many jobs.
async fn run_two(db: &PgPool, missed: Missed, wanted: i64) {
    let stop = CancellationToken::new();
    let (one, two) = (every_second(missed), every_second(missed));
    tokio::join!(
        pawdium_scheduler::run(db, &one, Utc::now, &stop),
        pawdium_scheduler::run(db, &two, Utc::now, &stop),
        async {
            until("the ticks have fired", SOON, async || {
                (count(db, "select count(*) from jobs").await >= wanted).then_some(())
            })
            .await;
            stop.cancel();
        }
    );
}

/// The ticks for which there are jobs, with how many there are of each.
async fn jobs(db: &PgPool) -> Vec<(DateTime<Utc>, i64)> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("select payload->>'text' as tick, count(*) from jobs group by tick order by tick")
            .fetch_all(db)
            .await
            .expect("jobs can be read");
    rows.into_iter().map(|(tick, count)| (tick.parse().expect("a time"), count)).collect()
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn two_schedulers_enqueue_one_job_a_tick(db: PgPool) {
    let begun = Utc::now().trunc_subsecs(0);
    run_two(&db, Missed::Replay { max: 100 }, 5).await;
    let jobs = jobs(&db).await;
    assert!(jobs.iter().all(|(tick, _)| (begun..=Utc::now()).contains(tick)), "{jobs:?}");
    assert!(jobs.iter().all(|(_, count)| *count == 1), "{jobs:?}");
    assert!(jobs.windows(2).all(|pair| pair[1].0 - pair[0].0 == TimeDelta::seconds(1)), "{jobs:?}");
    assert_eq!(
        count(&db, "select count(*) from schedule_ticks").await,
        i64::try_from(jobs.len()).expect("few")
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn ticks_that_were_missed_are_replayed_or_made_up_for_by_one(db: PgPool) {
    let last = Utc::now().trunc_subsecs(0) - TimeDelta::seconds(30);
    let mut connection = db.acquire().await.expect("a connection");
    assert!(take_tick(&mut connection, "test", last).await.expect("no error"));
    drop(connection);
    let begun = Utc::now().trunc_subsecs(0);
    run_two(&db, Missed::Coalesce, 1).await;
    let made_up = jobs(&db).await;
    assert!(
        made_up.iter().all(|(tick, _)| *tick >= begun),
        "of those that were missed none fires: {made_up:?}"
    );

    sqlx::query("delete from jobs").execute(&db).await.expect("no error");
    sqlx::query("delete from schedule_ticks where tick <> $1")
        .bind(last)
        .execute(&db)
        .await
        .expect("no error");
    run_two(&db, Missed::Replay { max: 1000 }, 30).await;
    let jobs = jobs(&db).await;
    assert_eq!(jobs[0], (last + TimeDelta::seconds(1), 1));
    assert!(jobs.iter().all(|(_, count)| *count == 1), "{jobs:?}");
    assert!(jobs.windows(2).all(|pair| pair[1].0 - pair[0].0 == TimeDelta::seconds(1)), "{jobs:?}");
}

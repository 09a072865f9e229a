//! Several schedulers, of which some die or have a wrong clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use pawdium_chaos::launch::RoleProcess;
use pawdium_chaos::roles::{COALESCED, REPLAYED, Role, Scheduler, schedules};
use pawdium_queue::cron::take_tick;
use pawdium_shared::db::Tx;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, SOON, until};

const EVERY_SECOND: &str = "* * * * * *";

/// The ticks of a schedule that have jobs, in order, with an entry for each job.
async fn ticks(db: &PgPool, schedule: &str) -> Vec<i64> {
    sqlx::query_scalar(
        "select (payload->>'tag')::bigint as tick from jobs where payload->>'schedule' = $1 order by tick",
    )
    .bind(schedule)
    .fetch_all(db)
    .await
    .expect("jobs can be read")
}

/// Asserts that each tick has exactly one job.
fn assert_gapless(ticks: &[i64], period: i64) {
    assert!(ticks.windows(2).all(|pair| pair[1] - pair[0] == period), "{ticks:?}");
}

fn assert_single(ticks: &[i64]) {
    assert!(ticks.windows(2).all(|pair| pair[1] > pair[0]), "{ticks:?}");
}

/// Notes the last tick of both schedules, and those of the hours before, as fired.
async fn remember_ticks(db: &PgPool, last: DateTime<Utc>, period: i64) {
    sqlx::query(
        "insert into schedule_ticks (schedule, tick)
         select schedule, $2 - make_interval(secs => $3 * n)
         from unnest($1::text[]) as schedule, generate_series(0, 3 * 3600 / $3) as n",
    )
    .bind([REPLAYED, COALESCED])
    .bind(last)
    .bind(period)
    .execute(db)
    .await
    .expect("nothing fired yet");
}

fn start(bench: &Bench, name: &str, cron: &str) -> RoleProcess {
    let role = Scheduler {
        name: name.to_owned(),
        database: bench.url.clone(),
        cron: cron.to_owned(),
        begin: None,
        pace: 1,
    };
    bench.launcher.launch(Role::Scheduler(role)).expect("it starts")
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn when_the_scheduler_that_fires_is_killed_another_fires_and_each_tick_is_one_job(db: PgPool) {
    let bench = Bench::on(db).await;
    let names = ["first", "second", "third"];
    let mut processes = names.map(|name| Some(start(&bench, name, EVERY_SECOND)));
    let fired = async |more: usize| {
        let goal = ticks(&bench.db, REPLAYED).await.len() + more;
        let fired = async || (ticks(&bench.db, REPLAYED).await.len() >= goal).then_some(());
        until("ticks fire", SOON, fired).await;
    };
    for _ in 0..2 {
        fired(2).await;
        // The scheduler that takes the next tick waits for this lock when it enqueues the job.
        let mut lock = Tx::begin(&bench.db).await.expect("a transaction");
        sqlx::query("lock table jobs in share row exclusive mode").execute(&mut *lock).await.expect("a lock");
        let caught = async || {
            sqlx::query_scalar::<_, String>(
                "select application_name from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'relation'",
            )
            .fetch_optional(&bench.db)
            .await
            .expect("sessions can be read")
        };
        let firing = until("one is about to fire", SOON, caught).await;
        let place = names.iter().position(|name| *name == firing).expect("it is a scheduler");
        processes[place].take().expect("it runs").kill().await.expect("it can be killed");
        lock.rollback().await.expect("it rolls back");
    }
    fired(3).await;
    assert_eq!(processes.iter().flatten().count(), 1);
    assert_gapless(&ticks(&bench.db, REPLAYED).await, 1);
    assert_single(&ticks(&bench.db, COALESCED).await);
}

/// Runs three schedulers in this process, with clocks that are wrong by this many seconds, until `done` ends.
async fn run_three(db: &PgPool, cron: &str, wrong: &[Arc<AtomicI64>; 3], done: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let running = wrong.iter().map(|wrong| {
        let (stop, table) = (stop.clone(), schedules(cron));
        async move {
            let clock = || Utc::now() + TimeDelta::seconds(wrong.load(Ordering::Relaxed));
            pawdium_scheduler::run(&db.clone().into(), &table, clock, &stop).await;
        }
    });
    let running = futures::future::join_all(running);
    tokio::join!(running, async {
        done.await;
        stop.cancel();
    });
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn clocks_moved_by_an_hour_either_way_neither_double_nor_miss_a_tick(db: PgPool) {
    const PERIOD: i64 = 4;
    let begin = Utc::now().duration_trunc(TimeDelta::seconds(PERIOD)).expect("in range");
    remember_ticks(&db, begin, PERIOD).await;
    let clocks: [Arc<AtomicI64>; 3] = Default::default();
    let until_tick = async |tick: DateTime<Utc>| {
        let is_there = async || {
            let last = ticks(&db, REPLAYED).await.last().copied();
            last.is_some_and(|last| last >= tick.timestamp()).then_some(())
        };
        // An hour of ticks may have to be replayed for it.
        until(&format!("the tick at {tick} fires"), SOON * 4, is_there).await;
    };
    run_three(&db, "*/4 * * * * *", &clocks, async {
        until_tick(Utc::now()).await;
        clocks[1].store(3600, Ordering::Relaxed);
        until_tick(Utc::now() + TimeDelta::minutes(59)).await;
        clocks[2].store(-3600, Ordering::Relaxed);
        clocks[0].store(-3600, Ordering::Relaxed);
        until_tick(Utc::now() + TimeDelta::hours(1)).await;
        for clock in &clocks {
            clock.store(0, Ordering::Relaxed);
        }
        // Longer than any of them sleeps.
        tokio::time::sleep(Duration::from_secs(6)).await;
    })
    .await;
    let replayed = ticks(&db, REPLAYED).await;
    assert_eq!(replayed.first(), Some(&(begin.timestamp() + PERIOD)));
    assert!(replayed.len() > 850, "an hour came early: {}", replayed.len());
    assert_gapless(&replayed, PERIOD);
    let coalesced = ticks(&db, COALESCED).await;
    assert_single(&coalesced);
    // A later tick made up for those that were skipped while a clock was ahead.
    let last: i64 = sqlx::query_scalar(
        "select extract(epoch from max(tick))::bigint from schedule_ticks where schedule = $1",
    )
    .bind(COALESCED)
    .fetch_one(&db)
    .await
    .expect("it has fired");
    assert!(last >= replayed[replayed.len() - 1] - PERIOD);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn missed_ticks_are_replayed_or_coalesced(db: PgPool) {
    let last = Utc::now().duration_trunc(TimeDelta::seconds(1)).expect("in range") - TimeDelta::minutes(1);
    remember_ticks(&db, last, 1).await;
    run_three(&db, EVERY_SECOND, &Default::default(), async {
        let caught_up = async || (!ticks(&db, COALESCED).await.is_empty()).then_some(());
        until("both have caught up", SOON, caught_up).await;
    })
    .await;
    let replayed = ticks(&db, REPLAYED).await;
    assert_eq!(replayed[0], last.timestamp() + 1);
    assert!(replayed.len() >= 60, "{replayed:?}");
    assert_gapless(&replayed, 1);
    let coalesced = ticks(&db, COALESCED).await;
    assert!(coalesced[0] >= last.timestamp() + 60, "{coalesced:?}");
    assert_single(&coalesced);
}

/// Runs three schedulers in three time zones for twelve hours, at four hours a second.
async fn live_through(db: PgPool, begin: &str) {
    let bench = Bench::on(db).await;
    let begin: DateTime<Utc> = begin.parse().expect("a time");
    for schedule in [REPLAYED, COALESCED] {
        let mut db = bench.db.acquire().await.expect("a connection");
        take_tick(&mut db, schedule, begin).await.expect("nothing fired yet");
    }
    let _processes = ["UTC", "Europe/Berlin", "Europe/London"].map(|zone| {
        let role = Scheduler {
            name: zone.replace('/', "-"),
            database: bench.url.clone(),
            cron: "0 30 * * * *".to_owned(),
            begin: Some(begin),
            pace: 14_400,
        };
        bench.launcher.launch_with(Role::Scheduler(role), &[("TZ", zone)]).expect("it starts")
    });
    let lived = async || (ticks(&bench.db, REPLAYED).await.len() >= 12).then_some(());
    until("twelve hours are over", SOON, lived).await;
    let replayed = ticks(&bench.db, REPLAYED).await;
    assert_eq!(replayed[0], (begin + TimeDelta::minutes(30)).timestamp());
    assert_gapless(&replayed, 3600);
    assert_single(&ticks(&bench.db, COALESCED).await);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn no_tick_is_missing_when_summer_time_begins(db: PgPool) {
    // At 01:00 UTC Berlin goes from two o'clock to three, London from one to two.
    live_through(db, "2026-03-28T20:00:00Z").await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn no_tick_fires_twice_when_summer_time_ends(db: PgPool) {
    // At 01:00 UTC Berlin goes from three o'clock to two, London from two to one.
    live_through(db, "2026-10-24T20:00:00Z").await;
}

//! After every fault, open pages soon show what the database says.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::db::{MIGRATIONS, Tx};
use rustix::process::{Resource, Rlimit};
use serde_json::Value;
use sqlx::PgPool;
use tokio::time::sleep;

use crate::harness::{
    OpenPage, OwnRedis, Process, SOON, Setup, Site, Watched, eventually, is_the_same_page, open_hub,
    write_note,
};

/// How long after the end of a fault pages may show old data.
const CURRENT: Duration = Duration::from_secs(10);

/// How long it may take until the jobs of a killed worker are another's.
const LEASE: Duration = Duration::from_secs(20);

/// Lets this process, and those that it starts, have as many open files as the system allows.
fn allow_files() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    // Without permission there is room for fewer pages.
    let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Less than that many milliseconds, another time each time.
fn moment(below: u64) -> Duration {
    Duration::from_millis(rand::random_range(0..below))
}

/// A figure that the environment may set, for a larger test than the usual one.
fn scale(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

/// `make restarts` does it with 2,000 pages and 20 restarts.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_page_misses_a_change_while_web_restarts(db: PgPool) {
    let (pages, restarts) = (scale("PAWDIUM_PAGES", 200), scale("PAWDIUM_RESTARTS", 3));
    allow_files();
    let setup = Setup::on(db).behind_socket().worker().set("web.drain_seconds", "5");
    let mut watched = Watched::start(setup, 0).await;
    let visitor = watched.site.visitor();
    let mut opening = stream::iter(0..pages).map(|_| OpenPage::of(&visitor, "cats")).buffer_unordered(20);
    while let Some(page) = opening.next().await {
        watched.pages.push(page);
    }
    let looks = watched.pages.iter().map(OpenPage::looks).sum::<usize>();
    // Not the time counts here, but that every page gets there.
    let patience = SOON + Duration::from_millis(60) * u32::try_from(pages).expect("not many");
    let (mut slowest, mut slowest_stop, mut number) = (Duration::ZERO, Duration::ZERO, 0);
    for _ in 0..restarts {
        let (note, hub, owner, db) = (watched.note, watched.hub, watched.ada.id, watched.site.db.clone());
        let first = number + 1;
        let changing = async {
            for next in first..first + 8 {
                write_note(&db, hub, owner, note, next).await;
                sleep(moment(200)).await;
            }
        };
        let (took, ()) = tokio::join!(watched.site.restart_web(), changing);
        slowest_stop = slowest_stop.max(took);
        number += 8;
        let current = watched.until_current(None, patience).await;
        watched.all_show(number);
        slowest = slowest.max(current);
    }
    let looked = watched.pages.iter().map(OpenPage::looks).sum::<usize>() - looks;
    let streams = watched.pages.iter().map(OpenPage::streams).sum::<usize>();
    println!(
        "{pages} pages, {restarts} restarts: {streams} streams, {looked} looks at everything, stopped within \
         {slowest_stop:.1?}, current within {slowest:.1?}"
    );
    assert!(streams > pages * restarts, "each page has come back each time");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_are_current_soon_after_redis_was_emptied_at_any_moment(db: PgPool) {
    let redis = OwnRedis::start().await;
    let watched = Watched::start(Setup::on(db).set("redis.url", &redis.url()).worker(), 3).await;
    let browser = watched.site.browser().await;
    open_hub(&browser).await;
    watched.until_current(Some(&browser), CURRENT).await;
    for round in 1..=4 {
        watched.write(10 * round).await;
        watched.rate(round).await;
        sleep(moment(400)).await;
        redis.flush().await;
        sleep(moment(400)).await;
        if round == 3 {
            // The pages are told of this one, and then look at everything.
            watched.write(10 * round + 1).await;
        }
        if round == 2 {
            // Twice while pages look again because of the first time.
            sleep(Duration::from_secs(2) + moment(1500)).await;
            redis.flush().await;
            watched.rate(9).await;
        }
        let took = watched.until_current(Some(&browser), CURRENT).await;
        println!("current {took:.1?} after Redis was emptied");
        watched.all_show(if round == 3 { 31 } else { 10 * round });
    }
    is_the_same_page(&browser, 40).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_are_current_soon_after_redis_was_away(db: PgPool) {
    let redis = OwnRedis::start().await;
    let relay = Relay::to(Target::Unix(redis.socket())).await.expect("a port is free");
    let url = format!("redis://127.0.0.1:{}", relay.port());
    let watched = Watched::start(Setup::on(db).set("redis.url", &url).worker(), 3).await;
    let browser = watched.site.browser().await;
    open_hub(&browser).await;
    for number in [10, 20] {
        // Cut off the first time, and silent the second time.
        if number == 10 {
            relay.cut();
        } else {
            redis.process.pause();
        }
        for step in 0..5 {
            watched.write(number + step).await;
            watched.rate(step).await;
            sleep(Duration::from_secs(2)).await;
        }
        if number == 10 {
            relay.mend();
        } else {
            redis.process.resume();
        }
        let took = watched.until_current(Some(&browser), CURRENT).await;
        println!("current {took:.1?} after Redis was back");
        watched.all_show(number + 4);
        is_the_same_page(&browser, number + 4).await;
    }
}

/// Waits until a job of this kind runs.
async fn runs(site: &Site, kind: &str) {
    eventually("it runs", SOON, async || {
        let found = sqlx::query_scalar("select count(*) from jobs where kind = $1 and state = 'running'");
        let found: i64 = found.bind(kind).fetch_one(&site.db).await.expect("the statement is right");
        (found > 0).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_are_current_soon_after_workers_were_killed_in_triage_and_in_rebuilds(db: PgPool) {
    let mut watched = Watched::start(Setup::on(db).worker().worker(), 3).await;
    let eve = watched.site.member("eve").await;
    let mut number = 10;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(4) {
        number += 1;
        watched.write(number).await;
        watched.rate(number).await;
        sleep(moment(250)).await;
        let oldest = watched.site.workers.len() - 2;
        watched.site.workers[oldest].kill();
        watched.site.start_worker();
    }
    let lost: i64 = watched.site.ask("select count(*) from jobs where state = 'running'").await;
    let took = watched.until_current(None, LEASE + CURRENT).await;
    println!("current {took:.1?} after {} workers were killed, with {lost} jobs", watched.site.workers.len());
    watched.all_show(number);
    watched.site.settle().await;

    // One that is surely killed in a rebuild and in triage. Nothing that happens later makes up for it.
    watched.site.workers.iter_mut().for_each(Process::kill);
    watched.rate(number + 1).await;
    let mut held = Tx::begin(&watched.site.db).await.expect("a transaction");
    // A rebuild reads this table, and triage the other.
    sqlx::query("lock table photo_stats").execute(&mut *held).await.expect("it is locked");
    watched.site.start_worker();
    runs(&watched.site, "cache.reload.v1").await;
    sqlx::query("lock table widgets").execute(&mut *held).await.expect("it is locked");
    eve.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
    runs(&watched.site, "cache.invalidate.v1").await;
    watched.site.workers.iter_mut().for_each(Process::kill);
    held.rollback().await.expect("it is unlocked");
    assert!(watched.stale(None).await.is_some(), "nobody has told the pages");
    watched.site.start_worker();
    let took = watched.until_current(None, LEASE + CURRENT).await;
    println!("current {took:.1?} after a worker was killed in a rebuild and in triage");
}

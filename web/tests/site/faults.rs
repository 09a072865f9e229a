//! Failures of the site's processes and dependencies.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::db::Tx;
use pawdium_shared::jobs::ranking::RefreshRanks;
use redis::AsyncCommands as _;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{NOBODY, OwnRedis, SOON, Setup, Site, eventually, pages_of, pictures, submission};

/// A photo that takes long enough to be interrupted, and short enough to be finished in time by a build without
/// optimisation.
fn large() -> Vec<u8> {
    pictures::quarters(1500, 1500)
}

/// Waits until a worker has a photo's job.
async fn at_it(site: &Site) {
    eventually("the worker is processing it", SOON, async || {
        let running: i64 =
            site.ask("select count(*) from jobs where kind like 'media%' and state = 'running'").await;
        (running == 1).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_whose_worker_is_killed_is_taken_by_another_within_20_s(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let taken = ada.api.upload(submission("Interrupted", large())).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    let held = site.hold(photo).await;
    site.start_worker();
    at_it(&site).await;
    site.workers[0].kill();
    let killed = Utc::now();
    held.rollback().await.expect("it is let go");

    site.start_worker();
    assert_eq!(site.processed(photo).await, "live");
    site.settle().await;
    site.until_discarded().await;
    assert_eq!(site.pictures().await, 3, "one set of files");
    let (attempts, claimed): (i16, DateTime<Utc>) =
        sqlx::query_as("select attempt, claimed_at from job_history where kind like 'media%'")
            .fetch_one(&site.db)
            .await
            .expect("it is remembered");
    assert_eq!(attempts, 2);
    assert!(claimed - killed < TimeDelta::seconds(20), "it was taken {} after the kill", claimed - killed);
    assert_eq!(site.ask::<i64>("select count(*) from job_history where kind like 'media%'").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_worker_that_is_told_to_stop_hands_its_photo_over_at_once(db: PgPool) {
    let mut site = Setup::on(db).set("worker.drain_seconds", "0").start().await;
    let ada = site.member("ada").await;
    let taken = ada.api.upload(submission("Handed over", large())).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    let held = site.hold(photo).await;
    site.start_worker();
    at_it(&site).await;
    site.workers[0].terminate();
    eventually("the first has ended", SOON, async || site.workers[0].has_ended().then_some(())).await;
    held.rollback().await.expect("it is let go");
    site.start_worker();
    assert_eq!(site.processed(photo).await, "live");
    let (attempt, claim): (i16, i32) =
        sqlx::query_as("select attempt, claim from job_history where kind like 'media%'")
            .fetch_one(&site.db)
            .await
            .expect("it is remembered");
    assert!(claim > 1, "it was claimed twice");
    assert_eq!(attempt, 1, "a handed-over attempt doesn't count, and one whose lease expires does");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn flushing_redis_loses_nothing(db: PgPool) {
    let redis = OwnRedis::start().await;
    let site = Setup::on(db).set("redis.url", &redis.url()).worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    site.rate(&bob, photo, 8).await;
    site.run(RefreshRanks {}).await;
    let pages = pages_of(&ada, photo);
    for path in &pages {
        ada.pages.get(path).await.expect(200);
    }
    let keys: Vec<String> = redis.connection().await.keys("*").await.expect("it answers");
    assert!(keys.iter().any(|key| key.contains("fragments:")), "there was something to forget: {keys:?}");
    redis.flush().await;

    for path in &pages {
        ada.pages.get(path).await.expect(200);
    }
    let shape = bob.api.get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!((&shape["rating"]["mean"], &shape["rating"]["rank"]), (&json!(8.0), &json!(1)));
    redis.flush().await;
    site.rate(&bob, photo, 4).await;
    let taken = ada.api.upload(submission("After", pictures::quarters(300, 300))).await.expect(202).json();
    redis.flush().await;
    assert_eq!(site.processed(taken["id"].as_i64().expect("an id")).await, "live");
    site.settle().await;
    assert_eq!(bob.api.get(&format!("photos/{photo}")).await.json()["rating"]["mean"], 4.0);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_redis_every_page_renders_and_photos_go_live(db: PgPool) {
    let mut site = Setup::on(db)
        .set("redis.url", &format!("redis://{NOBODY}"))
        .set("security.logins_per_minute", "5")
        .start()
        .await;
    let ready = site.get("/readyz").await.expect(200).json();
    assert_eq!((&ready["ready"], &ready["redis"]), (&json!(true), &json!("unreachable")));
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    let photo = site.photo().by(&ada).live().await;
    for path in pages_of(&ada, photo) {
        // Take the best of three, so that a stalling machine doesn't fail the test.
        let mut took = Duration::MAX;
        for _ in 0..3 {
            let begin = Instant::now();
            ada.pages.get(&path).await.expect(200);
            took = took.min(begin.elapsed());
        }
        assert!(took < Duration::from_secs(3), "{path} took {took:?}");
    }
    root.pages.get("/admin").await.expect(200);
    for path in ["top", "trending", "users/ada", "rate/next", "users/me"] {
        ada.api.get(path).await;
    }
    assert_eq!(root.api.rate_all(|_| 7).await, [photo]);
    assert_eq!(site.api().get(&format!("photos/{photo}")).await.expect(200).json()["rating"]["mean"], 7.0);

    // The page of a photo that is being processed updates by polling the database.
    let taken = ada.api.upload(submission("Without", pictures::quarters(300, 300))).await.expect(202).json();
    let id = taken["id"].as_i64().expect("an id");
    let mut stream = ada.pages.stream(&format!("photo={id}")).await;
    let first = stream.next().await.expect("a page is told to look once");
    assert_eq!((first.name.as_str(), first.id), ("changed", None));
    site.start_worker();
    stream.until("changed").await;
    assert_eq!(site.processed(id).await, "live");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn while_postgres_is_away_answers_are_503_and_then_all_is_well_again(db: PgPool) {
    let options = db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    let url = relay.url(&options);
    let site = Setup::on(db).set("database.url", url.as_str()).worker().start().await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let pages = pages_of(&ada, photo);
    for path in &pages {
        ada.pages.get(path).await.expect(200);
    }

    relay.cut();
    let begin = Instant::now();
    let (page, call) = tokio::join!(ada.pages.get("/settings"), ada.api.get("users/me"));
    assert!(begin.elapsed() < SOON, "nobody waits for ever: {:?}", begin.elapsed());
    assert!(!page.header("retry-after").is_empty() && !call.header("retry-after").is_empty());
    assert_eq!(page.expect(503).texts("h1").len(), 1);
    call.error(503);
    let (form, upload) = tokio::join!(
        ada.pages.post("/settings/name", &[("name", "ada2")]),
        ada.api.upload(submission("Now", pictures::quarters(300, 300))),
    );
    form.expect(503);
    upload.error(503);
    // A check is reused for a second.
    eventually("it isn't ready", SOON, async || (site.get("/readyz").await.status == 503).then_some(()))
        .await;
    site.get("/healthz").await.expect(200);

    relay.mend();
    eventually("the site is back", SOON, async || (site.get("/readyz").await.status == 200).then_some(()))
        .await;
    for path in &pages {
        ada.pages.get(path).await.expect(200);
    }
    let taken = ada.api.upload(submission("Later", pictures::quarters(300, 300))).await.expect(202).json();
    assert_eq!(site.processed(taken["id"].as_i64().expect("an id")).await, "live", "the worker is back too");
    assert!(!site.log().contains("request failed"), "an outage isn't logged as a bug");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_session_that_postgres_ends_is_503_and_the_next_request_gets_another(db: PgPool) {
    let site = Site::start(db).await;
    let mut lock = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("lock table photos").execute(&mut *lock).await.expect("it is locked");
    let end_it = eventually("a request waits for the lock", SOON, async || {
        let ended: i64 = site
            .ask(
                "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'
                   and backend_type = 'client backend') as ended",
            )
            .await;
        (ended > 0).then_some(())
    });
    let api = site.api();
    let (answer, ()) = tokio::join!(api.get("trending"), end_it);
    answer.error(503);
    lock.rollback().await.expect("it is unlocked");
    api.get("trending").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_internal_error_has_an_id_and_hides_its_cause(db: PgPool) {
    let site = Site::start(db).await;
    site.change("alter table photos rename to misplaced").await;
    let answer = site.api().get("top").await;
    let id = answer.json()["id"].as_str().expect("a number").to_owned();
    let (message, _) = answer.error(500);
    assert_eq!(message, "Something broke on our side.");
    let page = site.get("/top").await.expect(500);
    assert_eq!(page.texts("h1").len(), 1);
    assert!(page.has(".error-id code"));
    assert!(!page.text().contains("relation"));
    let line = eventually("the log has the error's id", SOON, async || {
        site.log().lines().find(|line| line.contains(&id)).map(str::to_owned)
    })
    .await;
    assert!(line.contains("relation"), "and the cause: {line}");
    site.get("/login").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_upload_to_a_full_disk_is_refused_and_leaves_nothing(db: PgPool) {
    let site = Setup::on(db).on_disk("1m").start().await;
    let ada = site.member("ada").await;
    let mut large = pictures::quarters(300, 300);
    large.resize(3 << 20, 0);
    let answer = ada.api.upload(submission("Too much", large.clone())).await;
    assert_eq!(answer.header("retry-after"), "60");
    let (message, _) = answer.error(507);
    assert!(message.contains("out of space"), "{message}");
    // There are fields before and after the file.
    let part = Part::bytes(large).file_name("photo.jpg").mime_str("image/jpeg").expect("a type");
    let form =
        Form::new().text("title", "Too much").part("photo", part).text("species", "cat").text("tags", "sofa");
    let page = ada.pages.upload(form).await.expect(507);
    let kept = [page.attribute("#title", "value"), page.attribute("#tags", "value")];
    assert_eq!(kept, ["Too much", "sofa"], "the form is there to be sent again");
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
    assert!(site.log().contains("the media store has no room"), "{}", site.log());
    // The partial files are deleted.
    ada.api.upload(submission("Enough", pictures::quarters(300, 300))).await.expect(202);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_stopping_web_process_ends_its_streams(db: PgPool) {
    // Longer than any timeout here, so that a stream that doesn't end by itself is noticed.
    let mut site = Setup::on(db).set("web.drain_seconds", "300").start().await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).processing().await;
    let mut stream = ada.pages.stream(&format!("photo={photo}")).await;
    stream.until("changed").await;
    site.web.terminate();
    while stream.next().await.is_some() {}
    // A browser would keep the connection for its next request.
    drop(ada);
    eventually("it has ended", SOON, async || site.web.has_ended().then_some(())).await;
    assert!(site.log().contains("stopped"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_job_with_an_invalid_payload_dies_alone(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let root = site.admin("root").await;
    site.change("delete from jobs").await;
    site.change(
        "insert into jobs (queue, kind, max_attempts, payload) values ('media', 'media.process.v1', 4, '{\"photo\": \"x\"}')",
    )
    .await;
    let mut site = site;
    site.start_worker();
    let taken =
        ada.api.upload(submission("Beside it", pictures::quarters(300, 300))).await.expect(202).json();
    assert_eq!(site.processed(taken["id"].as_i64().expect("an id")).await, "live");
    site.settle().await;
    let page = root.pages.get("/admin").await.expect(200);
    assert!(page.texts(".failures pre")[0].contains("undecodable payload"), "{}", page.text());
    assert_eq!(site.ask::<i64>("select count(*) from job_history where outcome = 'dead'").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_schedulers_enqueue_each_tick_once(db: PgPool) {
    let mut site = Site::start(db).await;
    site.start_scheduler();
    site.start_scheduler();
    // A schedule that has never fired is due at once, for both schedulers.
    eventually("something was due", Duration::from_mins(2), async || {
        let ticks: i64 =
            site.ask("select count(*) from schedule_ticks where schedule ~ '^(ranking|virality)'").await;
        (ticks > 0).then_some(())
    })
    .await;
    // In one statement, because the schedulers go on.
    let differ: i64 = site
        .ask(
            "select (select count(*) from jobs where queue = 'ranking' and kind not like 'topics%')
                    - (select count(distinct schedule) from schedule_ticks
                       where schedule ~ '^(ranking|virality)')",
        )
        .await;
    assert_eq!(differ, 0, "a job a tick");
}

//! A Redis that is away, stalls or loses recent data.

use std::time::{Duration, Instant};

use futures::future::join_all;
use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::cache::Cache;
use pawdium_shared::cached::KINDS;
use pawdium_shared::config::RedisConfig;
use pawdium_shared::db::Db;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::events::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::redis::Redis;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::harness::{NOBODY, OwnRedis, PASSWORD, Person, SOON, Setup, Site, eventually, pages_of};

/// The time of the quickest of three, so that a stalling machine doesn't fail the test.
async fn quickest(mut act: impl AsyncFnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let begin = Instant::now();
        act().await;
        best = best.min(begin.elapsed());
    }
    best
}

/// Waits until the site says that about Redis.
async fn until_redis_is(site: &Site, word: &str) {
    eventually("the site has noticed", SOON, async || {
        (site.get("/readyz").await.json()["redis"] == word).then_some(())
    })
    .await;
}

/// A live photo that is on its page and in both lists, all of which are cached.
async fn shown_everywhere(site: &Site, owner: &Person) -> i64 {
    let photo = site.photo().by(owner).live().await;
    site.change("insert into photo_ranks (photo_id, score, rank) select id, 5, 1 from photos").await;
    site.change("update photo_stats set virality = 1").await;
    for path in [format!("photos/{photo}"), "top".to_owned(), "trending".to_owned()] {
        for _ in 0..2 {
            assert!(site.api().get(&path).await.expect(200).text().contains(&format!("\"id\":{photo}")));
        }
    }
    photo
}

async fn is_gone(site: &Site, photo: i64) {
    site.api().get(&format!("photos/{photo}")).await.expect(404);
    for list in ["top", "trending"] {
        assert_eq!(site.api().get(list).await.expect(200).json()["data"], json!([]), "{list}");
    }
}

fn lines(site: &Site, words: &str) -> usize {
    site.log().lines().filter(|line| line.contains(words)).count()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_stalled_redis_delays_nobody(db: PgPool) {
    let redis = OwnRedis::start().await;
    let site = Setup::on(db).set("redis.url", &redis.url()).start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = shown_everywhere(&site, &ada).await;
    let mut acts = pages_of(&ada, photo);
    acts.retain(|path| path != "/api" && path != "/submit" && path != "/forgot");
    let mut usual = Vec::new();
    for path in &acts {
        usual.push(quickest(async || drop(ada.pages.get(path).await.expect(200))).await);
    }
    let rating = quickest(async || site.rate(&bob, photo, 8).await).await;

    redis.process.pause();
    until_redis_is(&site, "unreachable").await;
    for (path, usual) in acts.iter().zip(usual) {
        let took = quickest(async || drop(ada.pages.get(path).await.expect(200))).await;
        assert!(took < usual + Duration::from_millis(250), "{path} took {took:?} instead of {usual:?}");
    }
    let took = quickest(async || site.rate(&bob, photo, 4).await).await;
    assert!(took < rating + Duration::from_millis(250), "a rating took {took:?} instead of {rating:?}");
    ada.api.delete(&format!("photos/{photo}"), json!(null)).await.expect(204);
    is_gone(&site, photo).await;

    eventually("the log says so", SOON, async || (lines(&site, "Redis is away") == 1).then_some(())).await;
    redis.process.resume();
    until_redis_is(&site, "ok").await;
    is_gone(&site, photo).await;
    eventually("the log says so", SOON, async || (lines(&site, "Redis is back") == 1).then_some(())).await;
    assert_eq!((lines(&site, "Redis is away"), lines(&site, "Redis is back")), (1, 1), "{}", site.log());
}

/// Also while the breaker is still closed.
#[tokio::test]
async fn nobody_waits_for_a_stalled_redis_to_forget_what_they_changed() {
    let redis = OwnRedis::start().await;
    let config = RedisConfig { url: redis.url().into(), prefix: String::new() };
    let cache =
        Cache::new(Redis::connect(&config, "nothing is cached").expect("a URL"), KINDS.iter().copied());
    cache.list().await.expect("it answers");
    // These kinds don't ask the database.
    let db = Db::from(PgPoolOptions::new().connect_lazy("postgres://nowhere").expect("a URL"));
    redis.process.pause();
    let mut waits = Vec::new();
    for number in 0..20 {
        let begin = Instant::now();
        cache.forget(&db, vec![Event::PhotoRated { photo: PhotoId(number) }]).await;
        waits.push(begin.elapsed());
    }
    // Take the median, so that a stalling machine doesn't fail the test.
    waits.sort();
    assert!(waits[10] < Duration::from_millis(25), "{waits:?}");
}

/// There is no worker, so the web process itself drops what it couldn't drop before.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn deletions_during_a_redis_outage_hold_when_it_is_back(db: PgPool) {
    let redis = OwnRedis::start().await;
    let relay = Relay::to(Target::Unix(redis.socket())).await.expect("a port is free");
    let site = Setup::on(db).set("redis.url", &format!("redis://127.0.0.1:{}", relay.port())).start().await;
    let ada = site.member("ada").await;
    let photo = shown_everywhere(&site, &ada).await;
    relay.cut();
    ada.api.delete(&format!("photos/{photo}"), json!(null)).await.expect(204);
    relay.mend();
    until_redis_is(&site, "ok").await;
    is_gone(&site, photo).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_redis_restored_from_a_snapshot_serves_nothing_stale(db: PgPool) {
    let mut redis = OwnRedis::start().await;
    let site = Setup::on(db).set("redis.url", &redis.url()).start().await;
    let ada = site.member("ada").await;
    let photo = shown_everywhere(&site, &ada).await;
    redis::cmd("SAVE").exec_async(&mut redis.connection().await).await.expect("it saves");
    ada.api.delete(&format!("photos/{photo}"), json!(null)).await.expect(204);
    redis.process.kill();
    redis.restart().await;
    assert!(redis.figure("used_memory").await > 0);
    until_redis_is(&site, "ok").await;
    is_gone(&site, photo).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn while_redis_is_away_limits_count_in_the_process_and_the_log_says_so(db: PgPool) {
    let url = format!("redis://{NOBODY}");
    let site = Setup::on(db).set("redis.url", &url).set("security.logins_per_minute", "5").start().await;
    site.member("ada").await;
    let guess = json!({ "email": "ada@example.org", "password": "a wrong guess" });
    for _ in 0..5 {
        site.api().post("tokens", guess.clone()).await.expect(403);
    }
    let refused = site.api().post("tokens", guess).await.expect(429);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(lines(&site, "Redis is away"), 1, "{}", site.log());
    assert_eq!(lines(&site, "each process counts rate limits by itself"), 1, "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_worker_says_at_its_start_that_redis_is_away_and_not_again_for_each_job(db: PgPool) {
    let setup = Setup::on(db).set("redis.url", &format!("redis://{NOBODY}")).worker();
    let site = setup.set("log.filter", "info,pawdium_queue=debug").start().await;
    let worker = &site.workers[0];
    eventually("the log says so", SOON, async || worker.log().contains("Redis is away").then_some(())).await;

    let (ada, photo) = (site.member("ada").await, site.photo().live().await);
    site.rate(&ada, photo, 8).await;
    let failed = "job failed and will be tried again";
    eventually("its job fails", SOON, async || worker.log().contains(failed).then_some(())).await;
    let log = worker.log();
    let of_jobs: Vec<_> = log.lines().filter(|line| line.contains("job failed")).collect();
    assert!(of_jobs.iter().all(|line| line.contains("DEBUG")), "{of_jobs:#?}");
    let of_redis = log.lines().filter(|line| line.contains("WARN") && line.contains("Redis is away"));
    assert_eq!(of_redis.count(), 1, "{log}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn limits_do_not_begin_anew_when_redis_goes_away_or_loses_what_it_had(db: PgPool) {
    let mut redis = OwnRedis::start().await;
    let site =
        Setup::on(db).set("redis.url", &redis.url()).set("security.logins_per_minute", "6").start().await;
    site.member("ada").await;
    let guess = json!({ "email": "ada@example.org", "password": "a wrong guess" });
    let guess_twice = async || {
        for _ in 0..2 {
            site.api().post("tokens", guess.clone()).await.expect(403);
        }
    };
    guess_twice().await;
    redis.flush().await;
    guess_twice().await;
    redis.process.kill();
    guess_twice().await;
    redis.restart().await;
    until_redis_is(&site, "ok").await;
    site.api().post("tokens", guess.clone()).await.expect(429);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn streams_that_resume_from_long_ago_cost_redis_nothing_and_switch_no_limit_off(db: PgPool) {
    const STREAMS: usize = 150;
    let redis = OwnRedis::start().await;
    let site = Setup::on(db)
        .set("redis.url", &redis.url())
        .set("redis.prefix", "site:")
        .set("security.logins_per_minute", "5")
        .set("web.max_streams", &STREAMS.to_string())
        .start()
        .await;
    site.member("ada").await;
    let photo = site.photo().live().await;
    let mut pipe = redis::pipe();
    for number in 0..10_000 {
        // As the previous version writes it.
        pipe.xadd("site:live", "*", &[("topic", format!("photo:{}", 1_000_000 + number))]).ignore();
    }
    pipe.exec_async(&mut redis.connection().await).await.expect("it takes them");
    let before = redis.figure("used_memory_peak").await;

    let topic = format!("photo={photo}");
    let streams = join_all((0..STREAMS).map(|_| async {
        let mut stream = site.visitor().resume(&topic, "0-1").await;
        assert_eq!(stream.next().await.map(|event| event.name).as_deref(), Some("reset"));
        stream
    }));
    let guesses = async {
        let guess = json!({ "email": "ada@example.org", "password": "a wrong guess" });
        let mut answers = Vec::new();
        for _ in 0..7 {
            answers.push(site.api().post("tokens", guess.clone()).await.status);
        }
        answers
    };
    let (streams, answers) = tokio::join!(streams, guesses);
    assert_eq!(answers, [403, 403, 403, 403, 403, 429, 429]);
    let grown = redis.figure("used_memory_peak").await.saturating_sub(before);
    assert!(grown < 5_000_000, "Redis took {grown} bytes more");

    let refused = site.visitor().ask_stream(&topic, "0-1").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    drop(streams);
    eventually("places are free again", SOON, async || {
        (site.visitor().ask_stream(&topic, "0-1").await.status() == 200).then_some(())
    })
    .await;
    // What the password is for is still open to its owner, from elsewhere.
    let right = json!({ "email": "ada@example.org", "password": PASSWORD });
    let call = site.api().call(Method::POST, "tokens").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(call.json(&right).send().await.expect("it is answered").status(), 201);
}

//! Baked pages while Postgres or Redis is away.

use std::time::{Duration, Instant};

use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Bakery, NOBODY, OwnRedis, SOON, Setup, eventually, source, until_shown};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_postgres_and_redis_pages_are_answered_from_memory(db: PgPool) {
    let options = db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    let mut redis = OwnRedis::start().await;
    let setup = Setup::on(db).set("database.url", relay.url(&options).as_str());
    let Bakery { site, ada, photo, paths } = Bakery::open(setup.set("redis.url", &redis.url())).await;
    for path in &paths {
        site.get(path).await.expect(200);
    }
    relay.cut();
    redis.process.kill();
    let is_stale = async |path: &str| {
        let answer = site.get(path).await.expect(200);
        matches!(source(&answer), "STALE").then_some(answer)
    };
    for path in &paths {
        let page = eventually("it is an earlier one", SOON, async || is_stale(path).await).await;
        assert!(page.has("h1"), "{path}");
    }
    let begin = Instant::now();
    for path in &paths {
        is_stale(path).await.expect("it stays so");
    }
    assert!(begin.elapsed() < Duration::from_secs(5), "nobody waits for the database: {:?}", begin.elapsed());
    site.get("/top?period=day").await.expect(503);
    ada.pages.get("/settings").await.expect(503);

    relay.mend();
    redis.restart().await;
    for path in &paths {
        until_shown(&site, path, |page| source(page) == "HIT").await;
    }
    // The views that were answered from memory are counted now.
    let viewed = "select count(*) from virality_events where kind = 'view' and photo_id = $1";
    eventually("the view is counted", SOON, async || {
        (site.ask_of::<i64>(viewed, photo).await == 1).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_was_withdrawn_stays_gone_when_postgres_stops(db: PgPool) {
    let options = db.connect_options();
    let relay = Relay::to(Target::postgres(&options)).await.expect("a port is free");
    let setup = Setup::on(db).set("database.url", relay.url(&options).as_str());
    let Bakery { site, ada, photo, .. } = Bakery::open(setup).await;
    let path = format!("/photos/{photo}");
    for path in ["/h/cats", &path] {
        site.get(path).await.expect(200);
        assert_eq!(source(&site.get(path).await), "HIT");
    }
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    ada.api.delete(&format!("photos/{photo}"), Value::Null).await.expect(204);
    relay.cut();
    for path in ["/h/cats", &path] {
        site.get(path).await.expect(503);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_process_without_redis_sends_nothing_that_is_older_than_seconds(db: PgPool) {
    let setup = || Setup::on(db.clone()).set("redis.url", &format!("redis://{NOBODY}"));
    let (site, other) = (setup().start().await, setup().start().await);
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    other.get("/h/cats").await.expect(200);
    assert_eq!(source(&other.get("/h/cats").await), "HIT");
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    site.get("/h/cats").await.expect(404);
    let took = until_shown(&other, "/h/cats", |page| page.status == 404).await;
    assert!(took < Duration::from_secs(6), "{took:?}");
}

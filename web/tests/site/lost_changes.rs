//! Changes that a process may have missed, because Redis lost the stream in between.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::live::{Note, Topic};
use sqlx::PgPool;

use crate::harness::{OwnRedis, SOON, Setup, Site, Stream, eventually};

async fn followed(db: PgPool, redis: &OwnRedis) -> (Site, i64, Stream) {
    let site = Setup::on(db).set("redis.url", &redis.url()).set("redis.prefix", "site:").start().await;
    let photo = site.photo().live().await;
    let mut page = site.visitor().stream(&format!("photo={photo}")).await;
    page.begin().await;
    (site, photo, page)
}

/// Waits until the process listens: says something until it is heard.
async fn heard(site: &Site, photo: i64, page: &mut Stream) {
    eventually("a change is heard", SOON, async || {
        site.publish(&[(Topic::Photo(PhotoId(photo)), Note::Changed)]).await;
        page.within(Duration::from_secs(1)).await
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_page_looks_again_after_the_stream_was_lost(db: PgPool) {
    let mut redis = OwnRedis::start().await;
    let (site, photo, mut page) = followed(db, &redis).await;
    heard(&site, photo, &mut page).await;
    redis.process.kill();
    redis.restart().await;
    let reset = page.until("reset").await;
    assert!(reset.id.is_some(), "a page resumes from there");
    heard(&site, photo, &mut page).await;

    let mut late = site.visitor().resume(&format!("photo={photo}"), &page.last_id).await;
    late.begin().await;
    assert_eq!(late.within(Duration::from_millis(500)).await, None, "it has missed nothing");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_page_looks_again_although_nothing_was_in_the_lost_stream(db: PgPool) {
    let mut redis = OwnRedis::start().await;
    let (_site, _, mut page) = followed(db, &redis).await;
    eventually("the process listens", SOON, async || {
        let kept: Option<String> =
            redis::cmd("GET").arg("site:live-mark").query_async(&mut redis.connection().await).await.ok()?;
        kept
    })
    .await;
    redis.process.kill();
    redis.restart().await;
    page.until("reset").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_page_looks_again_after_redis_was_emptied(db: PgPool) {
    let redis = OwnRedis::start().await;
    let (site, photo, mut page) = followed(db, &redis).await;
    heard(&site, photo, &mut page).await;
    let seen = page.last_id.clone();
    // What comes at once hides that something before it was lost.
    redis.flush().await;
    heard(&site, photo, &mut page).await;
    page.until("reset").await;
    let topic = [Topic::Photo(PhotoId(photo))];
    eventually("it is registered again", SOON, async || site.watched(&topic).await[0].then_some(())).await;
    let mut old = site.visitor().resume(&format!("photo={photo}"), &seen).await;
    old.until("reset").await;
}

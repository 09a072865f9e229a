//! Changes that a process may have missed, because Redis lost the stream in between.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use redis::AsyncCommands as _;
use reqwest::{Method, Response};
use sqlx::PgPool;

use crate::harness::{OwnRedis, SOON, Setup};

/// Waits for the next event of a stream, and returns its text.
async fn next(stream: &mut Response) -> String {
    let chunk = tokio::time::timeout(SOON, stream.chunk()).await.expect("an event comes in time");
    String::from_utf8_lossy(&chunk.expect("the stream is open").expect("the stream has not ended"))
        .into_owned()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_page_looks_again_after_the_stream_was_lost(db: PgPool) {
    let mut redis = OwnRedis::start().await;
    let site = Setup::on(db).set("redis.url", &redis.url()).set("redis.prefix", "site:").start().await;
    let photo = site.photo().live().await;
    let path = format!("/photos/{photo}/live");
    let mut page = site.visitor().request(Method::GET, &path).send().await.expect("it is answered");
    let topic = [("topic", format!("photo:{photo}"))];
    // The process may not listen yet: say it until it is heard.
    let heard = loop {
        let _: String = redis.connection().await.xadd("site:live", "*", &topic).await.expect("it takes it");
        if let Ok(heard) = tokio::time::timeout(Duration::from_secs(1), next(&mut page)).await {
            break heard;
        }
    };
    assert!(heard.contains("event: changed") && heard.contains("id: "), "{heard}");

    redis.process.kill();
    redis.restart().await;
    let told = loop {
        let told = next(&mut page).await;
        if told.contains("event: changed") && !told.contains("id: ") {
            break told;
        }
    };
    assert!(told.contains(&format!("data: {photo}")), "{told}");
}

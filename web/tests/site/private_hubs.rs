//! A private hub is a secret: nothing that others are told or shown gives it away.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Den, SECRETS, tells_nothing};

/// Long enough for what would come.
const QUIET: Duration = Duration::from_millis(1500);

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_page_call_feed_or_search_tells_others_of_a_private_hub(db: PgPool) {
    let den = Den::dig(db).await;
    den.site.settle().await;
    let paths = den.public().await;
    // Who may see it comes first, so that whatever is cached was made for them.
    let mut told = 0;
    for path in &paths {
        for insider in [&den.olga, &den.mia] {
            let text = den.get(insider, path).await.text().to_lowercase();
            told += usize::from(SECRETS.iter().any(|secret| text.contains(secret)));
        }
    }
    assert!(told > 10, "its members are told of it in {told} places");
    for path in &paths {
        for outsider in &den.outsiders {
            // A search repeats its words.
            let answer = den.get(outsider, path).await;
            assert!(answer.status < 500, "{}", answer.asked);
            let query =
                path.split_once("q=").map_or("", |(_, query)| query.split('&').next().unwrap_or_default());
            let text = answer.text().to_lowercase();
            let text = if query.is_empty() { text } else { text.replace(query, "") };
            tells_nothing(&format!("{} to {:?}", answer.asked, outsider.name), &text);
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn streams_of_others_say_nothing_of_what_happens_in_a_private_hub(db: PgPool) {
    let den = Den::dig(db).await;
    den.site.settle().await;
    let hidden: Vec<i64> = sqlx::query_scalar(
        "select widgets.id from widgets join hubs on hubs.id = hub_id where slug = 'zqxden'",
    )
    .fetch_all(&den.site.db)
    .await
    .expect("the statement is right");
    let query = format!("hub=open-den&hub=zqxden&hub=zqxold&member=olga&member=mia&photo={}", den.photo);
    let mut streams = Vec::new();
    for outsider in &den.outsiders {
        let mut stream = outsider.pages.stream(&query).await;
        stream.begin().await;
        streams.push(stream);
    }
    let mut own = den.mia.pages.stream("hub=zqxden").await;
    own.begin().await;
    let note = format!("hubs/zqxden/widgets/{}", den.widget);
    den.olga.api.patch(&note, json!({ "config": { "text": "Another" } })).await.expect(200);
    den.olga.api.patch("hubs/zqxden", json!({ "summary": "Wombatastic!" })).await.expect(200);
    den.olga.api.delete("hubs/zqxden/members/mia", Value::Null).await.expect(204);
    den.olga.api.put("hubs/zqxden/members/mia", json!({ "role": "member" })).await.expect(204);
    den.site.rate(&den.olga, den.photo, 3).await;
    den.site.settle().await;
    own.until("changed").await;
    for stream in &mut streams {
        while let Some(event) = stream.within(QUIET).await {
            let names = ["hub=zqxden", "hub=zqxold"].map(Value::from);
            let is_gone = event.name == "gone" && names.contains(&event.data["topic"]);
            assert!(is_gone || !event.data.to_string().contains("zqx"), "{event:?}");
            let widget = event.data["widget"].as_i64();
            assert!(widget.is_none_or(|widget| !hidden.contains(&widget)), "{event:?}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_of_a_hub_is_sent_once_it_is_private(db: PgPool) {
    let den = Den::dig(db).await;
    den.site.settle().await;
    let stranger = &den.outsiders[2];
    let versions = den.site.get("/h/open-den/versions").await.expect(200).json();
    let parts: Vec<_> = versions["widgets"].as_object().expect("an object").iter().collect();
    assert!(parts.len() > 10, "{versions}");
    let path = |(widget, version): &(&String, &Value)| format!("/h/open-den/w/{widget}?v={version}");
    for part in &parts {
        for _ in 0..2 {
            stranger.pages.get(&path(part)).await.expect(200);
        }
    }
    den.olga.api.patch("hubs/open-den", json!({ "visibility": "private" })).await.expect(200);
    for part in &parts {
        stranger.pages.get(&path(part)).await.expect(404);
        den.mia.pages.get(&path(part)).await.expect(200);
    }
}

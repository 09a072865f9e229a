//! Times as people read them.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{SOON, Site, eventually};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn times_are_in_words_or_by_the_readers_clocks_and_stay_so(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    site.change("update activity set at = '2026-03-01 23:30:00Z'").await;
    bob.api.put("hubs/cats/roles/member", serde_json::Value::Null).await.expect(204);
    site.change("update activity set at = now() - interval '5 minutes' where verb = 'joined'").await;
    site.change("update hub_roles set since = '2026-03-01 23:30:00Z'").await;
    let plain = site.visitor().get("/h/cats/feed.atom").await.expect(200);
    assert!(plain.text().contains("2026-03-01T23:30:00Z"));

    let browser = site.browser().await;
    browser.in_time_zone("Asia/Tokyo").await;
    browser.goto("/h/cats").await;
    let times = "return [...document.querySelectorAll('.widget-activity time')].map((time) => [time.textContent, time.title]);";
    let told = eventually("the times are told", SOON, async || {
        let told = browser.run(times).await;
        (told[0][0] == "5 minutes ago").then_some(told)
    })
    .await;
    assert_eq!(told[1], json!(["2 Mar, 08:30", "1 March 2026, 23:30 UTC"]), "by the clocks in Tokyo");
    // So does a part that is swapped in.
    ada.api.patch("hubs/cats", json!({ "name": "Felines" })).await.expect(200);
    eventually("the widget tells of the new name", SOON, async || {
        let told = browser.run(times).await;
        (told[0][0] == "just now" && told[1][0] == "5 minutes ago").then_some(())
    })
    .await;
    browser.goto("/h/cats/members").await;
    assert_eq!(browser.text(".person-since time").await, "2 March 2026");
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_a_script_times_are_utc(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    site.change("update activity set at = '2026-03-01 23:30:00Z'").await;
    let page = ada.pages.get("/feed").await.expect(200);
    assert_eq!(page.texts(".feed-entry time"), ["1 Mar, 23:30 UTC"]);
    assert_eq!(page.attribute(".feed-entry time", "datetime"), "2026-03-01T23:30:00Z");
    assert_eq!(page.attribute(".feed-entry time", "title"), "1 March 2026, 23:30 UTC");
}

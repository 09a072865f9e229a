//! The review queue in a browser.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, SOON, Setup, eventually};

/// Waits until a page with this element has run its scripts.
async fn open_at(browser: &Browser, css: &str) {
    eventually(&format!("{css} is on a loaded page"), SOON, async || {
        let is_loaded = browser.has(css).await
            && browser.run("return document.readyState === 'complete'").await == json!(true);
        is_loaded.then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_judge_cases_by_keyboard(db: PgPool) {
    let site = Setup::on(db).start().await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let witnesses = site.trusted("witness", 3).await;
    for (number, crowd) in [&witnesses[..3], &witnesses[..1]].into_iter().enumerate() {
        let photo = site.photo().by(&ada).titled(&format!("Cat {number}")).live().await;
        for witness in crowd {
            witness.flag(&format!("photos/{photo}")).await;
        }
    }
    let second: i64 = site.ask("select max(id) from cases").await;
    let browser = site.browser().await;
    browser.log_in(&mo.email()).await;
    browser.goto("/moderation/review").await;
    browser.find("#case-1").await;
    browser.press('j').await;
    browser.press('x').await;
    assert!(browser.has("#case-1 input:checked").await);
    browser.press('o').await;
    open_at(&browser, "[data-veil]").await;
    assert!(!browser.has("[data-veil][open]").await, "what is hidden is blurred");
    browser.press('s').await;
    browser.find("[data-veil][open]").await;
    browser.press('c').await;
    open_at(&browser, "button[value=give_back]").await;
    browser.press('d').await;
    open_at(&browser, &format!("#case-{second}")).await;
    assert!(!browser.has("#case-1").await);
    browser.press('j').await;
    browser.press('o').await;
    open_at(&browser, "button[value=uphold]").await;
    browser.press('u').await;
    browser.find(".nothing").await;
    let outcomes: String = site.ask("select string_agg(outcome, ' ' order by id) from cases").await;
    assert_eq!(outcomes, "dismissed upheld");
    eventually("the photo is back", SOON, async || {
        (site.ask::<i64>("select count(*) from photos where title = 'Cat 0' and state = 'live'").await == 1)
            .then_some(())
    })
    .await;
    browser.has_no_complaints().await;
}

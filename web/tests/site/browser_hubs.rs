//! Hubs in real browsers: widgets change by themselves, where they are shown and nowhere else.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, Person, SOON, Site, eventually, pictures, submission};

/// Well before a tab without a stream looks by itself.
const LIVE: Duration = Duration::from_secs(5);

async fn posted(site: &Site, owner: &Person, slug: &str) -> i64 {
    let photo = site.photo().by(owner).live().await;
    owner.api.put(&format!("hubs/{slug}/photos/{photo}"), Value::Null).await.expect(204);
    photo
}

async fn text(browser: &Browser, kind: &str) -> String {
    browser.text(&format!(".widget-{kind} .widget-body")).await
}

async fn until_live(browser: &Browser) {
    let held = "return navigator.locks.query().then(({ held }) => held.length)";
    eventually("the stream is open", LIVE, async || (browser.run(held).await != 0).then_some(())).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_rating_redraws_the_widgets_concerned_in_all_windows_on_the_hub_and_nothing_elsewhere(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for slug in ["cats", "dogs"] {
        site.hub(&ada, slug).await;
        for body in [json!({ "kind": "histogram", "column": "right", "position": 0 })] {
            ada.api.post(&format!("hubs/{slug}/widgets"), body).await.expect(201);
        }
    }
    let photo = posted(&site, &ada, "cats").await;
    posted(&site, &ada, "dogs").await;
    let one = site.browser().await;
    let (two, elsewhere) = (site.browser_beside(&one).await, site.browser_beside(&one).await);
    one.goto("/h/cats").await;
    two.goto("/h/cats").await;
    elsewhere.goto("/h/dogs").await;
    for browser in [&one, &two, &elsewhere] {
        until_live(browser).await;
        // Nobody reloads, and what isn't concerned stays the same node.
        browser.run("window.asked = performance.getEntriesByType('resource').length; window.about = document.querySelector('.widget-about .widget-body');").await;
        browser.mark().await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = text(&one, "histogram").await;
    let quiet =
        "return performance.getEntriesByType('resource').filter(({ name }) => name.includes('/w/')).length";
    let loads = elsewhere.run(quiet).await;
    site.rate(&bob, photo, 9).await;
    for browser in [&one, &two] {
        eventually("the histogram is redrawn", LIVE, async || {
            (text(browser, "histogram").await != before).then_some(())
        })
        .await;
        assert!(browser.is_marked().await, "the page is still the same");
        assert_eq!(
            browser.run("return window.about === document.querySelector('.widget-about .widget-body')").await,
            true
        );
        browser.has_no_complaints().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(elsewhere.run(quiet).await, loads, "nothing is loaded for the other hub");
    elsewhere.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_new_photo_and_a_new_widget_appear_by_themselves(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let browser = site.browser().await;
    browser.goto("/h/cats").await;
    until_live(&browser).await;
    browser.mark().await;
    let form = submission("Newcomer", pictures::quarters(1200, 900)).text("hubs", "cats");
    ada.api.upload(form).await.expect(202);
    eventually("the photo is shown", SOON, async || {
        text(&browser, "newest-photos").await.contains("Newcomer").then_some(())
    })
    .await;
    let body =
        json!({ "kind": "sticky-note", "column": "left", "position": 0, "config": { "text": "Look here" } });
    let note = ada.api.post("hubs/cats/widgets", body).await.expect(201).json()["id"].clone();
    eventually("the widget is shown", LIVE, async || browser.has(".widget-sticky-note").await.then_some(()))
        .await;
    ada.api.delete(&format!("hubs/cats/widgets/{note}"), Value::Null).await.expect(204);
    eventually("it is gone", LIVE, async || (!browser.has(".widget-sticky-note").await).then_some(())).await;
    assert!(browser.is_marked().await, "the page was never loaded again");
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_loses_a_private_hub_is_told_nothing_more(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub_with(&ada, "secret", json!({ "visibility": "private" })).await;
    ada.api.put("hubs/secret/members/bob", json!({ "role": "member" })).await.expect(204);
    let browser = site.browser().await;
    browser.log_in(&bob.email()).await;
    browser.goto("/h/secret").await;
    until_live(&browser).await;
    ada.api.delete("hubs/secret/members/bob", Value::Null).await.expect(204);
    eventually("the page is gone", SOON, async || (!browser.has("[data-hub]").await).then_some(())).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn keys_rate_in_the_card_while_it_is_in_view_and_the_next_photo_takes_its_place(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    for _ in 0..3 {
        posted(&site, &ada, "cats").await;
    }
    let browser = site.browser().await;
    browser.resize(1280, 700).await;
    browser.log_in(&bob.email()).await;
    browser.goto("/h/cats").await;
    browser.mark().await;
    let rated = async || site.ask::<i64>("select count(*) from ratings").await;
    let form = async || browser.attribute(".rate-one form", "action").await;
    let first = form().await;
    // What isn't in view isn't meant.
    browser.run("document.querySelector('main').style.paddingTop = '200vh'; scrollTo(0, 0)").await;
    browser.press('7').await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(rated().await, 0);
    browser.run("document.querySelector('.rate-one .keys').scrollIntoView({ block: 'center', behavior: 'instant' })").await;
    browser.press('7').await;
    eventually("the next photo", SOON, async || (form().await != first).then_some(())).await;
    assert_eq!(rated().await, 1);
    let second = form().await;
    // With the focus on a key it stays there, and leaves the page's other widgets to those who tab on.
    browser
        .run("document.querySelector('.rate-one button[value=\"3\"]').focus({ focusVisible: true })")
        .await;
    browser.press('\u{e007}').await;
    eventually("the last photo", SOON, async || (form().await != second).then_some(())).await;
    let is_on = async |css: &str| {
        let has_focus = "return document.activeElement?.matches(arguments[0]) === true";
        eventually(css, SOON, async || (browser.run_with(has_focus, json!(css)).await == true).then_some(()))
            .await;
    };
    is_on(".rate-one button[value='3']").await;
    browser.press('0').await;
    eventually("all are rated", SOON, async || {
        let text = browser.text(".widget-rate-one").await;
        text.contains("nothing left for you to rate").then_some(())
    })
    .await;
    is_on(".widget-rate-one").await;
    let said = "return document.querySelector('[data-announcements]')?.textContent";
    eventually("screen readers hear what was given", Duration::from_secs(15), async || {
        (browser.run(said).await == "You gave it 10.").then_some(())
    })
    .await;
    assert_eq!(
        site.ask::<String>("select string_agg(value::text, ' ' order by rated_at) from ratings").await,
        "7 3 10"
    );
    assert_eq!(browser.path().await, "/h/cats");
    assert!(browser.is_marked().await, "nobody left the page");
    browser.has_no_complaints().await;
}

//! The story of a photo in a browser, on a phone and on a desk: its owner changes it, another member remixes it, a third
//! reports it, and a moderator takes it down and brings it back.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, Person, SOON, Setup, Site, eventually, pictures, submission};
use crate::moderation_story::GONE_WITHIN;

const SCREENS: [(u32, u32); 2] = [(390, 844), (1280, 800)];

/// Goes on as somebody else.
async fn go_on_as(browser: &Browser, person: &Person) {
    browser.goto("/top").await;
    if browser.has(".menu-name").await {
        browser.run("document.querySelector('form[action=\"/logout\"]').submit()").await;
        browser.find("a[href^='/login']").await;
    }
    browser.log_in(&person.email()).await;
}

async fn fits(browser: &Browser) {
    let wide = browser.run("return document.documentElement.scrollWidth - innerWidth").await;
    assert!(wide.as_i64().is_some_and(|wide| wide <= 0), "{} is {wide} too wide", browser.path().await);
}

async fn until_path(browser: &Browser, wanted: impl Fn(&str) -> bool) -> String {
    eventually("the next page", SOON, async || Some(browser.path().await).filter(|path| wanted(path))).await
}

/// Replaces what is in a field.
async fn rewrite(browser: &Browser, css: &str, text: &str) {
    browser.run_with("document.querySelector(arguments[0]).value = ''", json!(css)).await;
    browser.fill(css, text).await;
}

/// Its owner changes everything about it.
async fn change(site: &Site, browser: &Browser, photo: i64, title: &str) {
    browser.goto(&format!("/photos/{photo}/edit")).await;
    browser.find(".crop:not([hidden]) [data-crop-box]").await;
    fits(browser).await;
    rewrite(browser, "#title", title).await;
    rewrite(browser, "#alt", "It has opened one eye").await;
    browser.choose("#species", "rabbit").await;
    rewrite(browser, "#tags", "zorbtag, sofa").await;
    browser.run("document.querySelector('[data-crop-box]').focus()").await;
    for _ in 0..8 {
        browser.press('-').await;
    }
    browser.click("#edit button[type=submit]").await;
    until_path(browser, |path| path == format!("/photos/{photo}")).await;
    site.hurry().await;
    site.settle().await;
    let shown = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    let words = (&shown["title"], &shown["alt"], &shown["species"], &shown["tags"]);
    assert_eq!(
        words,
        (&json!(title), &json!("It has opened one eye"), &json!("rabbit"), &json!(["zorbtag", "sofa"]))
    );
    let width = shown["sizes"]["1080"]["width"].as_i64();
    assert!(width.is_some_and(|width| width < 900), "the crop is smaller: {width:?}");
}

/// Another member makes a photo of their own from it, and publishes that.
async fn remix(browser: &Browser, photo: i64, title: &str) -> String {
    browser.goto(&format!("/photos/{photo}")).await;
    fits(browser).await;
    browser.click("form[action$='/remix'] button").await;
    let path = until_path(browser, |path| path.ends_with("/edit")).await;
    let remix = path.trim_end_matches("/edit").to_owned();
    rewrite(browser, "#title", title).await;
    browser.click("#edit button[type=submit]").await;
    browser.find(&format!("form[action='{remix}/publish'] button")).await;
    fits(browser).await;
    browser.click(&format!("form[action='{remix}/publish'] button")).await;
    browser.find(".credit a").await;
    remix
}

async fn report(browser: &Browser, photo: i64) {
    browser.goto(&format!("/photos/{photo}")).await;
    browser.click(&format!("a[href='/photos/{photo}/report']")).await;
    browser.find("label.choice:has([value=not-an-animal])").await;
    fits(browser).await;
    browser.click("label.choice:has([value=not-an-animal])").await;
    browser.fill("#report-text", "That is a cushion.").await;
    browser.click("main form button[type=submit]").await;
    until_path(browser, |path| path == format!("/photos/{photo}")).await;
    browser.find(".flash").await;
}

async fn take_down(browser: &Browser, case: i64) {
    browser.goto("/moderation/review").await;
    browser.find(&format!("#case-{case}")).await;
    fits(browser).await;
    browser.goto(&format!("/moderation/review/{case}")).await;
    fits(browser).await;
    browser.fill("#reason", "Not a rabbit.").await;
    browser.click("button[value=take_down]").await;
    until_path(browser, |path| path == "/moderation/review").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_is_changed_remixed_reported_taken_down_and_brought_back(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let mo = site.moderator("mo").await;
    let browser = site.browser().await;
    let onlooker = site.browser_beside(&browser).await;
    for (number, (width, height)) in (1..).zip(SCREENS) {
        if width < 600 {
            browser.phone(width, height).await;
        } else {
            browser.resize(width, height).await;
        }
        let picture = pictures::scene(number * 7, 900, 90);
        let sent =
            ada.api.upload(submission(&format!("Zorblatt asleep {number}"), picture)).await.expect(202);
        let photo = sent.json()["id"].as_i64().expect("an id");
        assert_eq!(site.processed(photo).await, "live");

        let title = format!("Zorblatt awake {number}");
        go_on_as(&browser, &ada).await;
        change(&site, &browser, photo, &title).await;
        go_on_as(&browser, &bob).await;
        let remix = remix(&browser, photo, &format!("Seen by bob {number}")).await;
        go_on_as(&browser, &eve).await;
        report(&browser, photo).await;

        // Somebody looks at the list meanwhile.
        onlooker.goto("/new").await;
        onlooker.find(&format!("a[href^='/photos/{photo}']")).await;
        go_on_as(&browser, &mo).await;
        // Remixes of earlier rounds have cases, too.
        let case = site.ask_of("select id from cases where state = 'open' and thing_id = $1", photo).await;
        take_down(&browser, case).await;
        eventually("it is gone", GONE_WITHIN, async || {
            onlooker.reload().await;
            (!onlooker.has(&format!("a[href^='/photos/{photo}']")).await).then_some(())
        })
        .await;
        onlooker.goto(&remix).await;
        assert_eq!(onlooker.text(".credit").await.trim(), "Remix of a photo that was removed");

        browser.goto("/moderation/acts").await;
        fits(&browser).await;
        browser.click("form[action^='/moderation/acts/'][action$='/undo'] button").await;
        browser.find(".flash").await;
        onlooker.goto(&format!("/photos/{photo}")).await;
        assert_eq!(onlooker.text("h1").await, title);
        browser.has_no_complaints().await;
    }
    site.histograms_are_right().await;
}

//! Navigation in a real browser: keys, themes and moderation.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{SOON, Site, eventually};

const LEFT: char = '\u{e012}';
const RIGHT: char = '\u{e014}';
const DOWN: char = '\u{e015}';
const ESCAPE: char = '\u{e00c}';

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_arrow_keys_lead_from_photo_to_photo(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(3).await;
    let browser = site.browser().await;
    let path = |at: usize| format!("/photos/{}", photos[at]);
    browser.goto("/new").await;
    browser.click(".card:nth-child(1) h2 a").await;
    for (key, at) in [(RIGHT, 1), (RIGHT, 0), (LEFT, 1), (LEFT, 2)] {
        browser.find(".place").await;
        browser.press(key).await;
        eventually("the next photo is open", SOON, async || (browser.path().await == path(at)).then_some(()))
            .await;
    }
    // There is no photo before the first.
    browser.find("[data-next]").await;
    browser.mark().await;
    browser.press(LEFT).await;
    assert!(browser.is_marked().await && browser.path().await == path(2));
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_theme_takes_effect_at_once_and_stays(db: PgPool) {
    let site = Site::start(db).await;
    let browser = site.browser().await;
    browser.goto("/top").await;
    browser.mark().await;
    let paper = "return getComputedStyle(document.body).backgroundColor";
    let light = browser.run(paper).await;
    for (theme, is_light) in [("dark", false), ("light", true)] {
        browser.run("document.querySelector('details.menu').open = true").await;
        browser.click(&format!(".themes button[value={theme}]")).await;
        browser
            .find(&format!("html[data-theme={theme}] .themes button[value={theme}][aria-pressed=true]"))
            .await;
        assert!(!browser.has(&format!(".themes [aria-pressed=true]:not([value={theme}])")).await);
        assert_eq!(browser.run(paper).await == light, is_light, "{theme}");
    }
    assert!(browser.is_marked().await, "the page was reloaded");
    browser.click(".themes button[value=dark]").await;
    browser.goto("/new").await;
    assert!(browser.has("html[data-theme=dark]").await);
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_phones_bar_has_five_places_and_the_header_search(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    let places = "const shown = [...document.querySelectorAll('.site-nav > a, .site-nav .menu summary')]
                      .filter((part) => part.getClientRects().length > 0);
                  return shown.sort((a, b) => a.getBoundingClientRect().left - b.getBoundingClientRect().left)
                      .map((part) => part.innerText.trim());";
    for is_member in [false, true] {
        if is_member {
            browser.log_in(&ada.email()).await;
        }
        browser.phone(320, 640).await;
        browser.goto("/").await;
        assert_eq!(browser.run(places).await, json!(["Rate", "Explore", "Submit", "Hubs", "You"]));
        browser.click(".menu summary").await;
        let leads = "return [...document.querySelectorAll('.menu-sheet a')].filter((link) => link.getClientRects().length > 0)
                         .map((link) => link.innerText)";
        let expected = if is_member {
            json!(["Profile", "Feed", "Drafts", "Ratings", "Settings"])
        } else {
            json!(["Register", "Log in"])
        };
        assert_eq!(browser.run(leads).await, expected);
        browser.press(ESCAPE).await;
        browser.click(".search-link").await;
        browser.find("#q").await;
        browser.resize(1280, 800).await;
        browser.goto("/").await;
        browser.fill("#site-search", "cat\u{e007}").await;
        browser.find("#q[value=cat]").await;
    }
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_look_through_new_photos_by_keyboard(db: PgPool) {
    let site = Site::start(db).await;
    let mo = site.moderator("mo").await;
    let photos = site.photos(6).await;
    let browser = site.browser().await;
    browser.log_in(&mo.email()).await;
    browser.resize(900, 900).await;
    browser.goto("/moderation").await;
    let focused = "return Number(document.activeElement.closest('[data-photo]')?.dataset.photo ?? 0)";
    for (key, at) in [('j', 5), ('j', 4), (RIGHT, 3), ('k', 4), (LEFT, 5), (LEFT, 5)] {
        browser.press(key).await;
        assert_eq!(browser.run(focused).await, json!(photos[at]), "after {key:?}");
    }
    browser.press(DOWN).await;
    let row = browser.run(focused).await.as_i64().expect("a photo");
    assert!(row < photos[4], "one row down: {row} of {photos:?}");
    browser.run("document.querySelector('.scan-photo:nth-child(2) .scan-picture').focus()").await;

    browser.press('h').await;
    browser.find("dialog[open]").await;
    browser.press(ESCAPE).await;
    browser.find("dialog:not([open])").await;
    assert_eq!(site.ask::<i64>("select count(*) from photos where state = 'hidden'").await, 0);

    browser.mark().await;
    browser.press('h').await;
    browser.find("dialog[open]").await;
    // Letters belong to the reason now.
    browser.fill("#scan-reason", "john is no animal").await;
    browser.click("dialog button[type=submit]").await;
    browser.find(".scan-photo:nth-child(2).is-hidden").await;
    assert_eq!(browser.run(focused).await, json!(photos[3]), "the next one has the focus");
    assert!(browser.is_marked().await, "the page was reloaded");
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photos[4]).await, "hidden");
    let reason: String = site.ask("select detail->>'reason' from audit_log").await;
    assert_eq!(reason, "john is no animal");

    browser.click(".scan-photo:nth-child(4) [data-hide]").await;
    browser.find("dialog[open]").await;
    browser.click("[data-cancel]").await;
    browser.find("dialog:not([open])").await;
    browser.run("document.querySelector('.scan-photo:nth-child(4) .scan-picture').focus()").await;
    browser.press('o').await;
    browser.find(".photo-page").await;
    assert_eq!(browser.path().await, format!("/photos/{}", photos[2]));
    browser.has_no_complaints().await;
}

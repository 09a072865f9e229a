//! Pages with large text and long names fit the screens that people have.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::browser_screens::{BEYOND, LONG_TITLE, STAGE, rate};
use crate::harness::{PASSWORD, Site};

/// What of the head is cut off or covered, and where the photo and what is shown over it are.
const HEAD: &str = "
    const width = document.documentElement.clientWidth;
    const all = [...document.querySelectorAll('.brand, .site-nav > :not(.site-account), .site-account > *')];
    const parts = all.filter((part) => part.getClientRects().length > 0);
    const cut = parts.filter((part) => part.getBoundingClientRect().right > width + 0.5);
    const nav = document.querySelector('.site-nav');
    const shorter = [nav, ...parts.slice(1)].filter((part) => part.scrollWidth > part.clientWidth + 1);
    const isRow = getComputedStyle(nav).position === 'static';
    if (parts.length < 6) return ['only ' + parts.length + ' parts'];
    const after = (part, place) => part.getBoundingClientRect().left < parts[place - 1]?.getBoundingClientRect().right - 0.5;
    const covered = isRow ? parts.filter(after) : [];
    const names = [...cut, ...shorter, ...covered].map((part) => part.textContent.trim().slice(0, 20));
    if (document.documentElement.scrollWidth > width) names.push('the page');
    return names;
";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_head_has_room_for_large_text_and_long_names(db: PgPool) {
    let site = Site::start(db).await;
    let member = site.member(&"W".repeat(30)).await;
    site.photos(2).await;
    let browser = site.browser().await;
    for is_member in [false, true] {
        if is_member {
            browser.log_in(&member.email()).await;
        }
        // Both pages are as long as makes a desktop show a scrollbar.
        browser.goto("/submit").await;
        browser.run("document.querySelector('main').style.minHeight = '200vh'").await;
        for percent in [100, 200] {
            browser
                .run_with("document.documentElement.style.fontSize = `${arguments[0]}%`", json!(percent))
                .await;
            for width in [720, 768, 900, 1024, 1280] {
                browser.resize(width, 800).await;
                let found = browser.run(HEAD).await;
                assert_eq!(found, json!([]), "{width} wide, {percent} %, member: {is_member}");
            }
            browser.phone(390, 664).await;
            assert_eq!(browser.run(HEAD).await, json!([]), "a phone, {percent} %, member: {is_member}");
        }
    }

    browser.goto("/").await;
    rate(&browser, '7').await;
    browser.run("document.documentElement.style.fontSize = '200%'").await;
    let stage = browser.run(STAGE).await;
    assert!(stage["side"].as_u64() > Some(150), "the photo is small: {stage}");
    let beyond = "const [square, feedback] = ['.stage-square', '.feedback']
                      .map((css) => document.querySelector(css).getBoundingClientRect());
                  return feedback.top < square.top || feedback.bottom > square.bottom;";
    assert_eq!(browser.run(beyond).await, false, "others' ratings stay on the photo");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn error_pages_fit_narrow_screens_with_large_text(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.text_size(32).await;
    for width in [320, 360] {
        browser.phone(width, 640).await;
        for path in ["/admin", "/nothing"] {
            browser.goto(path).await;
            browser.find(".error").await;
            let found = browser.run_with(BEYOND, json!(width)).await;
            assert!(found["by"].as_i64() <= Some(0), "{path}, {width} pixels wide: {found}");
            let overlapping = "return [...document.querySelectorAll('.site-nav > a')]
                                   .filter((link) => link.scrollWidth > link.clientWidth).map((link) => link.textContent.trim());";
            assert_eq!(browser.run(overlapping).await, json!([]), "{path}, {width} pixels wide");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn refused_fields_and_chosen_items_are_in_view(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.photo().by(&ada).titled(LONG_TITLE).live().await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.phone(390, 664).await;
    let sight = "const field = arguments[0] === null ? document.activeElement : document.querySelector(arguments[0]);
                 const { left, top, right, bottom } = field.getBoundingClientRect();
                 return [field.id || field.textContent, left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight];";
    browser.goto("/settings").await;
    browser.fill("#current-password", PASSWORD).await;
    browser.fill("#new-password", "password1").await;
    browser.click("[action='/settings/password'] button").await;
    browser.find("#new-password-error").await;
    assert_eq!(browser.run_with(sight, Value::Null).await, json!(["new-password", true]));

    browser.goto("/top?species=other").await;
    let chosen = browser.run_with(sight, json!(".chips[aria-label=Species] [aria-current]")).await;
    assert_eq!(chosen, json!(["Everything else", true]));
    browser.goto("/members/ada/photos").await;
    let lines = "const title = document.querySelector('.card-text h2');
                 return Math.round(title.clientHeight / parseFloat(getComputedStyle(title).lineHeight));";
    assert_eq!(browser.run(lines).await, 2, "the rest of a title is on the photo's page");
}

//! Rating in a browser with a slow or failing network.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, Cable, SOON, Site, eventually};

async fn shown(browser: &Browser) -> i64 {
    browser.attribute("[data-stage] [data-photo]", "data-photo").await.parse().expect("an id")
}

/// Waits until another photo is on the page and returns it.
async fn next_after(browser: &Browser, photo: i64) -> i64 {
    browser.find(&format!("[data-stage]:not(.arriving) [data-photo]:not([data-photo='{photo}'])")).await;
    shown(browser).await
}

/// Measures how long a note has been shown over the photos.
const EXPLAINED: &str = "
    let first = null;
    const look = (now) => {
        if (document.querySelector('[data-note]')) {
            first ??= now;
            window.explained = now - first;
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
";

async fn note(browser: &Browser) -> String {
    browser.text("[data-stage] [data-note]").await
}

async fn ratings(site: &Site) -> Vec<(i64, i16)> {
    let ratings = sqlx::query_as("select photo_id, value from ratings order by rated_at");
    ratings.fetch_all(&site.db).await.expect("they are asked for")
}

/// The large pictures that have come over the network, in order.
async fn pictures_loaded(browser: &Browser) -> Vec<String> {
    let found = browser
        .run(
            "const isLarge = (entry) => entry.transferSize > 0 && entry.encodedBodySize > 40_000;
             return performance.getEntriesByType('resource').filter(isLarge)
                 .map(({ name }) => new URL(name).pathname).filter((path) => path.startsWith('/media/'));",
        )
        .await;
    serde_json::from_value(found).expect("addresses")
}

/// Which file the photo on the page shows.
async fn picture(browser: &Browser) -> String {
    let path =
        browser.run("return new URL(document.querySelector('.stage img.full').currentSrc).pathname").await;
    path.as_str().expect("a path").to_owned()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_rating_is_sent_again_until_it_is_stored(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    let browser = site.browser().await;
    browser.goto("/").await;
    browser.mark().await;
    let first = shown(&browser).await;
    browser.cut_off().await;
    browser.press('7').await;
    eventually("it says so", SOON, async || {
        (note(&browser).await == "Not saved yet, trying again.").then_some(())
    })
    .await;
    assert_eq!(shown(&browser).await, first, "the photo stays");
    assert_eq!(ratings(&site).await, []);
    browser.press('2').await;
    assert!(note(&browser).await.contains("Not saved yet"), "another key is refused with a note");
    browser.free_network().await;
    let second = next_after(&browser, first).await;
    assert_eq!(ratings(&site).await, [(first, 7)]);
    assert!(!browser.has("[data-note], .stage-note").await);

    // The server fails.
    site.change("alter table ratings rename to misplaced").await;
    browser.press('4').await;
    eventually("it says so again", SOON, async || {
        (note(&browser).await == "Not saved yet, trying again.").then_some(())
    })
    .await;
    assert_eq!(shown(&browser).await, second);
    site.change("alter table misplaced rename to ratings").await;
    next_after(&browser, second).await;
    assert_eq!(ratings(&site).await, [(first, 7), (second, 4)]);
    assert!(browser.is_marked().await, "the page was never reloaded");
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_rating_whose_answer_gets_lost_counts_once(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    let cable = Cable::to(&site.base).await;
    let mut browser = site.browser().await;
    browser.through(&cable.base);
    browser.goto("/").await;
    browser.mark().await;
    let mut seen = vec![shown(&browser).await];
    // First as a visitor without a user, then as one with a user.
    for (place, value) in [(0, '6'), (1, '9')] {
        cable.lose_answers(1);
        browser.press(value).await;
        seen.push(next_after(&browser, seen[place]).await);
        assert_eq!(cable.to_lose(), 0, "the answer was lost");
        assert_eq!(browser.text("[data-feedback] .key-chip").await, value.to_string());
        assert!(!browser.has(".stage-note").await);
    }
    assert_eq!(ratings(&site).await, [(seen[0], 6), (seen[1], 9)]);
    assert_eq!(site.ask::<i64>("select count(distinct rater_id) from ratings").await, 1);
    assert!(browser.is_marked().await, "the page was never reloaded");
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn keys_count_only_for_a_visible_photo(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(4).await;
    let browser = site.browser().await;
    browser.goto("/").await;
    let first = shown(&browser).await;
    browser.slow_connection(Duration::from_millis(700), -1).await;
    browser.press('3').await;
    browser.run(EXPLAINED).await;
    browser.press('8').await;
    assert_eq!(note(&browser).await, "Wait for the next photo.");
    let second = next_after(&browser, first).await;
    eventually("the note is gone", SOON, async || (!browser.has("[data-note]").await).then_some(())).await;
    let explained = browser.run("return window.explained").await.as_f64();
    assert!(explained >= Some(1000.0), "a refused press was explained for {explained:?} ms");
    browser.press('8').await;
    next_after(&browser, second).await;
    assert_eq!(ratings(&site).await, [(first, 3), (second, 8)]);

    // A photo whose picture doesn't load is not visible.
    browser.free_network().await;
    browser.block("*/media/*").await;
    browser.goto("/").await;
    let third = shown(&browser).await;
    browser.press('5').await;
    assert!(
        ["Wait until you see the photo.", "The photo doesn't load, trying again."]
            .contains(&note(&browser).await.as_str())
    );
    assert_eq!(ratings(&site).await.len(), 2);
    let behind = "return getComputedStyle(document.querySelector('img.full.missing')).backgroundImage";
    assert_eq!(browser.run(behind).await, "none", "its fields can be read");
    browser.block("nothing").await;
    eventually("the picture is there after all", SOON, async || {
        browser
            .run("return document.querySelector('img.full').naturalWidth > 0")
            .await
            .as_bool()?
            .then_some(())
    })
    .await;
    eventually("the note is gone", SOON, async || (!browser.has("[data-note]").await).then_some(())).await;
    browser.press('5').await;
    next_after(&browser, third).await;
    assert_eq!(ratings(&site).await[2], (third, 5));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_next_picture_is_preloaded(db: PgPool) {
    let site = Site::start(db).await;
    // Each photo has its own picture, so that none is cached because of another.
    let mut photos = site.photos(6).await;
    site.tell_pictures_apart(&photos).await;
    photos.sort_unstable();
    let browser = site.browser().await;
    browser.goto("/").await;
    let mut photo = shown(&browser).await;
    // Slow 4G, as Lighthouse has it.
    browser.slow_connection(Duration::from_millis(150), 200_000).await;
    let mut seen = vec![photo];
    let mut waits = Vec::new();
    while seen.len() < photos.len() {
        eventually("the next picture is loaded", SOON, async || {
            (pictures_loaded(&browser).await.len() == seen.len() + 1).then_some(())
        })
        .await;
        let loaded = pictures_loaded(&browser).await;
        assert_eq!(loaded[seen.len() - 1], picture(&browser).await);
        browser.run("window.pressed = null; addEventListener('keydown', () => { window.pressed ??= performance.now(); });
                     new MutationObserver(() => { window.swapped = performance.now(); })
                         .observe(document.querySelector('main'), { childList: true });").await;
        browser.press('6').await;
        photo = next_after(&browser, photo).await;
        assert_eq!(picture(&browser).await, loaded[seen.len()], "it is the one that was loaded");
        waits.push(browser.run("return window.swapped - window.pressed").await);
        seen.push(photo);
    }
    seen.sort_unstable();
    assert_eq!(seen, photos);
    eprintln!("from press to photo, in milliseconds: {}", json!(waits));
    browser.has_no_complaints().await;
}

//! The main flows in a real browser, with scripts, keyboard and content security policy.

use std::collections::BTreeSet;

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, PASSWORD, SOON, Site, eventually, pictures, submission};

/// ArrowRight, as WebDriver's table of normalised keys has it.
const RIGHT: char = '\u{E014}';

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_registers_logs_out_and_logs_in(db: PgPool) {
    let site = Site::start(db).await;
    let browser = site.browser().await;
    browser.goto("/register?next=%2Ftop").await;
    for (field, text) in [("#name", "ada"), ("#email", "ada@example.org"), ("#password", PASSWORD)] {
        browser.fill(field, text).await;
    }
    browser.click("main form button[type=submit]").await;
    assert_eq!(browser.text(".menu-name").await, "ada");
    assert_eq!(browser.path().await, "/top");
    assert_eq!(browser.run("return document.cookie").await, json!(""), "no script can read the session");

    browser.click("details.menu summary").await;
    browser.click(".menu-sheet form[action='/logout'] button").await;
    browser.find("a[href^='/login']").await;
    assert!(!browser.has(".menu-name").await);
    browser.log_in("ada@example.org").await;
    browser.goto("/settings").await;
    assert_eq!(browser.attribute("#name", "value").await, "ada");
    browser.has_no_complaints().await;
}

async fn shown(browser: &Browser) -> i64 {
    browser.attribute("[data-stage] [data-photo]", "data-photo").await.parse().expect("an id")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_rating_loop_works_by_keyboard(db: PgPool) {
    let site = Site::start(db).await;
    let photos: BTreeSet<_> = site.photos(4).await.into_iter().collect();
    let browser = site.browser().await;
    browser.goto("/").await;
    let first = shown(&browser).await;
    browser.reload().await;
    assert_eq!(shown(&browser).await, first, "a reload shows the same photo");

    let mut seen = BTreeSet::new();
    let mut given = Vec::new();
    browser.mark().await;
    for key in ['7', '0', '1', '3'] {
        let photo = shown(&browser).await;
        assert!(seen.insert(photo), "photo {photo} came again");
        browser.press('x').await;
        browser.press(key).await;
        eventually("the next one is there", SOON, async || {
            let gone = format!("[data-stage] [data-photo='{photo}']");
            let is_there = browser.has("[data-stage]:not(.arriving) [data-feedback]").await
                && !browser.has("[data-note]").await;
            let is_gone = !browser.has(&gone).await;
            // A key pressed before the photo is visible is refused, with a note over the feedback for a moment.
            if !is_gone && !browser.has("form[data-keys][aria-busy=true]").await {
                browser.press(key).await;
            }
            (is_gone && is_there).then_some(())
        })
        .await;
        let value: i16 = site.ask_of("select value from ratings where photo_id = $1", photo).await;
        given.push(value);
        assert_eq!(browser.text("[data-feedback] .key-chip").await, value.to_string());
    }
    assert_eq!((seen, given), (photos, vec![7, 10, 1, 3]));
    assert_eq!(browser.text("h1").await, "You've rated them all");
    assert!(browser.is_marked().await, "the page was never reloaded");
    browser.reload().await;
    assert_eq!(browser.text("h1").await, "You've rated them all");
    site.histograms_are_right().await;
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_photos_own_page_takes_keys_too_and_a_link_is_shared(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(2).await;
    let browser = site.browser().await;
    // Somebody whom the site doesn't know has a rating page only. The second photo is served to somebody known.
    browser.goto("/").await;
    browser.press('5').await;
    let first: i64 = eventually("the first rating", SOON, async || {
        sqlx::query_scalar("select photo_id from ratings")
            .fetch_optional(&site.db)
            .await
            .expect("it is asked")
    })
    .await;
    let photo = photos.into_iter().find(|photo| *photo != first).expect("the other one");
    browser.find(&format!("[data-photo='{photo}']")).await;
    browser.goto(&format!("/photos/{photo}")).await;
    browser.press('4').await;
    browser.find("button[aria-pressed=true][value='4']").await;
    browser.press('9').await;
    browser.find("button[aria-pressed=true][value='9']").await;
    assert!(browser.has(".histogram").await);
    let values: Vec<i16> = sqlx::query_scalar("select value from ratings where photo_id = $1")
        .bind(photo)
        .fetch_all(&site.db)
        .await
        .expect("it is asked");
    assert_eq!(values, [9]);

    browser.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }").await;
    browser.click("form[data-share] button").await;
    let link = eventually("the link is copied", SOON, async || {
        browser.run("return window.copied ?? null").await.as_str().map(str::to_owned)
    })
    .await;
    site.get(&link.replace(site.base.as_str(), "/")).await.expect(200);
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_cropped_upload_goes_live_while_its_page_is_open(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto("/submit").await;
    browser.mark().await;
    let file = browser.file("sleepy-cat.jpg", &pictures::quarters_on_their_side(1200, 900));
    browser.fill("#photo", file.to_str().expect("a path")).await;

    // Upright it is 900 × 1200, and the square lies in its middle.
    let label = async || browser.attribute("[data-crop-box]", "aria-label").await;
    eventually("the crop is drawn", SOON, async || {
        (label().await == "Crop: 100 % of the largest square, 0 from the left, 150 from the top")
            .then_some(())
    })
    .await;
    browser.run("document.querySelector('[data-crop-box]').focus()").await;
    for key in ['-', '-', RIGHT] {
        browser.press(key).await;
    }
    let chosen = label().await;
    let numbers: Vec<i64> =
        chosen.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    let [percent, left, top] = numbers[..] else { panic!("{chosen}") };
    assert!(percent < 100 && left > 0 && top > 150, "{chosen}");

    let title = browser.find(".entry [name=title]").await.prop("value").await.expect("it is there");
    assert_eq!(title.as_deref(), Some("sleepy cat"), "the file's name is a title already");
    browser.click("[data-send]").await;
    assert!(browser.text("[data-entry-error]").await.contains("species"));
    browser.choose(".entry [name=species]", "cat").await;
    browser.click("[data-send]").await;
    eventually("the server has it", SOON, async || {
        browser.text("[data-entry-state]").await.contains("Processing").then_some(())
    })
    .await;
    site.start_worker();
    let link = browser.find(".entry[data-state='live'] [data-entry-state] a").await;
    assert!(browser.text("[data-entry-state]").await.starts_with("Live "));
    assert!(browser.is_marked().await, "the page was never reloaded");

    let (x, y, side): (i32, i32, i32) = sqlx::query_as("select crop_x, crop_y, crop_side from photos")
        .fetch_one(&site.db)
        .await
        .expect("there is one");
    assert_eq!((i64::from(x), i64::from(y)), (left, top));
    assert_eq!(i64::from((side * 100 + 450) / 900), percent);
    link.click().await.expect("it leads to the photo");
    browser.find("article.photo img.full").await;
    assert_eq!(browser.run("return document.querySelectorAll('li.done').length").await, 6);
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_photo_page_updates_until_the_photo_is_live(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let good = ada.api.upload(submission("Good", pictures::quarters(600, 600))).await.expect(202).json();
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto(&format!("/photos/{}", good["id"])).await;
    assert_eq!(browser.attribute("[data-status]", "data-state").await, "processing");
    assert!(browser.has("li.current[data-step=checked]").await);
    site.start_worker();
    browser.find("article.photo img.full").await;
    assert_eq!(browser.attribute("[data-status]", "data-state").await, "live");

    let bad = ada.api.upload(submission("Bad", b"no picture at all".to_vec())).await.expect(202).json();
    browser.goto(&format!("/photos/{}", bad["id"])).await;
    browser.find("[data-status][data-state=failed]").await;
    assert!(browser.text("#status").await.contains("isn't a picture"));
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_photo_page_shows_each_step_and_reloads_only_at_the_end(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let taken = ada.api.upload(submission("Slowly", pictures::quarters(600, 600))).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    let held = site.hold(photo).await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto(&format!("/photos/{photo}")).await;
    browser.find("[data-state=processing] li.current[data-step=checked]").await;
    assert!(!browser.has("li.done[data-step=decoded]").await);
    browser.mark().await;

    site.start_worker();
    for step in ["checked", "decoded", "cropped"] {
        browser.find(&format!("[data-state=processing] li.done[data-step={step}]")).await;
    }
    assert!(browser.has("[data-state=processing] li.current[aria-current=step]").await);
    assert!(!browser.has("article.photo img.full").await);
    assert!(browser.is_marked().await, "the page was not reloaded");

    held.rollback().await.expect("it is let go");
    browser.find("article.photo img.full").await;
    assert_eq!(browser.attribute("[data-status]", "data-state").await, "live");
    assert!(!browser.is_marked().await, "now it was");
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn open_photo_pages_learn_that_the_photo_was_deleted(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    let photo = site.photo().by(&ada).processing().await;
    browser.goto(&format!("/photos/{photo}")).await;
    browser.find("[data-status][data-state=processing]").await;
    // No worker processes the photo, but its pages are notified.
    site.change("delete from jobs where queue = 'media'").await;
    site.start_worker();
    ada.api.delete(&format!("photos/{photo}"), serde_json::Value::Null).await.expect(204);
    browser.find(".error-page h1").await;
    assert_eq!(browser.path().await, format!("/photos/{photo}"));

    site.workers.clear();
    browser.goto("/submit").await;
    let file = browser.file("cat.jpg", &pictures::quarters(300, 300));
    browser.fill("#photo", file.to_str().expect("a path")).await;
    browser.fill(".entry [name=title]", "Not for long").await;
    browser.choose(".entry [name=species]", "cat").await;
    browser.click("[data-send]").await;
    let state = async || browser.text("[data-entry-state]").await;
    eventually("the server has it", SOON, async || state().await.contains("Processing").then_some(())).await;
    site.change("delete from jobs where queue = 'media'").await;
    site.start_worker();
    let taken: i64 = site.ask("select max(id) from photos").await;
    ada.api.delete(&format!("photos/{taken}"), serde_json::Value::Null).await.expect(204);
    eventually("it says so", SOON, async || state().await.contains("It was deleted").then_some(())).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_page_logs_errors_to_the_console(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    let photos = site.photos(3).await;
    site.rate(&root, photos[0], 9).await;
    let browser = site.browser().await;
    browser.goto("/register").await;
    browser.log_in(&root.email()).await;
    let job: i64 = site.ask("select max(id) from jobs").await;
    let job = format!("/admin/jobs/{job}");
    for path in [
        "/",
        "/top",
        "/trending",
        "/submit",
        "/settings",
        "/settings/account",
        "/ratings",
        "/members/root",
        "/admin",
        "/admin/queues",
        "/admin/jobs",
        "/admin/jobs/bulk?act=cancel&state=ready",
        &job,
        "/admin/schedules",
        "/admin/audit",
        "/api",
        "/forgot",
    ] {
        browser.goto(path).await;
        browser.find("h1").await;
    }
    browser.goto("/api").await;
    eventually("the calls are listed", SOON, async || {
        let calls = browser.run("return document.querySelectorAll('details.call').length").await;
        (calls.as_u64() > Some(15)).then_some(())
    })
    .await;
    let asked = "return [...document.querySelectorAll('.call-body > p')].map((line) => line.textContent)";
    let asked = browser.run(asked).await;
    let asked = asked.as_array().expect("a list");
    for demand in [
        "Needs an access token of a session.",
        "Needs an access token: that of a session, or one with the scope rate.",
        "Takes an access token: that of a session, or one with the scope read, but needs none.",
    ] {
        assert!(asked.contains(&json!(demand)), "{demand}: {asked:?}");
    }
    browser.goto(&format!("/photos/{}", photos[0])).await;
    browser.find(".histogram").await;
    browser.has_no_complaints().await;
}

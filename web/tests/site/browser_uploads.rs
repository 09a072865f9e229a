//! Many photos at once, submitted in a real browser, with reloads, broken networks and bad files in between.

use std::path::PathBuf;
use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, Cable, SOON, Site, eventually, pictures};

/// The uploads that the page stores: titles, species and states.
const KEPT: &str = "return new Promise((resolve) => {
    const opening = indexedDB.open('pawdium');
    opening.onsuccess = () => {
        const database = opening.result;
        const asked = database.transaction('uploads').objectStore('uploads').getAll();
        asked.onsuccess = () => {
            database.close();
            resolve(asked.result.map(({ fields, state }) => [fields.title, fields.species, state]).sort());
        };
    };
})";

/// Whether the page can be left without a warning.
const LEAVES: &str = "return dispatchEvent(new Event('beforeunload', { cancelable: true }))";

/// Bytes a second at which an upload of some kilobytes takes minutes.
const CRAWL: i64 = 200;

/// A picture of so many kilobytes: the pixels are few, and what follows the end of the image is nobody's.
fn heavy(edge: u16, kilobytes: usize) -> Vec<u8> {
    let mut file = pictures::quarters(edge, edge);
    file.resize(file.len().max(kilobytes * 1000), 0);
    file
}

async fn choose(browser: &Browser, files: &[(&str, Vec<u8>)]) {
    let paths: Vec<PathBuf> = files.iter().map(|(name, content)| browser.file(name, content)).collect();
    browser.choose_files("#photo", &paths).await;
}

async fn count(browser: &Browser, css: &str) -> u64 {
    let script = format!("return document.querySelectorAll(\"{css}\").length");
    browser.run(&script).await.as_u64().expect("a number")
}

async fn until(browser: &Browser, what: &str, css: &str, wanted: u64) {
    eventually(what, SOON, async || (count(browser, css).await == wanted).then_some(())).await;
}

async fn until_kept(browser: &Browser, wanted: Value) {
    let mut found = Value::Null;
    for _ in 0..100 {
        found = browser.run(KEPT).await;
        if found == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the browser keeps {found} and not {wanted}");
}

/// The address in an entry's words, by its place in the list.
fn entry(place: usize, rest: &str) -> String {
    format!(".entry:nth-child({place}) {rest}")
}

async fn submit_page(site: &Site) -> Browser {
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto("/submit").await;
    browser
}

async fn titles(site: &Site, statement: &'static str) -> Vec<String> {
    sqlx::query_scalar(statement).fetch_all(&site.db).await.expect("it is asked")
}

/// Four good files, one that is no picture and one that is too large; and what is said of those two.
async fn choose_six(browser: &Browser) {
    let mut large = heavy(300, 20_001);
    large.push(0);
    let files = [
        ("one.jpg", heavy(300, 30)),
        ("two.jpg", heavy(320, 30)),
        ("diary.jpg", b"Dear diary, the cat fell off the sofa.".to_vec()),
        ("three.jpg", heavy(340, 30)),
        ("huge.jpg", large),
        ("four.jpg", heavy(360, 30)),
    ];
    choose(browser, &files).await;
    until(browser, "all are listed", ".entry", 6).await;
    until(browser, "two are refused before they are sent", ".entry[data-state='broken']", 2).await;
    let said = async |place| browser.text(&entry(place, "[data-entry-error]")).await;
    assert_eq!(
        said(3).await,
        "This file isn't a picture we can read. Upload a JPEG, PNG, WebP, AVIF or GIF."
    );
    assert!(said(5).await.contains("the limit is 20 MB"), "{}", said(5).await);
}

/// Crops the first, names the second, and says of all but the last what they show; all of it is there after a reload.
async fn fill_in_and_reload(browser: &Browser) {
    let crop = entry(1, "[data-crop-box]");
    let label = async || browser.attribute(&crop, "aria-label").await;
    eventually("the crop is drawn", SOON, async || label().await.starts_with("Crop: 100 %").then_some(()))
        .await;
    browser.run(&format!("document.querySelector(\"{crop}\").focus()")).await;
    browser.press('-').await;
    let chosen = label().await;
    assert!(!chosen.contains("100 %"), "{chosen}");
    for place in [1, 2, 4] {
        browser.choose(&entry(place, "[name=species]"), "cat").await;
    }
    browser.fill(&entry(2, "[name=title]"), " derps").await;
    until_kept(browser, kept("open")).await;
    browser.reload().await;
    until(browser, "the unsent photos are restored", ".entry[data-state='open']", 4).await;
    assert_eq!(browser.value(&entry(2, "[name=title]")).await, "two derps");
    eventually("the crop is drawn as it was chosen", SOON, async || (label().await == chosen).then_some(()))
        .await;
}

/// What is kept of them while three are in that state and the last one waits to be filled in.
fn kept(state: &str) -> Value {
    json!([["four", "", "open"], ["one", "cat", state], ["three", "cat", state], ["two derps", "cat", state]])
}

/// Sends what is complete, two at a time, and reloads in the middle.
async fn send_and_reload(site: &Site, browser: &Browser) {
    browser.slow_uploads(CRAWL).await;
    browser.click("[data-send-all]").await;
    until(browser, "three are on their way", ".entry[data-state='queued']", 3).await;
    assert_eq!(browser.text(&entry(4, "[data-entry-error]")).await, "Choose a species.");
    until_kept(browser, kept("queued")).await;
    let state = async |place| browser.text(&entry(place, "[data-entry-state]")).await;
    eventually("two go at a time", SOON, async || {
        let states = [state(1).await, state(2).await, state(3).await];
        let count = |word: &str| states.iter().filter(|state| state.contains(word)).count();
        ((count("Upload"), count("Waiting")) == (2, 1)).then_some(())
    })
    .await;
    browser.reload().await;
    until(browser, "they go on by themselves", ".entry[data-state='queued']", 3).await;
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0, "none was through");
    browser.free_network().await;
    until(browser, "they are accepted", ".entry[data-state='taken']", 3).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn valid_files_survive_reloads_and_are_submitted_once(db: PgPool) {
    let mut site = Site::start(db).await;
    let browser = submit_page(&site).await;
    choose_six(&browser).await;
    fill_in_and_reload(&browser).await;
    send_and_reload(&site, &browser).await;

    browser.reload().await;
    until(&browser, "the accepted photo is followed", ".entry[data-state='taken']", 3).await;
    browser.choose(&entry(4, "[name=species]"), "dog").await;
    browser.click(&entry(4, "[data-send]")).await;
    site.start_worker();
    until(&browser, "all are live", ".entry[data-state='live']", 4).await;
    until(&browser, "with their squares", ".entry img.crop-square[srcset][width][height]", 4).await;
    assert_eq!(browser.text("[data-summary]").await, "4 photos: 4 live");
    assert!(browser.text(&entry(1, "[data-saved]")).await.contains("% less"));
    let said = browser.text(&entry(1, "[data-entry-state]")).await;
    assert!(said.starts_with("Live ") && said.ends_with("after it arrived. Look at it"), "{said}");
    until_kept(&browser, json!([])).await;
    let live = titles(&site, "select title from photos where state = 'live' order by title").await;
    assert_eq!(live, ["four", "one", "three", "two derps"]);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 4);
    let sides = "select crop_side::text from photos where title in ('one', 'three') order by title";
    assert_eq!(titles(&site, sides).await, ["283", "340"], "one was cropped, before the reload");
    browser.has_no_complaints().await;
}

/// As small as the page lets them be, and not smaller than the server takes them.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_smallest_possible_crop_is_accepted(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let browser = submit_page(&site).await;
    choose(&browser, &[("small.jpg", heavy(200, 10)), ("wide.jpg", pictures::quarters(640, 320))]).await;
    for (place, percent) in [(1, "100 %"), (2, "63 %")] {
        let crop = entry(place, "[data-crop-box]");
        let label = async || browser.attribute(&crop, "aria-label").await;
        eventually("the crop is drawn", SOON, async || label().await.contains("100 %").then_some(())).await;
        browser.run(&format!("document.querySelector(\"{crop}\").focus()")).await;
        for _ in 0..12 {
            browser.press('-').await;
        }
        assert!(label().await.starts_with(&format!("Crop: {percent}")), "{}", label().await);
    }
    browser.choose("[data-all-species]", "cat").await;
    browser.click("[data-send-all]").await;
    until(&browser, "both are live", ".entry[data-state='live']", 2).await;
    assert_eq!(titles(&site, "select crop_side::text from photos").await, ["200", "200"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_lost_answer_creates_no_second_photo(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let cable = Cable::to(&site.base).await;
    let mut browser = site.browser().await;
    browser.through(&cable.base);
    browser.log_in(&ada.email()).await;
    browser.goto("/submit").await;
    choose(&browser, &[("sleepy.jpg", heavy(300, 30)), ("awake.jpg", heavy(310, 30))]).await;
    until(&browser, "both are listed", ".entry", 2).await;
    for place in [1, 2] {
        browser.choose(&entry(place, "[name=species]"), "cat").await;
    }
    // Some are lost on the browser itself, which repeats what it sent on a connection that it had used before.
    cable.lose_answers(8);
    browser.click("[data-send-all]").await;
    eventually("it says that it tries again", SOON, async || {
        let states = browser.run("return document.querySelector('[data-queue]').innerText").await;
        states.as_str().is_some_and(|text| text.contains("Trying again in")).then_some(())
    })
    .await;
    until(&browser, "both are accepted", ".entry[data-state='taken']", 2).await;
    assert_eq!(cable.to_lose(), 0, "answers were lost");
    assert_eq!(titles(&site, "select title from photos order by title").await, ["awake", "sleepy"]);
    assert_eq!(site.media("incoming").len(), 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_upload_waits_for_the_network_and_a_reload_finds_its_photo(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let cable = Cable::to(&site.base).await;
    let mut browser = site.browser().await;
    browser.through(&cable.base);
    browser.log_in(&ada.email()).await;
    browser.goto("/submit").await;
    choose(&browser, &[("sleepy.jpg", heavy(300, 30))]).await;
    browser.choose(".entry [name=species]", "cat").await;
    assert_eq!(browser.run(LEAVES).await, true, "nothing is under way");
    browser.cut_off().await;
    browser.click("[data-send]").await;
    eventually("the page says why it waits", SOON, async || {
        browser.text("[data-entry-state]").await.contains("No connection").then_some(())
    })
    .await;
    assert_eq!(
        browser.run("return document.activeElement.matches('.entry')").await,
        true,
        "the focused button is gone, so its entry has the focus"
    );
    assert_eq!(browser.run(LEAVES).await, false, "leaving an upload asks for confirmation");
    // Every answer is lost, until the page is left and opened again.
    cable.lose_answers(1_000);
    browser.free_network().await;
    eventually("the site has made the photo", SOON, async || {
        (site.ask::<i64>("select count(*) from photos").await == 1).then_some(())
    })
    .await;
    cable.lose_answers(0);
    browser.reload().await;
    until(&browser, "the photo is found", ".entry[data-state='taken']", 1).await;
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from jobs where queue = 'media'").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_failed_photo_says_why_and_can_be_retried_or_removed(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let browser = submit_page(&site).await;
    let whole = pictures::quarters(600, 600);
    choose(&browser, &[("torn.jpg", whole[..whole.len() / 2].to_vec()), ("whole.jpg", whole)]).await;
    until(&browser, "both are listed", ".entry", 2).await;
    browser.choose("[data-all-species]", "cat").await;
    browser.click("[data-send-all]").await;
    until(&browser, "one is live", ".entry[data-state='live']", 1).await;
    until(&browser, "one is not", ".entry[data-state='failed']", 1).await;
    assert!(browser.text(&entry(1, "[data-entry-error]")).await.contains("damaged or incomplete"));
    browser.reload().await;
    until(&browser, "the failed one is still there, and why", ".entry[data-state='failed']", 1).await;
    assert!(browser.text("[data-entry-error]").await.contains("damaged or incomplete"));

    browser.click("[data-again]").await;
    browser.fill(".entry [name=title]", " once more").await;
    browser.click("[data-send]").await;
    until(&browser, "it fails again", ".entry[data-state='failed']", 1).await;
    let failed = titles(&site, "select title from photos where state = 'failed' order by id").await;
    assert_eq!(failed, ["torn", "torn once more"], "another attempt is another submission");
    browser.click("[data-remove]").await;
    until(&browser, "it is gone", ".entry", 0).await;
    until_kept(&browser, json!([])).await;
    assert_eq!(
        browser.run("return document.activeElement.id").await,
        "photo",
        "the focus is where files are chosen"
    );
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_photo_says_why_after_a_reload_and_can_be_fixed(db: PgPool) {
    let site = Site::start(db).await;
    let browser = submit_page(&site).await;
    choose(&browser, &[("one.jpg", heavy(300, 20)), ("two.jpg", heavy(310, 20))]).await;
    until(&browser, "both are listed", ".entry", 2).await;
    browser.choose("[data-all-species]", "cat").await;
    browser.fill(&entry(2, "[name=tags]"), "a,b,c,d,e,f,g,h,i,j,k").await;
    browser.click("[data-send-all]").await;
    until(&browser, "one is accepted", ".entry[data-state='taken']", 1).await;
    until(&browser, "one is refused", ".entry[data-state='failed']", 1).await;
    let said = async || browser.text(&entry(2, "[data-entry-error]")).await;
    assert_eq!(said().await, "Use at most ten tags.");
    browser.reload().await;
    until(&browser, "it is there again", ".entry[data-state='failed']", 1).await;
    assert_eq!(said().await, "Use at most ten tags.");

    browser.click(&entry(2, "[data-again]")).await;
    assert!(browser.has(&entry(2, "[name=tags][aria-invalid]")).await, "the invalid field is marked");
    browser.run("document.activeElement.value = ''").await;
    browser.fill(&entry(2, "[name=tags]"), "a").await;
    browser.click(&entry(2, "[data-send]")).await;
    until(&browser, "both are accepted", ".entry[data-state='taken']", 2).await;
    assert_eq!(titles(&site, "select title from photos order by id").await, ["one", "two"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_bad_file_can_be_replaced(db: PgPool) {
    let site = Site::start(db).await;
    let browser = submit_page(&site).await;
    let diary = b"Dear diary, the cat fell off the sofa.".to_vec();
    choose(&browser, &[("diary.jpg", diary), ("two.jpg", heavy(300, 20))]).await;
    until(&browser, "both are listed", ".entry", 2).await;
    until(&browser, "one is invalid", ".entry[data-state='broken']", 1).await;
    // A click would open a dialog that nobody answers.
    browser
        .run("document.querySelector('#photo').addEventListener('click', (event) => event.preventDefault())")
        .await;
    browser.click(&entry(1, "[data-other]")).await;
    choose(&browser, &[("one.jpg", heavy(310, 20))]).await;
    until(&browser, "it is replaced", ".entry[data-state='open']", 2).await;
    until(&browser, "and gone", ".entry", 2).await;
    assert_eq!(browser.value(&entry(1, "[name=title]")).await, "one");
    choose(&browser, &[("three.jpg", heavy(320, 20))]).await;
    until(&browser, "the next one is added", ".entry", 3).await;
    assert_eq!(browser.value(&entry(3, "[name=title]")).await, "three");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_who_share_a_browser_dont_see_each_others_uploads(db: PgPool) {
    let site = Site::start(db).await;
    let bob = site.member("bob").await;
    let browser = submit_page(&site).await;
    choose(&browser, &[("mine.jpg", heavy(300, 20))]).await;
    until_kept(&browser, json!([["mine", "", "open"]])).await;
    browser.run("document.querySelector('form[action=\"/logout\"]').submit()").await;
    browser.find("a[href^='/login']").await;
    browser.log_in(&bob.email()).await;
    browser.goto("/submit").await;
    browser.find("form.enhanced").await;
    // Entries are listed in the order in which they were added, so his own entry would come last.
    choose(&browser, &[("his.jpg", heavy(300, 20))]).await;
    until_kept(&browser, json!([["his", "", "open"], ["mine", "", "open"]])).await;
    browser.reload().await;
    until(&browser, "his own is there", ".entry", 1).await;
    assert_eq!(browser.value(".entry [name=title]").await, "his");
}

/// The page only checks the brands of the first box. The server decides whether the picture is valid.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn heic_is_refused_before_it_is_sent_and_avif_is_not(db: PgPool) {
    let site = Site::start(db).await;
    let browser = submit_page(&site).await;
    let files = [
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec()),
        ("still.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf".to_vec()),
        ("still.heif", b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf".to_vec()),
        ("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42".to_vec()),
    ];
    choose(&browser, &files).await;
    until(&browser, "all are listed", ".entry", 4).await;
    until(&browser, "two are refused", ".entry[data-state='broken']", 2).await;
    until(&browser, "two are valid", ".entry.unseen[data-state='open']", 2).await;
    let said = async |place| browser.text(&entry(place, "[data-entry-error]")).await;
    assert!(said(1).await.starts_with("HEIC pictures can't be read here."), "{}", said(1).await);
    assert!(said(4).await.starts_with("This file isn't a picture we can read."), "{}", said(4).await);
}

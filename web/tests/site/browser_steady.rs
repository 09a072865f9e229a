//! Layout stability: nothing on a page moves when something else arrives.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, SOON, Site, eventually, pictures};

/// Scrolls to the end and back until every picture has loaded, and adds up all layout shifts since the page was opened
/// (<https://wicg.github.io/layout-instability/>).
const SHIFTS: &str = "
    const frames = () => new Promise((resolve) => { setTimeout(() => requestAnimationFrame(resolve), 60); });
    return (async () => {
        let sum = 0;
        const moved = [];
        const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) {
                sum += entry.value;
                for (const { node } of entry.sources) moved.push(node?.className ?? node?.localName ?? 'text');
            }
        });
        observer.observe({ type: 'layout-shift', buffered: true });
        for (let y = 0; y < document.documentElement.scrollHeight; y += 300) {
            scrollTo(0, y);
            await frames();
        }
        const arrived = (image) => image.complete && image.naturalWidth > 0;
        while (![...document.images].every(arrived)) await frames();
        scrollTo(0, 0);
        await frames();
        await frames();
        for (const entry of observer.takeRecords()) sum += entry.value;
        return { sum, pictures: document.images.length, moved: moved.join(', ') };
    })();
";

/// Adds up what moves among the photos that are being submitted, but for what follows at once from a click; and keeps
/// in how many lines the summary above them has been, and how high each was when it was sent.
const WATCH: &str = "
    const found = { sum: 0, moved: [], lines: [] };
    window.shifts = found;
    window.heights = new Map();
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            const isSent = target.matches('.entry[data-state=queued]');
            if (isSent && !heights.has(target)) heights.set(target, target.getBoundingClientRect().height);
        }
    }).observe(document.querySelector('[data-queue]'), { subtree: true, attributeFilter: ['data-state'] });
    const summary = document.querySelector('[data-summary]');
    new MutationObserver(() => {
        const words = document.createRange();
        words.selectNodeContents(summary);
        found.lines.push(words.getClientRects().length);
    }).observe(summary, { childList: true });
    const queued = (node) => (node?.closest ? node : node?.parentElement)?.closest('[data-queue]');
    const observer = new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
            const nodes = sources.map(({ node }) => node).filter(queued);
            if (hadRecentInput || nodes.length === 0) continue;
            found.sum += value;
            found.moved.push(...nodes.map((node) => node.className ?? node.nodeName));
        }
    });
    observer.observe({ type: 'layout-shift' });
";

const LONG_TITLE: &str = " and half of its tongue, asleep on the radiator, with all four legs in the air";

async fn stands_still(browser: &Browser, path: &str, least: u64) {
    let found = browser.run(SHIFTS).await;
    let (sum, pictures) = (found["sum"].as_f64().expect("a sum"), found["pictures"].as_u64());
    assert!(pictures >= Some(least), "{path} has {pictures:?} pictures");
    assert!(sum < 0.01, "{path} shifts by {sum}: {}", found["moved"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_page_shifts_while_its_pictures_arrive(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mut photos = Vec::new();
    for number in 1..=14 {
        photos.push(site.photo().by(&ada).titled(&format!("Number {number}")).live().await);
    }
    for photo in &photos[..12] {
        site.rate(&bob, *photo, 1 + photo % 10).await;
        ada.api.post(&format!("photos/{photo}/shares"), serde_json::Value::Null).await.expect(201);
    }
    site.run(RefreshRanks {}).await;
    site.run(RefreshVirality {}).await;

    let browser = site.browser().await;
    browser.log_in(&bob.email()).await;
    // Pictures come long after the page that they are on.
    browser.slow_network(Duration::from_millis(150), 200_000).await;
    let photo = format!("/photos/{}", photos[0]);
    let within = format!("{photo}?from=new:all");
    site.change("insert into hubs (slug, name) select 'hub-' || n, 'Hub number ' || n from generate_series(1, 12) as n").await;
    site.change(
        "insert into hub_roles (hub_id, user_id, role)
         select hubs.id, users.id, 'stargazer' from hubs, users where slug is not null and users.name = 'bob'",
    )
    .await;
    for (width, height) in [(1200, 900), (520, 900)] {
        browser.resize(width, height).await;
        for (path, least) in [
            ("/", 1),
            (photo.as_str(), 1),
            (within.as_str(), 1),
            ("/top", 12),
            ("/trending", 12),
            ("/new", 14),
            ("/search?q=number", 8),
            ("/search?q=number&in=photos", 14),
            ("/members/ada/photos", 14),
        ] {
            browser.goto(path).await;
            stands_still(&browser, path, least).await;
        }
    }
    browser.run("document.querySelector('form[action=\"/logout\"]').submit()").await;
    browser.find("a[href^='/login']").await;
    browser.log_in(&ada.email()).await;
    browser.goto(&photo).await;
    assert!(browser.has("[data-saved], .timeline").await, "its owner sees more");
    stands_still(&browser, &photo, 1).await;
    // Nobody scrolls before there is anything to scroll to.
    for (path, last) in [
        ("/settings", "#portrait"),
        ("/settings/account", ".danger-zone"),
        ("/api", ".api-group:last-child .call"),
    ] {
        browser.goto(path).await;
        browser.find(last).await;
        stands_still(&browser, path, 0).await;
    }

    // What would have been found.
    browser.run("document.querySelector('main').prepend(Object.assign(document.createElement('div'), { className: 'frame' }))").await;
    eventually("a shift is seen", SOON, async || {
        (browser.run(SHIFTS).await["sum"].as_f64() > Some(0.05)).then_some(())
    })
    .await;
}

/// The submit page looks different with its script and with restored photos. Without the script it shows the plain
/// form.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_submit_page_appears_without_layout_shift(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.slow_network(Duration::from_millis(150), 200_000).await;
    for (width, height) in [(1200, 900), (390, 844)] {
        browser.resize(width, height).await;
        browser.goto("/submit").await;
        browser.find("form.enhanced").await;
        stands_still(&browser, "/submit", 0).await;
        let files = ["one.jpg", "two.jpg"].map(|name| browser.file(name, &pictures::quarters(640, 320)));
        browser.choose_files("#photo", &files).await;
        browser.find(".entry:nth-child(2) [data-crop-box][aria-label]").await;
        browser.reload().await;
        browser.find(".enhanced .entry:nth-child(2) [data-crop-box][aria-label]").await;
        stands_still(&browser, "/submit with photos", 0).await;
        browser.run("for (const button of document.querySelectorAll('[data-remove]')) button.click()").await;
        eventually("they are gone", SOON, async || (!browser.has(".entry").await).then_some(())).await;
    }
    browser.block("*/submit/entry.js").await;
    browser.goto("/submit").await;
    let waits = "return getComputedStyle(document.querySelector('.submit-form')).animationName";
    assert_eq!(browser.run(waits).await, "shown");
    let button = browser.find(".submit-form .actions [type=submit]").await;
    eventually("the form is there", SOON, async || button.is_displayed().await.ok()?.then_some(())).await;
    assert!(!browser.has("form.enhanced").await);
}

/// Some browsers have no database in private windows, or it never opens.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn photos_can_be_submitted_without_browser_storage(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    for database in ["undefined", "{ open: () => new EventTarget() }"] {
        let script = format!(
            "Object.defineProperty(window, 'indexedDB', {{ value: {database}, configurable: true }});"
        );
        browser.begin_with(&script).await;
        browser.goto("/submit").await;
        browser.submit_cat().await;
    }
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_entry_never_shifts_from_file_to_live(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    // Longer than a shift counts as what a click has brought about.
    browser.slow_network(Duration::from_millis(600), 200_000).await;
    for (width, height) in [(1200, 900), (520, 900)] {
        browser.resize(width, height).await;
        for (name, sides) in [("wide.jpg", (640, 320)), ("high.jpg", (320, 640))] {
            browser.goto("/submit").await;
            browser.find("form.enhanced").await;
            browser.run(WATCH).await;
            let file = browser.file(name, &pictures::quarters(sides.0, sides.1));
            browser.choose_files("#photo", &[file]).await;
            browser.find("[data-crop-box][aria-label]").await;
            browser.choose(".entry [name=species]", "cat").await;
            browser.click("[data-send]").await;
            browser.find(".entry[data-state='live'] img.crop-square").await;
            stood_still(&browser, name, width).await;
        }
    }
}

/// One that the browser can't show and the server neither, one that is cut off, one that is refused as it is sent, and
/// a good one below them.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_shifts_when_photos_fail(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.slow_network(Duration::from_millis(600), 200_000).await;
    let whole = pictures::quarters(640, 320);
    let files = [
        browser.file("diary.jpg", b"Dear diary, the cat fell off the sofa."),
        browser.file("unseen.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"),
        browser.file("torn.jpg", &whole[..whole.len() / 2]),
        browser.file("tags.jpg", &whole),
        browser.file("whole.jpg", &whole),
        browser.file("untitled.jpg", &whole),
    ];
    for (width, height) in [(280, 653), (1200, 900), (740, 900), (390, 844), (320, 640)] {
        browser.resize(width, height).await;
        browser.goto("/submit").await;
        browser.find("form.enhanced").await;
        browser.run(WATCH).await;
        browser.choose_files("#photo", &files).await;
        browser.find(".entry:nth-child(1)[data-state='broken']").await;
        browser.find(".entry:nth-child(2).unseen").await;
        browser.find(".entry:nth-child(5) [data-crop-box][aria-label]").await;
        browser.fill(".entry:nth-child(4) [name=tags]", "a,b,c,d,e,f,g,h,i,j,k").await;
        browser.fill(".entry:nth-child(5) [name=title]", LONG_TITLE).await;
        // This one is not sent: one more part of the summary.
        browser.fill(".entry:nth-child(6) [name=title]", "").await;
        browser.choose("[data-all-species]", "cat").await;
        browser.click("[data-send-all]").await;
        for failed in 2..=4 {
            browser.find(&format!(".entry:nth-child({failed})[data-state='failed']")).await;
        }
        browser.find(".entry:nth-child(5)[data-state='live'] img.crop-square").await;
        stood_still(&browser, "what fails", width).await;
        let lines = browser.run("return window.shifts.lines").await;
        let lines: Vec<u64> = serde_json::from_value(lines).expect("numbers");
        assert!(width > 280 || lines.iter().any(|lines| *lines > 1), "the summary wraps: {lines:?}");

        browser.click(".entry:nth-child(4) [data-again]").await;
        assert!(browser.has(".entry:nth-child(4)[data-state='open'] [name=tags][aria-invalid]").await);
        browser.run("for (const button of document.querySelectorAll('[data-remove]')) button.click()").await;
    }
}

/// Which photos are not as high as they were when they were sent.
const GROWN: &str = "
    const grown = (entry, height) => Math.abs(entry.getBoundingClientRect().height - height) > 0.5;
    return [...heights].filter(([entry, height]) => grown(entry, height)).map(([entry]) => entry.innerText);
";

/// Asserts that nothing has moved since [`WATCH`], and that nothing has grown whatever has become of it.
async fn stood_still(browser: &Browser, name: &str, width: u32) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    let found = browser.run("return window.shifts").await;
    let sum = found["sum"].as_f64().expect("a sum");
    assert!(sum < 0.01, "{name} shifts by {sum}, {width} pixels wide: {}", found["moved"]);
    let grown = browser.run(GROWN).await;
    assert_eq!(grown, json!([]), "{name}, {width} pixels wide");
    assert_ne!(browser.run("return heights.size").await, 0, "some requests were sent");
}

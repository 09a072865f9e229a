//! The rating page fits the screens that people have, and no page is wider than its screen.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::admin_jobs::dead;
use super::browser_talks::calls_called;
use super::imports::import_all_kinds;
use crate::harness::{Browser, Person, Setup, Site, pictures};

/// Width, height, and the size of text that the visitor prefers.
const SCREENS: [(u32, u32, u32); 10] = [
    (360, 640, 16),
    (375, 553, 16),
    (390, 664, 16),
    (412, 732, 16),
    (768, 954, 16),
    (820, 1106, 16),
    (844, 390, 16),
    (1280, 800, 32),
    (1280, 800, 16),
    (568, 320, 16),
];

pub(super) const LONG_TITLE: &str = "Asleep on the radiator with all four legs in the air, its tongue out, and half of the \
                          neighbourhood at the window, again";

/// The positions of the photo, title and keys, and which of them need scrolling.
pub(super) const STAGE: &str = "
    const nav = document.querySelector('.site-nav');
    const isBelow = getComputedStyle(nav).position === 'fixed';
    const bottom = isBelow ? nav.getBoundingClientRect().top : innerHeight;
    const head = document.querySelector('.site-head').getBoundingClientRect().bottom;
    const place = (element) => {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        return [left, top, right, bottom].map((edge) => Math.round(edge * 10) / 10);
    };
    const places = (selector) => [...document.querySelectorAll(selector)].map(place);
    const found = { photo: places('.stage img.full'), title: places('.stage h1'), keys: places('.stage .key') };
    const fits = ([x, y, right, end]) => x >= 0 && y >= head - 0.5 && right <= innerWidth && end <= bottom + 0.5;
    const outside = Object.entries(found).filter(([, places]) => !places.every(fits)).map(([name]) => name);
    const [left, , right, end] = found.title[0];
    const isCovered = ([x, top, , end]) => !document.elementFromPoint(x + 9, (top + end) / 2)?.matches('.key');
    const [px, py, pright, pend] = found.photo[0];
    return {
        ...found, outside, counts: [found.photo.length, found.title.length, found.keys.length],
        covered: found.keys.filter(isCovered).length,
        side: Math.round(Math.min(pright - px, pend - py)),
        wide: document.documentElement.scrollWidth - innerWidth,
    };
";

pub(super) async fn rate(browser: &Browser, value: char) {
    let shown = browser.attribute("[data-stage] [data-photo]", "data-photo").await;
    browser.press(value).await;
    browser.find(&format!("[data-stage]:not(.arriving) [data-photo]:not([data-photo='{shown}'])")).await;
    browser.find("[data-stage] [data-feedback]").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn photo_title_and_keys_fit_every_screen_and_the_keys_stay_in_place(db: PgPool) {
    let site = Site::start(db).await;
    for number in 0..3 * SCREENS.len() {
        let title =
            ["Gerald", LONG_TITLE, "Donaudampfschifffahrtskapitänsmützenbandwaschmaschine"][number % 3];
        site.photo().titled(title).live().await;
    }
    let browser = site.browser().await;
    for (width, height, text) in SCREENS {
        browser.phone(width, height).await;
        browser.text_size(text).await;
        browser.goto("/").await;
        let before = browser.run(STAGE).await;
        let mut seen = vec![before.clone()];
        for value in ['8', '3'] {
            rate(&browser, value).await;
            seen.push(browser.run(STAGE).await);
        }
        for stage in seen {
            let screen = format!("{width} × {height}, text of {text}: {stage}");
            assert_eq!(stage["counts"], json!([1, 1, 10]), "{screen}");
            assert_eq!(stage["outside"], json!([]), "{screen}");
            assert_eq!(stage["covered"], 0, "{screen}");
            assert_eq!((&stage["keys"], &stage["photo"]), (&before["keys"], &before["photo"]), "{screen}");
            assert_eq!(stage["wide"].as_i64().filter(|wide| *wide > 0), None, "{screen}");
            let least = u64::from(width.min(height)) / 2;
            assert!(stage["side"].as_u64() > Some(least), "the photo is small: {screen}");
        }
    }
    browser.has_no_complaints().await;
}

/// Narrow phones, usual ones, and tablets.
const WIDTHS: [u32; 3] = [320, 390, 768];

/// A word that fits on no line.
const WORD: &str =
    "Donaudampfschifffahrtskapitaensmuetzenbandwaschmaschinenersatzteillagerverwalterinnenbrotdose";

/// By how much the page is wider than the screen, and which elements cause it.
pub(super) const BEYOND: &str = "
    const width = arguments[0];
    const sticksOut = (element) => element.getBoundingClientRect().right > width + 0.5;
    const named = (element) => `${element.localName}.${element.className}`;
    return {
        by: Math.max(document.documentElement.scrollWidth, innerWidth) - width,
        because: [...document.querySelectorAll('main *, .site-account *, .hub-bar, footer *')].filter(sticksOut).map(named).slice(0, 9),
    };
";

/// Asserts that nothing extends beyond the screen.
async fn stays_within(browser: &Browser, what: &str) {
    for width in WIDTHS {
        browser.phone(width, 800).await;
        let found = browser.run_with(BEYOND, json!(width)).await;
        assert!(found["by"].as_i64() <= Some(0), "{what}, {width} pixels wide: {found}");
    }
}

async fn all_stay_within(browser: &Browser, paths: &[&str]) {
    for path in paths {
        browser.goto(path).await;
        browser.find("h1").await;
        stays_within(browser, path).await;
        // Open all folded parts too.
        browser.run("for (const one of document.querySelectorAll('main details, header details')) one.open = true").await;
        stays_within(browser, &format!("{path}, unfolded")).await;
    }
}

/// A site with long names everywhere.
async fn verbose(site: &Site) -> (Person, i64) {
    let root = site.admin(&"W".repeat(30)).await;
    let (bob, title) = (site.member("bob").await, format!("{WORD}, gone {}", "W".repeat(18)));
    let photo = site.photo().by(&root).titled(&title).live().await;
    for _ in 0..6 {
        site.photo().by(&root).titled(WORD).live().await;
        site.photo().by(&bob).titled(WORD).live().await;
    }
    site.photo().by(&root).titled(WORD).failed(&WORD.repeat(3)).await;
    site.rate(&bob, photo, 9).await;
    bob.api.post(&format!("photos/{photo}/shares"), Value::Null).await.expect(201);
    site.run(RefreshRanks {}).await;
    site.run(RefreshVirality {}).await;
    dead(site, &format!("mail.{}.v1", "send".repeat(15)), 900, 3, &format!("550 {}", WORD.repeat(4))).await;
    site.change("update job_history set payload = jsonb_build_object('to', repeat('W', 300)) where id = 901")
        .await;
    let block = format!("/photos/{}/block", site.photo().by(&bob).titled(WORD).live().await);
    root.pages.post(&block, &[("reason", &WORD.repeat(4))]).await;
    site.change(
        "insert into hubs (slug, name, summary)
         select 'hub-' || n, repeat('Donaudampfschifffahrt', 3) || n, repeat('W', 280) from generate_series(1, 25) as n",
    )
    .await;
    site.change(
        "insert into hub_roles (hub_id, user_id, role)
         select hubs.id, users.id, 'member' from hubs, users where slug is not null and users.role = 'admin'",
    )
    .await;
    let name = format!("{}1", "Donaudampfschifffahrt".repeat(3));
    site.hub_with(&root, "wide", json!({ "name": name, "summary": "W".repeat(280) })).await;
    site.post(&root, "wide", photo).await;
    let body = json!({ "category": "stolen", "text": WORD.repeat(8) });
    bob.report(&format!("photos/{photo}"), body).await.expect(201);
    let warning = [("kind", "warn"), ("reason", &*WORD.repeat(4))];
    root.pages.post("/moderation/members/bob/sanctions", &warning).await.location();
    let standing = bob.pages.get("/settings/standing").await.expect(200);
    let appeal = standing.attribute(".sanction .actions a", "href");
    bob.pages.post(&appeal, &[("text", &*WORD.repeat(8))]).await.location();
    (root, photo)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_page_scrolls_sideways(db: PgPool) {
    let mut site = Setup::on(db).demo().worker().start().await;
    let (root, photo) = verbose(&site).await;
    let import = format!("/imports/{}", import_all_kinds(&root).await);
    site.workers.clear();
    // No worker is left to process it.
    site.photo().by(&root).titled(WORD).processing().await;
    let browser = site.browser().await;
    let (photo, member) = (format!("/photos/{photo}?from=top:all:all"), format!("/members/{}", root.name));
    let open = [
        "/",
        "/top",
        "/trending",
        "/new?species=cat",
        "/search",
        "/search?q=donau",
        "/search?q=donau&in=photos",
        "/submit",
        "/hubs",
        "/h/hub-1",
        "/h/hub-1/photos",
        "/h/hub-1/top",
        "/h/hub-1/topics",
        "/h/hub-1/members",
        "/login",
        "/register",
        "/forgot",
        "/api",
        "/nothing",
        "/demo/mail",
    ];
    all_stay_within(&browser, &open).await;
    let talks = calls_called(&site, &root, WORD).await;
    let talks: Vec<_> = talks.iter().map(String::as_str).collect();
    all_stay_within(&browser, &talks).await;
    all_stay_within(&browser, &[&photo, &member, "/reset/x", "/verify/x", "/members/nobody"]).await;
    // Refused fields, and a notice.
    browser.goto("/login").await;
    browser.fill("#email", &format!("{WORD}@example.org")).await;
    browser.fill("#password", "wrong and long enough").await;
    browser.click("main form button[type=submit]").await;
    browser.find(".flash, .field-error").await;
    stays_within(&browser, "a refused login").await;

    browser.log_in(&root.email()).await;
    stays_within(&browser, "the page after logging in").await;
    site.change("update users set email = repeat('w', 60) || '@' || repeat(repeat('w', 60) || '.', 3) || 'org' where role = 'admin'")
        .await;
    let job: i64 = site.ask("select max(id) from jobs").await;
    let (job, failed) = (
        format!("/admin/jobs/{job}"),
        format!("/photos/{}", site.ask::<i64>("select id from photos where state = 'failed'").await),
    );
    let processing =
        format!("/photos/{}", site.ask::<i64>("select id from photos where state = 'processing'").await);
    all_stay_within(
        &browser,
        &["/", "/top", "/trending", "/settings", &photo, &member, &failed, &processing],
    )
    .await;
    let photos = format!("{member}/photos");
    all_stay_within(&browser, &talks).await;
    let own = [
        "/drafts",
        "/imports",
        &import,
        "/feed",
        "/notifications",
        "/settings/notifications",
        "/settings/security",
        "/settings/blocked",
        "/settings/sessions",
        "/settings/tokens",
        "/settings/account",
        "/ratings",
        "/hubs/new",
        "/h/wide",
        "/h/wide?edit=1",
        "/h/wide/widgets/new",
        "/h/wide/settings",
        &photos,
    ];
    all_stay_within(&browser, &own).await;
    let admin = [
        "/admin",
        "/admin/queues",
        "/admin/jobs",
        "/admin/jobs?state=dead&id=x&member=nobody",
        "/admin/schedules",
    ];
    all_stay_within(&browser, &admin).await;
    let record = format!("/moderation{member}");
    let admin = [
        "/moderation",
        "/moderation/review",
        "/moderation/review/1",
        "/moderation/review/2",
        "/moderation/members/bob",
        "/moderation/comments",
        "/moderation/topics",
        "/moderation/doubtful",
        "/moderation/blocked",
        "/moderation/members",
        &record,
        "/moderation/acts",
        "/transparency",
        "/admin/audit",
        "/admin/jobs/901",
        "/admin/jobs/77777",
        "/admin/jobs/bulk?act=delete&state=dead",
        &job,
    ];
    all_stay_within(&browser, &admin).await;
    browser.goto("/admin/jobs/901").await;
    browser.click("form[action='/admin/jobs/901/retry'] button").await;
    browser.find(".flash").await;
    stays_within(&browser, "a notice").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_act_makes_a_page_wider(db: PgPool) {
    let site = Site::start(db).await;
    for _ in 0..8 {
        site.photo().titled(WORD).live().await;
    }
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.phone(390, 844).await;
    browser.goto("/").await;
    for value in ['1', '5', '9'] {
        rate(&browser, value).await;
        stays_within(&browser, "a rating").await;
    }
    browser.click("form[data-share] button").await;
    stays_within(&browser, "a shared link").await;

    browser.goto("/submit").await;
    let files = [
        browser.file(&format!("{WORD}.jpg"), &pictures::quarters(640, 320)),
        browser.file(&format!("{WORD}{WORD}.jpg"), &pictures::quarters(320, 640)),
        browser.file(&format!("{}.txt", "W".repeat(200)), b"Dear diary"),
    ];
    browser.choose_files("#photo", &files).await;
    browser.find(".entry:nth-child(2) [data-crop-box][aria-label]").await;
    browser.find(".entry:nth-child(3)[data-state='broken']").await;
    stays_within(&browser, "files with long names").await;
    browser.click(".entry:nth-child(1) [data-send]").await;
    browser.find(".entry:nth-child(1).failed").await;
    browser.choose("[data-all-species]", "cat").await;
    browser.click("[data-send-all]").await;
    browser.find(".entry:nth-child(2)[data-state='taken']").await;
    stays_within(&browser, "files on their way").await;
}

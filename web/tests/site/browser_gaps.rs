//! A hub's page in a real browser through everything that may part it from the site: it is current again by itself.

use std::time::Duration;

use pawdium_kit::relay::{Relay, Target};
use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::sleep;

use crate::harness::{Browser, SOON, Setup, Watched, eventually, is_the_same_page, open_hub, write_note};

/// How long after a gap the page may show old data.
const CURRENT: Duration = Duration::from_secs(10);

/// Lets the page's long waits pass twenty times as fast: 60 seconds without a byte are three.
const FASTER: &str = "
    const wait = window.setTimeout;
    window.setTimeout = (act, ms, ...rest) => wait(act, ms >= 20000 ? ms / 20 : ms, ...rest);
";

/// What the watcher of the page's stream said last.
const STREAM: &[u8] = b"GET /live";

/// A hub whose page a browser shows through a relay.
struct Apart {
    watched: Watched,
    relay: Relay,
    browser: Browser,
}

impl Apart {
    async fn start(db: PgPool) -> Self {
        let watched = Watched::start(Setup::on(db).behind_socket().worker(), 0).await;
        let mut base = watched.site.base.clone();
        let port = base.port().expect("a site of a test has one");
        let relay = Relay::to(Target::Tcp("127.0.0.1".to_owned(), port)).await.expect("a port is free");
        base.set_port(Some(relay.port())).expect("it may have a port");
        let mut browser = watched.site.browser().await;
        browser.through(&base);
        Self { watched, relay, browser }
    }

    async fn is_current(&self, number: u32) {
        self.watched.until_current(Some(&self.browser), CURRENT).await;
        is_the_same_page(&self.browser, number).await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_is_current_after_a_silent_line_and_after_sleep(db: PgPool) {
    let apart = Apart::start(db).await;
    let Apart { watched, relay, browser } = &apart;
    browser.begin_with(FASTER).await;
    open_hub(browser).await;
    watched.write(1).await;
    apart.is_current(1).await;

    // Nobody closes the line, and nothing comes any more.
    assert!(relay.silence_those_who_said(STREAM) > 0, "there is a stream");
    watched.write(2).await;
    apart.is_current(2).await;

    // Asleep, while the line stays open, falls silent, or breaks.
    for (number, end) in (3..).zip(["open", "silent", "broken"]) {
        browser.fall_asleep();
        match end {
            "silent" => assert!(relay.silence_those_who_said(STREAM) > 0, "there is a stream"),
            "broken" => relay.cut(),
            _ => {}
        }
        watched.write(number).await;
        watched.rate(number).await;
        sleep(Duration::from_secs(4)).await;
        if end == "broken" {
            relay.mend();
        }
        browser.wake_up();
        apart.is_current(number).await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_is_current_after_a_restart_of_the_site_and_after_it_was_left(db: PgPool) {
    let mut apart = Apart::start(db).await;
    open_hub(&apart.browser).await;
    for number in [10, 20] {
        let Watched { hub, note, ada, site, .. } = &mut apart.watched;
        let (hub, note, owner, db) = (*hub, *note, ada.id, site.db.clone());
        let changing = async {
            for step in 0..6 {
                write_note(&db, hub, owner, note, number + step).await;
                sleep(Duration::from_millis(150)).await;
            }
        };
        tokio::join!(site.restart_web(), changing);
        apart.is_current(number + 5).await;
    }
    let Apart { watched, browser, .. } = &apart;
    browser.goto("/top").await;
    watched.write(30).await;
    watched.rate(30).await;
    browser.back().await;
    // Whether the browser has kept it or loads it anew.
    watched.until_current(Some(browser), CURRENT).await;
    watched.write(31).await;
    watched.until_current(Some(browser), CURRENT).await;
    browser.has_no_complaints().await;
}

/// Without TLS there are no locks, and a browser has six connections.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn eight_tabs_without_tls_leave_room_for_a_ninth_and_all_stay_current(db: PgPool) {
    let watched = Watched::start(Setup::on(db).worker(), 0).await;
    let mut browser = watched.site.browser().await;
    let mut base = watched.site.base.clone();
    base.set_host(Some("pawdium.test")).expect("a name");
    browser.through(&base);
    let mut tabs = Vec::new();
    for _ in 0..8 {
        tabs.push(browser.open_tab("/h/cats").await);
        assert_eq!(browser.run("return isSecureContext || Boolean(navigator.locks)").await, false);
    }
    watched.write(1).await;
    let ninth = browser.open_tab("/top").await;
    let waited = "const [page] = performance.getEntriesByType('navigation'); return page.responseEnd;";
    let waited = browser.run(waited).await.as_f64().expect("milliseconds");
    assert!(waited < 1000.0, "the ninth page took {waited} ms");
    browser.show_tab(&ninth).await;
    for tab in &tabs {
        browser.show_tab(tab).await;
        // A tab without a stream looks every ten seconds.
        watched.until_current(Some(&browser), Duration::from_secs(20)).await;
    }
}

/// Notes what moves, what is animated, and what screen readers are told.
const NOTE: &str = "
    window.noted = { moved: 0, animations: 0, said: [] };
    new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) noted.moved += value;
    }).observe({ type: 'layout-shift' });
    const { animate } = Element.prototype;
    Element.prototype.animate = function noting(...how) {
        noted.animations += 1;
        return animate.apply(this, how);
    };
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            const region = (target.closest ? target : target.parentElement)?.closest('[data-announcements]');
            if (region?.textContent) noted.said.push(performance.now());
        }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    const link = document.querySelector('.widget-newest-photos a[href^=\"/photos/\"]');
    link.focus({ preventScroll: true });
    window.link = link;
    getSelection().selectAllChildren(document.querySelector('.widget-members h2'));
    window.selected = getSelection().toString();
";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_redraw_disturbs_nobody(db: PgPool) {
    let watched = Watched::start(Setup::on(db).worker(), 0).await;
    let browser = watched.site.browser().await;
    watched.rate(1).await;
    for reduced in [false, true] {
        if reduced {
            browser.reduce_motion().await;
        }
        open_hub(&browser).await;
        watched.until_current(Some(&browser), CURRENT).await;
        browser.run(NOTE).await;
        for number in 2..6 {
            watched.rate(number).await;
            watched.write(number).await;
            watched.until_current(Some(&browser), CURRENT).await;
        }
        eventually("something is said", SOON, async || {
            (browser.run("return noted.said.length").await != 0).then_some(())
        })
        .await;
        let state = "return {
            focus: document.activeElement === link && link.isConnected,
            selection: getSelection().toString() === selected && selected !== '',
            animated: noted.animations > 0, moved: noted.moved,
            calm: noted.said.every((at, number) => number === 0 || at - noted.said[number - 1] > 9900) }";
        let state = browser.run(state).await;
        let expected =
            json!({ "focus": true, "selection": true, "animated": !reduced, "moved": 0, "calm": true });
        assert_eq!(state, expected, "with reduced motion: {reduced}");
        is_the_same_page(&browser, 5).await;
    }
    browser.has_no_complaints().await;
}

/// Counts the requests of the page that fail.
const COUNT: &str = "
    const asking = window.fetch;
    window.failed = 0;
    window.fetch = (...asked) => asking(...asked).catch((error) => {
        failed += 1;
        throw error;
    });
";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_part_that_could_not_be_loaded_is_loaded_later(db: PgPool) {
    let watched = Watched::start(Setup::on(db).worker(), 0).await;
    let browser = watched.site.browser().await;
    browser.begin_with(COUNT).await;
    open_hub(&browser).await;
    watched.until_current(Some(&browser), CURRENT).await;
    browser.block("*/h/cats/*").await;
    watched.rate(7).await;
    eventually("a load fails", SOON, async || (browser.run("return failed").await != 0).then_some(())).await;
    browser.block("*/nowhere").await;
    watched.until_current(Some(&browser), CURRENT).await;
    is_the_same_page(&browser, 0).await;
}

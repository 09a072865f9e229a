//! The live stream in a real browser: one for all tabs, and back after every gap.

use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::live::{Note, Topic};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, Person, SOON, Setup, Site, eventually};

/// Well before a tab without a stream looks by itself.
const LIVE: Duration = Duration::from_secs(4);

/// Counts in `window` what the tab hears of a topic, through the site's own module.
const WATCH: &str = "
    const [topic] = arguments;
    const { src } = document.querySelector('script[type=module]');
    return import(new URL('live.js', src)).then(({ watch }) => {
        window.heard = { changed: 0, looks: 0, gone: 0, widgets: [] };
        window.stopWatching = watch([topic], {
            changed: () => { heard.changed += 1; },
            look: () => { heard.looks += 1; },
            gone: () => { heard.gone += 1; },
            widget: (...widget) => { heard.widgets.push(widget); },
        });
    });
";

async fn watch(browser: &Browser, topic: &str) {
    browser.run_with(WATCH, json!(topic)).await;
}

async fn heard(browser: &Browser, what: &str) -> i64 {
    browser.run_with("return heard[arguments[0]]", json!(what)).await.as_i64().expect("a number")
}

/// Says that the photo has changed and waits until the tab in front has heard it.
async fn hears(site: &Site, browser: &Browser, photo: i64, within: Duration) {
    let before = heard(browser, "changed").await;
    site.publish(&[(Topic::Photo(PhotoId(photo)), Note::Changed)]).await;
    eventually("the tab hears it", within, async || (heard(browser, "changed").await > before).then_some(()))
        .await;
}

async fn until_live(browser: &Browser) {
    eventually("it has looked", LIVE, async || (heard(browser, "looks").await > 0).then_some(())).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn eight_tabs_have_one_stream_and_leave_room_for_a_ninth(db: PgPool) {
    // A third stream would be refused. There may be two for a moment, when another tab goes on.
    let site = Setup::on(db).set("web.max_streams", "2").start().await;
    let browser = site.browser().await;
    let mut tabs = Vec::new();
    for _ in 0..8 {
        let photo = site.photo().live().await;
        let tab = browser.open_tab("/top").await;
        watch(&browser, &format!("photo={photo}")).await;
        until_live(&browser).await;
        tabs.push((tab, photo));
    }
    for (tab, photo) in &tabs {
        browser.show_tab(tab).await;
        hears(&site, &browser, *photo, LIVE).await;
    }
    let begin = Instant::now();
    let ninth = browser.open_tab("/trending").await;
    assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
    browser.show_tab(&ninth).await;

    // The first has the stream; the others go on without it, and nobody has to look again.
    let (first, _) = tabs.remove(0);
    browser.show_tab(&first).await;
    browser.close_tab(&ninth).await;
    for (tab, photo) in &tabs {
        browser.show_tab(tab).await;
        hears(&site, &browser, *photo, LIVE).await;
        assert_eq!(heard(&browser, "looks").await, 1);
    }
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_that_is_left_lets_go_and_looks_once_when_it_comes_back(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photo().live().await;
    let topic = [Topic::Photo(PhotoId(photo))];
    let browser = site.browser().await;
    browser.goto("/top").await;
    watch(&browser, &format!("photo={photo}")).await;
    until_live(&browser).await;
    hears(&site, &browser, photo, LIVE).await;
    browser.run("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))").await;
    let held = "return navigator.locks.query().then(({ held, pending }) => held.length + pending.length)";
    eventually("the lock is free", LIVE, async || (browser.run(held).await == 0).then_some(())).await;
    let before = heard(&browser, "changed").await;
    site.publish(&[(topic[0], Note::Changed)]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(heard(&browser, "changed").await, before, "there is no line");
    let looks = heard(&browser, "looks").await;
    browser.run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))").await;
    hears(&site, &browser, photo, LIVE).await;
    assert_eq!(heard(&browser, "looks").await, looks + 1);

    // Whether the browser keeps the page or loads it anew, it is live after Back.
    browser.goto("/trending").await;
    browser.back().await;
    if browser.run("return window.heard === undefined").await == Value::Bool(true) {
        watch(&browser, &format!("photo={photo}")).await;
    }
    until_live(&browser).await;
    hears(&site, &browser, photo, LIVE).await;
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_tab_that_was_hidden_for_long_looks_once(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photo().live().await;
    let browser = site.browser().await;
    browser.begin_with("window.shift = 0; const now = Date.now; Date.now = () => now() + shift;").await;
    browser.goto("/top").await;
    watch(&browser, &format!("photo={photo}")).await;
    until_live(&browser).await;
    let seen_after = "
        const [seconds] = arguments;
        const show = (state) => {
            Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        };
        show('hidden');
        shift += seconds * 1000;
        show('visible');
    ";
    let looks = heard(&browser, "looks").await;
    browser.run_with(seen_after, json!(10)).await;
    hears(&site, &browser, photo, LIVE).await;
    assert_eq!(heard(&browser, "looks").await, looks);
    browser.run_with(seen_after, json!(40)).await;
    hears(&site, &browser, photo, LIVE).await;
    assert_eq!(heard(&browser, "looks").await, looks + 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_says_that_it_is_offline_and_misses_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photo().live().await;
    let browser = site.browser().await;
    browser.goto("/top").await;
    watch(&browser, &format!("photo={photo}")).await;
    until_live(&browser).await;
    hears(&site, &browser, photo, LIVE).await;
    let place = "return document.querySelector('main').getBoundingClientRect().toJSON()";
    let (before, looks) = (browser.run(place).await, heard(&browser, "looks").await);
    assert!(!browser.has(".offline-badge:not(:empty)").await);
    browser.cut_off().await;
    let begin = Instant::now();
    browser.find(".offline-badge[role=status]:not(:empty)").await;
    assert!(begin.elapsed() > Duration::from_secs(4), "a short gap isn't worth mentioning");
    assert_eq!(browser.run(place).await, before, "nothing has moved");
    let changed = heard(&browser, "changed").await;
    site.publish(&[(Topic::Photo(PhotoId(photo)), Note::Changed)]).await;
    browser.free_network().await;
    eventually("it hears what it missed", SOON, async || {
        (heard(&browser, "changed").await > changed).then_some(())
    })
    .await;
    browser.find(".offline-badge:empty").await;
    assert_eq!(heard(&browser, "looks").await, looks, "it knows what it missed");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_locks_one_tab_has_a_stream_and_the_others_look(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photo().live().await;
    let browser = site.browser().await;
    let without = "Object.defineProperty(navigator, 'locks', { value: undefined });";
    browser.begin_with(without).await;
    browser.goto("/top").await;
    let first = browser.tab().await;
    watch(&browser, &format!("photo={photo}")).await;
    until_live(&browser).await;
    hears(&site, &browser, photo, LIVE).await;

    let second = browser.open_tab("/favicon.ico").await;
    browser.begin_with(without).await;
    browser.goto("/top").await;
    watch(&browser, &format!("photo={photo}")).await;
    until_live(&browser).await;
    let looks = heard(&browser, "looks").await;
    let soon = Duration::from_secs(15);
    eventually("it looks again", soon, async || (heard(&browser, "looks").await > looks).then_some(())).await;
    assert_eq!(heard(&browser, "changed").await, 0, "it has no stream");
    browser.show_tab(&first).await;
    hears(&site, &browser, photo, LIVE).await;
    browser.close_tab(&second).await;
    eventually("the second takes the stream over", soon, async || {
        site.publish(&[(Topic::Photo(PhotoId(photo)), Note::Changed)]).await;
        (heard(&browser, "changed").await > 0).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_tab_takes_the_stream_from_one_that_is_frozen(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photo().live().await;
    let browser = site.browser().await;
    browser.goto("/top").await;
    watch(&browser, &format!("photo={photo}")).await;
    until_live(&browser).await;
    // It holds the lock and says nothing.
    browser.run("BroadcastChannel.prototype.postMessage = () => {}").await;
    browser.open_tab("/top").await;
    browser.begin_with("window.shift = 0; const now = Date.now; Date.now = () => now() + shift;").await;
    browser.goto("/top").await;
    watch(&browser, &format!("photo={photo}")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(heard(&browser, "looks").await, 0);
    browser.run("dispatchEvent(new Event('online'))").await;
    let soon = Duration::from_secs(8);
    eventually("it has a stream", soon, async || (heard(&browser, "looks").await > 0).then_some(())).await;
    hears(&site, &browser, photo, LIVE).await;
}

/// Builds a part, has a visitor use it, swaps it for a newer one, and says what is left.
const SWAP: &str = "
    const { src } = document.querySelector('script[type=module]');
    return import(new URL('live/swap.js', src)).then(async ({ swap, announce }) => {
        const part = (text) => {
            const holder = document.createElement('template');
            holder.innerHTML = text;
            return holder.content.firstElementChild;
        };
        const long = '<p>line</p>'.repeat(50);
        const old = part(`<section data-refresh=x class=a><h2>Old</h2><form action=/a><input name=typed value=1>
            <input name=untouched value=1><select name=s><option selected>1<option>2</select><textarea>one</textarea></form>
            <details><summary>more</summary>words</details><div id=scroll>${long}</div>
            <form action=/pause><button>Pause</button></form></section>`);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('#scroll { height: 50px; overflow: auto }');
        document.adoptedStyleSheets = [sheet];
        document.querySelector('main').append(old);
        const input = old.querySelector('[name=typed]');
        input.focus();
        input.value = 'typed';
        input.setSelectionRange(1, 3);
        old.querySelector('details').open = true;
        old.querySelector('select').value = '2';
        old.querySelector('textarea').value = 'mine';
        old.querySelector('#scroll').scrollTop = 120;
        const now = swap(old, part(`<section data-refresh=x class=b><p>First</p><h2>New</h2><form action=/a>
            <input name=typed value=2><input name=untouched value=2><select name=s><option selected>1<option>2<option>3</select>
            <textarea>two</textarea></form><details><summary>more</summary>other words</details>
            <div id=scroll>${long}<p>last</p></div>
            <form action=/resume><button>Resume</button></form></section>`));
        const region = () => document.querySelector('[data-announcements]').textContent;
        announce('one');
        announce('two');
        await new Promise((resolve) => { setTimeout(resolve, 600); });
        const first = region();
        announce('three');
        await new Promise((resolve) => { setTimeout(resolve, 600); });
        return {
            same: now === old && now.isConnected, title: now.querySelector('h2').textContent, css: now.className,
            focus: document.activeElement === input && input.isConnected, typed: input.value,
            selection: [input.selectionStart, input.selectionEnd], untouched: now.querySelector('[name=untouched]').value,
            select: now.querySelector('select').value, area: now.querySelector('textarea').value,
            open: now.querySelector('details').open, words: now.querySelector('details').textContent,
            scroll: now.querySelector('#scroll').scrollTop, lines: now.querySelectorAll('#scroll p').length,
            buttons: [...now.querySelectorAll('button')].map((button) => button.textContent),
            forms: [...now.querySelectorAll('form')].map((form) => form.getAttribute('action')),
            first, second: region(),
        };
    });
";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_swap_keeps_what_the_visitor_was_at(db: PgPool) {
    let site = Site::start(db).await;
    let browser = site.browser().await;
    browser.goto("/top").await;
    let expected = json!({
        "same": true, "title": "New", "css": "b", "focus": true, "typed": "typed", "selection": [1, 3],
        "untouched": "2", "select": "2", "area": "mine", "open": true, "words": "moreother words", "scroll": 120,
        "lines": 51, "buttons": ["Resume"], "forms": ["/a", "/resume"], "first": "two", "second": "two",
    });
    assert_eq!(browser.run(SWAP).await, expected);
    browser.has_no_complaints().await;
}

async fn open_photo(browser: &Browser, owner: &Person, photo: i64) {
    browser.log_in(&owner.email()).await;
    browser.goto(&format!("/photos/{photo}")).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_processing_photo_is_followed_in_the_page(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let upload = crate::harness::submission("Followed", crate::harness::pictures::quarters(600, 600));
    let photo = ada.api.upload(upload).await.expect(202).json()["id"].as_i64().expect("an id");
    let browser = site.browser().await;
    open_photo(&browser, &ada, photo).await;
    browser.find("[data-status][data-state=processing]").await;
    site.start_worker();
    browser.find("[data-status][data-state=live]").await;
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photos_page_shows_a_rating_from_elsewhere(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let photo = site.photo().by(&ada).live().await;
    site.rate(&bob, photo, 4).await;
    site.run(RefreshRanks {}).await;
    let (owner, rater) = (site.browser().await, eve);
    open_photo(&owner, &ada, photo).await;
    let other = site.browser_beside(&owner).await;
    open_photo(&other, &bob, photo).await;
    let place = "return JSON.stringify([...document.querySelectorAll('.opinion, .opinion svg, .photo-acts')]
        .map((element) => { const { top, height } = element.getBoundingClientRect(); return [top, height]; }))";
    let mut before = Vec::new();
    for browser in [&owner, &other] {
        browser.find(".opinion .histogram").await;
        browser.mark().await;
        browser.run("document.querySelector('.rank-note a').focus({ preventScroll: true })").await;
        before.push(browser.run(place).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    site.rate(&rater, photo, 10).await;
    for (browser, before) in [&owner, &other].into_iter().zip(before) {
        eventually("the score is redrawn", LIVE, async || {
            browser.text(".big-score").await.contains("2 ratings").then_some(())
        })
        .await;
        assert!(browser.text(".big-score").await.starts_with("7.0"));
        let label = browser.attribute(".opinion .histogram", "aria-label").await;
        assert_eq!(label, "Ratings from 1 to 10: 0, 0, 0, 1, 0, 0, 0, 0, 0, 1");
        assert!(browser.is_marked().await, "the page is still the same");
        let focused = "return document.activeElement === document.querySelector('.rank-note a')";
        assert_eq!(browser.run(focused).await, true, "the focus stays");
        assert_eq!(browser.run(place).await, before, "nothing has moved");
        browser.has_no_complaints().await;
    }
    // Who hasn't rated it doesn't learn what the others think.
    assert_eq!(site.get(&format!("/photos/{photo}/opinion")).await.status, 404);
    assert_eq!(rater.pages.get(&format!("/photos/{photo}/opinion")).await.status, 200);
    eventually("it is announced", SOON, async || {
        let said = owner.run("return document.querySelector('[data-announcements]').textContent").await;
        (said != "").then_some(())
    })
    .await;
    ada.api.delete(&format!("photos/{photo}"), Value::Null).await.expect(204);
    eventually("the page says that it is gone", LIVE, async || (!other.has(".opinion").await).then_some(()))
        .await;
}

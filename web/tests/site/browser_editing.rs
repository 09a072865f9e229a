//! Owners make and arrange their hub's page: with the keyboard alone, on a phone, and without scripts.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, SOON, Site, eventually};

const ENTER: char = '\u{e007}';

/// The kinds of a hub's widgets in reading order.
const KINDS: &str = "select string_agg(kind, ' ' order by side, position) from widgets where hub_id =
    (select max(id) from hubs where slug is not null)";

async fn has_focus(browser: &Browser, css: &str) {
    eventually(&format!("{css} has the focus"), SOON, async || {
        let found =
            browser.run_with("return document.activeElement?.matches(arguments[0]) === true", json!(css));
        (found.await == true).then_some(())
    })
    .await;
}

/// Presses the tab key until an element has the focus, as somebody does who uses no pointer.
async fn tab_to(browser: &Browser, css: &str) {
    browser.find(css).await;
    for _ in 0..250 {
        browser.press('\u{e004}').await;
        let here = "const { activeElement: here } = document;
                    const { bottom, height } = here.getBoundingClientRect();
                    const covered = document.querySelector('.editing .hub-edit')?.getBoundingClientRect().bottom ?? 0;
                    return [here.matches(arguments[0]), height > 0 && (bottom > covered || here.closest('.hub-edit') !== null)];";
        let found = browser.run_with(here, json!(css)).await;
        if found[0] == true {
            assert_eq!(found[1], true, "{css} is in view");
            return;
        }
    }
    panic!("{css} can't be reached with the keyboard");
}

async fn press_at(browser: &Browser, css: &str) {
    tab_to(browser, css).await;
    browser.press(ENTER).await;
}

async fn write(browser: &Browser, text: &str) {
    for letter in text.chars() {
        browser.press(letter).await;
    }
}

async fn kinds(site: &Site) -> Vec<String> {
    site.ask::<String>(KINDS).await.split(' ').map(str::to_owned).collect()
}

async fn until_first(site: &Site, kind: &str) {
    eventually(&format!("{kind} comes first"), SOON, async || (kinds(site).await[0] == kind).then_some(()))
        .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_makes_and_arranges_a_hub_with_the_keyboard_alone(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto("/hubs").await;
    press_at(&browser, "a[href='/hubs/new']").await;
    tab_to(&browser, "#name").await;
    write(&browser, "Cats").await;
    tab_to(&browser, "#slug").await;
    write(&browser, "cats").await;
    press_at(&browser, "main form button[type=submit]").await;

    press_at(&browser, ".hub-edit a[href$='?edit=1']").await;
    press_at(&browser, ".hub-edit a[href$='/widgets/new']").await;
    press_at(&browser, "form:has([value=sticky-note]) button[value=left]").await;
    tab_to(&browser, "#text").await;
    write(&browser, "Hello").await;
    press_at(&browser, "button[value=save]").await;
    // The focus is always where the owner was.
    let note = |button: &str| format!(".widget-sticky-note .widget-controls {button}");
    has_focus(&browser, &note(".widget-configure")).await;
    assert_eq!(browser.text(".widget-sticky-note .note").await, "Hello");
    // It is the last, so it can't move down.
    for _ in 0..2 {
        browser.press_shifted('\u{e004}').await;
    }
    has_focus(&browser, &note("button[value=up]")).await;
    let left: i64 = site.ask("select count(*) from widgets join hubs on hubs.id = hub_id where slug = 'cats' and side = 'left'").await;
    for place in (0..left - 1).rev() {
        browser.mark().await;
        browser.press(ENTER).await;
        eventually("it is moved", SOON, async || (!browser.is_marked().await).then_some(())).await;
        has_focus(&browser, &note(if place > 0 { "button[value=up]" } else { "button[value=down]" })).await;
    }
    assert_eq!(kinds(&site).await[0], "sticky-note");
    press_at(&browser, &note("button[value=remove]")).await;
    has_focus(&browser, ".widget-undo button").await;
    assert!(!kinds(&site).await.contains(&"sticky-note".to_owned()));
    browser.press(ENTER).await;
    has_focus(&browser, &note("button[value=down]")).await;
    assert_eq!(kinds(&site).await[0], "sticky-note", "it is back in its place");
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_drags_widgets_with_a_finger(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let browser = site.browser().await;
    browser.phone(390, 844).await;
    browser.log_in(&ada.email()).await;
    browser.goto("/h/cats?edit=1").await;
    until_first(&site, "about").await;
    let places = "scrollTo(0, 300);
                  return [...document.querySelectorAll('[data-column=left] [data-handle]')].slice(0, 2).map((handle) => {
                      const { left, top, width, height } = handle.getBoundingClientRect();
                      return [left + width / 2, top + height / 2];
                  });";
    let at = |places: &Value, place: usize| {
        let number = |axis: usize| places[place][axis].as_f64().expect("a number");
        (number(0), number(1))
    };
    let found = browser.run(places).await;
    let (first, second) = (at(&found, 0), at(&found, 1));
    browser.swipe(&[second, (second.0, first.1 + 60.0), (first.0, first.1 - 10.0)]).await;
    until_first(&site, "newest-photos").await;

    // Near the edge of the screen the page scrolls, and what is dragged goes on.
    browser.goto("/h/cats?edit=1").await;
    let first = at(&browser.run(places).await, 0);
    browser.touch(&[first, (first.0, 600.0), (first.0, 836.0)]).await;
    eventually("the page has scrolled", SOON, async || {
        let scrolled = "const { y } = document.querySelector('.dragged').getBoundingClientRect();
                        return scrollY > 500 && y > 0 && y < innerHeight;";
        (browser.run(scrolled).await == true).then_some(())
    })
    .await;
    browser.lift().await;
    until_first(&site, "about").await;
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_makes_and_arranges_a_hub_on_a_phone(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.phone(390, 844).await;
    browser.log_in(&ada.email()).await;
    browser.goto("/hubs").await;
    browser.tap("a[href='/hubs/new']").await;
    browser.fill("#name", "Cats").await;
    browser.fill("#slug", "cats").await;
    browser.tap("main form button[type=submit]").await;
    browser.tap(".hub-edit a[href$='?edit=1']").await;
    browser.tap(".hub-edit a[href$='/widgets/new']").await;
    browser.tap("form:has([value=sticky-note]) button[value=left]").await;
    browser.fill("#text", "Hello").await;
    browser.tap("button[value=save]").await;
    let note = |button: &str| format!(".widget-sticky-note .widget-controls {button}");
    browser.find(&note(".widget-configure")).await;
    assert_eq!(browser.text(".widget-sticky-note .note").await, "Hello");
    // Every control has room for a finger, and nothing is wider than the screen.
    let room = "const small = [...document.querySelectorAll('.hub-edit a, .hub-edit button, .widget-controls :is(a, button)')]
                    .filter((one) => one.getClientRects().length > 0)
                    .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 44)
                    .map((one) => `${one.textContent.trim()} ${one.offsetWidth}x${one.offsetHeight}`);
                return [document.documentElement.scrollWidth <= 390, small];";
    assert_eq!(browser.run(room).await, json!([true, []]));
    let place = kinds(&site).await.iter().position(|kind| kind == "sticky-note");
    browser.tap(&note("button[value=up]")).await;
    eventually("it is moved up", SOON, async || {
        let now = kinds(&site).await.iter().position(|kind| kind == "sticky-note");
        (now.map(|now| now + 1) == place).then_some(())
    })
    .await;
    browser.find(&note(".widget-configure")).await;
    browser.tap(&note(".widget-configure")).await;
    browser.fill("#text", " again").await;
    browser.tap("button[value=save]").await;
    eventually("it is configured", SOON, async || {
        browser.text(".widget-sticky-note .note").await.contains("again").then_some(())
    })
    .await;
    browser.tap(&note("button[value=remove]")).await;
    browser.find(".widget-undo button").await;
    assert!(!kinds(&site).await.contains(&"sticky-note".to_owned()));
    browser.tap(".widget-undo button").await;
    browser.find(&note("button[value=remove]")).await;
    assert!(kinds(&site).await.contains(&"sticky-note".to_owned()));
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_makes_and_arranges_a_hub_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.without_scripts().await;
    browser.phone(390, 844).await;
    browser.log_in(&ada.email()).await;
    browser.goto("/hubs/new").await;
    browser.fill("#name", "Cats").await;
    browser.fill("#slug", "cats").await;
    browser.click("main form button[type=submit]").await;
    browser.click(".hub-edit a[href$='?edit=1']").await;
    browser.click(".hub-edit a[href$='/widgets/new']").await;
    browser.click("form:has([value=sticky-note]) button[value=left]").await;
    browser.fill("#until", "tomorrow").await;
    browser.click("button[value=save]").await;
    browser.find("#until-error").await;
    browser.find("#until[aria-invalid]").await.clear().await.expect("a field");
    browser.fill("#text", "Hello").await;
    browser.click("button[value=save]").await;
    has_focus(&browser, ".widget-sticky-note .widget-configure").await;
    browser.click(".widget-sticky-note button[value=up]").await;
    has_focus(&browser, ".widget-sticky-note button[value=up]").await;
    let before = kinds(&site).await;
    browser.click(".widget-sticky-note button[value=across]").await;
    // The press itself gives the focus, before there is an answer.
    eventually("it is in the other column", SOON, async || {
        (kinds(&site).await.last().map(String::as_str) == Some("sticky-note")).then_some(())
    })
    .await;
    has_focus(&browser, ".widget-sticky-note button[value=across]").await;
    browser.click(".widget-sticky-note button[value=remove]").await;
    browser.click(".widget-undo button").await;
    has_focus(&browser, ".widget-sticky-note button[value=up]").await;
    assert_ne!(kinds(&site).await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_comes_second_sees_what_somebody_else_has_changed(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    ada.api.put("hubs/cats/members/bob", json!({ "role": "owner" })).await.expect(204);
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    let about: i64 = site.ask("select id from widgets where kind = 'about' order by id desc limit 1").await;
    browser.goto("/h/cats?edit=1").await;
    let body = json!({ "kind": "sticky-note", "column": "left", "position": 0 });
    bob.api.post("hubs/cats/widgets", body.clone()).await.expect(201);
    browser.click(&format!("#widget-{about} button[value=down]")).await;
    assert!(browser.text(".flash.bad").await.contains("Somebody else"));
    assert!(browser.has(".widget-sticky-note").await, "the page is as it is now");
    assert_eq!(kinds(&site).await[..2], ["sticky-note", "about"], "and nothing is moved");

    browser.goto(&format!("/h/cats/widgets/{about}")).await;
    browser.fill("#text", "What I wrote").await;
    bob.api.post("hubs/cats/widgets", body).await.expect(201);
    browser.click("button[value=save]").await;
    assert!(browser.text(".flash.bad").await.contains("Somebody else"));
    assert!(browser.value("#text").await.contains("What I wrote"));
    browser.click("button[value=save]").await;
    browser.find(".widget-about .widget-body").await;
    assert!(browser.text(".widget-about").await.contains("What I wrote"), "the second time it is saved");
}

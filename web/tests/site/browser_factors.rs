//! The pages about second factors in each of their states: they pass axe in both themes, and fit a small phone. Without
//! axe-core (`PAWDIUM_AXE`), nothing is checked but the width.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use super::browser_axe::Walk;
use super::browser_passkeys::named;
use crate::harness::{App, Browser, Setup};

const PAGE: &str = "/settings/security";

/// What reaches beyond the window, if anything makes the page scroll sideways.
const TOO_WIDE: &str = "
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > clientWidth)
        .map((one) => one.outerHTML.slice(0, 120));
";

/// Checks the page that is open.
async fn check(walk: &mut Walk<'_>, has_axe: bool, what: &str) {
    let browser = walk.browser;
    browser.phone(320, 640).await;
    let wide = browser.run(TOO_WIDE).await;
    assert_eq!(wide, serde_json::json!([]), "{what} doesn't fit");
    if has_axe {
        walk.check(what).await;
    }
}

/// Opens a page and checks it.
async fn open(walk: &mut Walk<'_>, has_axe: bool, path: &str) {
    walk.browser.goto(path).await;
    check(walk, has_axe, path).await;
}

/// Sends a code in a form.
async fn send(browser: &Browser, form: &str, code: &str) {
    browser.fill(&format!("{form} #code"), code).await;
    browser.click(&format!("{form} button")).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_state_of_second_factors_is_accessible_and_fits_a_phone(db: PgPool) {
    let setup = Setup::on(db).named_localhost().set("security.require_second_factor", "admins");
    let site = setup.start().await;
    let root = site.admin("root").await;
    let mut browser = site.browser().await;
    browser.through(&named(&site.base));
    browser.add_authenticator().await;
    let axe = std::env::var("PAWDIUM_AXE").ok();
    if let Some(file) = &axe {
        browser.begin_with(&std::fs::read_to_string(file).expect("axe-core is readable")).await;
    }
    browser.reduce_motion().await;
    browser.log_in(&root.email()).await;
    let has_axe = axe.is_some();
    let walk = &mut Walk { browser: &browser, who: "an admin", wrong: Vec::new() };

    open(walk, has_axe, "/admin").await;
    assert_eq!(browser.path().await, PAGE);
    browser.click(&format!("form[action='{PAGE}/app'] button")).await;
    browser.find(".qr").await;
    check(walk, has_axe, "a set-up that was begun").await;
    root.confirm().await;
    let app = App::scan(&root.pages.get(PAGE).await.expect(200));
    let form = format!("form[action='{PAGE}/app/confirm']");
    send(&browser, &form, &app.wrong_code()).await;
    browser.find("#code-error").await;
    check(walk, has_axe, "a wrong first code").await;
    send(&browser, &form, &app.code(0)).await;
    browser.find(".recovery-codes").await;
    check(walk, has_axe, "new recovery codes").await;
    let printed = "const { display } = getComputedStyle(document.querySelector('.site-head'));
        return [display, document.querySelectorAll('.recovery-codes li').length].join(' ');";
    browser.print_styles().await;
    assert_eq!(browser.run(printed).await, "none 10", "only the codes are printed");
    browser.reduce_motion().await;
    browser.add_passkey("A name as long as they may be, of 40 letters").await;
    open(walk, has_axe, PAGE).await;

    site.change("update sessions set proved_at = null").await;
    for path in ["/settings/security?next=%2Fsettings", "/settings", "/settings/account", "/settings/tokens"]
    {
        open(walk, has_axe, path).await;
    }
    browser.goto(PAGE).await;
    send(&browser, "#confirm form:not([data-passkey])", &app.wrong_code()).await;
    browser.find("#code-error").await;
    check(walk, has_axe, "a refused proof").await;
    browser.forget().await;
    browser.log_in_up_to_second_factor(&root.email()).await;
    check(walk, has_axe, "the second step").await;
    send(&browser, "main form:not([data-passkey])", &app.wrong_code()).await;
    browser.find("#code-error").await;
    check(walk, has_axe, "a refused second step").await;
    assert!(walk.wrong.is_empty(), "{}", walk.wrong.join("\n"));
}

//! Passkeys in a real browser, with an authenticator that Chromium plays.

use data_encoding::BASE64URL_NOPAD;
use pawdium_shared::db::MIGRATIONS;
use reqwest::Url;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Browser, Cable, PASSWORD, Person, SOON, Setup, Site, eventually};

/// A site under a name, and a browser with a place for passkeys that is logged in.
async fn logged_in(db: PgPool) -> (Site, Person, Browser) {
    let site = Setup::on(db).named_localhost().start().await;
    let ada = site.member("ada").await;
    let mut browser = site.browser().await;
    browser.through(&named(&site.base));
    browser.add_authenticator().await;
    browser.log_in(&ada.email()).await;
    (site, ada, browser)
}

/// The URL under which the browser reaches it.
pub(super) fn named(base: &Url) -> Url {
    let mut named = base.clone();
    named.set_host(Some("localhost")).expect("it may have a host");
    named
}

/// Logs in with a passkey, however it ends.
async fn press(browser: &Browser) {
    browser.goto("/login").await;
    browser.find(".passkey-login:not([hidden])").await;
    browser.click(".passkey-login button").await;
}

/// Waits until the site has refused a passkey.
async fn refused(browser: &Browser) {
    let text = browser.text(".flash.bad").await;
    assert!(text.contains("wasn't accepted"), "{text}");
}

/// Sends a form as the page would, and answers with the status.
async fn send(browser: &Browser, path: &str, credential: &str) -> i64 {
    let script = "const [path, credential] = arguments[0];
        return fetch(path, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ credential, name: 'Key' }) })
            .then(({ status }) => status);";
    browser.run_with(script, json!([path, credential])).await.as_i64().expect("a status")
}

/// From now on, pages remember what passkeys answer.
const REMEMBER: &str = "
    const { submit } = HTMLFormElement.prototype;
    HTMLFormElement.prototype.submit = function () {
        sessionStorage.sent = this.elements.credential.value;
        submit.call(this);
    };";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_passkey_is_added_and_opens_the_account_without_a_password(db: PgPool) {
    let (site, ada, browser) = logged_in(db).await;
    browser.phone(360, 740).await;
    browser.add_passkey("Ada's phone").await;
    let codes = browser.run("return document.querySelectorAll('.recovery-codes li').length").await;
    assert_eq!(codes, 10, "with the first factor come recovery codes");
    assert!(browser.text(".passkeys li").await.contains("Ada's phone"));
    assert!(browser.text(".passkeys li").await.contains("not used yet"));

    browser.forget().await;
    press(&browser).await;
    browser.find(".menu-name").await;
    browser.goto("/settings/security").await;
    assert!(browser.text(".passkeys li").await.contains("last used"));
    assert_eq!(browser.text("#codes-left").await, "10 of 10 left.");
    // The passkey was a fresh proof, so a second one can be added; the same device refuses.
    assert!(!browser.has("#confirm").await);
    browser.fill("form[data-create] #name", "Again").await;
    browser.click("form[data-create] button").await;
    let error = eventually("the device refuses", SOON, async || {
        Some(browser.text("form[data-create] [data-passkey-error]").await).filter(|text| !text.is_empty())
    });
    assert!(error.await.contains("has a passkey for your account already"));
    assert_eq!(site.ask::<i64>("select count(*) from passkeys").await, 1);
    assert_eq!(site.ask_of::<i64>("select count(*) from sessions where user_id = $1", ada.id).await, 3);
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_passkey_is_the_second_factor_after_a_password_and_a_proof(db: PgPool) {
    let (site, ada, browser) = logged_in(db).await;
    browser.add_passkey("Key").await;
    browser.forget().await;
    browser.goto("/login?next=%2Ftop").await;
    browser.fill("#email", &ada.email()).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("main form button[type=submit]").await;
    browser.find("form[data-passkey]:not([hidden])").await;
    assert_eq!(browser.path().await, "/login/second-factor");
    assert!(!browser.has(".menu-name").await);
    browser.click("form[data-passkey] button").await;
    browser.find(".menu-name").await;
    assert_eq!(browser.path().await, "/top");

    site.change("update sessions set proved_at = null").await;
    browser.goto("/settings/security").await;
    browser.click("form[data-passkey='/settings/security/confirm/start'] button").await;
    browser.find(".passkeys form button").await;
    browser.click(".passkeys form button").await;
    eventually("the passkey is gone", SOON, async || (!browser.has(".passkeys").await).then_some(())).await;
    assert_eq!(site.ask::<i64>("select count(*) from passkeys").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from recovery_codes").await, 0);
    // Its answer is still right, and opens nothing.
    browser.forget().await;
    press(&browser).await;
    refused(&browser).await;
    browser.log_in(&ada.email()).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_answer_counts_once_and_only_for_its_own_challenge(db: PgPool) {
    let (site, _, browser) = logged_in(db).await;
    browser.add_passkey("Key").await;
    browser.forget().await;
    browser.begin_with(REMEMBER).await;
    press(&browser).await;
    browser.find(".menu-name").await;
    browser.goto("/login").await;
    let sent = browser.run("return sessionStorage.sent").await;
    let sent = sent.as_str().expect("it was remembered").to_owned();
    let before = site.ask::<i64>("select count(*) from sessions").await;
    browser.forget().await;
    browser.goto("/login").await;
    assert_eq!(send(&browser, "/login/passkey", &sent).await, 403, "there is no challenge");
    let start = "return fetch('/login/passkey/start', { method: 'POST' }).then(({ status }) => status)";
    assert_eq!(browser.run(start).await, 200);
    assert_eq!(send(&browser, "/login/passkey", &sent).await, 403, "it answers another challenge");
    assert_eq!(send(&browser, "/login/passkey", &sent).await, 403, "the challenge is used up");
    assert_eq!(site.ask::<i64>("select count(*) from passkey_ceremonies").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, before);
    assert!(site.log().contains("security: passkey-wrong client=127.0.0.1"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_answer_from_another_origin_opens_nothing(db: PgPool) {
    let (site, ada, mut browser) = logged_in(db).await;
    browser.add_passkey("Key").await;
    browser.forget().await;
    // The same host on another port: the authenticator has the passkey there, and the origin is another.
    let cable = Cable::to(&site.base).await;
    browser.through(&named(&cable.base));
    press(&browser).await;
    refused(&browser).await;
    browser.log_in_up_to_second_factor(&ada.email()).await;
    browser.click("form[data-passkey] button").await;
    refused(&browser).await;
    browser.through(&named(&site.base));
    press(&browser).await;
    browser.find(".menu-name").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_passkey_opens_only_its_own_account(db: PgPool) {
    let (site, ada, browser) = logged_in(db).await;
    browser.add_passkey("Ada's").await;
    let bob = site.member("bob").await;
    browser.forget().await;
    browser.log_in(&bob.email()).await;
    browser.add_passkey("Bob's").await;
    let id: Vec<u8> = site.ask_of("select credential_id from passkeys where user_id = $1", bob.id).await;
    browser.forget().await;
    browser.log_in_up_to_second_factor(&ada.email()).await;
    // A browser under an attacker's control, who knows Ada's password, lets Bob's passkey answer.
    let bobs = "const [mine] = arguments;
        const real = window.fetch;
        window.fetch = async (...given) => {
            const body = await (await real(...given)).json();
            body.publicKey.allowCredentials = [{ type: 'public-key', id: mine }];
            return Response.json(body);
        };";
    browser.run_with(bobs, json!(BASE64URL_NOPAD.encode(&id))).await;
    browser.click("form[data-passkey] button").await;
    refused(&browser).await;
    assert_eq!(site.ask_of::<i64>("select count(*) from sessions where user_id = $1", ada.id).await, 2);
    let note = format!("security: passkey-wrong client=127.0.0.1 user={}", ada.id);
    assert!(site.log().contains(&note), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_copied_passkey_is_noticed_by_its_counter(db: PgPool) {
    let (site, ada, browser) = logged_in(db).await;
    browser.add_passkey("Key").await;
    browser.forget().await;
    press(&browser).await;
    browser.find(".menu-name").await;
    assert!(site.ask::<i64>("select sign_count from passkeys").await > 0);
    // Its copy was used more often meanwhile.
    site.change("update passkeys set sign_count = 1000").await;
    browser.forget().await;
    press(&browser).await;
    refused(&browser).await;
    assert_eq!(site.ask::<i64>("select sign_count from passkeys").await, 1000);
    let note = format!("security: passkey-wrong client=127.0.0.1 user={}", ada.id);
    assert!(site.log().contains(&note), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_session_that_is_lost_between_the_steps_adds_nothing(db: PgPool) {
    let (site, ada, browser) = logged_in(db).await;
    browser.begin_with(REMEMBER).await;
    browser.goto("/settings/security").await;
    browser.find("form[data-create]:not([hidden])").await;
    // The session ends when the challenge is there.
    let script = "const real = window.fetch;
        window.fetch = async (...given) => {
            const answer = await real(...given);
            await real('/logout', { method: 'POST' });
            return answer;
        };";
    browser.run(script).await;
    browser.fill("form[data-create] #name", "Key").await;
    browser.click("form[data-create] button").await;
    browser.find(".error-code").await;
    assert_eq!(site.ask::<i64>("select count(*) from passkeys").await, 0);
    // Another session of the same member can't finish it either.
    let made = browser.run("return sessionStorage.sent").await;
    let made = made.as_str().expect("it was remembered").to_owned();
    browser.log_in(&ada.email()).await;
    assert_eq!(site.ask::<i64>("select count(*) from passkey_ceremonies").await, 1);
    assert_eq!(send(&browser, "/settings/security/passkeys", &made).await, 400);
    assert_eq!(site.ask::<i64>("select count(*) from passkeys").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_scripts_the_pages_say_what_works_instead(db: PgPool) {
    let (site, ada, browser) = logged_in(db).await;
    browser.add_passkey("Key").await;
    let first = browser.text(".recovery-codes code").await;
    browser.without_scripts().await;
    browser.goto("/settings/security").await;
    assert!(browser.text("[data-without-passkeys]").await.contains("JavaScript"));
    assert!(browser.has("form[data-create][hidden]").await);
    browser.forget().await;
    browser.goto("/login").await;
    assert!(browser.has(".passkey-login[hidden]").await);
    browser.fill("#email", &ada.email()).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("main form button[type=submit]").await;
    assert!(browser.text("[data-without-passkeys]").await.contains("recovery code"));
    assert!(browser.has("form[data-passkey][hidden]").await);
    ada.pages.post("/settings/security/confirm", &[("code", &first)]).await.expect(303);
    let codes = ada.pages.post("/settings/security/codes", &[]).await.expect(200);
    browser.fill("#code", &codes.texts(".recovery-codes code")[0]).await;
    browser.click("main form:not([hidden]) button[type=submit]").await;
    browser.find(".menu-name").await;
    assert_eq!(site.ask::<i64>("select count(*) from recovery_codes where used_at is null").await, 9);
}

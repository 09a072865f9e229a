//! Guessing codes.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Setup, Site};

/// Logs in from an address: the test is the proxy.
async fn enter(site: &Site, address: &str, code: &str) -> u16 {
    let body = json!({ "email": "ada@example.org", "password": PASSWORD, "code": code });
    let call = site.api().call(Method::POST, "tokens").header("x-forwarded-for", address).json(&body);
    Answer::to(call).await.status
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn strangers_with_the_password_share_a_small_budget_of_codes(db: PgPool) {
    let site = Setup::on(db).set("security.guesses_per_account", "3").start().await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let wrong = app.wrong_code();
    for number in 0..3 {
        assert_eq!(enter(&site, &format!("198.51.{number}.1"), &wrong).await, 403);
    }
    assert_eq!(enter(&site, "198.51.77.1", &wrong).await, 429);
    assert_eq!(enter(&site, "198.51.77.1", &app.code(1)).await, 429, "or the guessing could go on");
    // The owner's network has a budget of its own.
    assert_eq!(enter(&site, "127.0.0.1", &wrong).await, 403);
    assert_eq!(enter(&site, "127.0.0.1", &app.code(1)).await, 201);
    // None of the strangers' networks became a known one by the password alone.
    assert_eq!(site.ask::<i64>("select count(*) from login_networks").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_second_step_says_when_to_try_again(db: PgPool) {
    let site = Setup::on(db).set("security.guesses_per_account", "2").start().await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let pages = site.half_logged_in(&ada).await;
    for _ in 0..2 {
        pages.send_code(&app.wrong_code()).await.expect(403);
    }
    let refused = pages.send_code(&app.code(1)).await;
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(refused.expect(429).texts("#code-error").len(), 1);
    // Right codes cost nothing.
    let home = Setup::on(site.db.clone()).set("security.guesses_per_account", "2").start().await;
    for number in 0..4 {
        home.forget_used_codes().await;
        let entered = home.half_logged_in(&ada).await.send_code(&app.code(0)).await;
        assert_eq!(entered.status, 303, "{number}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn forms_of_other_sites_change_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    ada.set_up_app().await;
    for path in [
        "/settings/security/app/off",
        "/settings/security/codes",
        "/settings/security/confirm",
        "/settings/security/passkeys/start",
        "/settings/security/passkeys/1/remove",
        "/login/second-factor",
        "/login/passkey/start",
    ] {
        let foreign = ada.pages.request(Method::POST, path).header("sec-fetch-site", "cross-site");
        Answer::to(foreign.form(&[("code", "1")])).await.expect(403);
    }
    assert_eq!(site.ask::<i64>("select count(*) from recovery_codes where used_at is null").await, 10);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn hostile_input_is_refused_and_nothing_breaks(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    ada.set_up_app().await;
    let pages = site.half_logged_in(&ada).await;
    for code in
        ["", "000000000000000000000000", "'; drop table users; --", "\u{0}", "٠٠٠٠٠٠", &"9".repeat(9000)]
    {
        assert_eq!(pages.send_code(code).await.status, 403, "{code:.20}");
    }
    for credential in ["x", "{}", "null", r#"{"id":"","rawId":"","type":"public-key","response":{}}"#] {
        let form = [("credential", credential)];
        assert_eq!(pages.post("/login/second-factor", &form).await.status, 403, "{credential}");
        assert_eq!(site.visitor().post("/login/passkey", &form).await.status, 403, "{credential}");
        let form = [("credential", credential), ("name", "Phone")];
        assert_eq!(ada.pages.post("/settings/security/passkeys", &form).await.status, 400, "{credential}");
        let proof = ada.pages.post("/settings/security/confirm", &form[..1]).await;
        assert_eq!(proof.status, 403, "{credential}");
    }
    // The site has only an address, to which no passkey can be bound.
    Answer::to(site.visitor().own("/login/passkey/start")).await.expect(404);
    for path in ["/settings/security/passkeys/0/remove", "/settings/security/passkeys/99/remove"] {
        assert_eq!(ada.pages.post(path, &[]).await.location(), "/settings/security");
    }
    ada.pages.post("/settings/security/passkeys/x/remove", &[]).await.expect(404);
    assert!(!site.log().contains("panicked"), "{}", site.log());
}

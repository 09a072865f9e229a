//! Sensitive acts of accounts with a second factor take it again, and the password doesn't stand in for it.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, App, PASSWORD, Person, Site};

const PAGE: &str = "/settings/security";

/// As long after the last proof as it takes to be stale.
const LATER: &str = "update sessions set proved_at = proved_at - interval '10 minutes 1 second'";

const NEW: &str = "another one that is long";

/// The fields of a form.
type Fields = &'static [(&'static str, &'static str)];

/// The sensitive forms: where each is, its path and its fields.
const FORMS: [(&str, &str, Fields); 5] = [
    ("/settings", "/settings/email", &[("email", "new@example.org"), ("current_password", PASSWORD)]),
    ("/settings", "/settings/password", &[("password", NEW), ("current_password", PASSWORD)]),
    (
        "/settings/tokens",
        "/settings/tokens",
        &[("name", "Bot"), ("read", "on"), ("days", "30"), ("current_password", PASSWORD)],
    ),
    ("/settings/account", "/settings/account/exports", &[]),
    ("/settings/account", "/settings/delete", &[("password", PASSWORD)]),
];

/// A member with an app who has proved nothing lately.
async fn stale(site: &Site) -> (Person, App) {
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    site.change(LATER).await;
    (ada, app)
}

/// What the forms change.
async fn state(site: &Site) -> (String, String, i64, i64, i64) {
    let rows = sqlx::query_as(
        "select (select string_agg(email, ',') from users), (select string_agg(password_hash, ',') from users),
                (select count(*) from api_tokens), (select count(*) from exports), (select count(*) from users)",
    );
    rows.fetch_one(&site.db).await.expect("a row")
}

fn way_to_confirm(page: &str) -> String {
    format!("{PAGE}?next={}#confirm", page.replace('/', "%2F"))
}

async fn confirm(person: &Person, form: &[(&str, &str)]) -> Answer {
    person.pages.post("/settings/security/confirm", form).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn forms_that_give_the_account_away_take_the_second_factor(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, app) = stale(&site).await;
    let before = state(&site).await;
    for (page, path, fields) in FORMS {
        let shown = ada.pages.get(page).await.expect(200);
        assert!(!shown.has(&format!("form[action='{path}']")), "{path}");
        assert!(shown.has(&format!(".prove-first a[href='{}']", way_to_confirm(page))), "{path}");
        assert_eq!(ada.pages.post(path, fields).await.location(), way_to_confirm(page), "{path}");
        assert_eq!(ada.pages.get(page).await.texts(".flash").len(), 1, "{path}");
    }
    assert_eq!(state(&site).await, before);
    // What gives nothing away goes on.
    assert_eq!(ada.pages.post("/settings/name", &[("name", "adah")]).await.location(), "/settings");

    let page = ada.pages.get(&way_to_confirm("/settings/account").replace("#confirm", "")).await.expect(200);
    assert_eq!(page.attribute("#confirm [name=next]", "value"), "/settings/account");
    let wrong = [("code", &*app.wrong_code()), ("next", "/settings/account")];
    let refused = confirm(&ada, &wrong).await.expect(403);
    assert_eq!(refused.attribute("#confirm [name=next]", "value"), "/settings/account", "it is kept");
    let code = app.code(1);
    let right = [("code", &*code), ("next", "/settings/account")];
    assert_eq!(confirm(&ada, &right).await.location(), "/settings/account");
    for (page, path, fields) in FORMS {
        assert!(ada.pages.get(page).await.expect(200).has(&format!("form[action='{path}']")), "{path}");
        // The password was changed by one of the forms before.
        let has_new = state(&site).await.1 != before.1;
        let now = |(name, value): &(&'static str, &'static str)| {
            (*name, if *value == PASSWORD && has_new { NEW } else { *value })
        };
        let fields: Vec<_> = fields.iter().map(now).collect();
        let answer = ada.pages.post(path, &fields).await;
        assert!([200, 303].contains(&answer.status), "{path}: {}", answer.text());
    }
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 0, "the last form deletes the account");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn calls_that_give_the_account_away_take_a_code(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, app) = stale(&site).await;
    let before = state(&site).await;
    let bodies = [
        json!({ "email": "new@example.org", "current_password": PASSWORD }),
        json!({ "password": NEW, "current_password": PASSWORD }),
    ];
    for code in [None, Some(""), Some(&*app.wrong_code())] {
        let with = |mut body: Value| {
            body["code"] = json!(code);
            body
        };
        for body in bodies.clone() {
            assert_eq!(ada.api.patch("users/me", with(body)).await.error(403).1.as_deref(), Some("code"));
        }
        let export = ada.api.post("users/me/exports", with(json!({}))).await.error(403);
        assert_eq!(export.1.as_deref(), Some("code"), "{}", export.0);
        let gone = ada.api.delete("users/me", with(json!({ "password": PASSWORD }))).await.error(403);
        assert_eq!(gone.1.as_deref(), Some("code"), "{}", gone.0);
    }
    ada.api.post("users/me/exports", Value::Null).await.error(403);
    assert_eq!(state(&site).await, before);
    ada.api.patch("users/me", json!({ "name": "adah" })).await.expect(200);

    // A code holds for ten minutes, and for this token alone.
    let nobody = site.api();
    let other = nobody.post(
        "tokens",
        json!({
            "email": ada.email(), "password": PASSWORD, "code": app.recovery[0],
        }),
    );
    let other = Person::of(&site, &other.await.expect(201).json());
    site.change(LATER).await;
    ada.api.post("users/me/exports", json!({ "code": app.code(1) })).await.expect(202);
    ada.api.patch("users/me", bodies[0].clone()).await.expect(200);
    let body = json!({ "password": PASSWORD, "code": app.code(1) });
    other.api.delete("users/me", body).await.error(403);
    ada.api.delete("users/me", json!({ "password": "not hers at all" })).await.error(400);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_without_a_second_factor_are_asked_for_the_password_alone(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for (page, path, _) in FORMS {
        assert!(ada.pages.get(page).await.expect(200).has(&format!("form[action='{path}']")), "{path}");
    }
    // A code is of no account.
    ada.api.post("users/me/exports", json!({ "code": "123456" })).await.expect(202);
    ada.api.post("users/me/exports", Value::Null).await.expect(202);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_password_proves_nothing_once_there_is_a_second_factor(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, app) = stale(&site).await;
    assert!(!ada.pages.get(PAGE).await.has("#confirm [name=password]"));
    // Right or wrong makes no difference, so that a session alone is no way to guess at it.
    let mut told = Vec::new();
    for password in [PASSWORD, "not hers at all"] {
        told.push(confirm(&ada, &[("password", password)]).await.expect(400).texts("#confirm .field-error"));
    }
    assert!(told[0].len() == 1 && told[0] == told[1], "{told:?}");
    assert_eq!(ada.pages.post("/settings/security/app/off", &[]).await.location(), PAGE);
    assert_eq!(site.ask::<i64>("select count(*) from totp_secrets").await, 1);
    // A recovery code is a proof, once. An address elsewhere isn't followed.
    let form = [("code", &*app.recovery[0]), ("next", "//evil.test")];
    assert_eq!(confirm(&ada, &form).await.location(), "/");
    confirm(&ada, &form).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn with_the_first_factor_the_proofs_of_other_sessions_end(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    // Somebody else knows the password.
    let thief = site.log_in("ada").await;
    thief.confirm().await;
    let app = ada.set_up_app().await;
    assert_eq!(thief.pages.post("/settings/security/app/off", &[]).await.location(), PAGE);
    assert_eq!(thief.pages.post("/settings/security/codes", &[]).await.location(), PAGE);
    assert_eq!(site.ask::<i64>("select count(*) from totp_secrets").await, 1);
    assert_eq!(ada.pages.post("/settings/security/codes", &[]).await.expect(200).status, 200);
    drop(app);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_download_of_an_archive_takes_the_second_factor_once(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let export = ada.export().await;
    let (path, app) = (format!("/exports/{export}"), ada.set_up_app().await);
    let whole = ada.download(export).await.expect(200);
    site.change(LATER).await;
    assert_eq!(ada.download(export).await.location(), way_to_confirm("/settings/account"));
    let page = ada.pages.get("/settings/account").await.expect(200);
    assert!(!page.has(&format!("a[href='{path}']")) && page.has("#export .prove-first a"));
    // What had begun goes on. Nobody can guess the tag.
    let rest = async |tag: &str| {
        let call = ada.pages.request(Method::GET, &path).header("range", "bytes=100-");
        Answer::to(call.header("if-range", tag)).await
    };
    assert_eq!(rest(whole.header("etag")).await.expect(206).body, whole.body[100..]);
    for guessed in ["\"\"", "*", "\"exports/1.zip\""] {
        rest(guessed).await.expect(303);
    }

    let call = async |code: Option<&str>| {
        let call = site.visitor().request(Method::GET, &path).bearer_auth(ada.api.token());
        let call = call.header("accept", "application/json");
        Answer::to(match code {
            Some(code) => call.header("pawdium-code", code),
            None => call,
        })
        .await
    };
    for code in [None, Some(&*app.wrong_code())] {
        assert_eq!(call(code).await.error(403).1.as_deref(), Some("code"));
    }
    assert_eq!(call(Some(&app.code(1))).await.expect(200).body, whole.body);
    call(None).await.expect(200);
}

//! Forgotten passwords.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{NOBODY, PASSWORD, SOON, Setup, Site, eventually};

const NEW: &str = "a brand new password";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn known_and_unknown_addresses_get_identical_answers(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    let api = async |email: &str| {
        let answer = site.api().post("password-resets", json!({ "email": email })).await.expect(202);
        let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        (headers, answer.body)
    };
    assert_eq!(api("ada@example.org").await, api("bob@example.org").await);
    let page = async |email: &str| {
        site.visitor().post("/forgot", &[("email", email)]).await.expect(200).text().replace(email, "")
    };
    assert_eq!(page("ada@example.org").await, page("bob@example.org").await);
    let jobs: i64 = site
        .ask("select count(*) from jobs where kind like 'mail%' and payload ->> 'mail' = 'password_reset'")
        .await;
    assert_eq!(jobs, 4, "the job finds out, not the request");

    let (_, field) = site.api().post("password-resets", json!({ "email": "ada" })).await.error(400);
    assert_eq!(field.as_deref(), Some("email"));
    assert_eq!(
        site.visitor().post("/forgot", &[("email", "ada")]).await.expect(400).texts("#email-error").len(),
        1
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_mail_arrives_whose_link_works_once_and_ends_every_session(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let elsewhere = site.log_in("ada").await;
    for email in ["nobody@example.org", "ADA@example.org"] {
        site.api().post("password-resets", json!({ "email": email })).await.expect(202);
    }
    site.settle().await;
    let letters = site.reset_letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].to, "ada@example.org");
    assert!(!letters[0].subject.is_empty());
    let link = letters[0].link(&site, "reset");
    let token = link.rsplit(['/', '=']).next().expect("a token");
    let stored: Vec<u8> = site.ask("select token_hash from mail_tokens where purpose = 'reset'").await;
    assert!(stored.len() == 32 && token.len() >= 43, "32 random bytes, of which only a hash is kept");

    // A GET by a mail scanner doesn't use up the link.
    site.get(&link).await.expect(200);
    let page = site.get(&link).await.expect(200);
    let form = page.attribute("form[action^='/reset']", "action");
    assert_eq!(site.visitor().post(&form, &[("password", "short")]).await.status, 400);
    ada.api.get("users/me").await.expect(200);
    assert_eq!(site.visitor().post(&form, &[("password", NEW)]).await.location(), "/login");

    ada.api.get("users/me").await.error(401);
    elsewhere.api.get("users/me").await.error(401);
    assert!(!ada.pages.get("/").await.expect(200).has(".menu-name"));
    let login = |password: &str| json!({ "email": "ada@example.org", "password": password });
    site.api().post("tokens", login(PASSWORD)).await.error(403);
    site.api().post("tokens", login(NEW)).await.expect(201);
    assert_eq!(site.visitor().post(&form, &[("password", "a third password")]).await.status, 400);
    assert_eq!(site.get(&link).await.status, 400);
    site.api().post("tokens", login(NEW)).await.expect(201);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_link_works_for_thirty_minutes_and_only_for_what_it_is(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");
    let left: f64 = site
        .ask("select extract(epoch from expires_at - now())::float8 / 60 from mail_tokens where purpose = 'reset'")
        .await;
    assert!((29.0..=30.0).contains(&left), "{left} minutes");

    assert_eq!(site.visitor().post(&form.replace("/reset/", "/verify/"), &[]).await.status, 400);
    site.change("update mail_tokens set expires_at = now() - interval '1 second'").await;
    assert_eq!(site.get(&link).await.status, 400);
    assert_eq!(site.visitor().post(&form, &[("password", NEW)]).await.status, 400);
    assert_eq!(site.visitor().post("/reset/forged", &[("password", NEW)]).await.status, 400);
    ada.api.get("users/me").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_mailbox_owner_wins_over_a_stolen_password(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");
    let thief = site.log_in("ada").await;
    let body = json!({ "password": "the thief's own one", "current_password": PASSWORD });
    thief.api.patch("users/me", body).await.expect(200);
    let body = json!({ "email": "thief@example.org", "current_password": "the thief's own one" });
    thief.api.patch("users/me", body).await.expect(200);

    assert_eq!(site.visitor().post(&form, &[("password", NEW)]).await.location(), "/login");
    thief.api.get("users/me").await.error(401);
    let me = json!({ "email": ada.email(), "password": NEW });
    let token = site.api().post("tokens", me).await.expect(201);
    assert_eq!(token.json()["id"], ada.id);
    let thiefs = json!({ "email": "thief@example.org", "password": NEW });
    site.api().post("tokens", thiefs).await.error(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reset_doesnt_restore_an_address_that_is_taken_by_now(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");
    site.change("update users set email = 'new@example.org' where name = 'ada'").await;
    let bob = site.member("bob").await;
    site.change("update users set email = 'ada@example.org' where name = 'bob'").await;
    assert_eq!(site.visitor().post(&form, &[("password", NEW)]).await.status, 400);
    ada.api.get("users/me").await.expect(200);
    bob.api.get("users/me").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_stranger_does_not_use_up_the_owners_links(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for number in 0..3 {
        let email = format!("ada+{number}@example.org");
        site.api().post("password-resets", json!({ "email": email })).await.expect(202);
    }
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn while_smtp_refuses_a_mail_is_retried_and_then_it_arrives(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    site.change("delete from jobs").await;
    let mut site = site;
    site.sink.fail_with(451);
    site.start_worker();
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    // Postpone it, so that it can be inspected between two attempts.
    eventually("a second attempt was made", SOON, async || {
        let held = "update jobs set run_at = now() + interval '1 hour'
                    where kind like 'mail%' and state = 'scheduled' and claim >= 4";
        let held = sqlx::query(held).execute(&site.db).await.expect("the statement is right");
        (held.rows_affected() == 1).then_some(())
    })
    .await;
    let page = root.pages.get("/admin").await.expect(200);
    assert!(
        page.texts(".failure-head")
            .iter()
            .any(|line| line.contains("mail.send") && line.contains("will retry")),
        "{}",
        page.text()
    );
    assert!(page.texts(".failures pre").iter().any(|error| error.contains("451")), "the reason is shown");
    site.sink.accept();
    site.change("update jobs set run_at = now() where kind like 'mail%'").await;
    assert_eq!(site.reset_letters().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_mail_that_can_never_be_sent_is_visible_as_dead_and_can_be_retried(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    site.change("delete from jobs").await;
    let mut site = site;
    site.sink.fail_with(550);
    site.start_worker();
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    site.settle().await;
    let page = root.pages.get("/admin").await.expect(200);
    let lines = page.texts(".failure-head");
    assert!(lines.len() == 1 && lines[0].contains("mail.send") && lines[0].contains("dead"), "{lines:?}");
    let retry = page.attribute(".failures form[action$='/retry']", "action");

    assert_eq!(ada.pages.post(&retry, &[]).await.status, 404);
    site.sink.accept();
    assert_eq!(root.pages.post(&retry, &[]).await.location(), "/admin");
    assert_eq!(site.reset_letters().await.len(), 1);
    assert!(root.pages.get("/admin").await.texts(".failure-head").is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_site_works_without_an_smtp_server(db: PgPool) {
    let site = Setup::on(db).set("mail.smtp_url", &format!("smtp://{NOBODY}")).worker().start().await;
    let ada = site.member("ada").await;
    let error: String = eventually("the first attempt has failed", SOON, async || {
        site.ask::<Option<String>>("select max(last_error) from jobs where kind like 'mail%'").await
    })
    .await;
    assert!(!error.is_empty());
    let answer = site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    assert_eq!(answer.text(), "");
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["verified"], Value::Bool(false));
    assert_eq!(
        site.ask::<i64>("select count(*) from jobs where kind like 'mail%'").await,
        2,
        "nothing is lost"
    );
}

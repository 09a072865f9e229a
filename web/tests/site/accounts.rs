//! Registering, logging in and out, and a member's own settings.

use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Setup, Site, pictures, registration, submission};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn registering_and_logging_in_each_give_a_token_that_works(db: PgPool) {
    let site = Site::start(db).await;
    let registered = site.api().post("users", registration("ada")).await.expect(201).json();
    assert_eq!(registered["action"], "register");
    assert_eq!((&registered["name"], &registered["anonymous"]), (&json!("ada"), &json!(false)));

    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let entered = site.api().post("tokens", login).await.expect(201).json();
    assert_eq!((&entered["action"], &entered["votes"]), (&json!("login"), &json!([])));
    assert_eq!(entered["id"], registered["id"]);
    assert_ne!(entered["access_token"], registered["access_token"]);
    for token in [&registered["access_token"], &entered["access_token"]] {
        let me = site.api().with_token(token.as_str().expect("a token")).get("users/me").await.expect(200);
        assert_eq!(me.json()["email"], "ada@example.org");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn passwords_are_stored_as_argon2id_and_tokens_as_hashes(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let hash: String = site.ask("select password_hash from users where name = 'ada'").await;
    assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
    let stored: Vec<u8> = site.ask("select token_hash from sessions").await;
    assert_eq!(stored.len(), 32);
    assert!(!ada.api.token().as_bytes().windows(8).any(|part| stored.windows(8).any(|other| other == part)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_wrong_password_and_an_unknown_address_are_refused_alike(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    let attempt = async |email: &str| {
        let begin = Instant::now();
        let answer = site.api().post("tokens", json!({ "email": email, "password": "not it, sorry" })).await;
        (answer.error(403), begin.elapsed())
    };
    // The first request of each kind pays for one-time setup.
    let wrong = attempt("ada@example.org").await.0;
    let unknown = attempt("nobody@example.org").await.0;
    assert_eq!(wrong, unknown);
    assert_eq!(wrong.1, None, "no field is blamed");

    // The quickest of many shows the time of the work itself. A busy machine needs more attempts.
    let (mut known, mut strange) = (Duration::MAX, Duration::MAX);
    for round in 1.. {
        known = known.min(attempt("ada@example.org").await.1);
        strange = strange.min(attempt("nobody@example.org").await.1);
        let ratio = known.as_secs_f64() / strange.as_secs_f64();
        if round >= 5 && (0.5..2.0).contains(&ratio) {
            break;
        }
        assert!(round < 50, "{known:?} against {strange:?}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn names_and_addresses_belong_to_one_member_in_any_case(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    let name = json!({ "name": "ADA", "email": "other@example.org", "password": PASSWORD });
    assert_eq!(site.api().post("users", name).await.error(409).1.as_deref(), Some("name"));
    let email = json!({ "name": "bob", "email": "Ada@Example.org", "password": PASSWORD });
    assert_eq!(site.api().post("users", email).await.error(409).1.as_deref(), Some("email"));
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 1);

    let form = [("name", "Ada"), ("email", "x@example.org"), ("password", PASSWORD)];
    let page = site.visitor().post("/register", &form).await.expect(409);
    assert_eq!(page.texts("#name-error").len(), 1);
    assert_eq!(page.attribute("input[name=email]", "value"), "x@example.org");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_browser_registers_logs_out_and_logs_in_again(db: PgPool) {
    let site = Site::start(db).await;
    let pages = site.visitor();
    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD), ("next", "/submit")];
    assert_eq!(pages.post("/register", &form).await.location(), "/submit");
    assert_eq!(pages.get("/").await.texts(".menu-name"), ["ada"]);

    assert_eq!(pages.post("/logout", &[]).await.location(), "/");
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, 0);
    assert!(!pages.get("/").await.has(".menu-name"));

    let wrong = [("email", "ada@example.org"), ("password", "wrong password")];
    let refused = pages.post("/login", &wrong).await.expect(403);
    assert_eq!(refused.texts("[role=alert]").len(), 1);
    assert_eq!(refused.attribute("input[name=email]", "value"), "ada@example.org");
    assert!(!refused.has("input[type=password][value]"));
    let right = [("email", "ada@example.org"), ("password", PASSWORD), ("next", "/settings")];
    assert_eq!(pages.post("/login", &right).await.location(), "/settings");
    assert_eq!(pages.get("/settings").await.expect(200).attribute("#name", "value"), "ada");
    assert_eq!(pages.get("/login").await.location(), "/", "a logged-in member doesn't get the form");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_form_leads_to_another_site(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    for next in ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"] {
        let form = [("email", "ada@example.org"), ("password", PASSWORD), ("next", next)];
        assert_eq!(site.visitor().post("/login", &form).await.location(), "/", "{next}");
        let ada = site.log_in("ada").await;
        let address = format!("/login?next={}", next.replace('\\', "%5C"));
        assert_eq!(ada.pages.get(&address).await.location(), "/", "{next}");
    }
    let form =
        [("name", "bob"), ("email", "bob@example.org"), ("password", PASSWORD), ("next", "//evil.test")];
    assert_eq!(site.visitor().post("/register", &form).await.location(), "/");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_registration_names_each_missing_field(db: PgPool) {
    let site = Site::start(db).await;
    let with = |key: &str, value: &str| {
        let mut body = registration("ada");
        body[key] = json!(value);
        body
    };
    let bad = [
        ("name", with("name", "a")),
        ("name", with("name", "<script>")),
        ("email", with("email", "ada")),
        ("email", with("email", "x@y")),
        ("email", with("email", "ada@localhost")),
        ("email", with("email", "a@b.org\r\nBcc: c@d.org")),
        ("password", with("password", "short")),
    ];
    for (field, body) in bad {
        let (_, refused) = site.api().post("users", body.clone()).await.error(400);
        assert_eq!(refused.as_deref(), Some(field), "{body}");
        let text = |key: &str| body[key].as_str().expect("a text").to_owned();
        let form = [("name", text("name")), ("email", text("email")), ("password", text("password"))];
        let form: Vec<_> = form.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let page = site.visitor().post("/register", &form).await.expect(400);
        assert_eq!(page.texts(&format!("#{field}-error")).len(), 1, "{body}");
    }
    let form = [("name", "ö"), ("email", "nope"), ("password", "short")];
    let page = site.visitor().post("/register", &form).await.expect(400);
    assert_eq!(page.texts(".field-error").len(), 3, "all errors are shown at once");
    assert_eq!(page.attribute("[autofocus]", "name"), "name");
    assert_eq!(page.texts("[autofocus]").len(), 1);
    for body in
        [json!({ "name": "ada" }), json!([]), json!("ada"), json!({ "name": 7, "email": [], "password": {} })]
    {
        site.api().post("users", body).await.error(400);
    }
    assert_eq!(site.visitor().post("/register", &[]).await.status, 400);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn common_passwords_are_refused_everywhere(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("adalovelace").await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    for common in ["aaaaaaaa", "password1", "adalovelace", "AdaLovelace@example.org", "pawdium123"] {
        let mut body = registration("adalovelace");
        body["password"] = json!(common);
        assert_eq!(
            site.api().post("users", body).await.error(400).1.as_deref(),
            Some("password"),
            "{common}"
        );
        let form = [("password", common), ("current_password", PASSWORD)];
        assert_eq!(ada.pages.post("/settings/password", &form).await.status, 400, "{common}");
        let page = site.visitor().post(&link, &[("password", common)]).await.expect(400);
        assert!(page.text().contains("too easy to guess"), "{common}");
    }
    site.log_in("adalovelace").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_password_works_in_every_unicode_normal_form(db: PgPool) {
    let site = Site::start(db).await;
    let (composed, apart) = ("ma\u{f1}ana por la noche", "man\u{303}ana por la noche");
    for (name, first, second) in [("ada", composed, apart), ("bob", apart, composed)] {
        let mut body = registration(name);
        body["password"] = json!(first);
        let email = body["email"].clone();
        site.api().post("users", body).await.expect(201);
        site.api().post("tokens", json!({ "email": email, "password": second })).await.expect(201);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn logging_in_ends_the_session_that_it_replaces(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, elsewhere) = (site.member("ada").await, site.log_in("ada").await);
    let before = ada.pages.cookie("session").expect("a session");
    let login = [("email", "ada@example.org"), ("password", PASSWORD)];
    ada.pages.post("/login", &login).await.location();
    assert_ne!(ada.pages.cookie("session"), Some(before.clone()));
    site.api().with_token(&before).get("users/me").await.error(401);
    elsewhere.api.get("users/me").await.expect(200);
    // A program can have any number of tokens.
    elsewhere
        .api
        .post("tokens", json!({ "email": "ada@example.org", "password": PASSWORD }))
        .await
        .expect(201);
    elsewhere.api.get("users/me").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn settings_change_one_thing_at_a_time_and_ask_for_the_password(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let elsewhere = site.log_in("ada").await;
    site.member("bob").await;

    assert_eq!(ada.pages.post("/settings/name", &[("name", "ada2")]).await.location(), "/settings");
    assert_eq!(ada.pages.post("/settings/name", &[("name", "BOB")]).await.status, 409);
    let wrong = [("email", "new@example.org"), ("current_password", "wrong")];
    assert_eq!(ada.pages.post("/settings/email", &wrong).await.status, 400);
    let right = [("email", "new@example.org"), ("current_password", PASSWORD)];
    assert_eq!(ada.pages.post("/settings/email", &right).await.location(), "/settings");

    let short = [("password", "short"), ("current_password", PASSWORD)];
    assert_eq!(ada.pages.post("/settings/password", &short).await.status, 400);
    let new = [("password", "another long one"), ("current_password", PASSWORD)];
    assert_eq!(ada.pages.post("/settings/password", &new).await.location(), "/settings");
    assert_eq!(ada.pages.get("/settings").await.expect(200).attribute("#email", "value"), "new@example.org");
    elsewhere.api.get("users/me").await.error(401);

    let login = json!({ "email": "new@example.org", "password": "another long one" });
    let me = site.api().post("tokens", login).await.expect(201).json();
    assert_eq!((&me["id"], &me["name"]), (&json!(ada.id), &json!("ada2")));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bounced_mail_is_reported_until_the_address_changes_or_mail_arrives(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let ada = site.member("ada").await;
    site.settle().await;
    let notice = async || ada.pages.get("/settings").await.expect(200).texts("#mail-refusal").pop();
    assert_eq!(notice().await, None);
    site.sink.fail_with(550);
    ada.pages.post("/settings/email/resend", &[]).await.expect(303);
    site.settle().await;
    let told = notice().await.expect("it is told");
    assert!(told.contains("550 refused, as it was asked to"), "{told}");
    site.change("update mail_refusals set reason = '550 <script>alert(1)</script>'").await;
    assert!(notice().await.expect("it is told").contains("550 <script>alert(1)</script>"), "as text");

    site.sink.accept();
    ada.pages.post("/settings/email/resend", &[]).await.expect(303);
    site.settle().await;
    assert_eq!(notice().await, None);
    site.sink.fail_with(550);
    ada.pages.post("/settings/email/resend", &[]).await.expect(303);
    site.settle().await;
    assert!(notice().await.is_some());
    site.sink.accept();
    let right = [("email", "new@example.org"), ("current_password", PASSWORD)];
    ada.pages.post("/settings/email", &right).await.expect(303);
    assert_eq!(notice().await, None, "it was about the other address");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_notice_is_shown_once(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    ada.pages.post("/settings/name", &[("name", "ada2")]).await;
    assert_eq!(ada.pages.get("/settings").await.texts(".flash").len(), 1);
    assert_eq!(ada.pages.get("/settings").await.texts(".flash").len(), 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_api_applies_all_changes_or_none(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.member("bob").await;
    let body = json!({ "name": "ada2", "email": "bob@example.org", "current_password": PASSWORD });
    assert_eq!(ada.api.patch("users/me", body).await.error(409).1.as_deref(), Some("email"));
    let body = json!({ "name": "ada2", "password": "short", "current_password": PASSWORD });
    assert_eq!(ada.api.patch("users/me", body).await.error(400).1.as_deref(), Some("password"));
    let body = json!({ "email": "new@example.org", "current_password": "wrong" });
    assert_eq!(ada.api.patch("users/me", body).await.error(400).1.as_deref(), Some("current_password"));
    let me = ada.api.get("users/me").await.expect(200).json();
    assert_eq!((&me["name"], &me["email"]), (&json!("ada"), &json!("ada@example.org")));

    let body = json!({ "name": "ada2", "email": "new@example.org", "password": "another long one",
                       "current_password": PASSWORD });
    let me = ada.api.patch("users/me", body).await.expect(200).json();
    assert_eq!(
        (&me["name"], &me["email"], &me["verified"]),
        (&json!("ada2"), &json!("new@example.org"), &json!(false))
    );
    let login = json!({ "email": "new@example.org", "password": "another long one" });
    site.api().post("tokens", login).await.expect(201);
    let anonymous = site.anonymous().await;
    anonymous.api.patch("users/me", json!({ "name": "me" })).await.error(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_deleted_member_leaves_no_photo_rating_or_session(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let hers = site.photo().by(&ada).live().await;
    let his = site.photo().by(&bob).live().await;
    site.rate(&ada, his, 10).await;
    site.rate(&bob, hers, 3).await;

    ada.api.delete("users/me", json!({ "password": "wrong" })).await.error(400);
    assert_eq!(ada.pages.post("/settings/delete", &[("password", "wrong")]).await.status, 400);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    ada.api.get("users/me").await.error(401);
    site.api().get("users/ada").await.error(404);
    site.api().get(&format!("photos/{hers}")).await.error(404);
    let rating = site.api().get(&format!("photos/{his}")).await.expect(200).json()["rating"].take();
    assert_eq!((&rating["count"], &rating["mean"]), (&json!(0), &Value::Null));
    site.histograms_are_right().await;

    assert_eq!(bob.pages.post("/settings/delete", &[("password", PASSWORD)]).await.location(), "/");
    assert!(!bob.pages.get("/").await.has(".menu-name"));
    assert_eq!(site.ask::<i64>("select count(*) from users where name is not null").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_deleted_members_pictures_are_gone_at_once_for_everybody(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let file = pictures::quarters(600, 600);
    let taken = ada.api.upload(submission("Blep", file)).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    assert_eq!(site.processed(photo).await, "live");
    let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    let files: Vec<String> = shape["sizes"]
        .as_object()
        .expect("sizes")
        .values()
        .map(|size| size["url"].as_str().expect("an address").replace(site.base.as_str(), "/"))
        .collect();
    assert_eq!(files.len(), 3);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.settle().await;
    for file in files {
        site.get(&file).await.expect(404);
    }
    assert_eq!(site.pictures().await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_mailed_link_verifies_the_address_once(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let ada = site.member("ada").await;
    site.settle().await;
    let letters = site.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, "ada@example.org");
    let link = letters[0].link(&site, "verify");

    // A GET by a mail scanner doesn't use up the link.
    for _ in 0..2 {
        assert_eq!(site.get(&link).await.expect(200).texts("h1").len(), 1);
    }
    assert_eq!(ada.api.get("users/me").await.json()["verified"], false);
    let form = site.get(&link).await.attribute("form[action^='/verify']", "action");
    assert_eq!(site.visitor().post(&form, &[]).await.location(), "/");
    assert_eq!(ada.api.get("users/me").await.json()["verified"], true);
    assert_eq!(site.get(&link).await.status, 400);
    // Sent again at once it counts as the same form sent twice, later as a used link.
    assert_eq!(site.visitor().post(&form, &[]).await.location(), "/");
    site.change("update spent_links set spent_at = now() - interval '11 minutes'").await;
    assert_eq!(site.visitor().post(&form, &[]).await.status, 400);
}

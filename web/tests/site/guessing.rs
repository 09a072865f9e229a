//! Guessing passwords and mailing strangers through the site, from any number of addresses.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Setup, Site, registration};

/// A call to the API from another address: the test is the proxy.
async fn from(site: &Site, address: &str, path: &str, body: &Value) -> Answer {
    let call = site.api().call(Method::POST, path).header("x-forwarded-for", address).json(body);
    Answer::to(call).await
}

fn login(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn strangers_share_a_budget_that_the_owner_does_not_depend_on(db: PgPool) {
    let site = Setup::on(db).set("security.guesses_per_account", "3").worker().start().await;
    let (home, away) = ("198.51.100.1", "2001:db8:5::1");
    from(&site, home, "users", &registration("ada")).await.expect(201);
    for email in ["ada@example.org", "nobody@example.org"] {
        for number in 0..3 {
            let stranger = format!("2001:db8:{number:x}::1");
            from(&site, &stranger, "tokens", &login(email, "a wrong guess")).await.error(403);
        }
        let refused = from(&site, "2001:db8:77::1", "tokens", &login(email, "a wrong guess")).await;
        let after = refused.header("retry-after").parse::<u64>().expect("seconds");
        assert!((1..=600).contains(&after), "{after}");
        assert!(refused.error(429).0.contains("by mail"), "{email}");
    }
    // Not even the right password works, or the guessing could go on.
    let right = login("ada@example.org", PASSWORD);
    from(&site, away, "tokens", &right).await.error(429);
    for _ in 0..5 {
        from(&site, home, "tokens", &right).await.expect(201);
    }

    // A link by mail makes the new network a known one.
    let asked = json!({ "email": "ada@example.org" });
    from(&site, away, "password-resets", &asked).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");
    let reset = site.visitor().own(&form).header("x-forwarded-for", away);
    assert_eq!(Answer::to(reset.form(&[("password", PASSWORD)])).await.location(), "/login");
    from(&site, away, "tokens", &right).await.expect(201);
    from(&site, home, "tokens", &right).await.error(429);

    // Who is beside the owner has no more guesses than anybody.
    for _ in 0..3 {
        from(&site, away, "tokens", &login("ada@example.org", "a wrong guess")).await.error(403);
    }
    from(&site, away, "tokens", &login("ada@example.org", "a wrong guess")).await.error(429);

    let page = site.visitor().post("/login", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    assert!(!page.header("retry-after").is_empty());
    let page = page.expect(429);
    assert_eq!(page.texts("[role=alert]").len(), 1);
    assert!(page.has("a[href='/forgot']"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn right_passwords_cost_nothing_and_wrong_ones_at_once_stay_within_the_budget(db: PgPool) {
    let site = Setup::on(db).set("security.guesses_per_account", "3").start().await;
    let ada = site.member("ada").await;
    let change = async |current: &str| {
        let body = json!({ "email": ada.email(), "current_password": current });
        ada.api.patch("users/me", body).await.status
    };
    let enter =
        async |password: &str| site.api().post("tokens", login("ada@example.org", password)).await.status;
    for _ in 0..5 {
        assert_eq!(change(PASSWORD).await, 200);
        assert_eq!(enter(PASSWORD).await, 201);
    }
    let at_once = join_all((0..10).map(|number| {
        let right = number % 5 == 0;
        change(if right { PASSWORD } else { "a wrong guess" })
    }));
    let answers = at_once.await;
    let wrong = answers.iter().filter(|status| **status == 400).count();
    assert!((1..=3).contains(&wrong), "{answers:?}");
    for _ in wrong..3 {
        assert_eq!(change("a wrong guess").await, 400, "right passwords and refused attempts aren't counted");
    }
    assert_eq!(change(PASSWORD).await, 429);

    let answers = join_all((0..10).map(|_| enter("a wrong guess"))).await;
    assert_eq!(answers.iter().filter(|status| **status == 403).count(), 3, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 7, "{answers:?}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_whole_ipv6_site_is_limited_too(db: PgPool) {
    let site = Setup::on(db).set("security.resets_per_hour", "1").start().await;
    let ask = async |address: &str| {
        let body = json!({ "email": "nobody@example.org" });
        from(&site, address, "password-resets", &body).await.status
    };
    assert_eq!(ask("2001:db8:1::1").await, 202);
    assert_eq!(ask("2001:db8:1::2").await, 429, "a customer has at least a /64");
    for network in 1..8 {
        assert_eq!(ask(&format!("2001:db8:1:{network:x}::1")).await, 202, "{network}");
    }
    assert_eq!(ask("2001:db8:1:8::1").await, 429);
    assert_eq!(ask("2001:db8:2::1").await, 202, "another site");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_recipient_gets_only_a_few_mails_from_all_clients(db: PgPool) {
    let site = Setup::on(db).set("security.mails_per_recipient", "2").start().await;
    let ada = site.member("ada").await;
    let move_to = async |email: &str| {
        ada.api.patch("users/me", json!({ "email": email, "current_password": PASSWORD })).await.status
    };
    assert_eq!(move_to("victim@example.net").await, 200);
    assert_eq!(move_to("ada@example.org").await, 200);
    assert_eq!(move_to("victim@example.net").await, 200);
    assert_eq!(move_to("elsewhere@example.org").await, 200);
    for spelling in ["victim@example.net", "Vic.Tim+7@Example.net"] {
        assert_eq!(move_to(spelling).await, 429, "{spelling}");
        let mut body = registration("bob");
        body["email"] = json!(spelling);
        site.api().post("users", body).await.error(429);
    }
    // Links for a new password go to who has that very address, and are counted by themselves.
    for status in [202, 202, 429] {
        let asked = site.api().post("password-resets", json!({ "email": "victim@example.net" })).await;
        assert_eq!(asked.status, status);
    }
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 1, "no user is created without a mail");
    let mails: i64 = site
        .ask("select count(*) from jobs where kind like 'mail%' and payload ->> 'mail' <> 'password_reset'")
        .await;
    assert_eq!(mails, 5, "one mail for registering and four for changes");

    // A taken address isn't counted, so that nobody can use up its owner's mails.
    for _ in 0..5 {
        let mut body = registration("bob");
        body["email"] = json!("elsewhere@example.org");
        site.api().post("users", body).await.error(409);
    }
    site.api().post("password-resets", json!({ "email": "elsewhere@example.org" })).await.expect(202);
}

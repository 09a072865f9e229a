//! What the security log and the pages reveal about an attack.

use pawdium_shared::db::MIGRATIONS;
use regex::Regex;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::admin_jobs::{dead, ids};
use crate::harness::{Answer, PASSWORD, Person, Setup, Site};

/// The lines of the security log, without their times.
fn noted(site: &Site) -> Vec<String> {
    let log = site.log();
    let lines = log.lines().filter_map(|line| line.split_once("security: ").map(|(_, note)| note.to_owned()));
    lines.collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn failed_logins_refusals_limits_and_changes_are_one_line_each(db: PgPool) {
    let site = Setup::on(db).set("security.logins_per_minute", "4").start().await;
    let ada = site.member("ada").await;
    let client = "203.0.113.9";
    let post = async |path: &str, form: &[(&str, &str)]| {
        Answer::to(ada.pages.own(path).header("x-forwarded-for", client).form(form)).await
    };
    let wrong = json!({ "email": "ada@example.org", "password": "a wrong guess" });
    let call = site.api().call(Method::POST, "tokens").header("x-forwarded-for", client);
    Answer::to(call.json(&wrong)).await.error(403);
    post("/login", &[("email", "nobody@example.org"), ("password", "a wrong guess")]).await.expect(403);
    post("/settings/delete", &[("password", "a wrong guess")]).await.expect(400);
    post("/settings/email", &[("email", "new@example.org"), ("current_password", PASSWORD)]).await.location();
    post("/settings/password", &[("password", "x"), ("current_password", PASSWORD)]).await.expect(429);
    post("/forgot", &[("email", "new@example.org")]).await.expect(200);
    // Nobody can inject a line of their own.
    let path = "/photos/1/block?x=%0Asecurity:%20limited%20client=192.0.2.1";
    post(path, &[("reason", "\nsecurity: limited client=192.0.2.1")]).await.expect(403);

    let user = format!("client={client} user={}", ada.id);
    let expected = [
        format!("login-failed {user}"),
        format!("login-failed client={client}"),
        format!("password-wrong {user}"),
        format!("address-changed {user}"),
        format!("limited {user}"),
        format!("reset-requested client={client}"),
        format!("refused {user}"),
    ];
    assert_eq!(noted(&site), expected);
    assert!(!site.log().contains("ada@example.org"));

    let filter = include_str!("../../../systemd/fail2ban/filter.conf");
    let rule = filter.lines().find_map(|line| line.strip_prefix("failregex = ")).expect("it has a rule");
    // fail2ban takes the time away and puts in what it knows of daemons and addresses.
    let rule = rule.replace("%(__prefix_line)s", r"\S+ +").replace("<HOST>", "(?<host>[0-9A-Fa-f.:]+)");
    let rule = Regex::new(&rule).expect("Rust knows it too");
    let log = site.log();
    let banned: Vec<_> = log.lines().filter_map(|line| rule.captures(line)).collect();
    assert_eq!(banned.len(), 4, "{log}");
    assert!(banned.iter().all(|found| &found["host"] == client));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_cant_search_for_masked_addresses(db: PgPool) {
    let site = Site::start(db).await;
    let (root, moderator) = (site.admin("root").await, site.moderator("mod").await);
    dead(&site, "mail.send.v1", 900, 1, "550 no mailbox <lovelace@engines.example>: gone").await;
    let found = async |search: &str| {
        let path = format!("/admin/jobs?state=dead&{search}");
        let count = async |viewer: &Person| ids(&viewer.pages.get(&path).await.expect(200)).len();
        (count(&root).await, count(&moderator).await)
    };
    for both in ["error=no+mailbox", "error=engines.example"] {
        assert_eq!(found(both).await, (1, 1), "{both}");
    }
    for admins in ["error=lovelace", "error=lovelace%40engines.example", "error=velac"] {
        assert_eq!(found(admins).await, (1, 0), "{admins}");
    }
}

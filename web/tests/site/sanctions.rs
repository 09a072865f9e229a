//! Sanctions: what each forbids, when it ends, and who may impose it.

use std::time::Instant;

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, SOON, Setup, Site, eventually};

/// Imposes a sanction from a moderator's page.
pub(crate) async fn sanction(by: &Person, name: &str, kind: &str, days: &str, content: &str) -> Answer {
    let form = [("kind", kind), ("days", days), ("content", content), ("reason", "Spam & noise")];
    by.pages.post(&format!("/moderation/members/{name}/sanctions"), &form).await
}

/// Lifts a member's newest sanction.
pub(crate) async fn lift(site: &Site, by: &Person) {
    let newest: i64 = site.ask("select max(id) from sanctions").await;
    let lifted = by.pages.post(&format!("/moderation/sanctions/{newest}/lift"), &[]).await;
    assert!(lifted.location().starts_with("/moderation/members/"));
}

/// Lets all sanctions end now, by the clock alone.
async fn let_them_end(site: &Site) {
    site.change(
        "update sanctions set imposed_at = now() - interval '2 days', until = now() - interval '1 second'
         where kind in ('silence', 'suspend')",
    )
    .await;
    site.change(
        "update users set silenced_until = case when silenced_until is not null then now() - interval '1 second' end,
                          barred_until = case when barred_until is not null then now() - interval '1 second' end,
                          hidden_until = case when hidden_until is not null then now() - interval '1 second' end",
    )
    .await;
}

async fn log_in(site: &Site, email: &str, password: &str) -> Answer {
    site.api().post("tokens", json!({ "email": email, "password": password })).await
}

/// What an answer says that may bear the way to an appeal.
pub(crate) fn message(answer: Answer, status: u16) -> String {
    answer.expect(status).json()["message"].as_str().expect("a message").to_owned()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_silenced_member_publishes_nothing_and_reads_why(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let photo = site.photo().by(&bob).live().await;
    let own = site.photo().by(&ada).titled("Mine").live().await;
    bob.api
        .post("hubs", json!({ "slug": "cats", "name": "Cats", "join": "open", "visibility": "public" }))
        .await;
    site.rated_by(photo, &[&ada]).await;
    let comment = ada.comment(photo, "Aww.").await;
    assert_eq!(sanction(&mo, "ada", "silence", "3", "keep").await.location(), "/moderation/members/ada");

    let refused = [
        (Method::POST, format!("photos/{photo}/comments"), json!({ "text": "Hi" })),
        (Method::POST, "photos".to_owned(), json!({})),
        (Method::POST, format!("photos?from={photo}"), Value::Null),
        (Method::PATCH, format!("photos/{own}"), json!({ "title": "Else" })),
        (Method::POST, format!("photos/{own}/publish"), Value::Null),
        (Method::POST, format!("photos/{photo}/shares"), Value::Null),
        (Method::PATCH, format!("comments/{comment}"), json!({ "text": "Ooh." })),
        (Method::POST, "hubs".to_owned(), json!({ "slug": "dogs", "name": "Dogs" })),
        (Method::PUT, "hubs/cats/roles/member".to_owned(), Value::Null),
        (Method::PUT, format!("hubs/cats/photos/{own}"), Value::Null),
        (Method::POST, "calls/1/talks".to_owned(), json!({ "title": "Cats" })),
        (Method::POST, "talks/1/vote".to_owned(), Value::Null),
        (Method::PUT, "talks/1/vote".to_owned(), Value::Null),
        (Method::PATCH, "users/me".to_owned(), json!({ "name": "adam" })),
    ];
    for (method, path, body) in refused {
        let answer = Answer::to(ada.api.call(method.clone(), &path).json(&body)).await;
        let says = message(answer, 403);
        assert!(says.starts_with("You are silenced until "), "{method} {path}: {says}");
        assert!(says.ends_with("Reason: Spam & noise"), "{method} {path}: {says}");
    }
    for (path, form) in [
        (format!("/photos/{photo}/comments"), [("text", "Hi")]),
        ("/submit".to_owned(), [("title", "x")]),
        (format!("/photos/{photo}/share"), [("a", "b")]),
        (format!("/photos/{photo}/remix"), [("a", "b")]),
        ("/hubs/new".to_owned(), [("slug", "dogs")]),
        ("/h/cats/roles/member".to_owned(), [("act", "take")]),
        ("/settings/name".to_owned(), [("name", "adam")]),
    ] {
        let page = ada.pages.post(&path, &form).await.expect(403);
        assert!(page.texts(".lead")[0].contains("You are silenced until"), "{path}");
        assert!(page.has(r#".actions a[href^="/appeals/"]"#), "{path}");
    }
    assert_eq!(site.ask::<i64>("select count(*) from comments").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_silenced_member_reads_rates_takes_back_and_is_told_until_it_ends(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let photo = site.photo().by(&bob).live().await;
    let own = site.photo().by(&ada).titled("Mine").live().await;
    site.rated_by(photo, &[&ada]).await;
    let comment = ada.comment(photo, "Aww.").await;
    sanction(&mo, "ada", "silence", "3", "keep").await.location();
    site.rate(&ada, photo, 9).await;
    ada.api.get(&format!("photos/{photo}/comments")).await.expect(200);
    ada.api.get("users/me").await.expect(200);
    ada.pages.post("/settings/remixes", &[("remixes", "1")]).await.location();
    ada.api.delete(&format!("comments/{comment}"), Value::Null).await.expect(200);
    ada.api.delete(&format!("photos/{own}"), Value::Null).await.expect(204);
    let page = ada.pages.get("/top").await.expect(200);
    let told = page.texts(".flash");
    assert!(told.iter().any(|told| told.starts_with("You are silenced until")), "{told:?}");
    assert!(!bob.pages.get("/top").await.expect(200).has(".flash"));

    let_them_end(&site).await;
    ada.comment(photo, "Back again.").await;
    assert!(!ada.pages.get("/top").await.expect(200).has(".flash"));
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_is_suspended_or_banned_is_logged_out_and_told_why_after_the_right_password_only(db: PgPool) {
    let site = Site::start(db).await;
    let mo = site.moderator("mo").await;
    for (name, kind, days, says) in [
        ("ada", "suspend", "2", "You are suspended until "),
        ("bob", "suspend", "", "You are suspended until a moderator lifts it. Reason: Spam & noise"),
        ("cid", "ban", "", "You are banned for good. Reason: Spam & noise"),
    ] {
        let member = site.member(name).await;
        sanction(&mo, name, kind, days, "keep").await.location();
        member.api.get("users/me").await.error(401);
        assert!(member.pages.get("/settings").await.location().starts_with("/login"));
        let told = message(log_in(&site, &member.email(), PASSWORD).await, 403);
        assert!(told.starts_with(says), "{told}");
        // A wrong password says as little as that of an unknown address.
        let wrong = log_in(&site, &member.email(), "not the password").await.error(403);
        assert_eq!(wrong, log_in(&site, "nobody@example.org", "not the password").await.error(403));
        let form = [("email", &*member.email()), ("password", PASSWORD)];
        let page = site.visitor().post("/login", &form).await.expect(403);
        assert!(page.texts(".lead")[0].starts_with(says));
        assert!(page.has(r#".actions a[href^="/appeals/"]"#));
    }
    assert_eq!(
        site.ask::<i64>("select count(*) from sessions join users on users.id = user_id where name <> 'mo'")
            .await,
        0
    );
    let_them_end(&site).await;
    site.log_in("ada").await;
    let still = message(log_in(&site, "cid@example.org", PASSWORD).await, 403);
    assert!(still.starts_with("You are banned"), "{still}");
    lift(&site, &mo).await;
    site.log_in("cid").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_session_that_somehow_outlived_a_suspension_is_void(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let photo = site.photo().live().await;
    site.change("create table kept as select * from sessions").await;
    sanction(&mo, "ada", "suspend", "2", "keep").await.location();
    site.change("insert into sessions overriding system value select * from kept on conflict do nothing")
        .await;
    let told = message(ada.api.get("users/me").await, 403);
    assert!(told.starts_with("You are suspended until"), "{told}");
    message(ada.api.put(&format!("photos/{photo}/rating"), json!({ "value": 3 })).await, 403);
    assert!(ada.pages.get("/settings").await.location().starts_with("/login"));
    ada.pages.get("/top").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_decides_about_themselves_and_admins_only_about_admins(db: PgPool) {
    let site = Site::start(db).await;
    let (mo, max) = (site.moderator("mo").await, site.moderator("max").await);
    let (root, boss) = (site.admin("root").await, site.admin("boss").await);
    let ada = site.member("ada").await;
    for (by, whom, status) in [
        (&mo, "mo", 403),
        (&mo, "root", 403),
        (&root, "root", 403),
        (&ada, "mo", 403),
        (&mo, "nobody", 404),
        (&mo, "max", 303),
        (&root, "mo", 303),
        (&boss, "root", 303),
    ] {
        let answer = sanction(by, whom, "silence", "1", "keep").await;
        assert_eq!(answer.status, status, "{} about {whom}: {}", by.name, answer.text());
    }
    for stranger in [&ada.pages, &site.visitor()] {
        stranger.get("/moderation/members").await.expect(404);
        stranger.get("/moderation/members/mo").await.expect(404);
        stranger.post("/moderation/sanctions/1/lift", &[]).await.expect(403);
    }
    // Who is silenced moderates nothing.
    mo.pages.get("/moderation").await.expect(404);
    assert_eq!(sanction(&mo, "ada", "warn", "", "keep").await.status, 403);
    assert_eq!(sanction(&max, "ada", "warn", "", "keep").await.status, 403);
    let acts: Vec<String> = sqlx::query_scalar("select action from audit_log order by id")
        .fetch_all(&site.db)
        .await
        .expect("the log");
    assert_eq!(acts, ["user.silence", "user.silence", "user.silence"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn forms_that_make_no_sense_are_refused_with_what_was_entered(db: PgPool) {
    let site = Site::start(db).await;
    let (_ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    for (kind, days, content, reason, says) in [
        ("explode", "1", "keep", "x", "Choose what to do."),
        ("silence", "0", "keep", "x", "from 1 to 3650"),
        ("silence", "-3", "keep", "x", "from 1 to 3650"),
        ("silence", "9999999999999", "keep", "x", "from 1 to 3650"),
        ("silence", "1.5", "keep", "x", "from 1 to 3650"),
        ("ban", "3", "keep", "x", "A ban has no end"),
        ("warn", "3", "keep", "x", "A warning has no end"),
        ("warn", "", "hide", "x", "A warning hides nothing"),
        ("suspend", "3", "burn", "x", "keep or to hide"),
        ("suspend", "3", "keep", " ", "Say why"),
        ("suspend", "3", "keep", &"x".repeat(501), "500 characters"),
    ] {
        let form = [("kind", kind), ("days", days), ("content", content), ("reason", reason)];
        let page = mo.pages.post("/moderation/members/ada/sanctions", &form).await.expect(400);
        assert!(
            page.texts(".flash.bad")[0].contains(says),
            "{kind} {days} {content}: {:?}",
            page.texts(".flash")
        );
        assert_eq!(page.attribute("#sanction-reason", "value"), reason);
    }
    assert_eq!(site.ask::<i64>("select count(*) from sanctions").await, 0);
    let page = mo.pages.get("/moderation/members?name=nobody").await.expect(200);
    assert_eq!(page.texts(".field-error"), ["Nobody has that name."]);
    assert_eq!(mo.pages.get("/moderation/members?name=ADA").await.location(), "/moderation/members/ada");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_are_told_by_mail_with_a_link_that_needs_no_login(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    for kind in ["warn", "silence", "suspend"] {
        let days = if kind == "warn" { "" } else { "2" };
        sanction(&mo, "ada", kind, days, "keep").await.location();
    }
    let letters = eventually("three mails arrive", SOON, async || {
        let letters: Vec<_> = site
            .letters()
            .into_iter()
            .filter(|letter| letter.subject.contains("About your account"))
            .collect();
        (letters.len() == 3).then_some(letters)
    })
    .await;
    for letter in letters {
        assert_eq!(letter.to, ada.email());
        assert!(letter.text.contains("Spam & noise") && letter.html.contains("Spam &#38; noise"));
        let page = site.get(&letter.link(&site, "/appeals/")).await.expect(200);
        assert!(page.texts(".sanction-reason")[0].contains("Spam & noise"));
    }
    site.get("/appeals/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_login_takes_as_long_for_an_unknown_address_as_for_a_wrong_password(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    sanction(&mo, "ada", "suspend", "2", "keep").await.location();
    let mut times = Vec::new();
    for email in [ada.email(), "nobody@example.org".to_owned()] {
        let begin = Instant::now();
        log_in(&site, &email, "not the password").await.error(403);
        times.push(begin.elapsed());
    }
    // A hash takes tens of milliseconds, which one of them would lack.
    assert!(times[0].max(times[1]) < times[0].min(times[1]) * 4, "{times:?}");
}

//! Attacks on logins with a second factor: mixed up browsers, tabs and accounts, and several requests at once.

use futures::future::join;
use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{PASSWORD, SOON, Site, eventually};

const SESSIONS: &str = "select count(*) from sessions where user_id = $1";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_waiting_login_opens_its_own_account_whoever_is_logged_in_there(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (adas, bobs) = (ada.set_up_app().await, bob.set_up_app().await);
    // Bob is logged in, and Ada's password is sent from the same browser.
    let browser = site.visitor().with_session(bob.api.token());
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    assert_eq!(browser.post("/login", &form).await.location(), "/login/second-factor");
    assert_eq!(browser.get("/").await.texts(".menu-name"), ["bob"], "he stays logged in meanwhile");
    browser.send_code(&bobs.code(1)).await.expect(403);
    browser.send_code(&bobs.recovery[0]).await.expect(403);
    let bobs_left = "select count(*) from recovery_codes where user_id = $1 and used_at is null";
    assert_eq!(site.ask_of::<i64>(bobs_left, bob.id).await, 10, "a code of his isn't used up for her login");
    assert_eq!(browser.send_code(&adas.code(1)).await.location(), "/top");
    assert_eq!(browser.get("/").await.texts(".menu-name"), ["ada"]);
    assert_eq!(site.ask_of::<i64>(SESSIONS, bob.id).await, 0, "the session is replaced");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn of_two_tabs_the_later_login_is_the_one_that_goes_on(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (adas, bobs) = (ada.set_up_app().await, bob.set_up_app().await);
    let tabs = site.half_logged_in(&ada).await;
    let form = [("email", "bob@example.org"), ("password", PASSWORD)];
    tabs.post("/login", &form).await.expect(303);
    tabs.send_code(&adas.code(1)).await.expect(403);
    assert_eq!(tabs.send_code(&bobs.code(1)).await.location(), "/top");
    assert_eq!(tabs.get("/").await.texts(".menu-name"), ["bob"]);
    assert_eq!(site.ask_of::<i64>(SESSIONS, ada.id).await, 1, "only her first one");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_names_a_waiting_login_is_good_for_nothing_else(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let waiting = site.half_logged_in(&ada).await.cookie("waiting").expect("it waits");
    site.api().with_token(&waiting).get("users/me").await.error(401);
    let thief = site.visitor().with_session(&waiting);
    assert!(!thief.get("/").await.has(".menu-name"));
    assert_eq!(thief.get("/settings/security").await.location(), "/login?next=%2Fsettings%2Fsecurity");
    // Nor is a session a waiting login.
    let own = site.visitor();
    own.keep(&format!("waiting={}", ada.api.token()));
    assert_eq!(own.send_code(&app.code(1)).await.location(), "/login?next=%2Ftop");
    // A cookie that was planted opens the account for the browser that shows the code, and for no other.
    let (victim, attacker) = (site.visitor(), site.visitor());
    for browser in [&victim, &attacker] {
        browser.keep(&format!("waiting={waiting}"));
    }
    assert_eq!(victim.send_code(&app.code(1)).await.location(), "/top");
    assert_eq!(attacker.send_code(&app.recovery[0]).await.location(), "/login?next=%2Ftop");
    assert!(attacker.cookie("session").is_none());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_codes_at_once_open_one_session_and_the_other_code_stays(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    for round in 0..5 {
        site.forget_used_codes().await;
        let before = site.ask_of::<i64>(SESSIONS, ada.id).await;
        let pages = site.half_logged_in(&ada).await;
        let (code, recovery) = (app.code(0), &app.recovery[round]);
        let (first, second) = join(pages.send_code(&code), pages.send_code(recovery)).await;
        assert_eq!((first.status, second.status), (303, 303));
        assert_eq!(site.ask_of::<i64>(SESSIONS, ada.id).await, before + 1);
        let used = site.ask::<i64>("select count(*) from recovery_codes where used_at is not null").await;
        let is_app = site.ask::<bool>("select last_step > 0 from totp_secrets").await;
        assert_eq!(i64::from(is_app) + used, 1, "round {round}");
        site.change("update recovery_codes set used_at = null").await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn turning_the_app_off_during_a_login_lets_nobody_in_without_it(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let pages = site.half_logged_in(&ada).await;
    ada.pages.post("/settings/security/app/off", &[]).await.expect(303);
    // The codes that this login waits for open nothing any more. The password alone does, from the start.
    pages.send_code(&app.code(1)).await.expect(403);
    pages.send_code(&app.recovery[0]).await.expect(403);
    assert!(pages.cookie("session").is_none());
    site.log_in("ada").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reset_by_mail_ends_sessions_and_opens_nothing(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let waiting = site.half_logged_in(&ada).await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");
    let thief = site.visitor();
    let new = "the thief's own password";
    assert_eq!(thief.post(&form, &[("password", new)]).await.location(), "/login");
    assert!(thief.cookie("session").is_none());
    assert_eq!(site.ask_of::<i64>(SESSIONS, ada.id).await, 0);
    ada.api.get("users/me").await.error(401);
    assert_eq!(waiting.send_code(&app.code(1)).await.location(), "/login?next=%2Ftop");
    // Nor does the new password, by itself.
    let login = json!({ "email": ada.email(), "password": new });
    assert_eq!(site.api().post("tokens", login).await.error(403).1.as_deref(), Some("code"));
    let left = "select count(*) from recovery_codes where user_id = $1 and used_at is null";
    assert_eq!(site.ask_of::<i64>(left, ada.id).await, 10);
    let letter = eventually("her mails arrive", SOON, async || {
        site.letters().into_iter().find(|letter| letter.subject.contains("security"))
    });
    letter.await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_banned_member_learns_of_it_only_after_the_second_factor(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    site.change(
        "with ban as (insert into sanctions (user_id, kind, reason, imposer) select id, 'ban', 'No', 'root' from users)
         update users set barred_until = 'infinity'",
    )
    .await;
    let pages = site.half_logged_in(&ada).await;
    let wrong = pages.send_code(&app.wrong_code()).await.expect(403);
    assert_eq!(wrong.texts("#code-error").len(), 1);
    assert!(!wrong.text().contains("banned"));
    let right = pages.send_code(&app.code(1)).await.expect(403);
    assert!(right.text().contains("banned"), "{}", right.text());
    assert!(pages.cookie("session").is_none());
    // Nothing was used up.
    assert_eq!(site.ask::<i64>("select count(*) from pending_logins").await, 1);
}

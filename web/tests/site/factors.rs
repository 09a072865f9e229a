//! Authenticator apps and recovery codes: setting them up, and logging in with them.

use futures::future::join_all;
use pawdium_shared::accounts::factors::Seal;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::UserId;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{App, PASSWORD, SOON, Site, eventually};

const PAGE: &str = "/settings/security";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_app_counts_once_its_code_was_entered(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let page = ada.pages.get(PAGE).await.expect(200);
    assert!(page.has("#confirm") && !page.has("[action='/settings/security/app']"));
    // Without a proof, nothing begins.
    assert_eq!(ada.pages.post("/settings/security/app", &[]).await.location(), PAGE);
    assert_eq!(site.ask::<i64>("select count(*) from totp_secrets").await, 0);
    ada.confirm().await;
    ada.pages.post("/settings/security/app", &[]).await.expect(303);
    let page = ada.pages.get(PAGE).await.expect(200);
    assert!(page.has("svg.qr path[d]") && !page.has("[style]"));
    let app = App::scan(&page);
    // The password is enough until the app is confirmed.
    site.log_in("ada").await;
    let wrong = ada.pages.post("/settings/security/app/confirm", &[("code", &app.wrong_code())]).await;
    assert_eq!(wrong.expect(400).texts("#code-error").len(), 1);
    site.log_in("ada").await;

    let code = app.code(0);
    let on = ada.pages.post("/settings/security/app/confirm", &[("code", &code)]).await.expect(200);
    let codes = on.texts(".recovery-codes code");
    assert_eq!(codes.len(), 10);
    assert_eq!(on.header("cache-control"), "private, no-store");
    // The same form again is no mistake, and shows no codes.
    let again = ada.pages.post("/settings/security/app/confirm", &[("code", &code)]).await;
    assert_eq!(again.location(), PAGE);
    let page = ada.pages.get(PAGE).await.expect(200);
    assert!(!page.has(".recovery-codes") && !page.has(".qr"));
    assert_eq!(page.texts("#codes-left"), ["10 of 10 left."]);
    assert!(!page.text().contains(&codes[0]));
    let letters = eventually("the mails arrive", SOON, async || {
        let about = |letter: &crate::harness::Letter| letter.subject.contains("security");
        let letters: Vec<_> = site.letters().into_iter().filter(about).collect();
        (letters.len() == 2).then_some(letters)
    });
    let texts: Vec<_> = letters.await.into_iter().map(|letter| letter.text).collect();
    assert!(texts.iter().any(|text| text.contains("An authenticator app is set up.")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("ten new recovery codes")), "{texts:?}");
    assert!(texts.iter().all(|text| text.contains("/settings/security")), "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains(&codes[0])), "codes are never mailed");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_login_takes_the_password_and_then_a_code(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let pages = site.half_logged_in(&ada).await;
    assert!(!pages.get("/").await.has(".menu-name"));
    let page = pages.get("/login/second-factor?next=%2Ftop").await.expect(200);
    assert_eq!(page.attribute("main input[name=next]", "value"), "/top");
    assert_eq!(page.attribute("#code", "autocomplete"), "one-time-code");
    let refused = pages.send_code(&app.wrong_code()).await.expect(403);
    assert_eq!(refused.texts("#code-error").len(), 1);
    assert!(pages.cookie("session").is_none());
    assert!(site.log().contains(&format!("security: code-wrong client=127.0.0.1 user={}", ada.id)));

    let code = app.code(1);
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    assert_eq!(pages.send_code(&spaced).await.location(), "/top");
    assert_eq!(pages.get("/").await.texts(".menu-name"), ["ada"]);
    assert!(pages.cookie("waiting").is_none_or(|waiting| waiting.is_empty()));
    assert_eq!(site.ask::<i64>("select count(*) from pending_logins").await, 0);
    // Who just logged in needs no further proof.
    assert!(!pages.get(PAGE).await.has("#confirm"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_code_is_used_once(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let sessions = async || site.ask::<i64>("select count(*) from sessions").await;
    let before = sessions().await;
    // The code that has turned the app on is spent.
    let code = app.code(0);
    site.half_logged_in(&ada).await.send_code(&code).await.expect(403);
    // Ten logins at once with the same code are one.
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(site.half_logged_in(&ada).await);
    }
    let code = app.code(1);
    let answers = join_all(waiting.iter().map(|pages| pages.send_code(&code))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![303], vec![403; 9]].concat());
    assert_eq!(sessions().await, before + 1);
    // An earlier code is spent as well, though nobody has used it.
    site.half_logged_in(&ada).await.send_code(&app.code(-1)).await.expect(403);
    site.half_logged_in(&ada).await.send_code(&code).await.expect(403);
    assert_eq!(sessions().await, before + 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_form_that_is_sent_twice_is_one_login(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let before = site.ask::<i64>("select count(*) from sessions").await;
    let pages = site.half_logged_in(&ada).await;
    let code = app.code(1);
    let answers = join_all([pages.send_code(&code), pages.send_code(&code)]).await;
    let mut lead: Vec<_> = answers.iter().map(|answer| answer.location().to_owned()).collect();
    lead.sort_unstable();
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, before + 1);
    // The one that comes too late leads to the login page, which leads a member on.
    assert_eq!(lead, ["/login?next=%2Ftop", "/top"]);
    assert_eq!(pages.get("/login?next=%2Ftop").await.location(), "/top");
    let again = pages.send_code(&code).await;
    assert_eq!(again.location(), "/top");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_recovery_code_opens_the_account_once_and_its_owner_hears_of_it(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let code = &app.recovery[3];
    let sloppy = code.to_uppercase().replace('-', " ");
    assert_eq!(site.half_logged_in(&ada).await.send_code(&sloppy).await.location(), "/top");
    site.half_logged_in(&ada).await.send_code(code).await.expect(403);
    let left = async || ada.pages.get(PAGE).await.expect(200).texts("#codes-left").remove(0);
    assert_eq!(left().await, "9 of 10 left.");
    let told = eventually("a mail tells of it", SOON, async || {
        site.letters()
            .into_iter()
            .find(|letter| letter.text.contains("A recovery code was used. 9 are left."))
    });
    told.await;

    let new = ada.pages.post("/settings/security/codes", &[]).await.expect(200);
    let new = new.texts(".recovery-codes code");
    assert!(new.len() == 10 && new.iter().all(|code| !app.recovery.contains(code)));
    site.half_logged_in(&ada).await.send_code(&app.recovery[0]).await.expect(403);
    assert_eq!(site.half_logged_in(&ada).await.send_code(&new[0]).await.location(), "/top");
    // Another member's code opens nothing.
    let bob = site.member("bob").await;
    bob.set_up_app().await;
    site.half_logged_in(&bob).await.send_code(&new[1]).await.expect(403);
    assert_eq!(left().await, "9 of 10 left.");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_login_that_waits_ends(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let over = "/login?next=%2Ftop";
    // In another browser, or with a forged cookie.
    assert_eq!(site.visitor().send_code(&app.code(1)).await.location(), over);
    let forged = site.visitor();
    forged.keep("waiting=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(forged.send_code(&app.code(1)).await.location(), over);
    // After five minutes.
    let pages = site.half_logged_in(&ada).await;
    site.change("update pending_logins set expires_at = expires_at - interval '5 minutes'").await;
    assert_eq!(pages.send_code(&app.code(1)).await.location(), over);
    assert_eq!(pages.get("/login/second-factor").await.location(), "/login");
    assert_eq!(pages.get("/login").await.texts(".flash").len(), 1);
    // After a change of the password.
    let pages = site.half_logged_in(&ada).await;
    let new = [("current_password", PASSWORD), ("password", "another one that is long")];
    assert_eq!(ada.pages.post("/settings/password", &new).await.location(), "/settings");
    assert_eq!(pages.send_code(&app.code(1)).await.location(), over);
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_was_done_anonymously_comes_along_at_the_second_step(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(1).await[0];
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let pages = site.visitor();
    pages.keep_key().await;
    let (shown, ballot) = pages.shown().await.expect("there is a photo");
    assert_eq!(shown, photo);
    let rated = pages.post(&format!("/photos/{photo}/rating"), &[("value", "7"), ("ballot", &ballot)]).await;
    rated.expect(303);
    let rater = async || site.ask::<i64>("select rater_id from ratings").await;
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    assert_eq!(pages.post("/login", &form).await.location(), "/login/second-factor");
    assert_ne!(rater().await, ada.id, "the password alone moves nothing");
    assert_eq!(pages.send_code(&app.code(1)).await.location(), "/top");
    assert_eq!(rater().await, ada.id);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn turning_the_app_off_takes_a_fresh_proof(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    site.change("update sessions set proved_at = now() - interval '10 minutes 1 second'").await;
    for act in ["app/off", "codes", "app"] {
        let path = format!("/settings/security/{act}");
        assert_eq!(ada.pages.post(&path, &[]).await.location(), PAGE);
        assert_eq!(ada.pages.get(PAGE).await.texts(".flash").len(), 1, "{act}");
    }
    let had: (bool, i64) = sqlx::query_as(
        "select exists (select from totp_secrets where confirmed_at is not null), count(*) from recovery_codes",
    )
    .fetch_one(&site.db)
    .await
    .expect("a row");
    assert_eq!(had, (true, 10));
    // A code is a proof, once.
    let wrong = ada.pages.post("/settings/security/confirm", &[("code", &app.wrong_code())]).await;
    assert_eq!(wrong.expect(403).texts("#code-error").len(), 1);
    let code = app.code(1);
    assert_eq!(ada.pages.post("/settings/security/confirm", &[("code", &code)]).await.location(), PAGE);
    ada.pages.post("/settings/security/confirm", &[("code", &code)]).await.expect(403);

    assert_eq!(ada.pages.post("/settings/security/app/off", &[]).await.location(), PAGE);
    assert_eq!(
        ada.pages.post("/settings/security/app/off", &[]).await.location(),
        PAGE,
        "twice is no mistake"
    );
    assert_eq!(site.ask::<i64>("select count(*) from recovery_codes").await, 0, "they lead nowhere now");
    site.log_in("ada").await;
    let told = eventually("a mail tells of it", SOON, async || {
        site.letters().into_iter().find(|letter| letter.text.contains("authenticator app is turned off"))
    });
    told.await;
    let log = site.log();
    assert!(log.contains("security: factor-added") && log.contains("security: factor-removed"), "{log}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reset_by_mail_keeps_the_second_factor(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");
    assert_eq!(site.visitor().post(&form, &[("password", PASSWORD)]).await.location(), "/login");
    site.half_logged_in(&ada).await.send_code(&app.code(1)).await.expect(303);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_copy_of_the_database_has_no_secret_and_rows_belong_to_their_user(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let app = ada.set_up_app().await;
    bob.set_up_app().await;
    let sealed: Vec<u8> = site.ask_of("select sealed from totp_secrets where user_id = $1", ada.id).await;
    let other = Seal::new(&"another secret of thirty-two characters".to_owned().into());
    assert_eq!(other.open(UserId(ada.id), &sealed), None);
    // Whoever can write to the database can't give an account the secret of another.
    site.change(
        "update totp_secrets set last_step = 0,
             sealed = (select sealed from totp_secrets order by user_id limit 1)",
    )
    .await;
    site.half_logged_in(&bob).await.send_code(&app.code(0)).await.expect(403);
    site.half_logged_in(&ada).await.send_code(&app.code(0)).await.expect(303);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_deleted_account_leaves_nothing_of_its_factors(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    ada.set_up_app().await;
    site.half_logged_in(&ada).await;
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    let left = site.ask::<i64>(
        "select (select count(*) from totp_secrets) + (select count(*) from recovery_codes)
              + (select count(*) from pending_logins)",
    );
    assert_eq!(left.await, 0);
}

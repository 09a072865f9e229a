//! API tokens: making them, showing them once, their last use and their end.

use pawdium_shared::accounts::{Role, queries};
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::UserId;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, Setup, Site};

/// Makes a token on the settings' page.
async fn make(person: &Person, name: &str, scopes: &[&str], days: &str) -> Answer {
    let mut form = vec![("name", name), ("days", days), ("current_password", PASSWORD)];
    form.extend(scopes.iter().map(|scope| (*scope, "on")));
    person.pages.post("/settings/tokens", &form).await
}

/// The token on a page that shows one.
fn token_on(page: &Answer) -> String {
    page.texts(".token-made code").pop().expect("a token is shown")
}

impl Person {
    /// Makes a token with these scopes.
    pub(crate) async fn api_token(&self, scopes: &[&str]) -> String {
        token_on(&make(self, &scopes.join(" and "), scopes, "0").await.expect(200))
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_token_is_shown_once_and_stored_as_a_hash(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    assert_eq!(site.visitor().get("/settings/tokens").await.location(), "/login?next=%2Fsettings%2Ftokens");
    let page = make(&ada, "  My <b>bot</b>  ", &["read", "rate"], "90").await.expect(200);
    let token = token_on(&page);
    assert!(token.starts_with("pawdium_") && token.len() == 60, "{token}");
    assert!(page.header("cache-control").contains("no-store"));
    assert_eq!(page.texts(".session-list h2"), ["My <b>bot</b>"]);
    let again = ada.pages.get("/settings/tokens").await.expect(200);
    assert!(!again.text().contains(&token[8..]) && !again.has(".token-made"));
    assert!(
        again.texts(".session-list p")[0].starts_with("read, rate · never used · since"),
        "{}",
        again.text()
    );
    assert!(again.has("[aria-label='Settings'] [href='/settings/tokens'][aria-current]"));
    let stored: String = site.ask("select string_agg(api_tokens::text, ' ') from api_tokens").await;
    assert!(!stored.contains(&token[8..]), "{stored}");

    let api = site.api().with_token(&token);
    assert_eq!(api.get("users/me").await.expect(200).json()["name"], "ada");
    let used = ada.pages.get("/settings/tokens").await.expect(200);
    assert!(used.texts(".session-list p")[0].contains("last used"), "{}", used.text());
    for wrong in [&token[..59], &format!("{token}0"), "pawdium_", &token.to_uppercase()] {
        assert_eq!(
            site.api().with_token(wrong).get("users/me").await.error(401).0,
            "must provide a valid access token"
        );
    }
    assert!(!site.log().contains(&token[8..]));
    // A token is for programs, not for pages.
    let page = site.visitor().with_session(&token).get("/settings").await;
    assert!(page.location().starts_with("/login"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_form_without_name_scope_or_the_right_password_makes_no_token(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let refused = async |form: &[(&str, &str)]| {
        let page = ada.pages.post("/settings/tokens", form).await.expect(400);
        page.texts(".field-error").join("|")
    };
    let password = ("current_password", PASSWORD);
    assert!(refused(&[("read", "on"), password]).await.contains("1 to 60 characters"));
    let long = "x".repeat(61);
    assert!(refused(&[("name", &long), ("read", "on"), password]).await.contains("1 to 60 characters"));
    assert!(refused(&[("name", "Bot"), password]).await.contains("at least one scope"));
    assert!(refused(&[("name", "Bot"), ("rule", "on"), password]).await.contains("at least one scope"));
    assert!(refused(&[("name", "Bot"), ("moderate", "on"), password]).await.contains("Only moderators"));
    let wrong = ("current_password", "wrong");
    assert_eq!(refused(&[("name", "Bot"), ("read", "on"), wrong]).await, "That isn't your password.");
    assert!(refused(&[("name", "Bot"), ("read", "on")]).await.contains("password"));
    let page = ada.pages.post("/settings/tokens", &[("name", "Bot"), ("rate", "on"), wrong]).await;
    assert_eq!(page.attribute("#name", "value"), "Bot", "what was typed stays");
    assert!(page.has("input[name=rate][checked]") && !page.has("input[name=read][checked]"));
    assert!(!page.has("input[name=moderate]"), "it isn't offered to members");
    assert_eq!(site.ask::<i64>("select count(*) from api_tokens").await, 0);

    let anonymous = site.anonymous().await;
    anonymous.pages.post("/settings/tokens", &[("name", "Bot"), ("read", "on"), password]).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn tokens_end_when_they_are_ended_run_out_or_the_password_changes(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let tokens =
        [ada.api_token(&["read"]).await, ada.api_token(&["rate"]).await, ada.api_token(&["submit"]).await];
    let status =
        async |token: &str| site.api().with_token(token).delete("tokens/current", Value::Null).await.status;
    let end = ada.pages.get("/settings/tokens").await.attribute(".session-list form", "action");
    assert_eq!(bob.pages.post(&end, &[]).await.location(), "/settings/tokens");
    assert_eq!(site.ask::<i64>("select count(*) from api_tokens").await, 3, "it isn't his");
    for _ in 0..2 {
        assert_eq!(ada.pages.post(&end, &[]).await.location(), "/settings/tokens");
    }
    assert_eq!(status(&tokens[2]).await, 401);
    assert_eq!((status(&tokens[0]).await, status(&tokens[0]).await), (204, 401), "a token can end itself");

    assert_eq!(make(&ada, "Short", &["read"], "30").await.status, 200);
    let days: i32 = site
        .ask("select extract(day from expires_at - created_at)::int from api_tokens where name = 'Short'")
        .await;
    assert_eq!(days, 30);
    site.change("update api_tokens set expires_at = now() - interval '1 s'").await;
    site.api().with_token(&tokens[1]).get("rate/next").await.error(401);
    assert!(!ada.pages.get("/settings/tokens").await.has(".session-list"));

    let kept = ada.api_token(&["read"]).await;
    let change = [("password", "another long one"), ("current_password", PASSWORD)];
    ada.pages.post("/settings/password", &change).await.location();
    site.api().with_token(&kept).get("users/me").await.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reset_password_ends_tokens_and_ending_sessions_does_not(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let token = ada.api_token(&["read"]).await;
    ada.pages.post("/settings/sessions/end-all", &[]).await.location();
    site.api().with_token(&token).get("users/me").await.expect(200);
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    site.visitor().post(&link, &[("password", "a brand new password")]).await.location();
    site.api().with_token(&token).get("users/me").await.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_form_that_is_sent_twice_makes_one_token_and_there_are_only_so_many(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let sent = tokio::join!(make(&ada, "Bot", &["read"], "0"), make(&ada, "Bot", &["read"], "0"));
    let made = [token_on(&sent.0.expect(200)), token_on(&sent.1.expect(200))];
    assert_eq!(site.ask::<i64>("select count(*) from api_tokens").await, 1);
    let mut works = 0;
    for token in &made {
        works += u16::from(site.api().with_token(token).get("users/me").await.status == 200);
    }
    assert_eq!(works, 1, "the one that was shown last");
    assert_eq!(make(&ada, "Bot", &["rate"], "0").await.status, 200);
    assert_eq!(site.ask::<i64>("select count(*) from api_tokens").await, 2, "one that is used stays");

    site.change(
        "insert into api_tokens (user_id, token_hash, name, scopes)
         select id, sha256(number::text::bytea), 'Bot ' || number, '{read}'
         from users, generate_series(3, 50) as number",
    )
    .await;
    let full = make(&ada, "One more", &["read"], "0").await.expect(400);
    assert!(full.texts(".field-error")[0].contains("50 tokens"), "{}", full.text());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_scope_of_moderators_goes_with_the_role_and_does_not_come_back(db: PgPool) {
    let site = Site::start(db).await;
    let (mo, ada) = (site.moderator("mo").await, site.member("ada").await);
    let hidden = site.photo().by(&ada).processing().await;
    let (plain, both, only) = (
        mo.api_token(&["read", "submit"]).await,
        mo.api_token(&["read", "moderate"]).await,
        mo.api_token(&["moderate"]).await,
    );
    let sees = async |token: &str| site.api().with_token(token).get(&format!("photos/{hidden}")).await.status;
    let role = async |token: &str| site.api().with_token(token).get("users/me").await.json()["role"].take();
    assert_eq!((sees(&plain).await, sees(&both).await, sees(&only).await), (404, 200, 403));
    assert_eq!((role(&plain).await, role(&both).await), (json!("member"), json!("moderator")));
    let live = site.photo().by(&ada).live().await;
    let delete = async |token: &str| {
        site.api().with_token(token).delete(&format!("photos/{live}"), Value::Null).await.status
    };
    assert_eq!((delete(&plain).await, delete(&only).await), (403, 204));

    let set = async |role: Role| {
        let mut db = site.db.acquire().await.expect("a connection");
        queries::set_role(&mut db, UserId(mo.id), role).await.expect("it is set");
    };
    // As soon as the role is gone, whatever the tokens' rows say.
    site.change("update users set role = 'member' where name = 'mo'").await;
    assert_eq!((sees(&both).await, sees(&only).await), (404, 403));
    set(Role::Member).await;
    set(Role::Admin).await;
    assert_eq!(
        (role(&both).await, sees(&both).await),
        (json!("member"), 404),
        "it doesn't come back with the role"
    );
    site.api().with_token(&only).get("users/me").await.error(401);
    let admins = mo.api_token(&["read", "moderate"]).await;
    assert_eq!(role(&admins).await, json!("moderator"), "a token is no admin");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn tokens_are_for_verified_members_where_the_site_wants_that(db: PgPool) {
    let site = Setup::on(db).set("security.verified_only", "[\"tokens\"]").start().await;
    let ada = site.member("ada").await;
    let page = ada.pages.get("/settings/tokens").await.expect(200);
    assert!(
        !page.has("form[action='/settings/tokens']") && page.has("form[action='/settings/email/resend']")
    );
    let refused = make(&ada, "Bot", &["read"], "0").await.expect(403);
    assert!(refused.text().contains("Verify your address"), "{}", refused.text());
    assert!(refused.has("form[action='/settings/email/resend']"));
    site.change("update users set email_verified_at = now()").await;
    ada.api_token(&["read"]).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_token_that_is_ended_while_it_is_used_is_refused_at_once(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for _ in 0..5 {
        let token = ada.api_token(&["read"]).await;
        let api = site.api().with_token(&token);
        let end = ada.pages.get("/settings/tokens").await.attribute(".session-list form", "action");
        let used = async {
            let mut statuses = Vec::new();
            for _ in 0..10 {
                statuses.push(api.get("users/me").await.status);
            }
            statuses
        };
        let (statuses, _) = tokio::join!(used, ada.pages.post(&end, &[]));
        assert!(
            statuses.is_sorted() && statuses.iter().all(|status| [200, 401].contains(status)),
            "{statuses:?}"
        );
        api.get("users/me").await.error(401);
    }
    let header = site.api().call(Method::GET, "users/me").header("authorization", "Basic cGF3ZGl1bV94");
    Answer::to(header).await.error(401);
}

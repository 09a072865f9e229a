//! Changing the address of an account.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Letter, PASSWORD, Person, Setup, Site};

async fn move_to(person: &Person, email: &str) -> u16 {
    let body = json!({ "email": email, "current_password": PASSWORD });
    person.api.patch("users/me", body).await.status
}

/// The mails about a changed address, oldest first.
async fn notices(site: &Site) -> Vec<Letter> {
    site.settle().await;
    site.letters().into_iter().filter(|letter| letter.subject.contains("was changed")).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_verified_address_is_notified_when_its_account_changes_address(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    assert_eq!(move_to(&ada, "typo@example.org").await, 200);
    assert_eq!(move_to(&ada, "ada@example.org").await, 200);
    assert!(notices(&site).await.is_empty(), "neither address is verified");

    site.change("update users set email_verified_at = now()").await;
    assert_eq!(move_to(&ada, "Ada@Example.org").await, 200);
    assert!(notices(&site).await.is_empty(), "it is the same");
    assert_eq!(move_to(&ada, "countess@example.org").await, 200);
    let letters = notices(&site).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].to, "ada@example.org");
    assert_eq!(letters[0].link(&site, "settings"), "/settings");
    for part in [&letters[0].text, &letters[0].html] {
        assert!(!part.contains("countess"), "who has the old mailbox may be a stranger: {part}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn restoring_an_address_by_a_link_notifies_the_other_address(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    assert_eq!(move_to(&ada, "eve@example.org").await, 200);
    site.change("update users set email_verified_at = now()").await;
    let form = [("password", "a brand new password")];
    assert_eq!(site.visitor().post(&link, &form).await.location(), "/login");
    let letters = notices(&site).await;
    assert_eq!(letters.iter().map(|letter| &*letter.to).collect::<Vec<_>>(), ["eve@example.org"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn notices_are_limited_and_strangers_cant_use_them_up(db: PgPool) {
    let site = Setup::on(db).set("security.mails_per_recipient", "1").start().await;
    let ada = site.member("ada").await;
    site.change("update users set email_verified_at = now()").await;
    let mut stranger = crate::harness::registration("eve");
    stranger["email"] = json!("a.da+1@example.org");
    site.api().post("users", stranger).await.error(429);
    assert_eq!(move_to(&ada, "elsewhere@example.org").await, 200);
    site.change("update users set email = 'ada@example.org', email_verified_at = now()").await;
    assert_eq!(move_to(&ada, "another@example.org").await, 429);
    let told: i64 = site.ask("select count(*) from jobs where payload ->> 'mail' = 'address_changed'").await;
    assert_eq!(told, 1);
}

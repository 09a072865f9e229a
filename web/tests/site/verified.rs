//! What members can't do before they have verified their address.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{PASSWORD, Setup, Site};

async fn strict(db: PgPool) -> Site {
    let all = r#"["comments", "hubs", "tokens"]"#;
    Setup::on(db).set("security.verified_only", all).worker().start().await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_unverified_member_reads_rates_and_submits_but_neither_comments_nor_makes_hubs(db: PgPool) {
    let site = strict(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&bob).live().await;
    site.rate(&ada, photo, 7).await;
    let comments = format!("photos/{photo}/comments");
    let (message, field) = ada.api.post(&comments, json!({ "text": "Blep." })).await.error(403);
    assert!(message.contains("Verify your address to comment") && message.contains("our mail"), "{message}");
    assert_eq!(field, None);
    let hub = json!({ "slug": "cats", "name": "Cats", "join": "open", "visibility": "public" });
    let (message, _) = ada.api.post("hubs", hub.clone()).await.error(403);
    assert!(message.contains("Verify your address to make a hub"), "{message}");
    assert_eq!(site.ask::<i64>("select count(*) from comments").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from hubs where slug is not null").await, 0);

    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(!page.has("[data-comment-form]"));
    assert!(page.has(".comments form[action='/settings/email/resend']"), "{}", page.text());
    let page = ada.pages.get("/hubs/new").await.expect(200);
    assert!(!page.has("form[action='/hubs/new']") && page.has("main form[action='/settings/email/resend']"));

    site.change("update users set email_verified_at = now() where name = 'ada'").await;
    ada.api.post(&comments, json!({ "text": "Blep." })).await.expect(201);
    ada.api.post("hubs", hub).await.expect(201);
    assert!(ada.pages.get(&format!("/photos/{photo}")).await.expect(200).has("[data-comment-form]"));
    // Another address has to be verified, too.
    let change = json!({ "email": "new@example.org", "current_password": PASSWORD });
    ada.api.patch("users/me", change).await.expect(200);
    ada.api.post(&comments, json!({ "text": "Blep again." })).await.error(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_link_is_sent_again_from_where_it_is_missed(db: PgPool) {
    let site = strict(db).await;
    let ada = site.member("ada").await;
    let next = ada.pages.get("/hubs/new").await.attribute(".verify-again input[name=next]", "value");
    let sent = ada.pages.post("/settings/email/resend", &[("next", &next)]).await;
    assert_eq!(sent.location(), "/hubs/new");
    let page = ada.pages.get("/hubs/new").await.expect(200);
    assert!(page.texts(".flash")[0].contains("sent you a link"));
    let away = ada.pages.post("/settings/email/resend", &[("next", "https://evil.example/")]).await;
    assert_eq!(away.location(), "/");
    site.settle().await;
    let link = site.letters().last().expect("a mail").link(&site, "verify");
    ada.pages.post(&link, &[]).await.location();
    assert!(ada.pages.get("/hubs/new").await.expect(200).has("form[action='/hubs/new']"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_site_can_leave_everything_to_everybody(db: PgPool) {
    let site = Setup::on(db).set("security.verified_only", r#"["hubs"]"#).start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&bob).live().await;
    ada.api.post(&format!("photos/{photo}/comments"), json!({ "text": "Blep." })).await.expect(201);
    let hub = json!({ "slug": "cats", "name": "Cats", "join": "open", "visibility": "public" });
    ada.api.post("hubs", hub).await.error(403);
}

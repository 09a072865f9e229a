//! Reserved and released names.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{PASSWORD, Site, registration};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn reserved_names_cant_be_chosen(db: PgPool) {
    let site = Site::start(db).await;
    for name in ["admin", "Adm1n", "support", "pawdium-team", "me"] {
        assert_eq!(site.api().post("users", registration(name)).await.error(400).1.as_deref(), Some("name"));
    }
    let ada = site.member("ada").await;
    ada.api.patch("users/me", json!({ "name": "moderator" })).await.error(400);
    // Its current owner keeps it and the profile page.
    let root = site.admin("root").await;
    root.api.patch("users/me", json!({ "name": "Root" })).await.expect(200);
    root.pages.get("/members/root").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_released_name_stays_reserved_for_a_while(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let rename = async |name| ada.api.patch("users/me", json!({ "name": name })).await;
    rename("ada2").await.expect(200);
    let refused = bob.api.patch("users/me", json!({ "name": "Ada" })).await.error(409);
    assert_eq!(refused.1.as_deref(), Some("name"));
    rename("ada").await.expect(200);

    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.api().post("users", registration("ADA")).await.error(409);
    site.change("update released_names set free_at = now() where name = 'ada'").await;
    site.member("ada").await;
}

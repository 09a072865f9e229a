//! Roles that count only with a second factor.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Setup};

const PAGE: &str = "/settings/security";

async fn opens(person: &Person, path: &str) -> bool {
    let answer = person.pages.get(path).await;
    if answer.status == 303 {
        assert_eq!(answer.location(), PAGE, "{path}");
        return false;
    }
    answer.expect(200);
    true
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_admin_without_one_is_led_to_set_it_up(db: PgPool) {
    let site = Setup::on(db).set("security.require_second_factor", "admins").start().await;
    let (root, mo, ada) = (site.admin("root").await, site.moderator("mo").await, site.member("ada").await);
    for path in ["/admin", "/admin/jobs", "/admin/audit", "/moderation", "/moderation/topics"] {
        assert!(!opens(&root, path).await, "{path}");
    }
    assert!(opens(&mo, "/moderation").await, "moderators aren't asked");
    root.pages.get("/admin").await;
    let page = root.pages.get(PAGE).await.expect(200);
    assert_eq!(page.texts(".flash.info").len(), 2, "the page and the notice say why");
    assert!(!page.has("a[href='/admin']"));
    // Acts and scripts get no redirect.
    root.pages.post("/admin/queues/mail/pause", &[]).await.expect(403);
    assert!(!site.ask::<bool>("select bool_or(paused_at is not null) from job_queues").await);

    let photo = site.photo().by(&ada).live().await;
    let (message, _) = root.api.delete(&format!("photos/{photo}"), Value::Null).await.error(403);
    assert!(message.contains("/settings/security"), "{message}");
    let hers = ada.api.delete(&format!("photos/{}", site.photos(1).await[0]), Value::Null).await.error(403).0;
    assert!(!hers.contains("second factor"), "{hers}");
    // What members may do goes on.
    root.api.get("users/me").await.expect(200);
    root.api.patch("users/me", json!({ "name": "rooty" })).await.expect(200);

    let app = root.set_up_app().await;
    for path in ["/admin", "/moderation"] {
        assert!(opens(&root, path).await, "{path}");
    }
    root.api.delete(&format!("photos/{photo}"), Value::Null).await.expect(204);
    drop(app);
    root.pages.post("/settings/security/app/off", &[]).await.expect(303);
    assert!(!opens(&root, "/admin").await, "without it, the role is off at once");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn staff_are_admins_and_moderators_and_nobody_is_the_default(db: PgPool) {
    let site = Setup::on(db).set("security.require_second_factor", "staff").start().await;
    let (root, mo) = (site.admin("root").await, site.moderator("mo").await);
    assert!(!opens(&root, "/admin").await && !opens(&mo, "/moderation").await);
    let hub = json!({ "slug": "den", "name": "Den", "join": "open", "visibility": "private" });
    let ada = site.member("ada").await;
    ada.api.post("hubs", hub).await.expect(201);
    mo.api.get("hubs/den").await.error(404);
    mo.set_up_app().await;
    assert!(opens(&mo, "/moderation").await);
    mo.api.get("hubs/den").await.expect(200);
    let default = Setup::on(site.db.clone()).start().await;
    let root = default.log_in("root").await;
    assert!(opens(&root, "/admin").await);
}

//! Statistics that clients report.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshVirality;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::Site;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_visitor_counts_once_a_day(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    for name in ["views", "shares", "remixes", "comments"] {
        for api in [&ada.api, &ada.api, &bob.api, &bob.api, &site.api(), &site.api()] {
            api.post(&format!("photos/{photo}/stats/{name}"), Value::Null).await.expect(201);
        }
    }
    site.run(RefreshVirality {}).await;
    let shown = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(shown["stats"], json!({ "views": 3, "shares": 3, "remixes": 3, "comments": 3 }));
    // Another day begins.
    site.change("update virality_events set day = day - 1").await;
    ada.api.post(&format!("photos/{photo}/stats/comments"), Value::Null).await.expect(201);
    site.run(RefreshVirality {}).await;
    let shown = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(shown["stats"]["comments"], 4);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn other_names_and_other_photos_are_refused(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let live = site.photo().by(&ada).live().await;
    let processing = site.photo().by(&ada).processing().await;
    for name in ["likes", "view", "VIEWS", "link_rating"] {
        let refused = ada.api.post(&format!("photos/{live}/stats/{name}"), Value::Null).await.error(400);
        assert_eq!(refused.0, "not a valid stat");
    }
    ada.api.post(&format!("photos/{processing}/stats/views"), Value::Null).await.error(404);
    ada.api.post("photos/999999/stats/views", Value::Null).await.error(404);
    assert_eq!(site.ask::<i64>("select count(*) from virality_events").await, 0);
}

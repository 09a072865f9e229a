//! Nobody is told the others' opinion of a photo before rating it, except by rankings, which are that opinion.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::Site;

/// What shows the opinion of a photo.
const OPINION: &str = ".score-chip, .ranking-mean, .opinion, .rank, .big-score";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_rankings_tell_what_others_think_of_a_photo(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    site.change("delete from widgets").await;
    for kind in ["newest-photos", "trending", "activity", "rate-one", "topics"] {
        let body = json!({ "kind": kind, "column": "left" });
        ada.api.post("hubs/cats/widgets", body).await.expect(201);
    }
    let mut photos = Vec::new();
    for title in ["Cat 1", "Cat 2", "Cat 3", "Cat 4"] {
        let photo = site.photo().by(&ada).titled(title).live().await;
        site.post(&ada, "cats", photo).await;
        site.rate(&bob, photo, 7).await;
        ada.api.post(&format!("photos/{photo}/shares"), Value::Null).await.expect(201);
        photos.push(photo);
    }
    site.run(RefreshRanks {}).await;
    site.run(RefreshVirality {}).await;
    site.settle().await;
    let visitor = site.visitor();
    for path in ["/top", "/h/cats/top"] {
        let page = visitor.get(path).await.expect(200);
        assert!(page.has(".score-chip"), "{path} is a ranking");
        assert_eq!(page.texts(".score-chip b")[0], "7.0", "{path}");
    }
    let photo = photos[0];
    for path in [
        "/trending",
        "/new",
        "/h/cats/photos",
        "/members/ada/photos",
        "/search?q=cat",
        "/h/cats",
        &format!("/photos/{photo}"),
        &format!("/photos/{photo}?from=new"),
    ] {
        let page = visitor.get(path).await.expect(200);
        assert!(!page.has(OPINION), "{path} tells the opinion: {}", page.text());
        assert!(page.text().contains("Cat 1"), "{path} shows photos");
    }
    let card =
        visitor.get(&format!("/oembed?url={}", site.url(&format!("/photos/{photo}")))).await.expect(200);
    assert!(!card.text().contains("rating") && !card.text().contains("mean"), "{}", card.text());
}

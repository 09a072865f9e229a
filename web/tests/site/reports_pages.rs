//! Reports from pages, without scripts.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::Site;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_page_of_a_thing_leads_to_the_form_and_back(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).titled("Blep").live().await;
    site.rated_by(photo, &[&bob]).await;
    let comment = ada.comment(photo, "Mine.").await;
    site.hub_of("cats", &[&ada]).await;
    let call = site.open_call(&ada, "cats", json!({})).await;
    let talk = ada.pitch(call, "On bleps").await;
    let paths = [
        format!("/photos/{photo}"),
        format!("/comments/{comment}"),
        format!("/talks/{talk}"),
        "/h/cats".to_owned(),
        "/members/ada".to_owned(),
    ];
    for path in &paths {
        let link = format!("a[href='{path}/report']");
        assert!(bob.pages.get(path).await.expect(200).has(&link), "{path}");
        assert!(!ada.pages.get(path).await.expect(200).has(&link), "nobody reports their own: {path}");
        let form = bob.pages.get(&format!("{path}/report")).await.expect(200);
        assert_eq!(form.attribute("main form", "action"), format!("{path}/report"));
        let offers_animal = form.has("input[value=not-an-animal]");
        assert_eq!(offers_animal, path.starts_with("/photos"), "{path}");
        let sent =
            bob.pages.post(&format!("{path}/report"), &[("category", "spam"), ("text", "Look.")]).await;
        assert_eq!(sent.location(), path);
        assert!(bob.pages.get(path).await.texts(".flash")[0].contains("Thank you"), "{path}");
        let again = bob.pages.post(&format!("{path}/report"), &[("category", "other")]).await;
        assert_eq!(again.location(), path);
        assert!(bob.pages.get(path).await.texts(".flash")[0].contains("already"), "{path}");
    }
    let own = bob.pages.get("/reports").await.expect(200);
    assert_eq!(own.texts(".notification").len(), 5);
    assert!(own.has(&format!("a[href='/photos/{photo}']")));
    assert!(ada.pages.get("/reports").await.expect(200).has(".nothing"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_form_keeps_what_was_written_and_says_what_is_wrong(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    let path = format!("/photos/{photo}/report");
    let refused = bob.pages.post(&path, &[("text", "It is mine.")]).await.expect(400);
    assert_eq!(refused.texts("#report-text"), ["It is mine."]);
    assert!(refused.texts("#category-error")[0].contains("Choose a category"));
    let long = "x".repeat(1001);
    let refused = bob.pages.post(&path, &[("category", "stolen"), ("text", &long)]).await.expect(400);
    assert!(refused.has("input[value=stolen][checked]"));
    assert!(refused.texts("#text-error")[0].contains("1,000 characters"));
    bob.pages.post(&path, &[("category", "spam"), ("text", "a\0b")]).await.expect(400);
    let own = ada.pages.post(&path, &[("category", "spam")]).await.expect(403);
    assert!(own.texts("#category-error")[0].contains("of your own"));
    // Who isn't registered logs in first, and comes back.
    for visitor in [site.visitor(), site.anonymous().await.pages] {
        let next = format!("/login?next=%2Fphotos%2F{photo}%2Freport");
        assert_eq!(visitor.get(&path).await.location(), next);
        visitor.post(&path, &[("category", "spam")]).await.expect(403);
        assert_eq!(visitor.get("/reports").await.location(), "/login?next=%2Freports");
    }
    assert_eq!(site.ask::<i64>("select count(*) from reports").await, 0);
}

//! The story of a hidden photo with its beginning: members report it.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::Site;
use crate::moderation_story::Story;

/// How many mails the moderator has got.
fn mails_to_mo(site: &Site) -> usize {
    site.letters().iter().filter(|letter| letter.to.starts_with("mo@")).count()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reported_photo_is_hidden_and_comes_back_exactly_as_it_was(db: PgPool) {
    let story = Story::tell(db).await;
    let Story { site, eve, fay, photo, .. } = &story;
    let (seen, told, mails) = (story.seen().await, story.told().await, mails_to_mo(site));

    // A third member reports it, twice, and so does another: the moderators get one mail.
    let path = format!("photos/{photo}/reports");
    let report = json!({ "category": "not-an-animal", "text": "That is a cushion." });
    let first = eve.api.post(&path, report.clone()).await.expect(201).json();
    assert_eq!(eve.api.post(&path, report.clone()).await.expect(200).json()["id"], first["id"]);
    fay.api.post(&path, report.clone()).await.expect(201);
    site.anonymous().await.api.post(&path, report).await.error(403);
    site.settle().await;
    assert_eq!(mails_to_mo(site), mails + 1, "{:?}", site.letters().last());
    assert_eq!(story.seen().await, seen, "two reports hide nothing");

    story.hide().await;
    story.undo().await;
    assert_eq!(story.told().await, told);
    assert_eq!(story.seen().await, seen);
}

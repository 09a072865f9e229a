//! The story of a hidden photo with its beginning: members comment on it and report it, and a moderator judges the case.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::CaseId;
use pawdium_shared::jobs::moderation::TellReporters;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Site};
use crate::moderation_story::Story;

/// How many mails about cases the moderator has got.
fn mails_to_mo(site: &Site) -> usize {
    let letters = site.letters();
    letters.iter().filter(|one| one.to.starts_with("mo@") && one.text.contains("/moderation/review")).count()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reported_photo_is_taken_down_and_comes_back_exactly_as_it_was(db: PgPool) {
    let story = Story::tell(db).await;
    let Story { site, ada, eve, fay, mo, photo, .. } = &story;
    site.verify(mo).await;
    site.settle().await;
    let (seen, told) = (story.seen().await, story.told().await);

    // A third member reports it, twice, and so does another: the moderator gets one mail.
    let path = format!("photos/{photo}/reports");
    let report = json!({ "category": "not-an-animal", "text": "That is a cushion." });
    let first = eve.api.post(&path, report.clone()).await.expect(201).json();
    assert_eq!(eve.api.post(&path, report.clone()).await.expect(200).json()["id"], first["id"]);
    fay.api.post(&path, report.clone()).await.expect(201);
    site.anonymous().await.api.post(&path, report).await.error(403);
    site.settle().await;
    assert_eq!(mails_to_mo(site), 1, "{:?}", site.letters().last());
    assert_eq!(story.seen().await, seen, "two reports hide nothing");

    let case = site.open_case().await;
    let page = mo.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    assert!(page.text().contains("That is a cushion."));
    mo.claim(case, "claim").await.location();
    mo.judge(case, "take_down", "Not a rabbit.").await.location();
    story.vanishes().await;
    site.run(TellReporters { case: CaseId(case) }).await;
    site.settle().await;
    for reporter in [eve, fay] {
        let heard = reporter.notifications().await.join("\n");
        assert!(heard.contains("report"), "{heard}");
    }
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.text().contains("Not a rabbit."), "its owner reads why");

    story.undo().await;
    assert_eq!(story.told().await, told);
    assert_eq!(story.seen().await, seen);
    assert_eq!(story.logged().await, ["picture.block", "case.close", "act.undo"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn scenario_comments_tags_and_reports(db: PgPool) {
    let story = Story::tell(db).await;
    let Story { site, bob, eve, mo, photo, .. } = &story;
    site.anonymous().await.say(*photo, json!({ "text": "Who am I?" })).await.error(403);
    for blank in [json!({}), json!({ "text": "" }), json!({ "text": " \u{200b} " })] {
        assert_eq!(eve.say(*photo, blank).await.error(400).0, "comment must include a text field");
    }
    let (ears, tail) = (eve.comment(*photo, "What ears.").await, eve.comment(*photo, "And a tail.").await);
    bob.api.delete(&format!("comments/{ears}"), Value::Null).await.error(403);
    mo.api.delete(&format!("comments/{ears}"), json!({ "reason": "It has no ears." })).await.expect(200);
    let texts = bob.texts(*photo).await;
    assert!(
        !texts.contains(&"What ears.".to_owned()) && texts.contains(&"And a tail.".to_owned()),
        "{texts:?}"
    );

    // What is reported is a comment this time, and an undone removal shows it again.
    bob.report(&format!("comments/{tail}"), json!({ "category": "hurtful" })).await.expect(201);
    let case = site.open_case().await;
    mo.judge(case, "take_down", "It has none.").await.location();
    assert!(!bob.texts(*photo).await.contains(&"And a tail.".to_owned()));
    story.undo().await;
    assert!(bob.texts(*photo).await.contains(&"And a tail.".to_owned()));

    let before = bob.comments(*photo).await.len();
    eve.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.settle().await;
    let left = bob.comments(*photo).await;
    assert!(left.iter().all(|comment| comment["author"]["name"] != "eve"), "{left:?}");
    assert!(left.len() < before, "{left:?}");
    let acts = ["comment.remove", "comment.remove", "case.close", "act.undo"];
    assert_eq!(story.logged().await, acts);
}

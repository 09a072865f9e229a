//! Members who don't want to meet, and owners who turn comments off.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Person, Site};

/// A photo of ada's on which bob, cleo and ada have commented.
struct Stage {
    site: Site,
    ada: Person,
    bob: Person,
    cleo: Person,
    photo: i64,
    /// Bob's comment, which cleo has answered.
    first: i64,
}

impl Stage {
    async fn set(db: PgPool) -> Self {
        let site = Site::start(db).await;
        let (ada, bob, cleo) =
            (site.member("ada").await, site.member("bob").await, site.member("cleo").await);
        let photo = site.photo().by(&ada).live().await;
        site.rated_by(photo, &[&bob, &cleo]).await;
        let first = bob.comment(photo, "By bob.").await;
        cleo.reply(photo, first, "By cleo, to bob.").await;
        Self { site, ada, bob, cleo, photo, first }
    }
}

async fn block(blocker: &Person, act: &str, name: &str) {
    let blocked = blocker.pages.post("/settings/blocked", &[("name", name), ("act", act)]).await;
    assert_eq!(blocked.location(), "/settings/blocked");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_block_hides_comments_and_notifications_both_ways(db: PgPool) {
    let Stage { site, ada, bob, cleo, photo, first } = Stage::set(db).await;
    assert_eq!(bob.notifications().await, ["cleo replied to your comment on “A cat”"]);
    block(&cleo, "block", "bob").await;
    assert_eq!(cleo.texts(photo).await, ["", "By cleo, to bob."]);
    assert_eq!(bob.texts(photo).await, ["By bob."]);
    assert_eq!(ada.texts(photo).await, ["By bob.", "By cleo, to bob."]);
    assert_eq!(bob.notifications().await, Vec::<String>::new());
    for (viewer, hidden) in [(&cleo, "By bob"), (&bob, "By cleo")] {
        let page = viewer.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(!page.text().contains(hidden), "{hidden}");
    }
    cleo.say(photo, json!({ "text": "Again.", "parent": first })).await.error(400);
    let own = cleo.comment(photo, "By cleo.").await;
    bob.say(photo, json!({ "text": "To cleo.", "parent": own })).await.error(400);
    bob.pages.get(&format!("/comments/{own}")).await.expect(404);
    assert_eq!((bob.unread().await, cleo.unread().await), (0, 0));

    let page = cleo.pages.get("/settings/blocked").await.expect(200);
    assert_eq!(page.texts(".blocked-members a"), ["bob"]);
    assert!(!bob.pages.get("/settings/blocked").await.expect(200).has(".blocked-members"));
    block(&cleo, "unblock", "bob").await;
    assert_eq!(bob.texts(photo).await, ["By cleo.", "By bob.", "By cleo, to bob."]);
    bob.reply(photo, own, "To cleo.").await;
    assert_eq!(cleo.notifications().await, ["bob replied to your comment on “A cat”"]);
    assert_eq!(site.ask::<i64>("select count(*) from member_blocks").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn whom_an_owner_has_blocked_doesnt_comment_on_their_photos(db: PgPool) {
    let Stage { site: _site, ada, bob, photo, .. } = Stage::set(db).await;
    block(&ada, "block", "bob").await;
    let (message, _) = bob.say(photo, json!({ "text": "Hello?" })).await.error(403);
    assert!(message.contains("doesn't take comments from you"), "{message}");
    let page = bob.send_comment(photo, &[("text", "Hello?")]).await.expect(403);
    assert_eq!(page.texts("#comment-text"), ["Hello?"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_members_are_blocked_and_nobody_blocks_themselves(db: PgPool) {
    let Stage { site, ada, .. } = Stage::set(db).await;
    for (name, act, status) in [
        ("nobody-at-all", "block", 400),
        ("ada", "block", 400),
        ("ADA", "block", 400),
        ("", "block", 400),
        ("\0", "block", 400),
        ("<b>", "unblock", 400),
        ("bob", "explode", 400),
    ] {
        ada.pages.post("/settings/blocked", &[("name", name), ("act", act)]).await.expect(status);
    }
    site.anonymous()
        .await
        .pages
        .post("/settings/blocked", &[("name", "bob"), ("act", "block")])
        .await
        .expect(403);
    assert!(site.visitor().get("/settings/blocked").await.location().starts_with("/login"));
    block(&ada, "block", "BOB").await;
    block(&ada, "block", "bob").await;
    assert_eq!(site.ask::<i64>("select count(*) from member_blocks").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_turns_comments_off_and_what_was_said_stays(db: PgPool) {
    let Stage { site, ada, bob, photo, first, .. } = Stage::set(db).await;
    let mo = site.moderator("mo").await;
    let path = format!("/photos/{photo}/commenters");
    bob.pages.post(&path, &[("comments", "nobody")]).await.expect(403);
    ada.pages.post(&path, &[("comments", "friends")]).await.expect(400);
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.attribute(".comment-owner input[checked]", "value"), "registered");
    ada.pages.post(&path, &[("comments", "nobody")]).await.location();
    for person in [&ada, &bob, &mo] {
        let (message, _) = person.say(photo, json!({ "text": "Hello?" })).await.error(403);
        assert!(message.contains("turned comments off"), "{message}");
        let page = person.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(!page.has("[data-comment-form]") && page.text().contains("By bob."));
    }
    bob.send_comment(photo, &[("text", "Hello?")]).await.expect(403);
    bob.api.patch(&format!("comments/{first}"), json!({ "text": "Still mine." })).await.expect(200);
    ada.pages.post(&path, &[("comments", "registered")]).await.location();
    bob.comment(photo, "Hello!").await;
}

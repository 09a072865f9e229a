//! Comments that wait for a moderator.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

const SPAM: &str = "Cheap treats at gold.example!";

/// Photos of ada's that all have rated, three spammers, and a moderator.
struct Stage {
    site: Site,
    ada: Person,
    spammers: Vec<Person>,
    mo: Person,
    photo: i64,
}

impl Stage {
    async fn set(site: Site) -> Self {
        let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
        let photo = site.photo().by(&ada).live().await;
        let mut spammers = Vec::new();
        for name in ["sam", "sid", "sue"] {
            spammers.push(site.member(name).await);
        }
        site.rated_by(photo, &spammers.iter().collect::<Vec<_>>()).await;
        Self { site, ada, spammers, mo, photo }
    }

    /// The third account's comment, which is held.
    async fn held(&self) -> i64 {
        let [sam, sid, sue] = &self.spammers[..] else { panic!("three") };
        sam.comment(self.photo, SPAM).await;
        sid.comment(self.photo, "cheap TREATS, at gold example").await;
        let held = sue.say(self.photo, json!({ "text": SPAM })).await.expect(201).json();
        assert_eq!(held["held"], true);
        held["id"].as_i64().expect("an id")
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_same_text_from_three_accounts_waits_and_only_its_author_and_moderators_see_it(db: PgPool) {
    let stage = Stage::set(Site::start(db).await).await;
    let held = stage.held().await;
    let Stage { site, ada, spammers, mo, photo } = stage;
    assert_eq!(ada.texts(photo).await.len(), 2);
    assert_eq!(spammers[0].texts(photo).await.len(), 2);
    ada.pages.get(&format!("/comments/{held}")).await.expect(404);
    ada.say(photo, json!({ "text": "Stop it.", "parent": held })).await.error(400);
    ada.api.delete(&format!("comments/{held}"), Value::Null).await.error(404);
    assert_eq!(ada.notifications().await, ["sid and 1 other commented on “A cat”"]);
    for sees in [&spammers[2], &mo] {
        assert_eq!(sees.texts(photo).await.len(), 3);
        let page = sees.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert_eq!(page.texts(".comment.held .badge"), ["waits for review"]);
    }
    assert_eq!(site.ask::<i32>("select shown from comment_counts").await, 2);
    // An hour later it is news again.
    site.change("update comments set created_at = created_at - interval '61 minutes'").await;
    let later = spammers[2].say(photo, json!({ "text": SPAM })).await.expect(201).json();
    assert_eq!(later["held"], false);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_repeats_themselves_isnt_held_and_an_edit_doesnt_get_around_it(db: PgPool) {
    let Stage { site: _site, ada, spammers, photo, .. } = Stage::set(Site::start(db).await).await;
    for _ in 0..4 {
        ada.comment(photo, "Aww.").await;
    }
    spammers[0].comment(photo, SPAM).await;
    spammers[1].comment(photo, SPAM).await;
    let innocent = spammers[2].comment(photo, "What a nice cat.").await;
    let edited = spammers[2].api.patch(&format!("comments/{innocent}"), json!({ "text": SPAM })).await;
    assert_eq!(edited.expect(200).json()["held"], true);
    assert_eq!(ada.texts(photo).await.len(), 6);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn of_the_same_text_from_five_accounts_at_once_two_are_shown(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let crowd = site.crowd("spam", 5).await;
    let answers = join_all(crowd.iter().map(|one| one.say(photo, json!({ "text": SPAM })))).await;
    let held = answers.into_iter().filter(|answer| answer.clone().expect(201).json()["held"] == true).count();
    assert_eq!(held, 3);
    assert_eq!(ada.texts(photo).await.len(), 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_first_comment_waits_where_the_site_says_so(db: PgPool) {
    let site = Setup::on(db).set("security.hold_first_comments", "true").start().await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let photo = site.photo().by(&ada).live().await;
    site.rated_by(photo, &[&bob]).await;
    let first = bob.say(photo, json!({ "text": "Hello!" })).await.expect(201).json();
    let second = bob.say(photo, json!({ "text": "Anybody?" })).await.expect(201).json();
    assert_eq!((&first["held"], &second["held"]), (&json!(true), &json!(true)));
    assert_eq!(ada.notifications().await, Vec::<String>::new());
    let approved = mo.pages.post(&format!("/comments/{}/review", first["id"]), &[("act", "approve")]).await;
    assert_eq!(approved.location(), "/moderation/comments");
    assert_eq!(ada.texts(photo).await, ["Hello!"]);
    assert_eq!(ada.notifications().await, ["bob commented on “A cat”"]);
    let third = bob.say(photo, json!({ "text": "Thanks." })).await.expect(201).json();
    assert_eq!(third["held"], false);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_approve_and_remove_what_waits_and_nobody_else_does(db: PgPool) {
    let stage = Stage::set(Site::start(db).await).await;
    let held = stage.held().await;
    let Stage { site, ada, spammers, mo, photo } = stage;
    let review = format!("/comments/{held}/review");
    for stranger in [&site.visitor(), &ada.pages, &spammers[2].pages, &site.anonymous().await.pages] {
        stranger.get("/moderation/comments").await.expect(404);
        stranger.post(&review, &[("act", "approve")]).await.expect(403);
    }
    let page = mo.pages.get("/moderation/comments").await.expect(200);
    assert_eq!(page.texts(".held-text"), [SPAM]);
    assert!(!page.has(".held-text a"));
    mo.pages.post(&review, &[("act", "explode")]).await.expect(400);
    let refused = mo.pages.post(&review, &[("act", "remove"), ("reason", "")]).await.expect(400);
    assert!(!refused.texts("#reason-error").is_empty());
    mo.pages.post(&review, &[("act", "remove"), ("reason", "Spam")]).await.location();
    assert!(mo.pages.get("/moderation/comments").await.expect(200).has(".nothing"));
    assert_eq!(spammers[2].texts(photo).await.len(), 2);

    let another = spammers[2].say(photo, json!({ "text": SPAM })).await.expect(201).json();
    assert_eq!(another["held"], true);
    let review = format!("/comments/{}/review", another["id"]);
    mo.pages.post(&review, &[("act", "approve")]).await.location();
    // Another moderator has just done the same.
    mo.pages.post(&review, &[("act", "approve")]).await.location();
    assert_eq!(ada.texts(photo).await.len(), 3);
    let acts: Vec<String> = sqlx::query_scalar("select action from audit_log order by id")
        .fetch_all(&site.db)
        .await
        .expect("the log");
    assert_eq!(acts, ["comment.remove", "comment.approve"]);
    let quoted: i64 = site.ask("select count(*) from audit_log where detail::text like '%treats%'").await;
    assert_eq!(quoted, 0, "the log doesn't quote comments");
}

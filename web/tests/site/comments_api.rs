//! Comments through the API.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, Site};

/// A photo of ada's that bob has rated, and eve hasn't.
struct Stage {
    site: Site,
    ada: Person,
    bob: Person,
    eve: Person,
    photo: i64,
}

impl Stage {
    async fn set(db: PgPool) -> Self {
        let site = Site::start(db).await;
        let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
        let photo = site.photo().by(&ada).live().await;
        site.rated_by(photo, &[&bob]).await;
        Self { site, ada, bob, eve, photo }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_comment_needs_an_account_and_a_text_and_vanishes_with_its_author(db: PgPool) {
    let Stage { site, ada, bob, photo, .. } = Stage::set(db).await;
    let path = format!("photos/{photo}/comments");
    let text = json!({ "text": "What a blep." });
    assert_eq!(site.api().post(&path, text.clone()).await.error(401).0, "access token required");
    site.anonymous().await.say(photo, text.clone()).await.error(403);
    for blank in [json!({}), json!({ "text": null }), json!({ "text": "" }), json!({ "text": " \n " })] {
        let (message, field) = bob.say(photo, blank).await.error(400);
        assert_eq!(message, "comment must include a text field");
        assert_eq!(field.as_deref(), Some("text"));
    }
    let comment = bob.say(photo, text).await.expect(201).json();
    assert_eq!(comment["author"], json!({ "id": bob.id, "name": "bob" }));
    assert_eq!(comment["text"], "What a blep.");
    for (field, value) in [("parent", Value::Null), ("edited_at", Value::Null), ("held", json!(false))] {
        assert_eq!(comment[field], value, "{field}");
    }
    let path = format!("comments/{}", comment["id"]);
    ada.api.delete(&path, Value::Null).await.error(403);
    assert_eq!(ada.texts(photo).await, ["What a blep."]);
    let mo = site.moderator("mo").await;
    mo.api.delete(&path, json!({ "reason": "Off topic" })).await.expect(200);
    assert_eq!(ada.texts(photo).await, Vec::<String>::new());

    let first = bob.comment(photo, "I will be gone.").await;
    ada.reply(photo, first, "And I stay.").await;
    bob.comment(photo, "And this will, too.").await;
    bob.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    let left = ada.comments(photo).await;
    assert_eq!(ada.texts(photo).await, ["", "And I stay."]);
    assert_eq!((&left[0]["author"], &left[0]["removed"]), (&Value::Null, &json!(true)));
    let kept: i64 = site.ask("select count(*) from comments where author_id is not null or text <> ''").await;
    assert_eq!(kept, 1, "ada's reply");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_reads_comments_before_having_rated_the_photo(db: PgPool) {
    let Stage { site, ada, bob, eve, photo } = Stage::set(db).await;
    let mo = site.moderator("mo").await;
    bob.comment(photo, "Derpiest of all.").await;
    let anonymous = site.anonymous().await;
    let path = format!("photos/{photo}/comments");
    for api in [&site.api(), &eve.api, &anonymous.api] {
        let list = api.get(&path).await.expect(200).json();
        assert_eq!((&list["data"], &list["withheld"]), (&json!([]), &json!(true)));
    }
    for pages in [&site.visitor(), &eve.pages, &anonymous.pages] {
        let page = pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(!page.text().contains("Derpiest") && page.has("#comments .hush"), "{}", page.asked);
        assert!(!page.has("[data-comment-form]"));
        pages.get(&format!("/photos/{photo}/comments")).await.expect(404);
        pages.get("/comments/1").await.expect(404);
    }
    // Their own they see.
    eve.comment(photo, "I only want to say hello.").await;
    assert_eq!(eve.texts(photo).await, ["I only want to say hello."]);
    for knows in [&ada, &bob, &mo] {
        let list = knows.api.get(&path).await.expect(200).json();
        assert_eq!(list["withheld"], false);
        assert_eq!(knows.texts(photo).await, ["I only want to say hello.", "Derpiest of all."]);
        let page = knows.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert!(page.text().contains("Derpiest"));
        knows.pages.get("/comments/1").await.expect(200);
    }
    site.rated_by(photo, &[&eve, &anonymous]).await;
    for knows in [&eve, &anonymous] {
        assert_eq!(knows.texts(photo).await.len(), 2);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_has_rated_without_an_account_reads_on_after_logging_in(db: PgPool) {
    let Stage { site, bob, eve, photo, .. } = Stage::set(db).await;
    bob.comment(photo, "Blep.").await;
    let anonymous = site.anonymous().await;
    site.rated_by(photo, &[&anonymous]).await;
    let login = json!({ "email": eve.email(), "password": PASSWORD });
    anonymous.api.post("tokens", login).await.expect(201);
    assert_eq!(eve.texts(photo).await, ["Blep."]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn replies_have_one_level_and_stand_below_what_they_answer(db: PgPool) {
    let Stage { site: _site, ada, bob, photo, .. } = Stage::set(db).await;
    let first = bob.comment(photo, "First.").await;
    let second = ada.comment(photo, "Second.").await;
    let reply = ada.reply(photo, first, "To the first.").await;
    let beside = bob.reply(photo, reply, "To that.").await;
    assert_eq!(bob.texts(photo).await, ["Second.", "First.", "To the first.", "To that."]);
    let parents: Vec<_> = bob.comments(photo).await.iter().map(|one| one["parent"].clone()).collect();
    assert_eq!(parents, [Value::Null, Value::Null, json!(first), json!(first)]);
    assert!(beside > reply && second > first);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_comment_changes_for_fifteen_minutes_and_says_so(db: PgPool) {
    let Stage { site, ada, bob, photo, .. } = Stage::set(db).await;
    let comment = bob.comment(photo, "What a belp.").await;
    let path = format!("comments/{comment}");
    let same = bob.api.patch(&path, json!({ "text": "What a belp." })).await.expect(200).json();
    assert_eq!(same["edited_at"], Value::Null);
    let edited = bob.api.patch(&path, json!({ "text": "What a blep." })).await.expect(200).json();
    assert_eq!(edited["text"], "What a blep.");
    assert!(edited["edited_at"].is_string());
    let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.texts(".comment-mark"), ["edited"]);
    ada.api.patch(&path, json!({ "text": "Mine!" })).await.error(403);
    bob.api.patch(&path, json!({ "text": "  " })).await.error(400);
    site.change("update comments set created_at = created_at - interval '14 minutes 50 seconds'").await;
    bob.api.patch(&path, json!({ "text": "Still." })).await.expect(200);
    site.change("update comments set created_at = created_at - interval '15 seconds'").await;
    let (message, _) = bob.api.patch(&path, json!({ "text": "Too late." })).await.error(403);
    assert!(message.contains("15 minutes"), "{message}");
    assert_eq!(ada.texts(photo).await, ["Still."]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_deleted_leaves_its_replies_and_a_moderators_reason(db: PgPool) {
    let Stage { site, ada, bob, photo, .. } = Stage::set(db).await;
    let mo = site.moderator("mo").await;
    let first = bob.comment(photo, "Secret words.").await;
    ada.reply(photo, first, "A reply.").await;
    let alone = bob.comment(photo, "Alone.").await;
    let gone = bob.api.delete(&format!("comments/{first}"), Value::Null).await.expect(200).json();
    assert_eq!((&gone["author"], &gone["text"], &gone["removed"]), (&Value::Null, &json!(""), &json!(true)));
    bob.api.delete(&format!("comments/{first}"), Value::Null).await.error(404);
    bob.api.delete(&format!("comments/{alone}"), Value::Null).await.expect(200);
    assert_eq!(ada.texts(photo).await, ["", "A reply."]);
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.texts(".comment.gone"), ["This comment is removed."]);
    assert!(!page.text().contains("Secret words"));
    bob.say(photo, json!({ "text": "To nothing.", "parent": first })).await.error(400);
    let left: i64 = site.ask("select count(*) from comments where text like '%Secret%'").await;
    assert_eq!(left, 0);

    let spam = bob.comment(photo, "Buy gold.").await;
    mo.api.delete(&format!("comments/{spam}"), json!({ "reason": " " })).await.error(400);
    mo.api.delete(&format!("comments/{spam}"), json!({ "reason": "Spam" })).await.expect(200);
    mo.api.delete(&format!("comments/{spam}"), json!({ "reason": "Spam" })).await.error(404);
    bob.api.patch(&format!("comments/{spam}"), json!({ "text": "Back." })).await.error(404);
    let entry: Value = site.ask("select detail from audit_log where action = 'comment.remove'").await;
    let act: i64 = site.ask("select id from acts").await;
    assert_eq!(
        entry,
        json!({ "act": act, "comment": spam, "photo": photo, "author": "bob", "reason": "Spam" })
    );
    assert_eq!(ada.texts(photo).await, ["", "A reply."]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_go_on_where_the_last_one_ended_whatever_comes_meanwhile(db: PgPool) {
    let Stage { site: _site, ada, bob, photo, .. } = Stage::set(db).await;
    let mut threads = Vec::new();
    for number in 0..5 {
        threads.push(bob.comment(photo, &format!("Thread {number}")).await);
    }
    for (number, thread) in threads.iter().enumerate() {
        for reply in 0..number {
            ada.reply(photo, *thread, &format!("Reply {number}.{reply}")).await;
        }
    }
    let whole = ada.texts(photo).await;
    assert_eq!(whole.len(), 15);
    let (mut read, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page =
            ada.api.get(&format!("photos/{photo}/comments?limit=4&after={after}")).await.expect(200).json();
        let data = page["data"].as_array().expect("a list");
        read.extend(data.iter().map(|one| one["text"].as_str().expect("a text").to_owned()));
        // What comes meanwhile stands before all of it, or in a thread that is read.
        ada.comment(photo, "Meanwhile.").await;
        pages += 1;
        match page["paging"]["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!((read, pages), (whole, 4));
    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "after=x",
        "after=1",
        "after=-1.1",
        "after=1.99999999999999999999",
    ] {
        ada.api.get(&format!("photos/{photo}/comments?{wrong}")).await.error(400);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_comments_on_a_photo_that_is_gone_are_gone(db: PgPool) {
    let Stage { site, ada, bob, photo, .. } = Stage::set(db).await;
    let mo = site.moderator("mo").await;
    let comment = bob.comment(photo, "Blep.").await;
    assert_eq!(ada.unread().await, 1);
    let blocked = mo.pages.post(&format!("/photos/{photo}/block"), &[("reason", "Not an animal")]).await;
    assert_eq!(blocked.status, 303);
    for person in [&ada, &bob, &mo] {
        person.api.get(&format!("photos/{photo}/comments")).await.error(404);
        person.say(photo, json!({ "text": "Hello?" })).await.error(404);
        person.pages.get(&format!("/photos/{photo}/comments")).await.expect(404);
        person.pages.get(&format!("/comments/{comment}")).await.expect(404);
        person.api.delete(&format!("comments/{comment}"), Value::Null).await.error(404);
    }
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(!page.text().contains("Blep.") && !page.has("#comments"));
    assert_eq!(ada.notifications().await, Vec::<String>::new());
    assert_eq!(ada.unread().await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_count_of_comments_equals_those_that_everybody_sees(db: PgPool) {
    let Stage { site, ada, bob, photo, .. } = Stage::set(db).await;
    let first = bob.comment(photo, "One.").await;
    ada.reply(photo, first, "Two.").await;
    bob.comment(photo, "Three.").await;
    let count = async || site.ask::<i32>("select shown from comment_counts").await;
    assert_eq!(count().await, 3);
    bob.api.delete(&format!("comments/{first}"), Value::Null).await.expect(200);
    assert_eq!(count().await, 2);
    bob.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    assert_eq!(count().await, 1);
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.texts(".comment-count"), ["1 comment"]);
}

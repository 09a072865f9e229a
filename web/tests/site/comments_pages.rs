//! Comments on pages, without scripts, and what open pages hear of them.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site, Stream};

const QUIET: Duration = Duration::from_millis(700);

async fn stage(site: &Site) -> (Person, Person, i64) {
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    site.rated_by(photo, &[&bob]).await;
    (ada, bob, photo)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn comments_are_written_answered_edited_and_deleted_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, photo) = stage(&site).await;
    let sent = bob.send_comment(photo, &[("text", "What a blep.")]).await;
    assert_eq!(sent.location(), format!("/photos/{photo}#comment-1"));
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    let reply = page.attribute("#comment-1 [data-reply]", "href");
    assert_eq!(reply, format!("/photos/{photo}?reply=1#comment-form"));
    let page = ada.pages.get(&reply).await.expect(200);
    assert_eq!(page.texts("[data-answered-author]"), ["bob"]);
    assert_eq!(page.attribute("#comment-form input[name=reply]", "value"), "1");
    ada.send_comment(photo, &[("text", "Thank you!"), ("reply", "1")]).await.location();
    assert!(page.has("#comment-1 a[href='/comments/1']"));

    let own = bob.pages.get("/comments/1").await.expect(200);
    assert_eq!(own.texts("#comment-text"), ["What a blep."]);
    bob.pages.post("/comments/1/edit", &[("text", "What a bork.")]).await.location();
    let refused = bob.pages.post("/comments/1/edit", &[("text", " ")]).await.expect(400);
    assert_eq!(refused.texts("#comment-error"), ["comment must include a text field"]);
    assert!(!ada.pages.get("/comments/1").await.expect(200).has("form[action='/comments/1/edit']"));
    ada.pages.post("/comments/1/edit", &[("text", "Mine")]).await.expect(403);
    ada.pages.post("/comments/1/delete", &[]).await.expect(403);
    bob.pages.post("/comments/1/delete", &[]).await.location();
    // The second of two equal forms succeeds.
    bob.pages.post("/comments/1/delete", &[]).await.location();
    let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.texts(".comment-text"), ["This comment is removed.", "Thank you!"]);
    bob.pages.get("/comments/2").await.expect(200);
    bob.pages.get("/comments/1").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_script_gets_json_and_a_refused_comment_keeps_its_text(db: PgPool) {
    let site = Site::start(db).await;
    let (_, bob, photo) = stage(&site).await;
    let stamp = bob.stamp(photo, Duration::from_mins(1));
    let send = async |text: &str| {
        let call = bob.pages.own(&format!("/photos/{photo}/comments")).header("accept", "application/json");
        crate::harness::Answer::to(call.form(&[("text", text), ("stamp", &stamp)])).await
    };
    let sent = send("Blep.").await.expect(201).json();
    assert_eq!((&sent["id"], &sent["held"]), (&json!(1), &json!(false)));
    assert_eq!(send("").await.error(400).0, "comment must include a text field");
    let long = "x".repeat(2001);
    let page = bob.send_comment(photo, &[("text", &long)]).await.expect(400);
    assert_eq!(page.texts("#comment-text"), [long.as_str()]);
    assert_eq!(page.texts("#comment-error"), ["Keep a comment to 2,000 characters."]);
    let stranger = site.anonymous().await;
    site.rated_by(photo, &[&stranger]).await;
    let page = stranger.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.has("#comments a[href^='/login?next=']") && !page.has("[data-comment-form]"));
    stranger.send_comment(photo, &[("text", "Hello?")]).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn long_lists_go_on_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, photo) = stage(&site).await;
    for number in 0..65 {
        bob.comment(photo, &format!("Comment {number}")).await;
    }
    let (mut path, mut read) = (format!("/photos/{photo}"), Vec::new());
    for _ in 0..3 {
        let page = ada.pages.get(&path).await.expect(200);
        read.extend(page.texts(".comment-text"));
        if page.has("[data-next-comments]") {
            path = page.attribute("[data-next-comments]", "href");
        }
    }
    let all: Vec<_> = (0..65).rev().map(|number| format!("Comment {number}")).collect();
    assert_eq!(read, all);
    // A live refresh loads as many as the page shows.
    let part = ada.pages.get(&format!("/photos/{photo}/comments")).await.expect(200);
    let until = part.attribute(".comment-list", "data-until");
    ada.comment(photo, "New!").await;
    let part = ada.pages.get(&format!("/photos/{photo}/comments?until={until}")).await.expect(200);
    assert_eq!(part.texts(".comment-text").len(), 31);
    assert_eq!(part.attribute(".comment-list", "data-until"), until);
}

async fn hears(stream: &mut Stream, topic: &str) {
    let told = stream.until("changed").await;
    assert_eq!(told.data["topic"], topic);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn open_pages_hear_of_comments_if_their_viewers_may_read_them(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob, photo) = stage(&site).await;
    let eve = site.member("eve").await;
    site.settle().await;
    let topic = format!("comments={photo}");
    for stranger in [&eve.pages, &site.visitor()] {
        let mut stream = stranger.stream(&format!("{topic}&photo={photo}")).await;
        assert_eq!(stream.until("gone").await.data["topic"], topic);
    }
    let mut stream = ada.pages.stream(&topic).await;
    let mut told = eve.pages.stream(&format!("photo={photo}")).await;
    let comment = bob.comment(photo, "Blep.").await;
    hears(&mut stream, &topic).await;
    bob.api.patch(&format!("comments/{comment}"), json!({ "text": "Bork." })).await.expect(200);
    hears(&mut stream, &topic).await;
    bob.api.delete(&format!("comments/{comment}"), Value::Null).await.expect(200);
    hears(&mut stream, &topic).await;
    assert!(told.within(QUIET).await.is_none_or(|event| event.name != "changed"));
    ada.pages.post(&format!("/photos/{photo}/delete"), &[]).await.location();
    hears(&mut stream, &topic).await;
}

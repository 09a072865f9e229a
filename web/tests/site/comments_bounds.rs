//! The bounds on comments, with a clock that is moved in the database.

use std::time::Duration;

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

/// A site with the bounds that sites have.
async fn bounded(db: PgPool) -> Site {
    Setup::on(db)
        .set("security.comments_per_minute", "3")
        .set("security.comments_per_day", "60")
        .set("security.new_member_comments_per_day", "10")
        .start()
        .await
}

/// A photo of ada's, and bob.
async fn stage(site: &Site) -> (Person, Person, i64) {
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    site.rated_by(photo, &[&bob]).await;
    (ada, bob, photo)
}

/// Lets time pass for those who comment.
async fn pass(site: &Site, seconds: f64) {
    let passed = sqlx::query(
        "update comment_pace set arrival = arrival - make_interval(secs => $1),
                                 day_from = day_from - make_interval(secs => $1)",
    );
    passed.bind(seconds).execute(&site.db).await.expect("the statement is right");
}

/// Makes a member of a year ago, who has rated enough.
async fn grow_old(site: &Site, member: &Person) {
    let older = sqlx::query("update users set registered_at = now() - interval '1 year' where id = $1");
    older.bind(member.id).execute(&site.db).await.expect("the statement is right");
    let owner = site.member(&format!("keeper{}", member.id)).await;
    for _ in 0..10 {
        let photo = site.photo().by(&owner).live().await;
        site.rate(member, photo, 5).await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn three_comments_come_at_once_and_then_one_in_twenty_seconds(db: PgPool) {
    let site = bounded(db).await;
    let (ada, bob, photo) = stage(&site).await;
    for number in 0..3 {
        bob.comment(photo, &format!("Comment {number}")).await;
    }
    let refused = bob.say(photo, json!({ "text": "One more" })).await.expect(429);
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    ada.comment(photo, "Others can.").await;
    pass(&site, 15.0).await;
    bob.say(photo, json!({ "text": "One more" })).await.expect(429);
    pass(&site, 5.5).await;
    bob.comment(photo, "One more").await;
    bob.say(photo, json!({ "text": "And another" })).await.expect(429);
    // What is refused isn't counted, and an edit isn't a comment.
    pass(&site, 20.5).await;
    let last = bob.comment(photo, "And another").await;
    bob.api.patch(&format!("comments/{last}"), json!({ "text": "Edited" })).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn new_members_have_ten_a_day_and_others_sixty(db: PgPool) {
    let site = bounded(db).await;
    let (_, bob, photo) = stage(&site).await;
    for number in 0..10 {
        bob.comment(photo, &format!("Comment {number}")).await;
        pass(&site, 60.0).await;
    }
    bob.say(photo, json!({ "text": "Comment 11" })).await.expect(429);
    grow_old(&site, &bob).await;
    for number in 10..60 {
        bob.comment(photo, &format!("Comment {number}")).await;
        pass(&site, 60.0).await;
    }
    bob.say(photo, json!({ "text": "Comment 61" })).await.expect(429);
    pass(&site, 23.5 * 3600.0).await;
    bob.comment(photo, "The next day").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn of_ten_comments_at_the_same_time_three_are_taken(db: PgPool) {
    let site = bounded(db).await;
    let (_, bob, photo) = stage(&site).await;
    let texts: Vec<_> = (0..10).map(|number| json!({ "text": format!("Comment {number}") })).collect();
    let answers = join_all(texts.into_iter().map(|text| bob.say(photo, text))).await;
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 429 | 503)));
    assert_eq!(taken, 3);
    assert_eq!(bob.texts(photo).await.len(), 3);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn new_members_put_two_links_into_a_comment(db: PgPool) {
    let site = bounded(db).await;
    let (_, bob, photo) = stage(&site).await;
    let two = "https://a.example and http://b.example";
    let comment = bob.comment(photo, two).await;
    for three in [format!("{two} https://c.example"), format!("{two} www.c.example")] {
        let (message, field) = bob.say(photo, json!({ "text": three })).await.error(400);
        assert!(message.contains("two links") && field.as_deref() == Some("text"), "{message}");
        bob.api.patch(&format!("comments/{comment}"), json!({ "text": three })).await.error(400);
    }
    grow_old(&site, &bob).await;
    bob.comment(photo, &format!("{two} https://c.example")).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_form_that_comes_back_at_once_or_from_elsewhere_is_refused_with_its_text(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, photo) = stage(&site).await;
    let path = format!("/photos/{photo}/comments");
    let send = async |member: &Person, stamp: String| {
        member.pages.post(&path, &[("stamp", stamp.as_str()), ("text", "What a blep.")]).await
    };
    let stamp = |member: &Person, ago| member.stamp(photo, ago);
    for refused in [
        stamp(&bob, Duration::from_millis(500)),
        stamp(&bob, Duration::from_hours(25)),
        stamp(&ada, Duration::from_mins(1)),
        bob.stamp(photo + 1, Duration::from_mins(1)),
        "x".to_owned(),
        String::new(),
    ] {
        let page = send(&bob, refused).await.expect(400);
        assert_eq!(page.texts("#comment-text"), ["What a blep."]);
        assert!(!page.texts("#comment-error")[0].is_empty());
    }
    assert_eq!(bob.texts(photo).await, Vec::<String>::new());
    assert!(send(&bob, stamp(&bob, Duration::from_secs(4))).await.location().contains("#comment-"));
    // The page's own form also works, once there was time to write.
    let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
    let served = page.attribute("#comment-form input[name=stamp]", "value");
    assert!(send(&bob, served.clone()).await.expect(400).text().contains("very quick"));
    tokio::time::sleep(Duration::from_secs(3)).await;
    send(&bob, served).await.location();
    assert_eq!(bob.texts(photo).await.len(), 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_program_that_fills_in_the_hidden_field_learns_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let (_, bob, photo) = stage(&site).await;
    let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.has(".comment-website[aria-hidden=true] input[name=website][tabindex='-1']"));
    let sent = bob.send_comment(photo, &[("text", "Gold!"), ("website", "https://gold.example")]).await;
    assert_eq!(sent.location(), format!("/photos/{photo}#comments"));
    assert_eq!(site.ask::<i64>("select count(*) from comments").await, 0);
}

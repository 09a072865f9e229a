//! What moderators hide is gone from everybody's sight within five seconds, and an undo brings back exactly what was. A
//! crawl compares all that the site shows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;

use crate::harness::{Answer, COMMENT, HUB, PHOTO, Shelf, TALK, without_drawn};

/// In which time everything hidden is gone.
const GONE: Duration = Duration::from_secs(5);

/// What changes by itself from one look to the next: times, ballots, keys of forms.
struct Before {
    paths: Vec<String>,
    seen: BTreeMap<String, String>,
    rows: Vec<String>,
}

async fn look_around(shelf: &Shelf) -> Before {
    shelf.site.run(RefreshRanks {}).await;
    shelf.site.run(RefreshVirality {}).await;
    shelf.site.settle().await;
    let paths = shelf.paths().await;
    let first = look(shelf, &paths).await;
    let mut seen = look(shelf, &paths).await;
    seen.retain(|path, text| first.get(path) == Some(&*text));
    assert!(seen.len() * 10 > first.len() * 7, "{} of {} stay the same", seen.len(), first.len());
    Before { paths, seen, rows: shelf.rows().await }
}

/// What is shown at these paths, without what is drawn at random.
async fn look(shelf: &Shelf, paths: &[String]) -> BTreeMap<String, String> {
    let mut seen = shelf.crawl(paths).await;
    for (path, text) in &mut seen {
        if path.ends_with(" to nobody") {
            *text = without_drawn(text);
        }
    }
    seen
}

/// The lines that differ, as they were and as they are.
fn differing_lines<'a>(was: &'a str, is: &'a str) -> Vec<(&'a str, &'a str)> {
    was.lines().zip(is.lines()).filter(|(was, is)| was != is).collect()
}

/// Panics if a word is still shown anywhere five seconds after the act.
async fn is_gone(shelf: &Shelf, paths: &[String], since: Instant, words: &[&str]) {
    tokio::time::sleep(GONE.saturating_sub(since.elapsed())).await;
    for (path, text) in shelf.crawl(paths).await {
        let text = text.to_lowercase();
        for word in words {
            // A search repeats its words, and so does the path of what isn't there.
            let asked = path.to_lowercase();
            if !asked.contains(word) {
                assert!(!text.contains(word), "{path} still tells {word}: {text}");
            }
        }
    }
}

/// Panics unless everything is shown as before.
async fn is_back(shelf: &Shelf, before: &Before) {
    shelf.site.settle().await;
    let rows = shelf.rows().await;
    for (was, is) in before.rows.iter().zip(&rows) {
        assert_eq!(was, is);
    }
    assert_eq!(before.rows.len(), rows.len());
    let seen = look(shelf, &before.paths).await;
    let differing: Vec<_> = before
        .seen
        .iter()
        .filter(|(path, was)| seen[*path] != **was)
        .map(|(path, was)| (path, differing_lines(was, &seen[path])))
        .collect();
    assert!(differing.is_empty(), "was and is: {differing:#?}");
}

/// Undoes the latest act.
async fn undo(shelf: &Shelf) -> Answer {
    let act: i64 = shelf.site.ask("select max(id) from acts").await;
    let undone = shelf.moderator.pages.post(&format!("/moderation/acts/{act}/undo"), &[]).await;
    shelf.site.hurry().await;
    undone
}

fn told(seen: &BTreeMap<String, String>, word: &str) -> usize {
    seen.values().filter(|text| text.to_lowercase().contains(word)).count()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hidden_photo_is_gone_everywhere_and_an_undo_brings_all_of_it_back(db: PgPool) {
    let shelf = Shelf::fill(db).await;
    let before = look_around(&shelf).await;
    assert!(told(&before.seen, "quaggapup") > 30, "{}", told(&before.seen, "quaggapup"));
    let keys: Vec<_> = shelf.files.iter().map(|file| file.trim_start_matches("/media/")).collect();
    let words = [PHOTO.as_slice(), keys.as_slice()].concat();
    let photo = shelf.photo;
    let mut stream = shelf.rita.pages.stream(&format!("hub=zqxhub&photo={photo}&member=olga")).await;
    stream.begin().await;

    let hide = format!("/photos/{photo}/hide");
    shelf.rita.pages.post(&hide, &[("reason", "No.")]).await.expect(403);
    shelf.moderator.pages.post(&hide, &[("reason", " ")]).await.expect(400);
    let since = Instant::now();
    let hidden = shelf.moderator.pages.post(&hide, &[("reason", "No animal.")]).await;
    assert_eq!(hidden.location(), format!("/photos/{photo}"));
    // The same form sent twice is once.
    shelf.moderator.pages.post(&hide, &[("reason", "No animal.")]).await.expect(303);
    assert_eq!(shelf.site.ask::<i64>("select count(*) from acts").await, 1);
    is_gone(&shelf, &before.paths, since, &words).await;
    while let Some(event) = stream.within(Duration::from_millis(500)).await {
        let text = event.data.to_string().to_lowercase();
        assert!(!words.iter().any(|word| text.contains(word)), "{event:?}");
    }
    for file in &shelf.files {
        for viewer in [&shelf.olga, &shelf.rita, &shelf.moderator] {
            viewer.pages.get(file).await.expect(404);
        }
        let range = shelf.site.visitor().request(Method::GET, file).header("range", "bytes=0-9");
        Answer::to(range).await.expect(404);
        let known = format!("\"{}\"", file.trim_start_matches("/media/"));
        let known = shelf.site.visitor().request(Method::GET, file).header("if-none-match", known);
        Answer::to(known).await.expect(404);
    }
    // Its owner sees why, and moderators see who did it and can look.
    let page = shelf.olga.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(page.texts(".status blockquote"), ["No animal."]);
    assert!(!page.has(".act-note") && !page.text().contains(keys[0]));
    shelf.olga.pages.get(&format!("/photos/{photo}/withheld")).await.expect(404);
    let page = shelf.moderator.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(page.texts(".act-note p")[0].contains("mod hid the photo"), "{:?}", page.texts(".act-note"));
    let picture = shelf.moderator.pages.get(&format!("/photos/{photo}/withheld")).await.expect(200);
    assert_eq!(
        (picture.header("content-type"), picture.header("cache-control")),
        ("image/jpeg", "private, no-store")
    );

    // The others move up meanwhile, and down again.
    shelf.site.run(RefreshRanks {}).await;
    assert_eq!(undo(&shelf).await.location(), "/moderation/acts");
    shelf.site.run(RefreshRanks {}).await;
    is_back(&shelf, &before).await;
    for file in &shelf.files {
        shelf.rita.pages.get(file).await.expect(200);
    }
    assert!(shelf.site.media("withheld").is_empty() || shelf.site.media("pictures").len() >= 3);
    // Undoing twice is once.
    undo(&shelf).await.expect(303);
    let entries: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where action in ('photo.hide', 'act.undo') order by id",
    )
    .fetch_all(&shelf.site.db)
    .await
    .expect("the statement is right");
    assert_eq!(entries, ["photo.hide", "act.undo"]);
    shelf.site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_that_a_moderator_deletes_or_blocks_comes_back(db: PgPool) {
    let shelf = Shelf::fill(db).await;
    sqlx::query("update photos set source_hash = sha256('file'), fingerprint = 77 where id = $1")
        .bind(shelf.photo)
        .execute(&shelf.site.db)
        .await
        .expect("it is there");
    let before = look_around(&shelf).await;
    for act in ["delete", "block"] {
        let since = Instant::now();
        let path = format!("/photos/{}/{act}", shelf.photo);
        shelf.moderator.pages.post(&path, &[("reason", "No animal.")]).await.expect(303);
        is_gone(&shelf, &before.paths, since, &PHOTO).await;
        let seen_by_owner = if act == "delete" { 404 } else { 200 };
        shelf.olga.pages.get(&format!("/photos/{}", shelf.photo)).await.expect(seen_by_owner);
        for file in &shelf.files {
            shelf.moderator.pages.get(file).await.expect(404);
        }
        if act == "delete" {
            let list = shelf.moderator.pages.get(&format!("/photos/{}", shelf.photo)).await;
            assert_eq!(list.location(), format!("/moderation/acts?thing=photo&id={}", shelf.photo));
        } else {
            assert_eq!(shelf.site.ask::<i64>("select count(*) from blocked_pictures").await, 1);
        }
        undo(&shelf).await.expect(303);
        is_back(&shelf, &before).await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_removed_comment_is_gone_everywhere_and_comes_back(db: PgPool) {
    let shelf = Shelf::fill(db).await;
    let before = look_around(&shelf).await;
    assert!(told(&before.seen, COMMENT) > 1, "{}", told(&before.seen, COMMENT));
    let since = Instant::now();
    let form = [("act", "remove"), ("reason", "Spam.")];
    shelf.moderator.pages.post(&format!("/comments/{}/review", shelf.comment), &form).await.expect(303);
    is_gone(&shelf, &before.paths, since, &[COMMENT]).await;
    let list = shelf.moderator.pages.get(&format!("/comments/{}", shelf.comment)).await;
    assert_eq!(list.location(), format!("/moderation/acts?thing=comment&id={}", shelf.comment));
    undo(&shelf).await.expect(303);
    is_back(&shelf, &before).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hidden_talk_is_gone_everywhere_and_comes_back(db: PgPool) {
    let shelf = Shelf::fill(db).await;
    let before = look_around(&shelf).await;
    assert!(told(&before.seen, TALK) > 3, "{}", told(&before.seen, TALK));
    let since = Instant::now();
    let form = [("act", "hide"), ("reason", "An advertisement.")];
    shelf.moderator.pages.post(&format!("/talks/{}/moderate", shelf.talk), &form).await.expect(303);
    is_gone(&shelf, &before.paths, since, &[TALK]).await;
    undo(&shelf).await.expect(303);
    is_back(&shelf, &before).await;
    // Who shows it again by hand has undone the act, too.
    shelf.moderator.pages.post(&format!("/talks/{}/moderate", shelf.talk), &form).await.expect(303);
    shelf
        .moderator
        .pages
        .post(&format!("/talks/{}/moderate", shelf.talk), &[("act", "approve")])
        .await
        .expect(303);
    assert_eq!(shelf.site.ask::<i64>("select count(*) from acts where undone_at is null").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_deleted_hub_is_gone_everywhere_and_comes_back_with_all_that_it_had(db: PgPool) {
    let shelf = Shelf::fill(db).await;
    shelf.olga.move_to(shelf.call, "voting").await;
    shelf.rita.vote(shelf.talk).await.expect(200);
    let before = look_around(&shelf).await;
    assert!(told(&before.seen, "gorsehub") > 20, "{}", told(&before.seen, "gorsehub"));
    let since = Instant::now();
    shelf.moderator.api.delete("hubs/zqxhub", Value::Null).await.expect(204);
    is_gone(&shelf, &before.paths, since, &HUB).await;
    let body =
        serde_json::json!({ "slug": "zqxhub", "name": "Another", "join": "open", "visibility": "public" });
    shelf.rita.api.post("hubs", body).await.error(409);
    undo(&shelf).await.expect(303);
    is_back(&shelf, &before).await;
    assert_eq!(shelf.site.ask::<i64>("select count(*) from kept_rows").await, 0);
    assert_eq!(shelf.site.ask_of::<String>("select slug from hubs where id = $1", shelf.hub).await, "zqxhub");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_removed_from_a_hub_comes_back_to_its_place(db: PgPool) {
    let shelf = Shelf::fill(db).await;
    let before = look_around(&shelf).await;
    shelf.moderator.api.delete(&format!("hubs/zqxhub/photos/{}", shelf.photo), Value::Null).await.expect(204);
    shelf.site.settle().await;
    assert!(!shelf.site.listed("hubs/zqxhub/photos").await.contains(&shelf.photo));
    undo(&shelf).await.expect(303);
    is_back(&shelf, &before).await;
}

//! Comments: a lively thread on one photo, spam that waits for a moderator, and what the demo's member is notified of.

use anyhow::{Context as _, Result};
use pawdium_shared::db::Db;
use pawdium_shared::ids::PhotoId;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::hubs::{Person, find};

/// A comment to write: by whom, what, and whether it answers the one that begins the thread.
struct Line(&'static str, bool, &'static str);

/// What people say about the photo, in order. Replies answer the last line that is none.
const LINES: [Line; 14] = [
    Line("cleo", false, "I have looked at this for ten minutes and I have no follow-up questions."),
    Line("dex", true, "I have one. Where is the rest of it?"),
    Line("cleo", true, "We don't ask that here."),
    Line("fern", false, "This is what I look like when somebody says \u{201c}quick sync\u{201d}."),
    Line("emmy", false, "Both brain cells, caught on camera, taking turns."),
    Line("gus", true, "Turns? I see a queue."),
    Line("hana", true, "A queue of one."),
    Line("bo", true, "Excuse me. That is my colleague."),
    Line("ivo", false, "For science: https://en.wikipedia.org/wiki/Flehmen_response"),
    Line("juno", true, "Thank you, professor. I will stay with \u{201c}blep\u{201d}."),
    Line("kit", false, "Mine does this at 4 a.m., facing the wall. Is that a feature?"),
    Line("lou", true, "It is watching the update install."),
    Line("nell", false, "Eleven. I need an eleven."),
    Line("bo", true, "It knows. It has been unbearable since breakfast."),
];

/// What three accounts write within minutes. The third waits for a moderator.
const SPAM: &str = "A year of free treats! Only today: https://treats.example/win";
const SPAMMERS: [&str; 3] = ["pip", "quinn", "rosa"];

/// Whether somebody has commented.
pub(super) async fn are_there(db: &Db) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from comments) as "there!""#).fetch_one(&**db).await?)
}

/// Lets people comment on a photo of the demo's member.
pub(super) async fn fill(client: &Client, db: &Db, people: &[Person], say: &impl Fn(&str)) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    let photo = sqlx::query_scalar!(
        r#"select photos.id as "photo: PhotoId" from photos join users on users.id = owner_id
           where state = 'live' order by users.name = 'bo' desc, photos.id limit 1"#,
    );
    let Some(photo) = photo.fetch_optional(&**db).await? else { return Ok(()) };
    let path = format!("photos/{photo}/comments");
    let mut first = Value::Null;
    for Line(author, is_reply, text) in LINES {
        let parent = if is_reply { first.clone() } else { Value::Null };
        let said = write(client, people, &path, author, text, &parent).await?;
        if !is_reply {
            first = said;
        }
    }
    let mut spam = Vec::new();
    for author in SPAMMERS {
        spam.push(write(client, people, &path, author, SPAM, &Value::Null).await?);
    }
    // A moderator has already dealt with what was shown.
    let ada = find(people, "ada")?;
    for comment in spam.iter().take(2) {
        let (path, body) = (format!("comments/{comment}"), json!({ "reason": "Spam" }));
        client.succeed(Method::DELETE, &path, Some(&ada.token), Some(&body)).await?;
    }
    say(&format!("{} comments are written, and one waits for a moderator", LINES.len()));
    Ok(())
}

async fn write(
    client: &Client,
    people: &[Person],
    path: &str,
    author: &str,
    text: &str,
    parent: &Value,
) -> Result<Value> {
    let author = find(people, author)?;
    let body = json!({ "text": text, "parent": parent });
    let said = client.succeed(Method::POST, path, Some(&author.token), Some(&body)).await?;
    said.get("id").cloned().context("a comment has an id")
}

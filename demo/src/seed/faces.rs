//! Portraits of some members, and what they say about themselves.

use anyhow::{Context as _, Result};
use pawdium_shared::db::Db;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::client::Client;
use super::hubs::{Person, find};
use crate::creatures;

/// A member: the name, the animal on the portrait, and the line.
struct Face(&'static str, &'static str, &'static str);

const FACES: [Face; 7] = [
    Face("ada", "cat", "I keep the peace here, and three cats."),
    Face("bo", "dog", "Photographer of noses. The rest of the dog is a bonus."),
    Face("cleo", "rabbit", "Ears first, questions later."),
    Face("fern", "bird", "My parrot runs this account."),
    Face("gus", "reptile", "Slow shutter, slower model."),
    Face("hana", "rodent", "Six hamsters, one braincell between them."),
    Face("kit", "horse", "Long faces are my specialty."),
];

/// Whether the last of them has said something.
async fn are_there(db: &Db) -> Result<bool> {
    let last = FACES.last().map(|face| face.0);
    let found = sqlx::query_scalar!(
        r#"select exists (select from hubs join users on users.id = profile_of
                          where users.name = $1 and summary <> '') as "there!""#,
        last,
    );
    Ok(found.fetch_one(&**db).await?)
}

/// Gives them faces, unless they have.
pub(super) async fn fill(client: &Client, db: &Db, people: &[Person], say: &impl Fn(&str)) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    for (seed, Face(name, species, line)) in (9000..).zip(FACES) {
        let member = find(people, name)?;
        let options = creatures::Options { seed, species, width: 640, height: 640, orientation: 1 };
        let drawn = tokio::task::spawn_blocking(move || creatures::draw_with(options)).await?;
        let file = Part::bytes(drawn.jpeg).file_name("face.jpg").mime_str("image/jpeg")?;
        let sent = client.put_portrait(&member.token, Form::new().part("photo", file)).await;
        sent.with_context(|| format!("the portrait of {name}"))?;
        client
            .succeed(Method::PATCH, "users/me", Some(&member.token), Some(&json!({ "about": line })))
            .await?;
    }
    say(&format!("{} members have a portrait", FACES.len()));
    Ok(())
}

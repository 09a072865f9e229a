//! Imports of the demo's member: one with a receipt of each kind, and one that stays under way for hours.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pawdium_archive::write::{ZipEntry, zip};
use pawdium_shared::db::Db;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::client::Client;
use crate::creatures;

/// The first drawing that no photo of the demo shows.
const FIRST: u64 = 900_000;

/// How many pictures the second import has.
const MORE: u64 = 16;

/// What Google's Takeout says of a picture.
const DESCRIPTION: &str =
    r#"{"title": "Nap_on_a_radiator.jpg", "description": "Fast asleep, one eye open."}"#;

/// Whether somebody has imported something.
pub(super) async fn are_there(db: &Db) -> Result<bool> {
    let found = sqlx::query_scalar!(r#"select (select count(*) from imports) > 1 as "there!""#);
    Ok(found.fetch_one(&**db).await?)
}

/// Imports two archives for a member. The second one stays under way, so that visitors can watch it.
pub(super) async fn fill(
    client: &Client,
    db: &Db,
    owner: &str,
    patience: Duration,
    say: &impl Fn(&str),
) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    let odd = tokio::task::spawn_blocking(odd_archive).await?;
    let import = send(client, owner, "Takeout of last summer.zip", odd, "the-odd-one").await?;
    wait(client, owner, import, patience).await?;
    // No fault of ours can be arranged here.
    sqlx::query!(
        "update import_files set state = 'failed', may_retry = true, reason = 'Something broke on our side. Try again.'
         where import_id = $1 and name = 'late.jpg' and state = 'refused'",
        import,
    )
    .execute(&**db)
    .await?;
    let more = tokio::task::spawn_blocking(large_archive).await?;
    let import = send(client, owner, "More of the same.zip", more, "the-large-one").await?;
    slow_down(db, import, patience).await?;
    say("an archive is imported, and another is on its way");
    Ok(())
}

/// Files of which each becomes something else.
fn odd_archive() -> Vec<u8> {
    let first = creatures::draw(FIRST).jpeg;
    let mut cut = creatures::draw(FIRST + 1).jpeg;
    cut.truncate(cut.len() / 2);
    zip(&[
        ZipEntry::new("Takeout/Nap.jpg", first.clone()),
        ZipEntry::new("Takeout/Nap.jpg.supplemental-metadata.json", DESCRIPTION).deflated(),
        ZipEntry::new("Takeout/Nap(1).jpg", first),
        ZipEntry::new("Takeout/Blep_at_breakfast.jpg", creatures::draw(FIRST + 2).jpeg),
        ZipEntry::new("Takeout/Cut off.jpg", cut),
        ZipEntry::new("Takeout/Shopping list.txt", "Milk. Treats. More treats.").deflated(),
        ZipEntry::new("../outside.jpg", "x"),
        ZipEntry::new("late.jpg", "x"),
    ])
}

fn large_archive() -> Vec<u8> {
    let entry = |number| {
        let name = format!("Album/Friend {:02}.jpg", number - FIRST - 9);
        ZipEntry::new(name, creatures::draw(number).jpeg)
    };
    let entries: Vec<_> = (FIRST + 10..FIRST + 10 + MORE).map(entry).collect();
    zip(&entries)
}

/// Sends an archive. An interrupted run that sends it again finds it.
async fn send(client: &Client, owner: &str, name: &'static str, archive: Vec<u8>, key: &str) -> Result<i64> {
    let form = Form::new().part("archive", Part::bytes(archive).file_name(name)).text("species", "cat");
    let started = client.import(owner, form, key).await?;
    started["id"].as_i64().with_context(|| format!("the answer has no id: {started}"))
}

/// Puts off most pictures of an import: the next one is a draft in two minutes, and each takes twice as long as the one
/// before.
async fn slow_down(db: &Db, import: i64, patience: Duration) -> Result<()> {
    let begin = Instant::now();
    loop {
        let state = sqlx::query_scalar!("select state from imports where id = $1", import);
        match state.fetch_one(&**db).await?.as_str() {
            "unpacking" => {}
            _ => break,
        }
        if begin.elapsed() > patience {
            bail!("the worker hasn't unpacked an archive after {} s", patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    sqlx::query!(
        "update jobs set state = 'scheduled', run_at = now() + make_interval(mins => (2 ^ place)::int)
         from (select id, row_number() over (order by id) as place
               from (select id from jobs where kind = 'imports.file.v1' and subject = 'import:' || $1::bigint
                                         and state in ('ready', 'scheduled')
                     order by id for update skip locked) as waiting) as placed
         where jobs.id = placed.id",
        import,
    )
    .execute(&**db)
    .await?;
    Ok(())
}

async fn wait(client: &Client, owner: &str, import: i64, patience: Duration) -> Result<()> {
    let begin = Instant::now();
    loop {
        let now: Value = client.succeed(Method::GET, &format!("imports/{import}"), Some(owner), None).await?;
        if !matches!(now["state"].as_str(), Some("unpacking" | "importing")) {
            return Ok(());
        }
        if begin.elapsed() > patience {
            bail!("the worker hasn't imported an archive after {} s: {now}", patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

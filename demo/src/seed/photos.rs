//! Photos: drawn, submitted, processed, and spread over the last weeks.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pawdium_shared::db::Db;
use reqwest::multipart::{Form, Part};
use tokio::task::JoinSet;

use super::Amounts;
use super::client::Client;
use crate::creatures::{self, DemoPhoto};

/// Number of photos in any state.
pub(super) async fn count(db: &Db) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from photos"#).fetch_one(&**db).await?)
}

/// Draws and submits photos up to the requested number, and waits until all are processed.
pub(super) async fn submit_all(
    client: &Client,
    db: &Db,
    members: &[String],
    amounts: Amounts,
    say: &impl Fn(&str),
) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let first = count(db).await?.unsigned_abs();
    let mut drawing = JoinSet::new();
    let mut next = first..amounts.photos;
    let mut reported = Instant::now();
    let mut sent = first;
    loop {
        while drawing.len() < threads
            && let Some(n) = next.next()
        {
            drawing.spawn_blocking(move || (n, creatures::draw(n)));
        }
        let Some(drawn) = drawing.join_next().await else { break };
        let (n, photo) = drawn?;
        let owner = &members[usize::try_from(n)? % members.len()];
        client.submit(owner, form(photo)?).await?;
        sent += 1;
        if reported.elapsed() > Duration::from_secs(3) {
            reported = Instant::now();
            say(&format!("{sent} of {} photos are submitted", amounts.photos));
        }
    }
    wait_until_processed(db, amounts.patience, say).await
}

/// Adds a photo that fails and one that stays a draft, so that every state has an example.
pub(super) async fn submit_odd_ones(client: &Client, owner: &str) -> Result<()> {
    let text =
        Part::bytes(b"Dear diary, today the cat fell off the sofa again.".to_vec()).file_name("sofa.jpg");
    let form =
        Form::new().part("photo", text).text("title", "Not what it says on the tin").text("species", "cat");
    client.submit(owner, form).await?;
    let draft = creatures::draw_with(creatures::Options {
        seed: 4242,
        species: "dog",
        width: 1600,
        height: 1200,
        orientation: 1,
    });
    client.submit(owner, self::form(draft)?.text("draft", "1")).await?;
    Ok(())
}

fn form(photo: DemoPhoto) -> Result<Form> {
    let file = Part::bytes(photo.jpeg).file_name("photo.jpg").mime_str("image/jpeg")?;
    let mut form = Form::new()
        .part("photo", file)
        .text("title", photo.title)
        .text("species", photo.species)
        .text("alt", photo.alt)
        .text("tags", photo.tags.join(","));
    if let Some((x, y, side)) = photo.crop {
        form = form.text("crop", format!("{x},{y},{side}"));
    }
    Ok(form)
}

async fn wait_until_processed(db: &Db, patience: Duration, say: &impl Fn(&str)) -> Result<()> {
    let begin = Instant::now();
    loop {
        let row = sqlx::query!(
            r#"select count(*) filter (where state = 'processing') as "waiting!",
                      count(*) filter (where state = 'live') as "live!"
               from photos"#,
        )
        .fetch_one(&**db)
        .await
        .context("reading the worker's progress")?;
        if row.waiting == 0 {
            say(&format!("{} photos are live", row.live));
            return Ok(());
        }
        if begin.elapsed() > patience {
            bail!("{} photos are still waiting for the worker; is it running?", row.waiting);
        }
        say(&format!("{} photos are live, {} wait for the worker", row.live, row.waiting));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Backdates the photos of these members over the last eight weeks, more of them recently, so that the lists of the
/// month, week and day differ.
pub(super) async fn spread_over_time(db: &Db, owners: &[i64]) -> Result<()> {
    sqlx::query!(
        "with placed as (
             select id, percent_rank() over (order by id) as place from photos where state = 'live' and owner_id = any($1)
         )
         update photos
         set live_at = now() - interval '56 days' * power(1 - place, 2),
             created_at = now() - interval '56 days' * power(1 - place, 2) - interval '2 seconds'
         from placed where photos.id = placed.id",
        owners,
    )
    .execute(&**db)
    .await?;
    sqlx::query!(
        "update users set created_at = now() - interval '70 days' - id * interval '9 hours' where id = any($1)",
        owners,
    )
    .execute(&**db)
    .await?;
    Ok(())
}

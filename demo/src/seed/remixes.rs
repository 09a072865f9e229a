//! Remixes of a photo and of one another, and a draft that is about to expire.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pawdium_shared::db::Db;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Client, text};

/// Who makes what of which photo: the member's place, the title, the tags, and the part of the parent's side that the
/// crop keeps, in percent.
const PLANS: [(usize, &str, &str, u64); 2] =
    [(1, "The same, but closer", "close, nose", 60), (2, "Nothing but nose", "close, nose, art", 70)];

/// Whether the remixes are there. Nobody else makes any while a site is seeded.
pub(super) async fn are_there(db: &Db) -> Result<bool> {
    let found =
        sqlx::query_scalar!(r#"select count(*) as "count!" from photos where depth > 0 and state = 'live'"#);
    Ok(found.fetch_one(&**db).await? >= i64::try_from(PLANS.len())?)
}

/// Makes the remixes that are missing, each of the one before, and lets the oldest draft expire in three days.
pub(super) async fn fill(
    client: &Client,
    db: &Db,
    members: &[String],
    patience: Duration,
    say: &impl Fn(&str),
) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    let first = sqlx::query_scalar!("select min(id) from photos where state = 'live' and depth = 0");
    let mut parent = first.fetch_one(&**db).await?.context("there is no photo to remix")?;
    for (member, title, tags, percent) in PLANS {
        let owner = members.get(member).context("there are too few members")?;
        parent = Maker { client, db, owner, patience }.make(parent, title, tags, percent).await?;
    }
    sqlx::query!(
        "update photos set touched_at = now() - interval '27 days'
         where id = (select min(id) from photos where state = 'draft')",
    )
    .execute(&**db)
    .await?;
    say("two photos are remixes, and a draft is about to expire");
    Ok(())
}

struct Maker<'a> {
    client: &'a Client,
    db: &'a Db,
    owner: &'a str,
    patience: Duration,
}

impl Maker<'_> {
    /// Finds or makes one, publishes it, and waits until it is live. Goes on from where an earlier run stopped.
    async fn make(&self, parent: i64, title: &str, tags: &str, percent: u64) -> Result<i64> {
        let found =
            sqlx::query_scalar!("select id from photos where parent_id = $1 and title = $2", parent, title);
        let photo = match found.fetch_optional(&**self.db).await? {
            Some(photo) => photo,
            None => self.draft(parent, title, tags, percent).await?,
        };
        let path = format!("photos/{photo}");
        self.client.succeed(Method::POST, &format!("{path}/publish"), Some(self.owner), None).await?;
        let begin = Instant::now();
        loop {
            let shown = self.client.succeed(Method::GET, &path, Some(self.owner), None).await?;
            match text(&shown, "state")? {
                "live" => return Ok(photo),
                "processing" if begin.elapsed() < self.patience => {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                state => bail!("the remix {title} is {state}; is the worker running?"),
            }
        }
    }

    async fn draft(&self, parent: i64, title: &str, tags: &str, percent: u64) -> Result<i64> {
        let (_, shown) =
            self.client.call(Method::GET, &format!("photos/{parent}"), Some(self.owner), None).await?;
        let width =
            shown["sizes"]["1080"]["width"].as_u64().with_context(|| format!("no picture in {shown}"))?;
        let (side, edge) = (width * percent / 100, width * (100 - percent) / 200);
        let body = json!({ "title": title, "tags": tags, "crop": format!("{edge},{edge},{side}") });
        let path = format!("photos?from={parent}");
        match self.client.call(Method::POST, &path, Some(self.owner), Some(&body)).await? {
            (StatusCode::ACCEPTED, made) => id(&made),
            (status, body) => bail!("a remix was answered with {status}: {body}"),
        }
    }
}

fn id(body: &Value) -> Result<i64> {
    body["id"].as_i64().with_context(|| format!("the answer has no id: {body}"))
}

//! Members, raters and their ratings.

use anyhow::{Result, bail};
use pawdium_shared::db::Db;
use pawdium_shared::ids::PhotoId;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::client::{Client, text};
use crate::logins::{Login, PASSWORD};

/// Number of concurrent raters.
const AT_ONCE: usize = 8;

/// Registers a member, or logs in if the account exists. Returns a token.
pub(super) async fn enter(client: &Client, login: Login) -> Result<String> {
    let body = json!({ "email": login.email, "password": PASSWORD, "name": login.name });
    let (status, answer) = client.call(Method::POST, "users", None, Some(&body)).await?;
    if status == StatusCode::CONFLICT {
        let body = json!({ "email": login.email, "password": PASSWORD });
        let answer = client.succeed(Method::POST, "tokens", None, Some(&body)).await?;
        return Ok(text(&answer, "access_token")?.to_owned());
    }
    if status != StatusCode::CREATED {
        bail!("registering was answered with {status}: {answer}");
    }
    Ok(text(&answer, "access_token")?.to_owned())
}

/// Lets everyone rate: members every photo they are served, anonymous raters until they have enough.
pub(super) async fn rate_all(
    client: &Client,
    members: &[String],
    raters: u64,
    say: &impl Fn(&str),
) -> Result<()> {
    let mut tokens = members.to_vec();
    for _ in 0..raters {
        let answer = client.succeed(Method::POST, "users", None, None).await?;
        tokens.push(text(&answer, "access_token")?.to_owned());
    }
    say(&format!("{} raters are rating", tokens.len()));
    let mut working = JoinSet::new();
    let mut ratings = 0;
    for (number, token) in tokens.into_iter().enumerate() {
        if working.len() >= AT_ONCE
            && let Some(done) = working.join_next().await
        {
            ratings += done??;
        }
        let client = client.clone();
        working.spawn(async move { rate_as(&client, number as u64, &token, None).await });
    }
    while let Some(done) = working.join_next().await {
        ratings += done??;
    }
    say(&format!("{ratings} ratings are recorded"));
    Ok(())
}

/// One rater's visit to the site or to a hub. Each rater has a taste and a limit.
pub(super) async fn rate_as(client: &Client, number: u64, token: &str, hub: Option<&str>) -> Result<usize> {
    let mut dice = ChaCha8Rng::seed_from_u64(number);
    let mildness = dice.random_range(-1.5..1.5);
    let enough = dice.random_range(25..200);
    let start = hub.map_or_else(|| "rate/next".to_owned(), |hub| format!("hubs/{hub}/rate/next"));
    let (status, mut served) = client.call(Method::GET, &start, Some(token), None).await?;
    let mut count = 0;
    while status == StatusCode::OK && served.is_object() && count < enough {
        let Some(photo) = served["photo"]["id"].as_i64() else { break };
        let value = opinion(photo, mildness, &mut dice);
        let body = json!({ "value": value, "ballot": served["ballot"], "hub": hub });
        let path = format!("photos/{photo}/rating");
        let answer = client.succeed(Method::PUT, &path, Some(token), Some(&body)).await?;
        served = answer["next"].clone();
        count += 1;
    }
    Ok(count)
}

/// Every photo has its own derpiness, about which raters differ.
pub(super) fn opinion(photo: i64, mildness: f64, dice: &mut ChaCha8Rng) -> i64 {
    let own = ChaCha8Rng::seed_from_u64(photo.unsigned_abs()).random_range(3.0..9.5);
    let noise: f64 = (0..3).map(|_| dice.random_range(-1.3..1.3)).sum();
    #[expect(clippy::cast_possible_truncation, reason = "clamped to 1..=10")]
    let value = (own + mildness + noise).round().clamp(1.0, 10.0) as i64;
    value
}

/// Shares some photos, later ones more often, so that trending and top differ.
pub(super) async fn share_some(client: &Client, db: &Db) -> Result<()> {
    let live: Vec<PhotoId> =
        sqlx::query_scalar!(r#"select id as "id: PhotoId" from photos where state = 'live' order by id"#)
            .fetch_all(&**db)
            .await?;
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    for photo in live {
        if !dice.random_bool(0.4) {
            continue;
        }
        for _ in 0..dice.random_range(1..7) {
            let sharer: Value = client.succeed(Method::POST, "users", None, None).await?;
            let token = text(&sharer, "access_token")?;
            client.succeed(Method::POST, &format!("photos/{photo}/shares"), Some(token), None).await?;
        }
    }
    Ok(())
}

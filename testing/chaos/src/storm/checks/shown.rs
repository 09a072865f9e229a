//! Checks that every web process shows the data of the database.

use anyhow::{Context as _, Result};
use pawdium_shared::accounts::sessions;
use pawdium_shared::ids::UserId;
use reqwest::Client;
use reqwest::header::COOKIE;
use serde_json::{Value, json};
use sqlx::PgConnection;
use url::Url;

use super::Finding;

/// The number of photos to check, the newest first.
const LOOKED_AT: i64 = 150;

/// A photo in the database.
#[derive(Debug, sqlx::FromRow)]
struct Fact {
    id: i64,
    state: String,
    title: String,
    owner: Option<String>,
    owner_id: i64,
    histogram: Vec<i32>,
    views: i64,
    shares: i64,
    rank: Option<i32>,
}

impl Fact {
    fn as_shown(&self) -> Value {
        json!({
            "title": self.title, "owner": self.owner, "histogram": self.histogram, "views": self.views,
            "shares": self.shares, "rank": self.rank, "count": self.histogram.iter().sum::<i32>(),
        })
    }
}

/// Compares photos in the API, on their pages and in the list of the best with the database.
///
/// # Errors
/// If a web process or the database can't be reached.
pub(in crate::storm) async fn check_shown(
    db: &mut PgConnection,
    http: &Client,
    webs: &[Url],
) -> Result<Vec<Finding>> {
    let facts: Vec<Fact> = sqlx::query_as(
        "select photos.id, state, title, users.name as owner, owner_id, histogram, views, shares, rank
         from photos join users on users.id = owner_id join photo_stats on photo_stats.photo_id = photos.id
         left join photo_ranks on photo_ranks.photo_id = photos.id
         order by photos.id desc limit $1",
    )
    .bind(LOOKED_AT)
    .fetch_all(&mut *db)
    .await?;
    let (mut shown, mut pages, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    for web in webs {
        for fact in &facts {
            shown.extend(compare_api(http, web, fact).await?);
            pages.extend(compare_page(db, http, web, fact).await?);
        }
        listed.extend(compare_top(http, web, &facts).await?);
    }
    Ok(vec![
        Finding::new("the API shows of a photo what the database says", shown),
        Finding::new("a photo's page shows what the database says", pages),
        Finding::new("the list of the best shows live photos, as the database says", listed),
    ])
}

async fn compare_api(http: &Client, web: &Url, fact: &Fact) -> Result<Option<String>> {
    let url = web.join(&format!("api/v1/photos/{}", fact.id))?;
    let answer = http.get(url).send().await?;
    let status = answer.status().as_u16();
    if fact.state != "live" {
        return Ok((status != 404)
            .then(|| format!("photo {} is {} and answered with {status}", fact.id, fact.state)));
    }
    let shape: Value = answer.json().await.with_context(|| format!("photo {} as JSON", fact.id))?;
    Ok(differs(fact, &shape))
}

fn differs(fact: &Fact, shape: &Value) -> Option<String> {
    let rating = &shape["rating"];
    let shown = json!({
        "title": shape["title"], "owner": shape["owner"]["name"], "histogram": rating["histogram"],
        "views": shape["views"], "shares": shape["shares"], "rank": rating["rank"], "count": rating["count"],
    });
    (shown != fact.as_shown()).then(|| format!("photo {}: {shown}, and is {}", fact.id, fact.as_shown()))
}

/// Compares the page that the owner sees, which shows all ratings.
async fn compare_page(
    db: &mut PgConnection,
    http: &Client,
    web: &Url,
    fact: &Fact,
) -> Result<Option<String>> {
    if fact.state != "live" {
        return Ok(None);
    }
    let session = sessions::open(db, UserId(fact.owner_id)).await?;
    let request = http.get(web.join(&format!("photos/{}", fact.id))?);
    let request = request.header(COOKIE, format!("session={}", session.expose()));
    let page = request.send().await?.text().await?;
    let bars = fact.histogram.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let label = format!("Ratings from 1 to 10: {bars}\"");
    Ok((!page.contains(&label)).then(|| format!("photo {}: its page does not say {bars}", fact.id)))
}

async fn compare_top(http: &Client, web: &Url, facts: &[Fact]) -> Result<Vec<String>> {
    let list: Value = http.get(web.join("api/v1/top?limit=100")?).send().await?.json().await?;
    let shapes = list["data"].as_array().context("a list")?;
    let known = shapes.iter().filter_map(|shape| {
        let fact = facts.iter().find(|fact| Some(fact.id) == shape["id"].as_i64())?;
        if fact.state == "live" {
            differs(fact, shape)
        } else {
            Some(format!("photo {} is {}", fact.id, fact.state))
        }
    });
    Ok(known.collect())
}

//! Fills an empty site with members, photos, remixes, ratings, hubs, calls for talks, comments, reports and imports,
//! through the site's own API, so that seeded data have passed the regular path.

mod bustle;
mod calls;
mod client;
mod comments;
mod faces;
mod hubs;
mod imports;
mod people;
mod photos;
mod plans;
mod remixes;
mod reports;
mod sanctions;
mod talks;
mod topics;
mod widgets;

pub use bustle::Bustle;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::{Role, queries};
use pawdium_shared::db::Db;
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use url::Url;

use crate::logins::{LOGINS, NEIGHBOURS};
use client::Client;

/// The amounts to create.
#[derive(Clone, Copy, Debug)]
pub struct Amounts {
    /// Photos, divided among the members.
    pub photos: u64,
    /// Anonymous raters in addition to the members.
    pub raters: u64,
    /// How long to wait for the worker to process all photos.
    pub patience: Duration,
}

impl Default for Amounts {
    fn default() -> Self {
        Self { photos: 64, raters: 40, patience: Duration::from_mins(10) }
    }
}

/// Whether the site has no photos yet.
///
/// # Errors
/// When the database fails.
pub async fn is_empty(db: &Db) -> Result<bool> {
    Ok(photos::count(db).await? == 0)
}

/// Whether an earlier run of [`seed`] has completed.
///
/// # Errors
/// When the database fails.
pub async fn is_finished(db: &Db) -> Result<bool> {
    let has_people =
        hubs::are_there(db).await? && talks::are_there(db).await? && comments::are_there(db).await?;
    Ok(has_people
        && are_verified(db).await?
        && has_shares(db).await?
        && remixes::are_there(db).await?
        && reports::are_there(db).await?
        && imports::are_there(db).await?)
}

/// Shares come after all other acts with photos.
async fn has_shares(db: &Db) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from shares) as "shared!""#).fetch_one(&**db).await?)
}

/// Seeds the site at `site` with database `db`. Continues an interrupted run. `say` gets progress messages.
///
/// # Errors
/// When the site refuses something, or its worker doesn't process the photos in time.
pub async fn seed(site: &Url, db: &Db, amounts: Amounts, say: impl Fn(&str)) -> Result<()> {
    let begin = Instant::now();
    let client = Client::new(site.clone())?;
    let mut members = Vec::new();
    for login in LOGINS {
        members.push(
            people::enter(&client, login).await.with_context(|| format!("registering {}", login.name))?,
        );
        if login.is_admin {
            promote(db, login.name).await?;
        }
    }
    if !has_shares(db).await? {
        say(&format!("{} members are registered; drawing {} photos", members.len(), amounts.photos));
        photos::submit_all(&client, db, &members, amounts, &say).await?;
        photos::submit_odd_ones(&client, &members[0]).await?;
        photos::spread_over_time(db, &ids_of_members(db).await?).await?;
        people::rate_all(&client, &members, amounts.raters, &say).await?;
        people::share_some(&client, db).await?;
    }
    let people = hubs::enter_all(&client, &members).await?;
    verify_all(db).await?;
    hubs::fill(&client, db, &people, &say).await?;
    talks::fill(&client, db, &people, &say).await?;
    topics::fill(db, LOGINS[0].name).await?;
    comments::fill(&client, db, &people, &say).await?;
    sanctions::fill(&client, db, LOGINS[0].name).await?;
    faces::fill(&client, db, &people, &say).await?;
    remixes::fill(&client, db, &members, amounts.patience, &say).await?;
    reports::fill(&client, db, &people, &say).await?;
    imports::fill(&client, db, &members[1], amounts.patience, &say).await?;
    let mut tx = db.begin().await?;
    RefreshRanks {}.enqueue(&mut tx).await?;
    RefreshVirality {}.enqueue(&mut tx).await?;
    tx.commit().await?;
    say(&format!("the site is seeded after {} s", begin.elapsed().as_secs()));
    Ok(())
}

async fn ids_of_members(db: &Db) -> Result<Vec<i64>> {
    let names = LOGINS.map(|login| login.name.to_owned());
    Ok(sqlx::query_scalar!("select id from users where name = any($1)", &names).fetch_all(&**db).await?)
}

fn names() -> Vec<String> {
    LOGINS.iter().chain(&NEIGHBOURS).map(|login| login.name.to_owned()).collect()
}

/// Verifies everybody's address, as if they had followed the links in their mails.
async fn verify_all(db: &Db) -> Result<()> {
    let verified = sqlx::query!(
        "update users set email_verified_at = now() where name = any($1) and email_verified_at is null",
        &names(),
    );
    verified.execute(&**db).await?;
    Ok(())
}

async fn are_verified(db: &Db) -> Result<bool> {
    let verified = sqlx::query_scalar!(
        r#"select not exists (select from users where name = any($1) and email_verified_at is null) as "verified!""#,
        &names(),
    );
    Ok(verified.fetch_one(&**db).await?)
}

async fn promote(db: &Db, name: &str) -> Result<()> {
    let mut db = db.acquire().await?;
    let user = queries::find_by_name(&mut db, name).await?;
    ensure!(user.is_some(), "{name} is not registered in this database: does the site use another one?");
    queries::set_role(&mut db, user.map_or(UserId(0), |user| user.id), Role::Admin).await?;
    Ok(())
}

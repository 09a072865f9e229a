//! What is there at first: photos in rotation, and raters.

use anyhow::{Context as _, Result};
use pawdium_bench::seed::{self, Account};
use pawdium_bench::stores::Stores;
use pawdium_shared::accounts::{RaterKey, queries};
use pawdium_shared::db;

/// The photos and raters.
#[derive(Debug)]
pub(crate) struct Seeded {
    /// The ids of all photos.
    pub(crate) photos: Vec<i64>,
    /// Accounts without ratings.
    pub(crate) accounts: Vec<Account>,
}

/// Creates the schema and its contents.
pub(crate) async fn seed(stores: &Stores, photos: usize, accounts: usize) -> Result<Seeded> {
    let db = stores.pool()?;
    db::migrate(&db).await.context("creating the schema")?;
    let mut tx = db.begin().await?;
    let owner = queries::insert_anonymous(&mut tx, RaterKey::generate(), None).await?;
    let photos = seed::publish(&mut tx, owner, photos).await?.into_iter().map(|photo| photo.0).collect();
    let accounts = seed::open_accounts(&mut tx, accounts).await?;
    tx.commit().await?;
    Ok(Seeded { photos, accounts })
}

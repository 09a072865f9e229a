//! Initial data: photos in rotation, and anonymous users with tokens.

use anyhow::{Context as _, Result, ensure};
use pawdium_bench::stores::Stores;
use pawdium_shared::accounts::{RaterKey, queries, sessions};
use pawdium_shared::db;
use pawdium_shared::photos::{Alt, Draft, Picture, Species, Tags, Title, transitions};

/// The photos and raters.
#[derive(Debug)]
pub(crate) struct Seeded {
    /// The ids of all photos.
    pub(crate) photos: Vec<i64>,
    /// Accounts without ratings.
    pub(crate) accounts: Vec<Account>,
}

/// An anonymous user.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: i64,
    /// As returned by `POST /api/v1/users`.
    pub(crate) token: String,
}

/// Creates the schema and its contents. Jobs of publishing the photos are left to the worker.
pub(crate) async fn seed(stores: &Stores, photos: usize, accounts: usize) -> Result<Seeded> {
    let db = stores.pool()?;
    db::migrate(&db).await.context("creating the schema")?;
    let mut tx = db.begin().await?;
    let owner = queries::insert_anonymous(&mut tx, RaterKey::generate(), None).await?;
    let mut seeded = Seeded { photos: Vec::new(), accounts: Vec::new() };
    for number in 0..photos {
        let draft = Draft {
            title: Title::new(&format!("Photo {number}")).map_err(anyhow::Error::msg)?,
            alt: Alt::new("It looks into the camera").map_err(anyhow::Error::msg)?,
            species: Species::Cat,
            tags: Tags::new("tongue, sofa").map_err(anyhow::Error::msg)?,
            crop: None,
        };
        let upload = transitions::StoredOriginal { key: "none", bytes: 1_000_000 };
        let photo = transitions::submit(&mut tx, owner, &draft, upload).await?;
        let pictures = [1080_u16, 540, 160].map(|edge| (edge, picture(number, edge)));
        let is_live = transitions::go_live(&mut tx, photo, &pictures, "1QcSHQRnh493V4dIh4eXh1h4kJUI", None);
        ensure!(is_live.await?, "a photo didn't go live");
        seeded.photos.push(photo.0);
    }
    // Drop the jobs that would process the photos; they have no originals.
    sqlx::query("delete from jobs where kind like 'media.%'").execute(&mut *tx).await?;
    for _ in 0..accounts {
        let id = queries::insert_anonymous(&mut tx, RaterKey::generate(), None).await?;
        let token = sessions::open(&mut tx, id).await?;
        seeded.accounts.push(Account { id: id.0, token: token.expose().to_owned() });
    }
    tx.commit().await?;
    Ok(seeded)
}

/// A file that nothing requests.
fn picture(number: usize, edge: u16) -> Picture {
    let side = u32::from(edge);
    Picture {
        key: format!("pictures/{number:064x}-{edge}.jpg"),
        width: side,
        height: side,
        bytes: side * 150,
    }
}

//! Initial data: photos in rotation, and anonymous users with tokens.

use anyhow::{Result, ensure};
use pawdium_shared::accounts::{RaterKey, queries, sessions};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::photos::{Alt, Draft, Picture, Species, Tags, Title, transitions};

/// An anonymous user.
#[derive(Clone, Debug)]
pub struct Account {
    /// Their id.
    pub id: i64,
    /// As returned by `POST /api/v1/users`.
    pub token: String,
}

/// Publishes photos without files, and leaves the events' jobs to the worker.
///
/// # Errors
/// When the database fails.
pub async fn publish(db: &mut Tx, owner: UserId, count: usize) -> Result<Vec<PhotoId>> {
    let mut photos = Vec::with_capacity(count);
    for number in 0..count {
        let draft = Draft {
            title: Title::new(&format!("Photo {number}")).map_err(anyhow::Error::msg)?,
            alt: Alt::new("It looks into the camera").map_err(anyhow::Error::msg)?,
            species: Species::Cat,
            tags: Tags::new("tongue, sofa").map_err(anyhow::Error::msg)?,
            crop: None,
            allowed: pawdium_shared::photos::Allowed::default(),
        };
        let upload = transitions::StoredOriginal { key: "none", bytes: 1_000_000 };
        let photo = transitions::submit(db, owner, &draft, upload).await?;
        let pictures = [1080_u16, 540, 160].map(|edge| (edge, picture(number, edge)));
        let is_live = transitions::go_live(db, photo, &pictures, "1QcSHQRnh493V4dIh4eXh1h4kJUI", None);
        ensure!(is_live.await?, "a photo didn't go live");
        photos.push(photo);
    }
    // Drop the jobs that would process the photos; they have no originals.
    sqlx::query("delete from jobs where kind like 'media.%'").execute(&mut **db).await?;
    Ok(photos)
}

/// Creates anonymous users.
///
/// # Errors
/// When the database fails.
pub async fn open_accounts(db: &mut Tx, count: usize) -> Result<Vec<Account>> {
    let mut accounts = Vec::with_capacity(count);
    for _ in 0..count {
        let id = queries::insert_anonymous(db, RaterKey::generate(), None).await?;
        let token = sessions::open(db, id).await?;
        accounts.push(Account { id: id.0, token: token.expose().to_owned() });
    }
    Ok(accounts)
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

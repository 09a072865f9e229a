//! What a photo's page shows of the photo that it was made from, and of those that were made from it.

use pawdium_shared::cache::depend_on;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::remixes::{self, PhotoLineage};

use super::present;
use crate::error::Error;
use crate::state::App;
use crate::views::Fragment;
use crate::views::lineage::{PhotoCredit, PhotoRemixes};

/// The rendered parts. They are the same for every viewer.
#[derive(Debug)]
pub struct Shown {
    /// How it credits its parent.
    pub credit: Option<Fragment>,
    /// The remixes, if there are any.
    pub remixes: Option<Fragment>,
}

/// Loads and renders both.
///
/// # Errors
/// When the database fails.
pub(super) async fn show(app: &App, id: PhotoId) -> Result<Shown, Error> {
    depend_on(PhotoLineage(id));
    let found = remixes::find_lineage(&mut *app.db.acquire().await?, id).await?;
    let credit = found.credit.map(|credit| Fragment::render(&PhotoCredit { credit }));
    let remixes = (found.count > 0).then(|| {
        let cards = found.remixes.iter().map(|photo| present::card(photo, false)).collect();
        Fragment::render(&PhotoRemixes { id: id.0, remixes: cards, count: found.count })
    });
    Ok(Shown {
        credit: credit.transpose().map_err(anyhow::Error::from)?,
        remixes: remixes.transpose().map_err(anyhow::Error::from)?,
    })
}

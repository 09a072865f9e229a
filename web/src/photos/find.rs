//! Photos through the cache.

use std::collections::BTreeMap;

use pawdium_shared::cache::Group;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, PhotoState, queries};

use crate::error::Error;
use crate::state::App;

const FRAGMENT: &str = "photo";

/// A photo in any state but deleted. Only live ones are cached.
///
/// # Errors
/// [`Error::NotFound`], or that the database failed.
pub async fn find(app: &App, id: PhotoId) -> Result<Photo, Error> {
    let compute = async |ids: Vec<PhotoId>| -> Result<_, Error> {
        let mut db = app.db.acquire().await?;
        let mut found = Vec::new();
        for id in ids {
            found.extend(queries::find(&mut db, id).await?.map(|photo| (id, photo)));
        }
        Ok(found)
    };
    let found = app.cache.get_each(&[id], (Group::photo, FRAGMENT), is_live, compute).await?;
    found.into_iter().next().map(|(_, photo)| photo).ok_or(Error::NotFound)
}

/// Those of these photos that are live, in the same order.
///
/// # Errors
/// When the database fails.
pub async fn list_live(app: &App, ids: &[PhotoId]) -> Result<Vec<Photo>, Error> {
    let compute = async |ids: Vec<PhotoId>| -> Result<_, Error> {
        let photos = queries::list_live(&mut *app.db.acquire().await?, &ids).await?;
        Ok(photos.into_iter().map(|photo| (photo.id, photo)).collect())
    };
    let found = app.cache.get_each(ids, (Group::photo, FRAGMENT), is_live, compute).await?;
    let mut found: BTreeMap<_, _> = found.into_iter().collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

fn is_live(photo: &Photo) -> bool {
    photo.state == PhotoState::Live
}

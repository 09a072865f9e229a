//! Photos through the cache.

use pawdium_shared::cache::Whole;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::cached::CachedPhoto;
use pawdium_shared::photos::{Photo, PhotoState};

use crate::error::Error;
use crate::state::App;

/// Finds a photo in any state except deleted.
///
/// # Errors
/// [`Error::NotFound`], or a database error.
pub async fn find(app: &App, id: PhotoId) -> Result<Photo, Error> {
    app.cache.find(&app.db, CachedPhoto(id), Whole).await?.ok_or(Error::NotFound)
}

/// The live ones of these photos, in the same order.
///
/// # Errors
/// When the database fails.
pub async fn list_live(app: &App, ids: &[PhotoId]) -> Result<Vec<Photo>, Error> {
    let photos: Vec<_> = ids.iter().copied().map(CachedPhoto).collect();
    let mut found = app.cache.find_each(&app.db, &photos, Whole).await?;
    let in_order = photos.iter().filter_map(|photo| found.remove(photo));
    Ok(in_order.filter(|photo| photo.state == PhotoState::Live).collect())
}

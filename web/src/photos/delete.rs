//! Deleting a photo.

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::moderation::hiding;
use pawdium_shared::photos::{Photo, queries, transitions};

use super::show::find_visible;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::visitor::Visitor;
use crate::state::App;

/// `POST /photos/{photo}/delete`
pub async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
) -> Result<(CookieJar, Redirect), Error> {
    match remove(&app, &visitor, id).await {
        // A duplicate of the same form.
        Err(Error::NotFound) if is_deleted(&app, &visitor, id).await? => {}
        removed => removed?,
    }
    let home = visitor
        .user
        .and_then(|user| user.name)
        .map_or_else(|| "/".to_owned(), |name| format!("/members/{name}"));
    Ok((jar.add(Notice::PhotoDeleted.cookie()), Redirect::to(&home)))
}

/// Deletes a photo for its owner or a moderator.
///
/// # Errors
/// [`Error::NotFound`] if the visitor may not see the photo, [`Error::Forbidden`] if it is somebody else's.
pub async fn remove(app: &App, visitor: &Visitor, id: PhotoId) -> Result<(), Error> {
    let photo = find_visible(app, visitor, id).await?;
    if visitor.id() != photo.owner && !visitor.moderates() {
        return Err(Error::Forbidden("Only its owner or a moderator can delete a photo."));
    }
    retry_conflicts(async || remove_photo(app, visitor, &photo).await).await
}

async fn remove_photo(app: &App, visitor: &Visitor, photo: &Photo) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let moderator = visitor.actor().filter(|_| visitor.id() != photo.owner);
    let is_deleted = match moderator {
        Some(moderator) => hiding::delete_photo(&mut tx, photo.id, moderator).await?.is_some(),
        None => transitions::delete(&mut tx, photo.id).await?,
    };
    if !is_deleted {
        return Err(Error::NotFound);
    }
    Ok(tx.commit().await?)
}

/// Whether the photo is already deleted and the visitor could have deleted it.
async fn is_deleted(app: &App, visitor: &Visitor, id: PhotoId) -> Result<bool, Error> {
    let owner = queries::find_owner_of_deleted(&mut *app.db.acquire().await?, id).await?;
    Ok(owner.is_some_and(|owner| owner == visitor.id() || visitor.moderates()))
}

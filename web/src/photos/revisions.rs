//! The revisions of a photo: what it was before, for its owner and moderators.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::{Photo, queries, revisions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::changes;
use super::present::media_path;
use super::show::find_visible;
use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::Picture;
use crate::views::edit::Line;
use crate::views::revisions::{Compared, RevisionRow, RevisionsPage};

/// Which revision to compare with the present one. An invalid number is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CompareQuery {
    compare: String,
}

/// A revision of a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionShape {
    /// Its number, from 1.
    pub revision: i32,
    /// Whether it is the present one.
    pub current: bool,
    /// The title.
    pub title: String,
    /// The description.
    pub alt: String,
    /// The species.
    pub species: String,
    /// The tags.
    pub tags: Vec<String>,
    /// The number of the picture. Revisions with the same number show the same picture.
    pub picture: i16,
    /// The URL of the largest file of the picture; null if it is gone.
    pub url: Option<String>,
    /// When it began.
    pub since: DateTime<Utc>,
    /// How many ratings its picture has.
    pub count: i64,
    /// Their mean, 1 to 10; null without ratings.
    pub mean: Option<f64>,
}

/// The revisions of a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionsShape {
    /// At most 50, the present one first.
    pub data: Vec<RevisionShape>,
}

/// `GET /photos/{photo}/revisions`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<PhotoId>,
    Query(query): Query<CompareQuery>,
) -> Result<Page<RevisionsPage>, Error> {
    let photo = find_readable(&app, &viewing.visitor, id).await?;
    let found = revisions::list(&mut *app.db.acquire().await?, id).await?;
    let own = photo.owner == viewing.visitor.id();
    let compared = query
        .compare
        .parse()
        .ok()
        .and_then(|number: i32| {
            found.iter().find(|revision| revision.number == number && !revision.is_current)
        })
        .zip(found.first())
        .map(|(earlier, now)| Compared {
            number: earlier.number,
            lines: vec![
                Line::new("Title", &now.title, &earlier.title),
                Line::new("Description", &now.alt, &earlier.alt),
                Line::new("Species", now.species.name(), earlier.species.name()),
                Line::new("Tags", &now.tags.join(", "), &earlier.tags.join(", ")),
            ],
            now: Picture::of_sizes(&now.sizes, photo.placeholder.clone()),
            then: Picture::of_sizes(&earlier.sizes, None),
            is_other_picture: now.picture != earlier.picture,
        });
    let row = |revision: revisions::Revision| RevisionRow {
        number: revision.number,
        is_current: revision.is_current,
        picture: Picture::of_sizes(&revision.sizes, None),
        since: revision.since,
        mean: revision.ratings.mean(),
        count: revision.ratings.count(),
        title: revision.title,
    };
    Ok(Page(RevisionsPage {
        chrome: viewing.chrome,
        id: id.0,
        name: photo.title,
        own,
        compared,
        revisions: found.into_iter().map(row).collect(),
    }))
}

/// `POST /photos/{photo}/revisions/{number}/restore`
pub async fn restore(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path((id, number)): Path<(PhotoId, i32)>,
) -> Result<(CookieJar, Redirect), Error> {
    changes::restore(&app, &visitor, id, number).await?;
    Ok((jar.add(Notice::ChangesSaved.cookie()), Redirect::to(&format!("/photos/{id}/revisions"))))
}

/// Lists what a photo was before: at most 50 revisions. For its owner and moderators.
#[utoipa::path(get, path = "/photos/{id}/revisions", tag = "photos", security(("token" = ["read"])),
    params(("id" = i64, Path, description = "The photo's id")), responses(
    (status = 200, description = "The revisions", body = RevisionsShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's photo", body = ErrorShape),
    (status = 404, description = "No photo that the caller may see", body = ErrorShape),
))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PhotoId>,
) -> Result<Json<RevisionsShape>, Error> {
    find_readable(&app, &caller.visitor(), id).await?;
    let found = revisions::list(&mut *app.db.acquire().await?, id).await?;
    let shape = |revision: revisions::Revision| RevisionShape {
        revision: revision.number,
        current: revision.is_current,
        species: revision.species.name().to_owned(),
        picture: revision.picture,
        url: revision.sizes.values().last().map(|file| app.url(&media_path(&file.key))),
        since: revision.since,
        count: revision.ratings.count(),
        mean: revision.ratings.mean(),
        title: revision.title,
        alt: revision.alt,
        tags: revision.tags,
    };
    Ok(Json(RevisionsShape { data: found.into_iter().map(shape).collect() }))
}

/// Makes a live photo of the caller's what it was in an earlier revision, as a new revision. The picture comes back
/// with its ratings.
#[utoipa::path(post, path = "/photos/{id}/revisions/{n}/restore", tag = "photos", security(("token" = ["submit"])),
    params(("id" = i64, Path, description = "The photo's id"), ("n" = i32, Path, description = "The revision's number")),
    responses(
    (status = 200, description = "The photo as it is now", body = PhotoShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "Somebody else's photo", body = ErrorShape),
    (status = 404, description = "No such photo or revision", body = ErrorShape),
    (status = 409, description = "It isn't live, or another photo has that title by now", body = ErrorShape),
))]
pub async fn bring_back(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(PhotoId, i32)>,
) -> Result<Json<PhotoShape>, Error> {
    changes::restore(&app, &caller.visitor(), id, number).await?;
    let photo = queries::find(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
    Ok(Json(PhotoShape::of(&app, photo)))
}

/// Finds a photo whose revisions the visitor may read.
async fn find_readable(app: &App, visitor: &Visitor, id: PhotoId) -> Result<Photo, Error> {
    let photo = find_visible(app, visitor, id).await?;
    if photo.owner == visitor.id() || visitor.moderates() {
        Ok(photo)
    } else {
        Err(Error::Forbidden("Only its owner and moderators see what a photo was before."))
    }
}

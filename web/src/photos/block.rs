//! Hiding a photo and blocking its picture.

use axum::Json;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::moderation::blocked::{self, BlockOutcome, Reason};
use pawdium_shared::photos::queries;
use serde::Deserialize;
use serde_json::json;

use crate::error::{Error, prefers_json};
use crate::http::access::Moderator;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::ids;
use crate::state::App;

/// The form of a block: its reason.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BlockForm {
    reason: String,
}

/// How many photos of the same picture to show, and to hide at once.
pub(super) const ALIKE: i64 = 24;

/// `POST /photos/{photo}/block`: for moderators. A script gets the notice as JSON, everybody else the photo's page.
pub async fn block(
    State(app): State<App>,
    moderator: Moderator,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<PhotoId>,
    Form(form): Form<BlockForm>,
) -> Result<Response, Error> {
    let reason = Reason::new(&form.reason)
        .map_err(|message| Error::Field { field: "reason", message: message.to_owned() })?;
    let blocked = block_all(&app, &moderator, &[id], &reason).await?;
    let notice = match blocked.first().map(|(_, outcome)| *outcome) {
        Some(BlockOutcome::Blocked) => Notice::PictureBlocked,
        Some(BlockOutcome::Hidden) => Notice::PhotoHidden,
        // A duplicate of this form has already blocked it.
        _ if blocked::reason_of(&mut *app.db.acquire().await?, id).await?.is_some() => Notice::PictureBlocked,
        Some(BlockOutcome::Gone) | None => return Err(Error::NotFound),
    };
    if prefers_json(&headers) {
        return Ok(Json(json!({ "notice": notice.flash().text })).into_response());
    }
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("/photos/{id}"))).into_response())
}

/// The photos of the same picture that the moderator has seen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AlikeForm {
    photos: String,
}

/// `POST /photos/{photo}/block-alike`: hides other photos of the same picture for the same reason: those that the
/// moderator has seen and that are still live.
pub async fn block_alike(
    State(app): State<App>,
    moderator: Moderator,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
    Form(form): Form<AlikeForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let seen = ids::split::<PhotoId>(&form.photos).filter(|seen| !seen.is_empty()).ok_or_else(|| {
        Error::Refused("The list of photos is malformed. Reload the photo's page.".to_owned())
    })?;
    let mut db = app.db.acquire().await?;
    let reason = blocked::reason_of(&mut db, id).await?.and_then(|reason| Reason::new(&reason).ok());
    let reason = reason.ok_or(Error::NotFound)?;
    let alike = queries::list_alike(&mut db, id, ALIKE).await?;
    drop(db);
    let ids: Vec<_> = alike.iter().map(|photo| photo.id).filter(|id| seen.contains(id)).collect();
    let hidden = block_all(&app, &moderator, &ids, &reason).await?;
    let jar = if hidden.is_empty() { jar } else { jar.add(Notice::PhotosHidden.cookie()) };
    Ok((jar, Redirect::to(&format!("/photos/{id}"))))
}

async fn block_all(
    app: &App,
    moderator: &Moderator,
    photos: &[PhotoId],
    reason: &Reason,
) -> Result<Vec<(PhotoId, BlockOutcome)>, Error> {
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let hidden = blocked::block_all(&mut tx, moderator.actor(), photos, reason).await?;
        tx.commit().await?;
        Ok(hidden)
    })
    .await
}

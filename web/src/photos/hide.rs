//! Hiding a photo, and what moderators see of one that is hidden.

use axum::Json;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::acts::Thing;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::moderation::blocked::Reason;
use pawdium_shared::moderation::hiding;
use pawdium_shared::photos::{PhotoState, queries, withheld};
use pawdium_shared::store::MediaKey;
use serde::Deserialize;
use serde_json::json;

use crate::error::{Error, prefers_json};
use crate::http::access::{AdminViewing, Moderator};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::state::App;

/// The form: why the photo is hidden.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HideForm {
    reason: String,
}

/// `POST /photos/{photo}/hide`: for moderators. Hiding twice is once. A script gets the notice as JSON.
pub async fn hide(
    State(app): State<App>,
    moderator: Moderator,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<PhotoId>,
    Form(form): Form<HideForm>,
) -> Result<Response, Error> {
    let reason = Reason::new(&form.reason)
        .map_err(|message| Error::Field { field: "reason", message: message.to_owned() })?;
    let hidden = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let act = hiding::hide(&mut tx, Thing::Photo(id), moderator.actor(), &reason).await?;
        tx.commit().await?;
        Ok::<_, Error>(act)
    })
    .await?;
    if hidden.is_none() {
        let photo = queries::find(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
        if photo.state != PhotoState::Hidden {
            return Err(Error::NotFound);
        }
    }
    let notice = Notice::PhotoTakenDown;
    if prefers_json(&headers) {
        return Ok(Json(json!({ "notice": notice.flash().text })).into_response());
    }
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("/photos/{id}"))).into_response())
}

/// `GET /photos/{photo}/withheld`: the picture of a photo that is hidden, for moderators. Nothing may keep it.
pub async fn picture(
    State(app): State<App>,
    _: AdminViewing,
    Path(id): Path<PhotoId>,
) -> Result<Response, Error> {
    let key = withheld::find_picture(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
    let key: MediaKey = key.parse().map_err(|_| Error::NotFound)?;
    let Some(content) = app.store.read_withheld(&key).await.map_err(anyhow::Error::from)? else {
        // Another photo shows the same file.
        return Ok(Redirect::to(&format!("/media/{key}")).into_response());
    };
    let headers = [(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "private, no-store")];
    Ok((headers, content).into_response())
}

//! Sharing a photo.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::ranking::sharing;
use pawdium_shared::ranking::virality::Moment;
use serde_json::json;

use super::moments::digest;
use super::show::{assemble, find_visible, rating_control};
use crate::error::{Error, prefers_json};
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, pin_cookie};
use crate::state::App;

/// `POST /photos/{photo}/share`: creates a share link. A script gets it as JSON, everybody else as a page.
pub async fn share(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<PhotoId>,
) -> Result<Response, Error> {
    let url = make_link(&app, &viewing.visitor, client, id).await?;
    // The key identifies the same visitor next time.
    let jar = match viewing.visitor.user {
        Some(_) => jar,
        None => jar.add(pin_cookie(&app, viewing.visitor.key, viewing.visitor.pinned)),
    };
    if prefers_json(&headers) {
        return Ok((jar, Json(json!({ "url": url }))).into_response());
    }
    let photo = find_visible(&app, &viewing.visitor, id).await?;
    let rating = rating_control(&app, &viewing.visitor, &photo).await?;
    Ok((jar, Page(assemble(&app, viewing, photo, rating, Some(url)).await?)).into_response())
}

/// Creates a share link to a live photo, one for each visitor.
///
/// # Errors
/// [`Error::NotFound`] if the photo isn't live, [`Error::TooMany`] if a visitor without a user shares too often:
/// without a cookie, each of their links is a new row.
pub async fn make_link(app: &App, visitor: &Visitor, client: Client, id: PhotoId) -> Result<String, Error> {
    if visitor.user.is_none() {
        limits::count(app, Limited::Anonymous, client.counted()).await?;
    }
    let code = match retry_conflicts(async || share_as(app, visitor, client, id).await).await {
        Err(Error::SessionEnded) => share_as(app, &visitor.find_again(app).await?, client, id).await?,
        code => code?,
    };
    Ok(app.url(&format!("/s/{code}")))
}

async fn share_as(app: &App, visitor: &Visitor, client: Client, id: PhotoId) -> Result<String, Error> {
    let mut tx = app.db.begin().await?;
    let code = if let Some(user) = &visitor.user {
        sharing::share(&mut tx, id, user.id).await?
    } else {
        let digest = app.pins.digest(&format!("share {} {id}", visitor.key.0));
        sharing::share_as_nobody(&mut tx, id, &digest).await?
    };
    let code = code.ok_or(Error::NotFound)?;
    sharing::record(&mut tx, id, Moment::Share, &digest(app, visitor, client)).await?;
    tx.commit().await?;
    Ok(code)
}

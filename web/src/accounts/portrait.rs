//! A member's portrait, and the line about them.

use axum::extract::{Form, Multipart, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_media::{MediaError, Refusal};
use pawdium_shared::accounts::{Name, queries};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::hubs::about;
use pawdium_shared::photos::avatars;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::access::Moderator;
use crate::http::acts;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::photos::upload;
use crate::state::App;

/// Where the member finds both.
const BACK: &str = "/settings#portrait";

/// `POST /settings/avatar`: a picture of which a job makes the portrait.
pub async fn send(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    multipart: Multipart,
) -> Result<(CookieJar, Redirect), Error> {
    receive(&app, &visitor, client, multipart).await?;
    Ok((jar.add(Notice::PortraitSent.cookie()), Redirect::to(BACK)))
}

/// Stores a picture that is to become the visitor's portrait, and enqueues the job that makes it.
async fn receive(app: &App, visitor: &Visitor, client: Client, multipart: Multipart) -> Result<(), Error> {
    let user = visitor.member()?.id;
    limits::count(app, Limited::Upload, client.counted()).await?;
    let upload = upload::read_picture(app, multipart).await?;
    if upload.written == 0 || !upload.is_picture {
        let refusal = if upload.written == 0 { Refusal::Empty } else { Refusal::NotAPicture };
        upload.incoming.discard().await.map_err(anyhow::Error::from)?;
        return Err(MediaError::from(refusal).into());
    }
    let key = upload.incoming.finish().await?;
    let asked = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        acts::require_still(&mut tx, app, user).await?;
        if !avatars::ask(&mut tx, user, key.as_str()).await? {
            return Err(Error::SessionEnded);
        }
        Ok(tx.commit().await?)
    });
    let asked = asked.await;
    if matches!(asked, Err(Error::SessionEnded | Error::Sanctioned { .. })) {
        // The purge removes what a crash in between leaves behind.
        app.store.delete_original(&key).await.map_err(anyhow::Error::from)?;
    }
    asked
}

/// `POST /settings/avatar/remove`
pub async fn remove(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Error> {
    take_down(&app, &visitor).await?;
    Ok((jar.add(Notice::PortraitRemoved.cookie()), Redirect::to(BACK)))
}

async fn take_down(app: &App, visitor: &Visitor) -> Result<(), Error> {
    let user = visitor.member()?.id;
    let removed = retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        avatars::remove(&mut tx, user).await?;
        tx.commit().await
    });
    Ok(removed.await?)
}

/// A form with a picture.
#[derive(Debug, ToSchema)]
pub struct AvatarBody {
    /// The picture.
    #[schema(value_type = String, format = Binary)]
    #[expect(dead_code, reason = "only describes the form")]
    photo: Vec<u8>,
}

/// Sends a picture, of whose middle a job makes the caller's portrait: soon `avatar` of `GET /users/me`.
#[utoipa::path(put, path = "/users/me/avatar", tag = "users", security(("token" = ["submit"])),
    request_body(content = AvatarBody, content_type = "multipart/form-data"), responses(
    (status = 202, description = "It is being made"),
    (status = 400, description = "No picture", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered", body = ErrorShape),
    (status = 413, description = "The file is too large", body = ErrorShape),
    (status = 429, description = "Too many uploads", body = ErrorShape),
))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    multipart: Multipart,
) -> Result<StatusCode, Error> {
    receive(&app, &caller.visitor(), client, multipart).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Removes the caller's portrait.
#[utoipa::path(delete, path = "/users/me/avatar", tag = "users", security(("token" = ["submit"])), responses(
    (status = 204, description = "Gone"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered", body = ErrorShape),
))]
pub async fn delete(State(app): State<App>, caller: Caller) -> Result<StatusCode, Error> {
    take_down(&app, &caller.visitor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a moderator takes away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModerateForm {
    /// `avatar` or `about`.
    what: String,
}

/// `POST /members/{name}/moderate`: a moderator removes a member's portrait, or the line about them.
pub async fn moderate(
    State(app): State<App>,
    moderator: Moderator,
    jar: CookieJar,
    Path(name): Path<String>,
    Form(form): Form<ModerateForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let name = Name::new(&name).map_err(|_| Error::NotFound)?;
    let found = queries::find_by_name(&mut *app.db.acquire().await?, name.as_str()).await?;
    let member = found.ok_or(Error::NotFound)?;
    let (takes_avatar, notice) = match form.what.as_str() {
        "avatar" => (true, Notice::PortraitRemoved),
        "about" => (false, Notice::AboutRemoved),
        _ => return Err(Error::Refused("Choose avatar or about.".to_owned())),
    };
    retry_conflicts(async || -> Result<(), Error> {
        let mut tx = app.db.begin().await?;
        if takes_avatar {
            avatars::take_down(&mut tx, member.id, name.as_str(), moderator.actor()).await?;
        } else {
            about::take_down(&mut tx, member.id, name.as_str(), moderator.actor()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?;
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("/members/{}/photos", name.as_str()))))
}

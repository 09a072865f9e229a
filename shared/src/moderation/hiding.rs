//! Taking things from everybody's sight, such that they can come back.

use pawdium_queue::Enqueue as _;
use serde_json::json;

use super::Refusal;
use super::blocked::Reason;
use super::comments;
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::Actor;
use crate::db::Tx;
use crate::hubs::removal;
use crate::ids::{ActId, PhotoId, UserId};
use crate::jobs::moderation::ReviewRemixes;
use crate::photos::withheld;
use crate::talks::pitch;

/// Hides a photo or a talk, removes a comment, or deletes a hub, and records the act with which that is undone. `None`
/// if nobody sees it anyway.
///
/// # Errors
/// [`Refusal::Gone`] if the thing is gone for good, or is a profile.
pub async fn hide(
    db: &mut Tx,
    thing: Thing,
    by: Actor<'_>,
    reason: &Reason,
) -> Result<Option<ActId>, Refusal> {
    match thing {
        Thing::Photo(photo) => Ok(hide_photo(db, photo, by, reason).await?),
        Thing::Comment(comment) => match comments::remove(db, comment, by, Some(reason)).await {
            Ok((_, act)) => Ok(Some(act)),
            Err(crate::comments::Refusal::Gone) => Ok(None),
            Err(refusal) => Err(refusal.into()),
        },
        Thing::Talk(talk) => Ok(pitch::hide_for_site(db, talk, by, reason.as_str()).await?),
        Thing::Hub(hub) => Ok(Some(removal::remove(db, hub, by, Some(reason.as_str())).await?)),
    }
}

async fn hide_photo(
    db: &mut Tx,
    photo: PhotoId,
    by: Actor<'_>,
    reason: &Reason,
) -> sqlx::Result<Option<ActId>> {
    hold(db, photo, by).await?;
    let Some(hidden) = withheld::hide(db, photo).await? else { return Ok(None) };
    let done = Done {
        kind: Kind::HidePhoto,
        thing: Thing::Photo(photo),
        author: Some(hidden.owner),
        about: &hidden.title,
        reason: Some(reason.as_str()),
        before: json!({ "photo": hidden.before }),
        detail: json!({ "photo": photo, "owner": hidden.owner_name }),
    };
    ReviewRemixes { photo }.enqueue(db).await?;
    acts::record(db, by, done).await.map(Some)
}

/// Deletes a photo for a moderator. `None` if it doesn't exist, or is deleted already.
pub async fn delete_photo(db: &mut Tx, photo: PhotoId, by: Actor<'_>) -> sqlx::Result<Option<ActId>> {
    hold(db, photo, by).await?;
    let Some(deleted) = withheld::delete(db, photo).await? else { return Ok(None) };
    let done = Done {
        kind: Kind::DeletePhoto,
        thing: Thing::Photo(photo),
        author: Some(deleted.owner),
        about: &deleted.title,
        reason: None,
        before: json!({ "photo": deleted.before }),
        detail: json!({ "photo": photo, "owner": deleted.owner_name }),
    };
    ReviewRemixes { photo }.enqueue(db).await?;
    acts::record(db, by, done).await.map(Some)
}

/// Keeps the moderator and a photo's owner from being deleted. Users' rows come before photos' rows.
async fn hold(db: &mut Tx, photo: PhotoId, by: Actor<'_>) -> sqlx::Result<()> {
    hold_all(db, &[photo], by.user()).await
}

/// Keeps a user and the owners of photos from being deleted.
pub(super) async fn hold_all(db: &mut Tx, photos: &[PhotoId], user: Option<UserId>) -> sqlx::Result<()> {
    let photos: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    sqlx::query!(
        "select id from users where id = $1 or id in (select owner_id from photos where id = any($2))
         order by id for key share",
        user.map(|user| user.0),
        &photos,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

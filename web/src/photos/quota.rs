//! The limit on what an owner keeps unpublished.

use pawdium_shared::ids::UserId;
use pawdium_shared::photos::Quota;
use pawdium_shared::photos::queries::{self, KeptOriginals};
use sqlx::PgConnection;

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Refuses an owner who is at the limit, before the upload is read.
///
/// # Errors
/// [`Error::TooLarge`], which says what to do about it.
pub(super) async fn check(app: &App, visitor: &Visitor) -> Result<(), Error> {
    if visitor.user.is_none() {
        return Ok(());
    }
    let kept = queries::count_kept(&mut *app.db.acquire().await?, visitor.id()).await?;
    refuse_more(app, visitor, kept, 1)
}

/// Measures what an owner keeps. Concurrent uploads of the same owner wait until the transaction has ended.
///
/// # Errors
/// When the database fails.
pub(super) async fn measure(db: &mut PgConnection, owner: UserId) -> Result<KeptOriginals, Error> {
    queries::lock_kept(db, owner).await?;
    Ok(queries::count_kept(db, owner).await?)
}

/// Refuses a photo with an upload of `bytes` that would exceed the owner's limit.
///
/// # Errors
/// [`Error::TooLarge`], which says what to do about it.
pub(super) fn refuse_more(
    app: &App,
    visitor: &Visitor,
    kept: KeptOriginals,
    bytes: u64,
) -> Result<(), Error> {
    match limits(app, visitor).refuse_photo(kept, bytes) {
        Some(what) => Err(too_much(visitor, &what)),
        None => Ok(()),
    }
}

/// Refuses an upload of `bytes` that would exceed the owner's limit, for a draft that is there already.
///
/// # Errors
/// [`Error::TooLarge`], which says what to do about it.
pub(super) fn refuse_more_bytes(
    app: &App,
    visitor: &Visitor,
    kept: KeptOriginals,
    bytes: u64,
) -> Result<(), Error> {
    match limits(app, visitor).refuse_bytes(kept, bytes) {
        Some(what) => Err(too_much(visitor, &what)),
        None => Ok(()),
    }
}

fn limits(app: &App, visitor: &Visitor) -> Quota {
    let media = &app.config.media;
    if visitor.member().is_ok() {
        Quota::of_members(media)
    } else {
        Quota { photos: media.anonymous_drafts, bytes: media.anonymous_draft_bytes }
    }
}

fn too_much(visitor: &Visitor, what: &str) -> Error {
    let advice = if visitor.member().is_ok() {
        "Publish some, or delete them."
    } else {
        "Register to publish them, or delete some."
    };
    Error::TooLarge(format!("{what} {advice}"))
}

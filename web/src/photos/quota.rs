//! The limit on what an owner keeps unpublished.

use pawdium_shared::ids::UserId;
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
    let (most, _) = limits(app, visitor);
    if most > 0 && kept.uploads >= i64::from(most) {
        let what = format!("You have {} drafts and failed photos, the most that you can keep.", kept.uploads);
        return Err(too_much(visitor, &what));
    }
    refuse_more_bytes(app, visitor, kept, bytes)
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
    let (_, most_bytes) = limits(app, visitor);
    if most_bytes > 0 && kept.bytes.unsigned_abs().saturating_add(bytes) > most_bytes {
        let megabytes = most_bytes / 1_000_000;
        let what = format!("Your drafts and failed photos can use at most {megabytes} MB in total.");
        return Err(too_much(visitor, &what));
    }
    Ok(())
}

/// The most photos and bytes.
fn limits(app: &App, visitor: &Visitor) -> (u32, u64) {
    let media = &app.config.media;
    if visitor.member().is_ok() {
        (media.member_drafts, media.member_draft_bytes)
    } else {
        (media.anonymous_drafts, media.anonymous_draft_bytes)
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

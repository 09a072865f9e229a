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

/// Refuses an upload of `bytes` that would exceed the owner's limit.
///
/// # Errors
/// [`Error::TooLarge`], which says what to do about it.
pub(super) fn refuse_more(
    app: &App,
    visitor: &Visitor,
    kept: KeptOriginals,
    bytes: u64,
) -> Result<(), Error> {
    let media = &app.config.media;
    let is_member = visitor.member().is_ok();
    let (most, most_bytes) = if is_member {
        (media.member_drafts, media.member_draft_bytes)
    } else {
        (media.anonymous_drafts, media.anonymous_draft_bytes)
    };
    let bytes = kept.bytes.unsigned_abs().saturating_add(bytes);
    let is_too_much = if most > 0 && kept.uploads >= i64::from(most) {
        format!("You have {} drafts and failed photos, the most that you can keep.", kept.uploads)
    } else if most_bytes > 0 && bytes > most_bytes {
        format!("Your drafts and failed photos can use at most {} MB in total.", most_bytes / 1_000_000)
    } else {
        return Ok(());
    };
    let advice =
        if is_member { "Publish some, or delete them." } else { "Register to publish them, or delete some." };
    Err(Error::TooLarge(format!("{is_too_much} {advice}")))
}

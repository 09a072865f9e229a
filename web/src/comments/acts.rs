//! What people do with comments, from pages and through the API. Each act is one transaction.

use pawdium_shared::accounts::Gated;
use pawdium_shared::comments::write::{self, NewComment};
use pawdium_shared::comments::{Bounds, CommentText};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CommentId, PhotoId};
use pawdium_shared::moderation;
use pawdium_shared::moderation::blocked::Reason;

use crate::error::Error;
use crate::http::acts;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Writes a comment as the visitor, who must be registered, and verified if the site wants that.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub(super) async fn post(
    app: &App,
    visitor: &Visitor,
    photo: PhotoId,
    text: &str,
    parent: Option<CommentId>,
) -> Result<CommentId, Error> {
    let author = visitor.verified(app, Gated::Comments)?.id;
    let text = CommentText::new(text)?;
    let (new, bounds) =
        (NewComment { photo, author, text: &text, parent }, Bounds::from(&app.config.security));
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        acts::require_still(&mut tx, app, author).await?;
        let comment = write::post(&mut tx, &new, &bounds).await?;
        tx.commit().await?;
        Ok(comment)
    })
    .await
}

/// Changes the visitor's comment.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub(super) async fn edit(app: &App, visitor: &Visitor, comment: CommentId, text: &str) -> Result<(), Error> {
    let author = visitor.member()?.id;
    let text = CommentText::new(text)?;
    let bounds = Bounds::from(&app.config.security);
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        acts::require_still(&mut tx, app, author).await?;
        write::edit(&mut tx, comment, author, &text, &bounds).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Deletes the visitor's comment.
///
/// # Errors
/// Says what forbids it.
pub(super) async fn delete(app: &App, visitor: &Visitor, comment: CommentId) -> Result<PhotoId, Error> {
    let author = visitor.member()?.id;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let photo = write::delete(&mut tx, comment, author).await?;
        tx.commit().await?;
        Ok(photo)
    })
    .await
}

/// Removes somebody's comment as a moderator.
///
/// # Errors
/// Says what forbids it.
pub(super) async fn remove(
    app: &App,
    visitor: &Visitor,
    comment: CommentId,
    reason: Option<&Reason>,
) -> Result<PhotoId, Error> {
    let moderator = visitor.member()?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let (photo, _) = moderation::comments::remove(&mut tx, comment, moderator.actor(), reason).await?;
        tx.commit().await?;
        Ok(photo)
    })
    .await
}

/// Shows a comment that waits, as a moderator.
///
/// # Errors
/// Says what forbids it.
pub(super) async fn approve(app: &App, visitor: &Visitor, comment: CommentId) -> Result<PhotoId, Error> {
    let moderator = visitor.member()?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let photo = moderation::comments::approve(&mut tx, comment, moderator).await?;
        tx.commit().await?;
        Ok(photo)
    })
    .await
}

/// Checks a moderator's reason.
///
/// # Errors
/// Names the field.
pub(super) fn reason(text: &str) -> Result<Reason, Error> {
    Reason::new(text).map_err(|message| Error::Field { field: "reason", message: message.to_owned() })
}

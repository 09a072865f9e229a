//! Who sees which comments. Every handler of comments begins here.

use pawdium_shared::comments::{Comment, CommentState, Viewer, lists};
use pawdium_shared::ids::{CommentId, PhotoId};
use pawdium_shared::photos::{Photo, PhotoState};
use pawdium_shared::ratings;

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::photos::show::find_visible;
use crate::state::App;

/// A live photo, and who looks at its comments.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The photo.
    pub photo: Photo,
    /// Who looks.
    pub viewer: Viewer,
}

/// Finds a photo with comments.
///
/// # Errors
/// [`Error::NotFound`] unless it is live: the comments on others are nobody's.
pub async fn find_comments(app: &App, visitor: &Visitor, photo: PhotoId) -> Result<Seen, Error> {
    let photo = find_visible(app, visitor, photo).await?;
    if photo.state != PhotoState::Live {
        return Err(Error::NotFound);
    }
    let knows = photo.owner == visitor.id() || has_rated(app, visitor, photo.id).await?;
    Ok(Seen { viewer: viewer_of(visitor, knows), photo })
}

async fn has_rated(app: &App, visitor: &Visitor, photo: PhotoId) -> Result<bool, Error> {
    let Some(user) = &visitor.user else { return Ok(false) };
    Ok(ratings::queries::find(&mut *app.db.acquire().await?, photo, user.id).await?.is_some())
}

/// A visitor who has rated the photo or owns it, or not, as a viewer of its comments.
#[must_use]
pub fn viewer_of(visitor: &Visitor, knows: bool) -> Viewer {
    let moderates = visitor.moderates();
    Viewer { user: visitor.id(), knows: knows || moderates, moderates }
}

/// Finds a comment that the visitor can read.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_comment(app: &App, visitor: &Visitor, id: CommentId) -> Result<(Comment, Seen), Error> {
    let at = lists::locate(&mut *app.db.acquire().await?, id).await?;
    let (photo, at) = at.ok_or(Error::NotFound)?;
    let seen = find_comments(app, visitor, photo).await?;
    let found = lists::find(&mut *app.db.acquire().await?, photo, seen.viewer, at).await?;
    let comment = found.filter(|comment| comment.state != CommentState::Removed).ok_or(Error::NotFound)?;
    Ok((comment, seen))
}

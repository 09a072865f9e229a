//! What somebody reports. Only what they may see can be reported, by the rules of its own page.

use axum::http::Uri;
use pawdium_shared::accounts::{Name, queries};
use pawdium_shared::ids::{CommentId, PhotoId, TalkId};
use pawdium_shared::moderation::Thing;

use crate::comments::access::find_comment;
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::hubs::access::find_hub_at;
use crate::photos::show::find_visible;
use crate::state::App;
use crate::talks::access::find_talk;

/// Something that the visitor sees and may report.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The thing.
    pub(super) thing: Thing,
    /// What pages call it.
    pub(super) title: String,
    /// The path of its page.
    pub(super) path: String,
}

/// A photo.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn photo(app: &App, visitor: &Visitor, id: PhotoId) -> Result<Target, Error> {
    let photo = find_visible(app, visitor, id).await?;
    Ok(Target { thing: Thing::Photo(id), title: photo.title, path: format!("/photos/{id}") })
}

/// A comment that the visitor can read.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn comment(app: &App, visitor: &Visitor, id: CommentId) -> Result<Target, Error> {
    let (comment, _) = find_comment(app, visitor, id).await?;
    let author = comment.author.map_or_else(String::new, |author| format!(" by {}", author.name));
    Ok(Target {
        thing: Thing::Comment(id),
        title: format!("Comment{author}"),
        path: format!("/comments/{id}"),
    })
}

/// A talk.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn talk(app: &App, visitor: &Visitor, id: TalkId) -> Result<Target, Error> {
    let (talk, _) = find_talk(app, visitor, id).await?;
    Ok(Target { thing: Thing::Talk(id), title: talk.title, path: format!("/talks/{id}") })
}

/// A hub.
///
/// # Errors
/// [`Error::NotFound`] also for a private one that the visitor doesn't belong to, [`Error::Moved`] for a former slug.
pub(super) async fn hub(app: &App, visitor: &Visitor, slug: &str, uri: &Uri) -> Result<Target, Error> {
    let hub = find_hub_at(app, visitor, slug, uri).await?;
    Ok(Target { thing: Thing::Hub(hub.id), path: hub.path(), title: hub.name })
}

/// A member.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn member(app: &App, name: &str) -> Result<Target, Error> {
    let name = Name::new(name).map_err(|_| Error::NotFound)?;
    let found = queries::find_by_name(&mut *app.db.acquire().await?, name.as_str()).await?;
    let user = found.ok_or(Error::NotFound)?;
    let name = user.name.unwrap_or_default();
    Ok(Target { thing: Thing::Member(user.id), path: format!("/members/{name}"), title: name })
}

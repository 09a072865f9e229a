//! The comments on a photo's page.

use axum::extract::{Query, State};
use chrono::Utc;
use pawdium_shared::accounts::Gated;
use pawdium_shared::cache::Whole;
use pawdium_shared::comments::cached::PhotoComments;
use pawdium_shared::comments::{Comment, Position, Viewer, commenters_of, lists};
use pawdium_shared::ids::{CommentId, PhotoId};
use pawdium_shared::photos::{Commenters, Photo};
use serde::Deserialize;
use sqlx::PgConnection;
use url::form_urlencoded;

use super::access::{self, Seen, find_comments};
use super::present;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::views::Field;
use crate::views::comments::{Answered, CommentForm, CommentList, CommentSection, Writing};

/// Comments on a page.
const PER_PAGE: i64 = 30;

/// The most comments that a live refresh loads again, if the visitor has loaded more pages.
const REFRESHED: i64 = 500;

/// What a photo's page says about its comments. Invalid values are ignored.
#[derive(Clone, Debug, Default)]
pub struct CommentQuery {
    /// The comment to answer.
    reply: String,
    /// The last comment before those on this page.
    comments: String,
}

impl CommentQuery {
    /// The query of a page's own address.
    pub(crate) fn of(address: &str) -> Self {
        let query = address.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or(query));
        let value = |name| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        let text = |name| value(name).map(|(_, value)| value.into_owned()).unwrap_or_default();
        Self { reply: text("reply"), comments: text("comments") }
    }

    /// A page on which this comment is answered.
    pub(super) fn answering(reply: Option<CommentId>) -> Self {
        Self { reply: reply.map(|reply| reply.to_string()).unwrap_or_default(), ..Self::default() }
    }

    fn after(&self) -> Position {
        self.comments.parse().unwrap_or(Position::BEGIN)
    }
}

/// The comments below a live photo. `knows`: the visitor has rated it, or owns it.
pub(crate) async fn load(
    app: &App,
    visitor: &Visitor,
    photo: &Photo,
    knows: bool,
    query: &CommentQuery,
) -> Result<CommentSection, Error> {
    let viewer = access::viewer_of(visitor, knows);
    if !viewer.knows {
        return Ok(CommentSection::unknown(photo.id.0));
    }
    let commenters = commenters_of(&mut *app.db.acquire().await?, photo.id).await?;
    let writing = match visitor.member() {
        _ if commenters == Commenters::Nobody => Writing::Closed,
        Err(_) => Writing::LogIn,
        Ok(_) if visitor.verified(app, Gated::Comments).is_err() => Writing::Verify,
        Ok(member) => Writing::May(CommentForm {
            stamp: app.stamps.issue(photo.id, member.id, Utc::now()),
            text: Field::default(),
            answered: answered(app, photo.id, viewer, &query.reply).await?,
        }),
    };
    let own = (photo.owner == visitor.id()).then_some(commenters);
    let range = (query.after(), Position::END);
    let list = load_list(app, visitor, photo.id, viewer, range, PER_PAGE).await?;
    Ok(CommentSection { photo: photo.id.0, list: Some(list), writing, own })
}

/// The comment that the form answers.
async fn answered(app: &App, photo: PhotoId, viewer: Viewer, reply: &str) -> Result<Option<Answered>, Error> {
    let Ok(id) = reply.parse::<CommentId>() else { return Ok(None) };
    let mut db = app.db.acquire().await?;
    let Some((of, at)) = lists::locate(&mut db, id).await? else { return Ok(None) };
    if of != photo {
        return Ok(None);
    }
    let found = lists::find(&mut db, photo, viewer, at).await?;
    Ok(found.and_then(|comment| Some(Answered { id: comment.id.0, author: comment.author?.name })))
}

async fn load_list(
    app: &App,
    visitor: &Visitor,
    photo: PhotoId,
    viewer: Viewer,
    range: (Position, Position),
    limit: i64,
) -> Result<CommentList, Error> {
    let count = app.cache.find(&app.db, PhotoComments(photo), Whole).await?.unwrap_or_default();
    let mut db = app.db.acquire().await?;
    let mut found = lists::list(&mut db, photo, viewer, range, limit + 1).await?;
    let is_more = i64::try_from(found.len()).is_ok_and(|length| length > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = found.last().map(Comment::position);
    // A refresh ends where the list ended, behind which there may be more.
    let goes_on = is_more || (range.1 != Position::END && is_behind(&mut db, photo, viewer, range.1).await?);
    Ok(CommentList {
        photo: photo.0,
        count,
        is_first: range.0 == Position::BEGIN,
        until: last.filter(|_| goes_on).map(|last| last.to_string()),
        lines: found.iter().map(|comment| present::line(comment, visitor)).collect(),
    })
}

/// Whether there are comments behind a place.
async fn is_behind(
    db: &mut PgConnection,
    photo: PhotoId,
    viewer: Viewer,
    place: Position,
) -> Result<bool, Error> {
    Ok(!lists::list(db, photo, viewer, (place, Position::END), 1).await?.is_empty())
}

/// Selects what a part shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PartQuery {
    /// The comment before the first.
    after: String,
    /// The last comment of those that the page shows.
    until: String,
}

/// `GET /photos/{photo}/comments`: the list, which a live refresh fetches, or the next page of it.
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<PhotoId>,
    Query(query): Query<PartQuery>,
) -> Result<Page<CommentList>, Error> {
    let Seen { photo, viewer } = find_comments(&app, &visitor, id).await?;
    if !viewer.knows {
        return Err(Error::NotFound);
    }
    let after = query.after.parse().unwrap_or(Position::BEGIN);
    let until = query.until.parse().unwrap_or(Position::END);
    let limit = if query.until.is_empty() { PER_PAGE } else { REFRESHED };
    Ok(Page(load_list(&app, &visitor, photo.id, viewer, (after, until), limit).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_in_its_address_what_is_answered_and_which_comments_it_shows() {
        let query = CommentQuery::of("/photos/3?from=new:all&reply=12&comments=9.8#comments");
        assert_eq!(query.reply, "12");
        assert_eq!(query.after(), Position { thread: CommentId(9), id: CommentId(8) });
        assert_eq!(CommentQuery::of("/photos/3").after(), Position::BEGIN);
        assert_eq!(CommentQuery::of("/photos/3?comments=x").after(), Position::BEGIN);
    }
}

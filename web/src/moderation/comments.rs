//! Comments that wait for a moderator.

use axum::extract::{Query, State};
use pawdium_shared::ids::CommentId;
use pawdium_shared::moderation::comments::{HeldComment, list_held};
use serde::Deserialize;

use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::state::App;
use crate::views::moderation::{HeldCommentLine, HeldCommentsPage};

/// Comments on a page.
const PER_PAGE: usize = 30;

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HeldQuery {
    after: String,
}

/// `GET /moderation/comments`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<HeldQuery>,
) -> Result<Page<HeldCommentsPage>, Error> {
    let after: Option<CommentId> = query.after.parse().ok();
    let asked = i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX);
    let mut held = list_held(&mut *app.db.acquire().await?, after, asked).await?;
    let is_more = held.len() > PER_PAGE;
    held.truncate(PER_PAGE);
    Ok(Page(HeldCommentsPage {
        chrome: viewing.chrome,
        later: held.last().filter(|_| is_more).map(|last| last.id.0),
        is_first: after.is_none(),
        lines: held.into_iter().map(line).collect(),
    }))
}

/// Its links aren't links here, so that nobody follows one by mistake.
fn line(held: HeldComment) -> HeldCommentLine {
    HeldCommentLine {
        id: held.id.0,
        photo: held.photo.0,
        title: held.title,
        author: held.author,
        text: held.text,
        is_repeated: held.is_repeated,
        at: held.created_at,
    }
}

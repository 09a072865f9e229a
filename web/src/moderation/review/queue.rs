//! The queue of open cases.

use axum::extract::{OriginalUri, Query, State};
use axum::response::Redirect;
use pawdium_shared::moderation::review::queue::{self, Case, Place};
use serde::Deserialize;

use super::present;
use crate::error::Error;
use crate::http::access::{AdminViewing, Moderator};
use crate::http::page::Page;
use crate::state::App;
use crate::views::review::{KindTab, ReviewPage};

/// Cases on a page.
const PER_PAGE: usize = 25;

/// The kinds of things, with what their tabs are called.
const KINDS: [(&str, &str); 7] = [
    ("", "All"),
    ("photo", "Photos"),
    ("comment", "Comments"),
    ("talk", "Talks"),
    ("hub", "Hubs"),
    ("member", "Members"),
    ("appeal", "Appeals"),
];

/// The query of the page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueQuery {
    about: String,
    after: String,
}

impl QueueQuery {
    fn about(&self) -> &'static str {
        KINDS.iter().map(|(name, _)| *name).find(|name| *name == self.about).unwrap_or_default()
    }
}

/// `GET /moderation/review`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    moderator: Moderator,
    Query(query): Query<QueueQuery>,
) -> Result<Page<ReviewPage>, Error> {
    let about = query.about();
    let after: Option<Place> = query.after.parse().ok();
    let asked = i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX);
    let kind = Some(about).filter(|about| !about.is_empty());
    let mut cases = queue::list(&mut *app.db.acquire().await?, kind, after, asked).await?;
    let is_more = cases.len() > PER_PAGE;
    cases.truncate(PER_PAGE);
    let known = present::load(&app, &cases).await?;
    let base = path(about);
    let separator = if about.is_empty() { '?' } else { '&' };
    let last = cases.last().filter(|_| is_more).map(Case::place);
    Ok(Page(ReviewPage {
        chrome: viewing.chrome,
        kinds: KINDS
            .into_iter()
            .map(|(name, label)| KindTab { label, path: path(name), is_here: name == about })
            .collect(),
        cases: cases.iter().map(|case| present::line(case, &known, moderator.id())).collect(),
        later: last.map(|last| format!("{base}{separator}after={last}")),
        is_first: after.is_none(),
        base,
    }))
}

fn path(about: &str) -> String {
    match about {
        "" => "/moderation/review".to_owned(),
        about => format!("/moderation/review?about={about}"),
    }
}

/// `/admin/review` and below: the same pages.
pub async fn moved(OriginalUri(uri): OriginalUri) -> Redirect {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    Redirect::permanent(&path.replacen("/admin/", "/moderation/", 1))
}

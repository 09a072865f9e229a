//! Pictures that are kept out.

use axum::extract::{Query, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use data_encoding::HEXLOWER;
use pawdium_shared::moderation::blocked::{self, Blocked};
use serde::Deserialize;

use super::access::{Admin, Staff};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{BlockedLine, BlockedPage};

/// How many entries a page shows.
const PER_PAGE: usize = 50;

/// Where a page begins. Nonsense is answered like nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    before: String,
}

/// `GET /admin/blocked`
pub async fn page(
    State(app): State<App>,
    staff: Staff,
    Query(place): Query<Place>,
) -> Result<Page<BlockedPage>, Error> {
    let before = place.before.parse().ok();
    let limit = i64::try_from(PER_PAGE + 1).unwrap_or(i64::MAX);
    let mut entries = blocked::list(&mut *app.db.acquire().await?, before, limit).await?;
    let more = entries.len() > PER_PAGE;
    entries.truncate(PER_PAGE);
    let last = entries.last().filter(|_| more);
    Ok(Page(BlockedPage {
        older: last.map(|last| format!("/admin/blocked?before={}", last.id)),
        later: before.is_some(),
        lines: entries.into_iter().map(line).collect(),
        acts: staff.acts,
        chrome: staff.chrome,
    }))
}

/// `POST /admin/blocked/{id}/unblock`
pub async fn unblock(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Path(id): Path<i64>,
) -> Result<(CookieJar, Redirect), Error> {
    let mut tx = app.db.begin().await?;
    if !blocked::unblock(&mut tx, admin.actor(), id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok((jar.add(Notice::PictureUnblocked.cookie()), Redirect::to("/admin/blocked")))
}

fn line(entry: Blocked) -> BlockedLine {
    BlockedLine {
        id: entry.id,
        source: entry.source_hash.map(|hash| HEXLOWER.encode(&hash)),
        look: entry.fingerprint.map(|bits| format!("{bits:016x}")),
        reason: entry.reason,
        photo: entry.photo.map(|photo| photo.0),
        blocker: entry.blocker,
        at: entry.at,
        refused: entry.refused,
    }
}

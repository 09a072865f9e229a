//! Blocked pictures.

use axum::extract::{OriginalUri, Query, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use data_encoding::HEXLOWER;
use pawdium_shared::moderation::blocked::{self, Blocked};

use crate::admin::paging::{ASKED, PageQuery, cut};
use crate::error::Error;
use crate::http::access::{Admin, AdminViewing};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::state::App;
use crate::views::moderation::{BlockedLine, BlockedPage};

/// `GET /moderation/blocked`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(place): Query<PageQuery>,
) -> Result<Page<BlockedPage>, Error> {
    let before = place.before();
    let mut entries = blocked::list(&mut *app.db.acquire().await?, before, ASKED).await?;
    let last = cut(&mut entries);
    Ok(Page(BlockedPage {
        older: last.map(|last| format!("/moderation/blocked?before={}", last.id)),
        later: before.is_some(),
        lines: entries.into_iter().map(line).collect(),
        may_act: viewing.may_act,
        chrome: viewing.chrome,
    }))
}

/// `POST /moderation/blocked/{id}/unblock`
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
    Ok((jar.add(Notice::PictureUnblocked.cookie()), Redirect::to("/moderation/blocked")))
}

/// `/admin/blocked` and below, where these pages were before. The method stays the same.
pub async fn moved(OriginalUri(uri): OriginalUri) -> Redirect {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    Redirect::permanent(&path.replacen("/admin/", "/moderation/", 1))
}

fn line(entry: Blocked) -> BlockedLine {
    BlockedLine {
        id: entry.id,
        original: entry.source_hash.map(|hash| HEXLOWER.encode(&hash)),
        look: entry.fingerprint.map(|bits| format!("{bits:016x}")),
        reason: entry.reason,
        photo: entry.photo.map(|photo| photo.0),
        blocker: entry.blocker,
        at: entry.at,
        refused: entry.refused,
    }
}

//! An import: how far it is, and the receipts of its files.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::ids::ImportId;
use pawdium_shared::imports::{FileState, Import, queries};
use serde::Deserialize;

use super::csv;
use super::list::path;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::imports::{ImportPage, ImportPart, Receipt};

/// Receipts on a page.
const PER_PAGE: i64 = 100;

/// The query of an import's page. Invalid values are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    /// Only files in this state.
    only: String,
    /// The number of the last file on the page before.
    after: String,
}

/// Finds an import of the visitor's.
///
/// # Errors
/// [`Error::NotFound`] if it doesn't exist, or is somebody else's.
pub(super) async fn find_own(app: &App, visitor: &Visitor, import: ImportId) -> Result<Import, Error> {
    let found = queries::find(&mut *app.db.acquire().await?, import, visitor.id()).await?;
    found.ok_or(Error::NotFound)
}

/// Whether an import is the visitor's.
pub(crate) async fn is_own(app: &App, visitor: &Visitor, import: ImportId) -> Result<bool, Error> {
    Ok(queries::is_own(&mut *app.db.acquire().await?, import, visitor.id()).await?)
}

/// `GET /imports/{import}`, and `GET /imports/{import}.csv`: the receipts as a file
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(name): Path<String>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, Error> {
    if let Some(id) = name.strip_suffix(".csv") {
        let import = find_own(&app, &viewing.visitor, id.parse().map_err(|_| Error::NotFound)?).await?;
        return csv::of(&app, import.id).await;
    }
    let id: ImportId = name.parse().map_err(|_| Error::NotFound)?;
    if viewing.visitor.member().is_err() {
        let next = format!("/login?next=%2Fimports%2F{id}");
        return Ok(Redirect::to(&next).into_response());
    }
    let import = find_own(&app, &viewing.visitor, id).await?;
    let part = load(&app, import, &query).await?;
    Ok(Page(ImportPage { chrome: viewing.chrome, part }).into_response())
}

/// `GET /imports/{import}/part`: the part that a live refresh fetches.
pub async fn part(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<ImportId>,
    Query(query): Query<ShowQuery>,
) -> Result<Page<ImportPart>, Error> {
    let import = find_own(&app, &visitor, id).await?;
    Ok(Page(load(&app, import, &query).await?))
}

async fn load(app: &App, import: Import, query: &ShowQuery) -> Result<ImportPart, Error> {
    let only = query.only.parse::<FileState>().ok();
    let after = query.after.parse::<i32>().ok().filter(|after| *after >= 0);
    let mut db = app.db.acquire().await?;
    let mut files = queries::list_files(&mut db, import.id, only, after.unwrap_or(-1), PER_PAGE + 1).await?;
    let is_more = i64::try_from(files.len()).is_ok_and(|length| length > PER_PAGE);
    files.truncate(usize::try_from(PER_PAGE).unwrap_or(usize::MAX));
    Ok(ImportPart {
        path: path(import.id),
        only: only.map(FileState::name),
        after,
        next: files.last().filter(|_| is_more).map(|file| file.number),
        receipts: files.into_iter().map(Receipt::from).collect(),
        import,
    })
}

//! The receipts of an import as a file.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::csv::rows;
use pawdium_shared::ids::ImportId;
use pawdium_shared::imports::{ImportFile, queries};

use crate::error::Error;
use crate::state::App;

/// Reads all receipts.
///
/// # Errors
/// When the database fails.
pub(super) async fn all(app: &App, import: ImportId) -> Result<Vec<ImportFile>, Error> {
    Ok(queries::list_files(&mut *app.db.acquire().await?, import, None, -1, i64::MAX).await?)
}

/// The receipts, at most ten thousand, as CSV.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(app: &App, import: ImportId) -> Result<Response, Error> {
    let files = all(app, import).await?;
    let head = ["name", "outcome", "reason", "photo"].map(str::to_owned);
    let row = |file: ImportFile| {
        let outcome = match file.outcome() {
            Some(_) if file.will_retry() => "failed, will retry",
            Some(outcome) => outcome,
            None => "",
        };
        let photo = file.photo.map(|photo| app.url(&format!("/photos/{photo}"))).unwrap_or_default();
        [file.name.clone(), outcome.to_owned(), file.reason.unwrap_or_default(), photo]
    };
    let text = rows(std::iter::once(head).chain(files.into_iter().map(row)));
    let name = format!("attachment; filename=\"import-{import}.csv\"");
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(anyhow::Error::from)?),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((headers, Body::from(text)).into_response())
}

//! The audit log as a file, which is read while it is sent.

use std::io;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use pawdium_shared::audit::{self, Entry, Filter};
use pawdium_shared::csv as values;
use pawdium_shared::db::Db;
use tracing::warn;

use super::audit::AuditQuery;
use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::state::App;

/// How many entries are read at once.
const CHUNK: i64 = 1000;

/// `GET /admin/audit.csv`: the entries that the page shows, all of them, as comma-separated values.
pub async fn csv(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Error> {
    let line = |entry: &Entry| values::rows([entry.row()]);
    let head = values::rows([Entry::COLUMNS]);
    export(app.db.clone(), query.filter(viewing.may_act), head, line, ["text/csv; charset=utf-8", "csv"])
        .await
}

/// `GET /admin/audit.jsonl`: the same as a JSON object a line.
pub async fn lines(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Error> {
    let line = |entry: &Entry| serde_json::to_string(entry).map(|line| line + "\n").unwrap_or_default();
    export(app.db.clone(), query.filter(viewing.may_act), String::new(), line, ["application/jsonl", "jsonl"])
        .await
}

async fn export(
    db: Db,
    filter: Filter,
    head: String,
    line: fn(&Entry) -> String,
    [content_type, ending]: [&str; 2],
) -> Result<Response, Error> {
    let (first, next) = chunk(&db, filter, line).await?;
    let rest = stream::try_unfold(next, move |next| {
        let db = db.clone();
        async move {
            let Some(filter) = next else { return Ok(None) };
            let part = chunk(&db, filter, line).await.inspect_err(|error| {
                warn!(%error, "an export of the audit log broke off");
            });
            part.map(Some).map_err(|_| io::Error::other("the export broke off"))
        }
    });
    let body = stream::iter([Ok::<_, io::Error>(head), Ok(first)]).chain(rest);
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"audit.{ending}\"")),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Some lines, and which entries come after them.
async fn chunk(
    db: &Db,
    filter: Filter,
    line: fn(&Entry) -> String,
) -> sqlx::Result<(String, Option<Filter>)> {
    let entries = audit::list(&mut *db.acquire().await?, &filter, CHUNK).await?;
    let is_last = entries.len() < usize::try_from(CHUNK).unwrap_or(usize::MAX);
    let next = entries.last().filter(|_| !is_last).map(|last| Filter { before: Some(last.id), ..filter });
    Ok((entries.iter().map(line).collect(), next))
}

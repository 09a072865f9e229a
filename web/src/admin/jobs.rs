//! The search for jobs.

use axum::extract::{Query, State};
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, ErrorGroup};
use pawdium_shared::mask::mask;

use super::paging::{ASKED, PageQuery, cut};
use super::present;
use super::search::{Read, Search};
use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::state::App;
use crate::views::Field;
use crate::views::admin::{ErrorLine, JobsPage, SearchFields};

/// Error groups on the page.
const ERRORS: i64 = 20;

/// `GET /admin/jobs`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(search): Query<Search>,
    Query(place): Query<PageQuery>,
) -> Result<Page<JobsPage>, Error> {
    let mut db = app.db.begin().await?;
    let Read { fields, filter } = search.read(&mut db, viewing.may_act).await?;
    let before = place.before().map(JobId);
    let mut rows = match &filter {
        Some(filter) => inspect::search(&mut db, filter, before, ASKED).await?,
        None => Vec::new(),
    };
    let errors = match &filter {
        Some(filter) if filter.is_empty() && before.is_none() => inspect::group_dead(&mut db, ERRORS).await?,
        _ => Vec::new(),
    };
    let last = cut(&mut rows).map(|last| last.id.to_string());
    Ok(Page(JobsPage {
        older: last.map(|last| fields.address_with(&[("before", &last)])),
        later: before.is_some(),
        errors: errors.into_iter().map(|group| error_line(group, viewing.may_act)).collect(),
        jobs: rows.into_iter().map(|row| present::line(row, viewing.may_act)).collect(),
        search: fields,
        may_act: viewing.may_act,
        chrome: viewing.chrome,
    }))
}

fn error_line(group: ErrorGroup, whole: bool) -> ErrorLine {
    let error = if whole { group.error.clone() } else { mask(&group.error).into_owned() };
    // The search's address would reveal what is masked.
    let address = (error == group.error && !error.is_empty()).then(|| {
        let search = SearchFields {
            state: Field::of("dead"),
            kind: Field::of(group.kind.clone()),
            group: group.error,
            ..SearchFields::default()
        };
        search.address()
    });
    ErrorLine { kind: group.kind, error, count: group.count, last: group.last_at, address }
}

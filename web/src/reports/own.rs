//! What came of one's own reports.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use pawdium_shared::moderation::Thing;
use pawdium_shared::moderation::review::reports::{self, OwnReport};

use crate::admin::paging::{ASKED, PageQuery, cut};
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::reports::{OwnReportLine, OwnReportsPage};

/// `GET /reports`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Query(place): Query<PageQuery>,
) -> Result<Response, Error> {
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Redirect::to("/login?next=%2Freports").into_response());
    };
    let before = place.before();
    let mut found = reports::list_own(&mut *app.db.acquire().await?, member.id, before, ASKED).await?;
    let last = cut(&mut found);
    let page = OwnReportsPage {
        older: last.map(|last| format!("/reports?before={}", last.id)),
        later: before.is_some(),
        lines: found.iter().map(line).collect(),
        chrome: viewing.chrome,
    };
    Ok(Page(page).into_response())
}

fn line(report: &OwnReport) -> OwnReportLine {
    let (what, path) = match report.thing {
        Some(Thing::Photo(photo)) => ("A photo", Some(format!("/photos/{photo}"))),
        Some(Thing::Comment(comment)) => ("A comment", Some(format!("/comments/{comment}"))),
        Some(Thing::Talk(talk)) => ("A talk", Some(format!("/talks/{talk}"))),
        Some(Thing::Hub(_)) => ("A hub", None),
        Some(Thing::Member(_)) => ("A member", None),
        Some(Thing::Appeal(_)) | None => ("Something", None),
    };
    OwnReportLine {
        what,
        // What was right is gone from sight, and what was wrong is there.
        path: path.filter(|_| report.outcome.is_none()),
        category: report.category.map_or("Something else", |category| category.title()),
        at: report.at,
        outcome: report.outcome,
    }
}

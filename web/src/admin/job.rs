//! A job's page: its facts, its timeline and why it waits. It updates until the job has ended.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, JobDetail};
use pawdium_shared::mask::mask_json;

use super::present;
use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::state::App;
use crate::views::Fragment;
use crate::views::admin::{JobGonePage, JobPage, JobStatus};

/// `GET /admin/jobs/{job}`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Path(id): Path<JobId>,
) -> Result<Response, Error> {
    let Some((job, status)) = read(&app, id, viewing.may_act).await? else {
        let page = Page(JobGonePage { chrome: viewing.chrome, id: id.0 });
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    };
    let mut payload = job.row.payload.clone();
    let masked = !viewing.may_act && mask_json(&mut payload);
    let page = JobPage {
        chrome: viewing.chrome,
        id: id.0,
        status: Fragment::render(&status).map_err(anyhow::Error::from)?,
        facts: present::facts(&job, viewing.may_act),
        payload: serde_json::to_string_pretty(&payload).map_err(anyhow::Error::from)?,
        masked,
        kind: job.row.kind,
    };
    Ok(Page(page).into_response())
}

/// `GET /admin/jobs/{job}/status`: the part that a live refresh fetches.
pub async fn status(
    State(app): State<App>,
    viewing: AdminViewing,
    Path(id): Path<JobId>,
) -> Result<Page<JobStatus>, Error> {
    let (_, status) = read(&app, id, viewing.may_act).await?.ok_or(Error::NotFound)?;
    Ok(Page(status))
}

async fn read(app: &App, id: JobId, may_act: bool) -> Result<Option<(JobDetail, JobStatus)>, Error> {
    let mut db = app.db.acquire().await?;
    let Some(job) = inspect::find_detail(&mut db, id).await? else { return Ok(None) };
    let why = inspect::explain(&mut db, &job).await?.to_string();
    let status = JobStatus {
        id: id.0,
        state: job.row.state.as_str(),
        live: job.row.state.is_live(),
        attempt: job.row.attempt,
        max_attempts: job.row.max_attempts,
        why: present::shown(&why, may_act),
        timeline: present::points(&job, may_act),
        acts: present::possible(job.row.state, may_act),
    };
    Ok(Some((job, status)))
}

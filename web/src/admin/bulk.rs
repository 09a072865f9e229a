//! Acts on many jobs: a preview first, then the act on exactly the previewed jobs.

use axum::extract::{Form, Query, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, BULK, Filter};
use pawdium_shared::operate::{self, Act, PreviewedJobs};
use serde::Deserialize;

use super::present;
use super::search::{Read, Search};
use crate::error::Error;
use crate::http::access::{Admin, AdminViewing};
use crate::http::flash::Notice;
use crate::http::ids;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{BulkPage, BulkState, SearchFields};

/// How many of the jobs the preview shows.
const SHOWN: usize = 5;

/// The act in the query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BulkQuery {
    act: String,
}

impl BulkQuery {
    fn act(&self) -> Result<Act, Error> {
        let act = self.act.parse().ok();
        act.ok_or_else(|| Error::Refused("Choose what to do: retry, cancel or delete.".to_owned()))
    }
}

/// `GET /admin/jobs/bulk`: the preview.
pub async fn preview(
    State(app): State<App>,
    _: Admin,
    viewing: AdminViewing,
    Query(choice): Query<BulkQuery>,
    Query(search): Query<Search>,
) -> Result<Page<BulkPage>, Error> {
    let act = choice.act()?;
    let mut db = app.db.begin().await?;
    let (fields, filter) = narrowed(search.read(&mut db, true).await?)?;
    let preview = operate::preview(&mut db, act, &filter).await?;
    let counts = preview.counts().into_iter().map(|(state, count)| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        BulkState { state: state.as_str(), count }
    });
    let mut jobs = Vec::new();
    for (id, _) in preview.jobs.iter().take(SHOWN) {
        jobs.extend(inspect::find(&mut db, *id).await?);
    }
    let found = preview.found();
    Ok(Page(BulkPage {
        act,
        states: counts.collect(),
        capped: preview.capped,
        jobs: jobs.into_iter().map(|job| present::line(job, viewing.may_act)).collect(),
        live: ids::join(&found.live),
        ended: ids::join(&found.ended),
        back: fields.address(),
        search: fields,
        chrome: viewing.chrome,
    }))
}

/// The preview's form: the search and the jobs that it found. The act skips jobs that were live then and have ended
/// since, and the reverse.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Previewed {
    #[serde(flatten)]
    choice: BulkQuery,
    #[serde(flatten)]
    search: Search,
    live: String,
    ended: String,
}

/// `POST /admin/jobs/bulk`: acts on the previewed jobs that still match the search.
pub async fn act(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Form(previewed): Form<Previewed>,
) -> Result<(CookieJar, Redirect), Error> {
    let act = previewed.choice.act()?;
    let found = PreviewedJobs { live: listed(&previewed.live)?, ended: listed(&previewed.ended)? };
    let count = found.count();
    if i64::try_from(count).unwrap_or(i64::MAX) > BULK {
        return Err(Error::Refused("At most 10,000 jobs at a time.".to_owned()));
    }
    let read = previewed.search.read(&mut *app.db.acquire().await?, true).await?;
    let (fields, filter) = narrowed(read)?;
    let done = operate::act_on_preview(&app.db, admin.actor(), act, &filter, &found).await?;
    let notice = Notice::jobs(act, done.len(), count.saturating_sub(done.len()));
    Ok((jar.add(notice.cookie()), Redirect::to(&fields.address())))
}

/// Refuses an empty search, which would match every job.
fn narrowed(read: Read) -> Result<(SearchFields, Filter), Error> {
    match read.filter {
        Some(filter) if !filter.is_empty() => Ok((read.fields, filter)),
        Some(_) => Err(Error::Refused("Narrow the search first. This would apply to every job.".to_owned())),
        None => Err(Error::Refused("Check the highlighted fields.".to_owned())),
    }
}

fn listed(ids: &str) -> Result<Vec<JobId>, Error> {
    ids::split(ids).ok_or_else(|| Error::Refused("The list of jobs is malformed. Search again.".to_owned()))
}

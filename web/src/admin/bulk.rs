//! What admins do to many jobs: first a page that says to which and to how many, then just that.

use axum::extract::{Form, Query, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use pawdium_shared::audit;
use pawdium_shared::ids::JobId;
use pawdium_shared::queue::inspect::{self, BULK, Filter, JobState};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::access::{Admin, Staff};
use super::act::{action, do_to};
use super::present;
use super::search::{Read, Search};
use crate::error::Error;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{Act, BulkPage, BulkState, SearchFields};

/// How many of the jobs the preview shows.
const SHOWN: usize = 5;

/// How many ids an entry of the audit log names.
const NAMED: usize = 100;

/// What is to be done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    act: String,
}

impl Choice {
    fn act(&self) -> Result<Act, Error> {
        let act = Act::ALL.into_iter().find(|act| act.name() == self.act);
        act.ok_or_else(|| Error::Refused("Choose what to do: retry, cancel or delete.".to_owned()))
    }
}

/// `GET /admin/jobs/bulk`: the preview.
pub async fn preview(
    State(app): State<App>,
    _: Admin,
    staff: Staff,
    Query(choice): Query<Choice>,
    Query(search): Query<Search>,
) -> Result<Page<BulkPage>, Error> {
    let act = choice.act()?;
    let mut db = app.db.acquire().await?;
    let (fields, filter) = narrowed(search.read(&mut db).await?)?;
    let mut found = Vec::new();
    for state in possible_states(act, &filter) {
        let ids = inspect::search_ids(&mut db, &in_state(&filter, state), BULK + 1).await?;
        found.extend(ids.into_iter().map(|id| (id, state)));
    }
    found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    let most = usize::try_from(BULK).unwrap_or(usize::MAX);
    let capped = found.len() > most;
    found.truncate(most);
    let counts = JobState::ALL.into_iter().filter_map(|state| {
        let count = found.iter().filter(|(_, of)| *of == state).count();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        (count > 0).then_some(BulkState { state: state.as_str(), count })
    });
    let first: Vec<JobId> = found.iter().map(|(id, _)| *id).take(SHOWN).collect();
    let mut jobs = Vec::new();
    for id in first {
        jobs.extend(inspect::find(&mut db, id).await?);
    }
    let ids = |live: bool| join(found.iter().filter(|(_, state)| state.is_live() == live).map(|(id, _)| *id));
    Ok(Page(BulkPage {
        act,
        states: counts.collect(),
        capped,
        jobs: jobs.into_iter().map(|job| present::line(job, staff.acts)).collect(),
        live: ids(true),
        ended: ids(false),
        back: fields.address(),
        search: fields,
        chrome: staff.chrome,
    }))
}

/// The preview's form: the search, and the jobs that it found. What was live then has to be live still, and what had
/// ended, ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Previewed {
    #[serde(flatten)]
    choice: Choice,
    #[serde(flatten)]
    search: Search,
    live: String,
    ended: String,
}

/// `POST /admin/jobs/bulk`: does it to those previewed that still are as the search says.
pub async fn act(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Form(previewed): Form<Previewed>,
) -> Result<(CookieJar, Redirect), Error> {
    let act = previewed.choice.act()?;
    let (live, ended) = (split(&previewed.live)?, split(&previewed.ended)?);
    let count = live.len() + ended.len();
    if i64::try_from(count).unwrap_or(i64::MAX) > BULK {
        return Err(Error::Refused("At most 10,000 jobs at a time.".to_owned()));
    }
    let mut tx = app.db.begin().await?;
    let (fields, filter) = narrowed(previewed.search.read(&mut tx).await?)?;
    let mut still = Vec::new();
    for state in possible_states(act, &filter) {
        let jobs = if state.is_live() { &live } else { &ended };
        still.extend(inspect::lock_matching(&mut tx, jobs, &in_state(&filter, state)).await?);
    }
    let done = do_to(&mut tx, &admin, act, &still).await?;
    if !done.is_empty() {
        record(&mut tx, &admin, act, &filter, &done).await?;
    }
    tx.commit().await?;
    let notice = Notice::jobs(act, done.len(), count.saturating_sub(done.len()));
    Ok((jar.add(notice.cookie()), Redirect::to(&fields.address())))
}

async fn record(
    db: &mut PgConnection,
    admin: &Admin,
    act: Act,
    filter: &Filter,
    done: &[JobId],
) -> sqlx::Result<()> {
    let named = &done[..done.len().min(NAMED)];
    let detail = json!({ "jobs": done.len(), "filter": filter, "ids": named });
    audit::record(db, admin.actor(), action(act), &detail).await
}

/// A search that asks for something: nobody means every job there is.
fn narrowed(read: Read) -> Result<(SearchFields, Filter), Error> {
    match read.filter {
        Some(filter) if !filter.is_empty() => Ok((read.fields, filter)),
        Some(_) => {
            Err(Error::Refused("Search for something first; this would be every job there is.".to_owned()))
        }
        None => Err(Error::Refused("The search says something that can't be.".to_owned())),
    }
}

/// The states that the filter lets through and that the act can be done in.
fn possible_states(act: Act, filter: &Filter) -> impl Iterator<Item = JobState> {
    let wanted = filter.state;
    JobState::ALL.into_iter().filter(move |state| {
        wanted.is_none_or(|wanted| wanted == *state) && present::is_possible(act, *state)
    })
}

fn in_state(filter: &Filter, state: JobState) -> Filter {
    Filter { state: Some(state), ..filter.clone() }
}

/// Ids as the preview's form carries them: a separator that forms don't escape keeps ten thousand of them small.
fn join(ids: impl Iterator<Item = JobId>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(".")
}

fn split(ids: &str) -> Result<Vec<JobId>, Error> {
    let ids = ids.split('.').filter(|id| !id.is_empty()).map(str::parse);
    ids.collect::<Result<_, _>>()
        .map_err(|_| Error::Refused("The list of jobs is damaged; search again.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_went() {
        let ids = [JobId(9_000_000_000), JobId(12), JobId(1)];
        assert_eq!(split(&join(ids.into_iter())).expect("ours"), ids);
        assert!(split("").expect("none").is_empty());
        for damaged in ["1.x", "1,2", "99999999999999999999", "1.\0"] {
            assert!(split(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn nothing_is_done_in_states_where_it_means_nothing() {
        let any = Filter::default();
        let states = |act, filter: &Filter| possible_states(act, filter).collect::<Vec<_>>();
        assert_eq!(states(Act::Retry, &any), [JobState::Scheduled, JobState::Dead, JobState::Cancelled]);
        assert_eq!(states(Act::Cancel, &any), [JobState::Scheduled, JobState::Ready, JobState::Running]);
        assert!(!states(Act::Delete, &any).contains(&JobState::Running));
        let done = Filter { state: Some(JobState::Done), ..any };
        assert!(states(Act::Retry, &done).is_empty());
    }
}

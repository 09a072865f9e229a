//! What admins and operators do to jobs and queues. Each act and its entry in the audit log commit together.

use pawdium_queue::inspect::{self, BULK, Filter, JobState, Party};
use pawdium_queue::{JobId, Limits, Queue, Subject, control, schedules};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::audit::{self, Action, Actor};
use crate::db::{Db, Tx};
use crate::ids::{PhotoId, UserId};

/// The most ids in an entry of the audit log.
const NAMED: usize = 100;

/// The number of a member's newest photos whose jobs are searched, besides the jobs in the member's own partition.
const PHOTOS: i64 = 500;

/// Finds a member's subjects: the member and the newest photos.
pub async fn party(db: &mut PgConnection, member: UserId) -> sqlx::Result<Party> {
    let photos = sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where owner_id = $1 order by id desc limit $2"#,
        member.0,
        PHOTOS,
    );
    let photos = photos.fetch_all(db).await?;
    let things = photos.into_iter().map(|photo| Subject::from(photo).to_string()).collect();
    Ok(Party { own: Subject::from(member).to_string(), things })
}

/// Acts on jobs, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Act {
    /// Retry, or run now.
    Retry,
    /// Cancel.
    Cancel,
    /// Delete.
    Delete,
}

impl Act {
    /// The name in URLs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the act is possible in a state.
    #[must_use]
    pub const fn is_possible(self, state: JobState) -> bool {
        match self {
            Self::Retry => matches!(state, JobState::Dead | JobState::Cancelled | JobState::Scheduled),
            Self::Cancel => state.is_live(),
            Self::Delete => !matches!(state, JobState::Running),
        }
    }

    /// The states in which the act is possible, in words.
    #[must_use]
    pub const fn possible_states(self) -> &'static str {
        match self {
            Self::Retry => "dead, cancelled or scheduled",
            Self::Cancel => "scheduled, ready or running",
            Self::Delete => "in any state but running",
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Retry => Action::RetryJobs,
            Self::Cancel => Action::CancelJobs,
            Self::Delete => Action::DeleteJobs,
        }
    }
}

/// Applies the act to those of `jobs` in a suitable state. Returns them.
pub async fn act(db: &Db, actor: Actor<'_>, act: Act, jobs: &[JobId]) -> sqlx::Result<Vec<JobId>> {
    let mut tx = db.begin().await?;
    let done = apply(&mut tx, actor, act, jobs).await?;
    record(&mut tx, actor, act, None, &done).await?;
    tx.commit().await?;
    Ok(done)
}

/// The jobs that a bulk act would affect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The matching jobs in a suitable state, newest first, with their states.
    pub jobs: Vec<(JobId, JobState)>,
    /// Whether more than [`BULK`] jobs match.
    pub capped: bool,
}

impl Preview {
    /// The number of jobs per state, in the order of a job's life. Omits states without jobs.
    #[must_use]
    pub fn counts(&self) -> Vec<(JobState, usize)> {
        let count = |state| self.jobs.iter().filter(|(_, of)| *of == state).count();
        let counts = JobState::ALL.into_iter().map(|state| (state, count(state)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Splits the jobs into live and ended ones.
    #[must_use]
    pub fn found(&self) -> PreviewedJobs {
        let (live, ended): (Vec<_>, Vec<_>) = self.jobs.iter().partition(|(_, state)| state.is_live());
        let ids = |jobs: Vec<(JobId, JobState)>| jobs.into_iter().map(|(id, _)| id).collect();
        PreviewedJobs { live: ids(live), ended: ids(ended) }
    }
}

/// The jobs of a preview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviewedJobs {
    /// Jobs that were live.
    pub live: Vec<JobId>,
    /// Jobs that had ended.
    pub ended: Vec<JobId>,
}

impl PreviewedJobs {
    /// The number of jobs.
    #[must_use]
    pub fn count(&self) -> usize {
        self.live.len() + self.ended.len()
    }
}

/// Finds the newest [`BULK`] jobs that a bulk act would affect.
pub async fn preview(db: &mut Tx, act: Act, filter: &Filter) -> sqlx::Result<Preview> {
    let mut jobs = Vec::new();
    for state in states(act, filter) {
        let ids = inspect::search_ids(db, &in_state(filter, state), BULK + 1).await?;
        jobs.extend(ids.into_iter().map(|id| (id, state)));
    }
    jobs.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    let most = usize::try_from(BULK).unwrap_or(usize::MAX);
    let capped = jobs.len() > most;
    jobs.truncate(most);
    Ok(Preview { jobs, capped })
}

/// Applies the act to previewed jobs that still match the filter: live ones that are still live, and ended ones that
/// are still ended. Returns them.
pub async fn act_on_preview(
    db: &Db,
    actor: Actor<'_>,
    act: Act,
    filter: &Filter,
    found: &PreviewedJobs,
) -> sqlx::Result<Vec<JobId>> {
    let mut tx = db.begin().await?;
    let mut still = Vec::new();
    for state in states(act, filter) {
        let jobs = if state.is_live() { &found.live } else { &found.ended };
        still.extend(inspect::lock_matching(&mut tx, jobs, &in_state(filter, state)).await?);
    }
    let done = apply(&mut tx, actor, act, &still).await?;
    record(&mut tx, actor, act, Some(filter), &done).await?;
    tx.commit().await?;
    Ok(done)
}

/// The states that match the filter and in which the act is possible.
fn states(act: Act, filter: &Filter) -> impl Iterator<Item = JobState> {
    let wanted = filter.state;
    JobState::ALL
        .into_iter()
        .filter(move |state| wanted.is_none_or(|wanted| wanted == *state) && act.is_possible(*state))
}

fn in_state(filter: &Filter, state: JobState) -> Filter {
    Filter { state: Some(state), ..filter.clone() }
}

async fn apply(db: &mut Tx, actor: Actor<'_>, act: Act, jobs: &[JobId]) -> sqlx::Result<Vec<JobId>> {
    match act {
        Act::Retry => control::retry(db, jobs).await,
        Act::Cancel => control::cancel(db, jobs, &format!("cancelled by {}", actor.name())).await,
        Act::Delete => control::delete(db, jobs).await,
    }
}

async fn record(
    db: &mut PgConnection,
    actor: Actor<'_>,
    act: Act,
    filter: Option<&Filter>,
    done: &[JobId],
) -> sqlx::Result<()> {
    if done.is_empty() {
        return Ok(());
    }
    let mut detail = json!({ "jobs": done.len(), "ids": &done[..done.len().min(NAMED)] });
    if let Some(filter) = filter {
        detail["filter"] = json!(filter);
    }
    audit::record(db, actor, act.action(), &detail).await
}

/// Pauses a queue, so that none of its jobs start. Returns false if it was already paused.
pub async fn pause(db: &Db, actor: Actor<'_>, queue: Queue) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let paused = control::pause(&mut tx, queue).await?;
    if paused {
        audit::record(&mut tx, actor, Action::PauseQueue, &json!({ "queue": queue.name() })).await?;
    }
    tx.commit().await?;
    Ok(paused)
}

/// Resumes a queue. Returns false if it was not paused.
pub async fn resume(db: &Db, actor: Actor<'_>, queue: Queue) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let resumed = control::resume(&mut tx, queue).await?;
    if resumed {
        audit::record(&mut tx, actor, Action::ResumeQueue, &json!({ "queue": queue.name() })).await?;
    }
    tx.commit().await?;
    Ok(resumed)
}

/// Sets a queue's limits.
pub async fn limit(db: &Db, actor: Actor<'_>, queue: Queue, limits: Limits) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    control::set_limits(&mut tx, queue, limits).await?;
    let detail = json!({ "queue": queue.name(), "limits": limits });
    audit::record(&mut tx, actor, Action::LimitQueue, &detail).await?;
    tx.commit().await
}

/// The result of a request to run a schedule's job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The job will start within seconds.
    Made,
    /// An earlier request is still pending.
    Pending,
    /// The schedule doesn't exist.
    Unknown,
}

/// Requests a schedule's job now.
pub async fn run_schedule(db: &Db, actor: Actor<'_>, name: &str) -> sqlx::Result<Request> {
    let mut tx = db.begin().await?;
    let request = if schedules::request(&mut tx, name).await? {
        audit::record(&mut tx, actor, Action::RunSchedule, &json!({ "schedule": name })).await?;
        Request::Made
    } else if schedules::list(&mut tx).await?.iter().any(|schedule| schedule.name == name) {
        Request::Pending
    } else {
        Request::Unknown
    };
    tx.commit().await?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_limited_to_suitable_states() {
        let any = Filter::default();
        let states = |act, filter: &Filter| states(act, filter).collect::<Vec<_>>();
        assert_eq!(states(Act::Retry, &any), [JobState::Scheduled, JobState::Dead, JobState::Cancelled]);
        assert_eq!(states(Act::Cancel, &any), [JobState::Scheduled, JobState::Ready, JobState::Running]);
        assert!(!states(Act::Delete, &any).contains(&JobState::Running));
        let done = Filter { state: Some(JobState::Done), ..any };
        assert!(states(Act::Retry, &done).is_empty());
    }

    #[test]
    fn a_preview_separates_live_jobs_from_ended_ones() {
        let jobs = vec![
            (JobId(9), JobState::Ready),
            (JobId(8), JobState::Dead),
            (JobId(7), JobState::Scheduled),
            (JobId(6), JobState::Dead),
        ];
        let preview = Preview { jobs, capped: false };
        assert_eq!(preview.counts(), [(JobState::Scheduled, 1), (JobState::Ready, 1), (JobState::Dead, 2)]);
        let found = preview.found();
        assert_eq!(
            (found.live.as_slice(), found.ended.as_slice()),
            ([JobId(9), JobId(7)].as_slice(), [JobId(8), JobId(6)].as_slice())
        );
        assert_eq!(found.count(), 4);
    }
}

//! Finding jobs, live and ended, among any number of them.

mod ids;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use self::ids::ids_of;
use super::state::JobState;
use crate::ids::JobId;
use pawdium_db::{Tx, despite_deadlocks};

/// How many jobs one act in bulk may be about.
pub const BULK: i64 = 10_000;

/// A job, live or ended.
#[derive(Clone, Debug, Serialize)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// The queue's name.
    pub queue: String,
    /// The kind's name.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// Attempts counted so far.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it is or was due; the end for those that ended.
    pub at: DateTime<Utc>,
    /// Whose share of the queue it uses.
    pub partition_key: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// What it was given.
    pub payload: serde_json::Value,
    /// How the last failed attempt ended, or why it was called off.
    pub last_error: Option<String>,
}

/// Somebody with jobs. Serialized as `own` alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Party {
    /// Their subject, and the partition that bears its name: `user:7`.
    pub own: String,
    /// The subjects of what is theirs, such as `photo:12`.
    pub things: Vec<String>,
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        party.own
    }
}

/// Which jobs; `None` is any. All that is set has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// This one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<JobId>,
    /// In this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// About this: `photo:12`, `user:7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// In this partition: `user:7`, `example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// In this party's partition, about them, or about something of theirs: the newest [`BULK`] of each.
    #[serde(rename = "member", skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// With this text in the last error, without regard to case; see [`is_searchable`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Dead, with a last error of this [group](super::ErrorGroup::error).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_group: Option<String>,
    /// Finds errors only by what masking leaves of them, for those who may not read addresses.
    #[serde(skip)]
    pub is_masked: bool,
}

impl Filter {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { is_masked: self.is_masked, ..Self::default() }
    }

    fn live(&self) -> Meant<Live> {
        match self.state {
            _ if self.error_group.is_some() => Meant::None,
            None => Meant::Any,
            Some(JobState::Scheduled) => Meant::Only(Live::Scheduled),
            Some(JobState::Ready) => Meant::Only(Live::Ready),
            Some(JobState::Running) => Meant::Only(Live::Running),
            Some(JobState::Done | JobState::Dead | JobState::Cancelled) => Meant::None,
        }
    }

    fn ended(&self) -> Meant<Outcome> {
        match self.state {
            Some(JobState::Dead) => Meant::Only(Outcome::Dead),
            None if self.error_group.is_some() => Meant::Only(Outcome::Dead),
            _ if self.error_group.is_some() => Meant::None,
            None => Meant::Any,
            Some(JobState::Done) => Meant::Only(Outcome::Done),
            Some(JobState::Cancelled) => Meant::Only(Outcome::Cancelled),
            Some(JobState::Scheduled | JobState::Ready | JobState::Running) => Meant::None,
        }
    }

    /// The error's text as a pattern in which nothing is a wildcard.
    fn pattern(&self) -> Option<String> {
        self.error.as_ref().map(|text| format!("%{}%", escaped(text)))
    }
}

/// What masking takes out of a text.
const MASKED: &str = r#"([^[:space:][:cntrl:]<>()\[\]\\,;:"@])[^[:space:][:cntrl:]<>()\[\]\\,;:"]*@"#;

/// Which states of a table are meant.
#[derive(Clone, Copy, Debug)]
enum Meant<T> {
    None,
    Any,
    Only(T),
}

impl<T> Meant<T> {
    fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    fn only(self) -> Option<T> {
        match self {
            Self::Only(state) => Some(state),
            Self::None | Self::Any => None,
        }
    }
}

/// As the database knows the live states: partial indexes are found by them and not by text.
#[derive(Clone, Copy, Debug, sqlx::Type)]
#[sqlx(type_name = "job_state", rename_all = "lowercase")]
enum Live {
    Scheduled,
    Ready,
    Running,
}

/// As the database knows how jobs end.
#[derive(Clone, Copy, Debug, sqlx::Type)]
#[sqlx(type_name = "job_outcome", rename_all = "lowercase")]
enum Outcome {
    Done,
    Dead,
    Cancelled,
}

/// Whether an index finds errors with this text: it takes three letters or digits in a row. Anything shorter would be looked
/// for in every error there is.
#[must_use]
pub fn is_searchable(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word.chars().nth(2).is_some())
}

/// Takes the meaning out of LIKE's wildcards.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Finds one job, live or ended.
pub async fn find(db: &mut Tx, job: JobId) -> sqlx::Result<Option<JobRow>> {
    let filter = Filter { id: Some(job), ..Filter::default() };
    Ok(search(db, &filter, None, 1).await?.pop())
}

/// Lists jobs whose last attempt failed, dead or waiting for another attempt, the newest first. Of those that wait it
/// looks at the next thousand that are due.
pub async fn list_failures(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<JobRow>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id!" from (
               (select id from (select id, last_error from jobs where not open order by run_at limit 1000)
                               as due where last_error is not null)
               union all
               (select id from job_history where outcome = 'dead' order by id desc limit $1)
           ) as failed order by id desc limit $1"#,
        limit,
    )
    .fetch_all(&mut *db)
    .await?;
    find_all(db, &ids).await
}

/// Lists jobs older than `before`, the newest first: a page of the search, the next of which begins before its last id.
pub async fn search(
    db: &mut Tx,
    filter: &Filter,
    before: Option<JobId>,
    limit: i64,
) -> sqlx::Result<Vec<JobRow>> {
    let ids = ids_of(db, filter, None, before.map_or(i64::MAX, |before| before.0), limit).await?;
    find_all(db, &ids).await
}

/// The ids of the newest jobs, up to `limit`: for stating how many an act in bulk would be about.
pub async fn search_ids(db: &mut Tx, filter: &Filter, limit: i64) -> sqlx::Result<Vec<JobId>> {
    Ok(ids_of(db, filter, None, i64::MAX, limit).await?.into_iter().map(JobId).collect())
}

/// Of `jobs`, those that still are as `filter` says; nobody else can change them until the caller's transaction ends. So
/// an act that was previewed is done to what was previewed and nothing else.
pub async fn lock_matching(db: &mut Tx, jobs: &[JobId], filter: &Filter) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    let locked = ids.clone();
    despite_deadlocks(db, move |tx| {
        let ids = locked.clone();
        Box::pin(async move {
            sqlx::query!("select from jobs where id = any($1) order by id for update", &ids)
                .execute(&mut *tx)
                .await?;
            sqlx::query!("select from job_history where id = any($1) order by id for update", &ids)
                .execute(tx)
                .await
        })
    })
    .await?;
    let limit = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    Ok(ids_of(db, filter, Some(&ids), i64::MAX, limit).await?.into_iter().map(JobId).collect())
}

async fn find_all(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<JobRow>> {
    sqlx::query_as!(
        JobRow,
        r#"select id as "id!: JobId", queue as "queue!", kind as "kind!", state as "state!: JobState",
                  attempt as "attempt!", max_attempts as "max_attempts!", created_at as "created_at!",
                  at as "at!", partition_key, subject, payload as "payload!", last_error
           from (select id, queue, kind, state::text, attempt, max_attempts, created_at, run_at as at,
                        partition_key, subject, payload, last_error
                 from jobs where id = any($1)
                 union all
                 select id, queue, kind, outcome::text, attempt, max_attempts, created_at, finished_at,
                        partition_key, subject, payload, last_error
                 from job_history where id = any($1)) as found
           order by id desc"#,
        ids,
    )
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_an_error_text_mean_themselves() {
        let filter = Filter { error: Some(r"50% of C:\a_b".to_owned()), ..Filter::default() };
        assert_eq!(filter.pattern().as_deref(), Some(r"%50\% of C:\\a\_b%"));
    }

    #[test]
    fn a_text_is_searchable_with_three_letters_or_digits_in_a_row() {
        for text in ["550", "mailbox full", "%%timed__out", "a: bcd", "größe"] {
            assert!(is_searchable(text), "{text}");
        }
        for text in ["", "ab", "%%%%", "a b c d", "::-- 55"] {
            assert!(!is_searchable(text), "{text}");
        }
    }
}

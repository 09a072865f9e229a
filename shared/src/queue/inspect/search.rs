//! Finding jobs, live and ended, among any number of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};

use super::state::JobState;
use crate::ids::{JobId, UserId};

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

/// Which jobs; `None` is any. All that is set has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// This one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<JobId>,
    /// In this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// On this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// About this: `photo:12`, `user:7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// In this partition: `user:7`, `example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// About this member or one of their photos, or in their partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<UserId>,
    /// With this text in the last error, without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// With a last error of this [group](super::ErrorGroup::error).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_group: Option<String>,
}

impl Filter {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether live jobs can be among those meant.
    fn wants_live(&self) -> bool {
        self.state.is_none_or(JobState::is_live)
    }

    /// Whether ended jobs can be among those meant.
    fn wants_ended(&self) -> bool {
        self.state.is_none_or(|state| !state.is_live())
    }

    /// The error's text as a pattern in which nothing is a wildcard.
    fn pattern(&self) -> Option<String> {
        self.error.as_ref().map(|text| format!("%{}%", escaped(text)))
    }
}

/// Takes the meaning out of LIKE's wildcards.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Finds one job, live or ended.
pub async fn find(db: &mut PgConnection, job: JobId) -> sqlx::Result<Option<JobRow>> {
    let filter = Filter { id: Some(job), ..Filter::default() };
    Ok(search(db, &filter, None, 1).await?.pop())
}

/// Lists jobs whose last attempt failed, dead or waiting for another attempt, the newest first. Of those that wait it
/// looks at the next thousand that are due.
pub async fn list_failures(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<JobRow>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id!" from (
               (select id from (select id, last_error from jobs where state = 'scheduled' order by run_at limit 1000)
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
    db: &mut PgConnection,
    filter: &Filter,
    before: Option<JobId>,
    limit: i64,
) -> sqlx::Result<Vec<JobRow>> {
    let ids = ids_before(db, filter, before.map_or(i64::MAX, |before| before.0), limit).await?;
    find_all(db, &ids).await
}

/// The ids of the newest jobs, up to `limit`: for stating how many an act in bulk would be about.
pub async fn search_ids(db: &mut PgConnection, filter: &Filter, limit: i64) -> sqlx::Result<Vec<JobId>> {
    Ok(ids_before(db, filter, i64::MAX, limit).await?.into_iter().map(JobId).collect())
}

/// Of `jobs`, those that still are as `filter` says; nobody else can change them until the caller's transaction ends. So
/// an act that was previewed is done to what was previewed and nothing else.
pub async fn lock_matching(
    db: &mut PgConnection,
    jobs: &[JobId],
    filter: &Filter,
) -> sqlx::Result<Vec<JobId>> {
    let ids: Vec<i64> = jobs.iter().map(|job| job.0).collect();
    sqlx::query!("select from jobs where id = any($1) order by id for update", &ids)
        .execute(&mut *db)
        .await?;
    sqlx::query!("select from job_history where id = any($1) order by id for update", &ids)
        .execute(&mut *db)
        .await?;
    let limit = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    Ok(ids_of(db, filter, Some(&ids), i64::MAX, limit).await?.into_iter().map(JobId).collect())
}

async fn ids_before(
    db: &mut PgConnection,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    ids_of(db, filter, None, before, limit).await
}

/// One statement for every filter, planned for the one at hand: what is not set is constant then, and falls away. Where
/// whose jobs or whose error is asked for, ordering by `id + 0` keeps the planner from walking the whole history by id in
/// the hope of meeting some soon.
async fn ids_of(
    db: &mut PgConnection,
    filter: &Filter,
    among: Option<&[i64]>,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    let mut planned = db.begin().await?;
    sqlx::query!("set local plan_cache_mode = force_custom_plan").execute(&mut *planned).await?;
    let ids = sqlx::query_scalar!(
        r#"select id as "id!" from (
               (select id from jobs
                where $1 and id < $3 and ($5::bigint is null or id = $5)
                  and ($14::bigint[] is null or id = any($14))
                  and ($6::text is null or state::text = $6)
                  and ($7::text is null or queue = $7)
                  and ($8::text is null or kind = $8)
                  and ($9::text is null or subject = $9)
                  and ($10::text is null or partition_key = $10)
                  and ($11::text is null or partition_key = $11 or subject = $11 or subject = any(array(
                           select 'photo:' || photos.id from photos where owner_id = $15)))
                  and ($12::text is null or last_error ilike $12)
                  and ($13::text is null or $13 =
                           left(regexp_replace(split_part(last_error, E'\n', 1), '[0-9]+', '#', 'g'), 160))
                order by id desc limit $4)
               union all
               (select id from job_history
                where $2 and id < $3 and ($5::bigint is null or id = $5)
                  and ($14::bigint[] is null or id = any($14))
                  and ($6::text is null or outcome = $6::job_outcome)
                  and ($7::text is null or queue = $7)
                  and ($8::text is null or kind = $8)
                  and ($9::text is null or subject = $9)
                  and ($10::text is null or partition_key = $10)
                  and ($11::text is null or partition_key = $11 or subject = $11 or subject = any(array(
                           select 'photo:' || photos.id from photos where owner_id = $15)))
                  and ($12::text is null or last_error ilike $12)
                  and ($13::text is null or error_group = $13)
                order by case when $11::text is null and $12::text is null then id else id + 0 end desc
                limit $4)
           ) as found order by id desc limit $4"#,
        filter.wants_live(),
        filter.wants_ended(),
        before,
        limit,
        filter.id.map(|id| id.0),
        filter.state.map(JobState::as_str),
        filter.queue,
        filter.kind,
        filter.subject,
        filter.partition,
        filter.member.map(|member| format!("user:{member}")),
        filter.pattern(),
        filter.error_group,
        among,
        filter.member.map(|member| member.0),
    )
    .fetch_all(&mut *planned)
    .await?;
    planned.rollback().await?;
    Ok(ids)
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
}

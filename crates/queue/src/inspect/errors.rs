//! Dead jobs, grouped by their errors.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::ids::JobId;

/// The most dead jobs that [`group_dead`] looks at.
pub const DEAD_LOOKED_AT: i64 = 50_000;

/// Dead jobs of one kind whose errors differ only in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorGroup {
    /// The kind's name.
    pub kind: String,
    /// The first line of the error, with `#` for each number.
    pub error: String,
    /// How many there are among the newest [`DEAD_LOOKED_AT`].
    pub count: i64,
    /// When the newest one ended.
    pub last_at: DateTime<Utc>,
    /// The newest one.
    pub last: JobId,
}

/// Groups the newest [`DEAD_LOOKED_AT`] dead jobs by kind and error, the largest groups first. The counts come from the
/// index `job_history_dead`; the history itself is read only for the newest job of each group.
pub async fn group_dead(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<ErrorGroup>> {
    sqlx::query_as!(
        ErrorGroup,
        r#"with oldest as (
               select coalesce(min(id), 0) as id
               from (select id from job_history where outcome = 'dead' order by id desc limit $1) as newest
           ), grouped as (
               select kind, error_group, count(*) as count, max(id) as last
               from job_history where outcome = 'dead' and id >= (select id from oldest)
               group by kind, error_group order by count(*) desc, max(id) desc limit $2
           )
           select grouped.kind as "kind!", coalesce(grouped.error_group, '') as "error!", count as "count!",
                  finished_at as "last_at!", last as "last!: JobId"
           from grouped join job_history on job_history.id = last
           order by count desc, last desc"#,
        DEAD_LOOKED_AT,
        limit,
    )
    .fetch_all(db)
    .await
}

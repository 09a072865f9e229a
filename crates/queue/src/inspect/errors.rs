//! The dead, grouped by what killed them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::ids::JobId;

/// How many of the newest dead [`group_dead`] looks at.
pub const DEAD_LOOKED_AT: i64 = 50_000;

/// Dead jobs of one kind whose errors differ in numbers only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorGroup {
    /// The kind's name.
    pub kind: String,
    /// The first line of the error, with `#` for each number.
    pub error: String,
    /// How many there are among those looked at.
    pub count: i64,
    /// When the newest of them ended.
    pub last_at: DateTime<Utc>,
    /// The newest of them.
    pub last: JobId,
}

/// Groups the newest [`DEAD_LOOKED_AT`] dead by kind and error, the largest groups first. All that is counted stands in
/// one index; the history itself is read for the newest of each group alone.
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

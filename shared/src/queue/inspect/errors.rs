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

/// Groups the newest [`DEAD_LOOKED_AT`] dead by kind and error, the largest groups first.
pub async fn group_dead(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<ErrorGroup>> {
    sqlx::query_as!(
        ErrorGroup,
        r#"with newest as (
               select id, kind, error_group, finished_at from job_history
               where outcome = 'dead' order by id desc limit $1
           )
           select kind as "kind!", coalesce(error_group, '') as "error!", count(*) as "count!",
                  max(finished_at) as "last_at!", max(id) as "last!: JobId"
           from newest group by kind, error_group
           order by count(*) desc, max(id) desc limit $2"#,
        DEAD_LOOKED_AT,
        limit,
    )
    .fetch_all(db)
    .await
}

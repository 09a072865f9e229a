//! The site that is measured.

use anyhow::Result;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

/// Fills an empty database with a site of this size.
pub(crate) async fn fill(db: &mut PgConnection, photos: u32, tags: u32) -> Result<()> {
    let statements = include_str!("seed.sql")
        .replace("{photos}", &photos.to_string())
        .replace("{tags}", &tags.to_string());
    db.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
    for table in ["photos", "taggings", "topics", "topic_keys", "photo_ranks"] {
        db.execute(sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze {table}")))).await?;
    }
    Ok(())
}

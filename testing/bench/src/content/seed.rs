//! The site that is measured.

use anyhow::Result;
use sqlx::{AssertSqlSafe, PgConnection};

/// Fills an empty database with a site of this size.
pub(crate) async fn fill(db: &mut PgConnection, photos: u32, tags: u32) -> Result<()> {
    let statements = include_str!("seed.sql")
        .replace("{photos}", &photos.to_string())
        .replace("{tags}", &tags.to_string());
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *db).await?;
    for table in ["photos", "taggings", "topics", "topic_keys", "photo_ranks"] {
        sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze {table}"))).execute(&mut *db).await?;
    }
    Ok(())
}

//! How a photo's tags are stored. Nothing else in this feature reads or writes them one photo at a time.

use sqlx::PgConnection;

use super::fields::Tags;
use crate::ids::PhotoId;

/// Finds a photo's tags, in their order.
pub async fn find(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    let tags = sqlx::query_scalar!("select tags from photos where id = $1", photo.0);
    Ok(tags.fetch_optional(db).await?.unwrap_or_default())
}

/// Replaces a photo's tags.
pub async fn set(db: &mut PgConnection, photo: PhotoId, tags: &Tags) -> sqlx::Result<()> {
    sqlx::query!("update photos set tags = $2 where id = $1", photo.0, tags.as_slice()).execute(db).await?;
    Ok(())
}

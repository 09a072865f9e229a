//! A photo's timeline from upload to live, shown to its owner.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use strum::IntoStaticStr;

use crate::ids::PhotoId;

/// The steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    /// The original is stored.
    Received,
    /// Its format and dimensions are acceptable.
    Checked,
    /// Its pixels are decoded.
    Decoded,
    /// The square is cut out and resized.
    Cropped,
    /// The three files are in the media store.
    Stored,
    /// It is in rotation.
    Live,
    /// It can't be used.
    Failed,
}

impl Step {
    /// The name in the database and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One step of a timeline.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineEntry {
    /// The step.
    pub step: Step,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Its duration in milliseconds, if it was measured.
    pub ms: Option<i32>,
}

/// Records that a step ended now. `ms` is its duration in milliseconds, if it was measured. A repeated step overwrites
/// the earlier record.
pub async fn record(db: &mut PgConnection, photo: PhotoId, step: Step, ms: Option<i32>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into photo_steps (photo_id, step, ms, at) values ($1, $2, $3, clock_timestamp())
         on conflict (photo_id, step) do update set at = excluded.at, ms = excluded.ms",
        photo.0,
        step as Step,
        ms,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes the record of a step that no longer holds.
pub async fn delete(db: &mut PgConnection, photo: PhotoId, step: Step) -> sqlx::Result<()> {
    sqlx::query!("delete from photo_steps where photo_id = $1 and step = $2", photo.0, step as Step)
        .execute(db)
        .await?;
    Ok(())
}

/// Lists the recorded steps, in order.
pub async fn list(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<TimelineEntry>> {
    sqlx::query_as!(
        TimelineEntry,
        r#"select step as "step: Step", at, ms from photo_steps where photo_id = $1
           order by array_position(array['received', 'checked', 'decoded', 'cropped', 'stored', 'live', 'failed'], step)"#,
        photo.0,
    )
    .fetch_all(db)
    .await
}

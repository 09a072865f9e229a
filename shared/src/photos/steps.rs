//! A photo's timeline, from upload to live, as its owner sees it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use strum::IntoStaticStr;

use crate::ids::PhotoId;

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    /// The upload is stored.
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

/// One line of a timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// What was done.
    pub step: Step,
    /// When it was finished.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds, where that was measured.
    pub ms: Option<i32>,
}

/// Records a step as finished now, after so many milliseconds where that was measured. A repeated step takes the new time.
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

/// Takes a step back that doesn't hold any more.
pub async fn take_back(db: &mut PgConnection, photo: PhotoId, step: Step) -> sqlx::Result<()> {
    sqlx::query!("delete from photo_steps where photo_id = $1 and step = $2", photo.0, step as Step)
        .execute(db)
        .await?;
    Ok(())
}

/// Lists what was recorded, in order.
pub async fn list(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"select step as "step: Step", at, ms from photo_steps where photo_id = $1
           order by array_position(array['received', 'checked', 'decoded', 'cropped', 'stored', 'live', 'failed'], step)"#,
        photo.0,
    )
    .fetch_all(db)
    .await
}

//! What a member sees of an export.

use chrono::{DateTime, Utc};
use serde::Serialize;
use strum::IntoStaticStr;

use crate::ids::ExportId;

/// What has become of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ExportState {
    /// Its archive is being written, or waits for that.
    Waiting,
    /// Its archive can be downloaded.
    Ready,
    /// Its archive couldn't be written.
    Failed,
    /// Its archive is deleted, because it is too old or there is a newer one.
    Expired,
}

impl ExportState {
    /// The name in the database and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An export.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// What has become of it.
    pub state: ExportState,
    /// When its owner asked for it.
    pub requested_at: DateTime<Utc>,
    /// When the archive is deleted; `None` if there was none.
    pub expires_at: Option<DateTime<Utc>>,
    /// The size of the archive; `None` if there was none.
    pub bytes: Option<i64>,
    /// How many photos it has; `None` if there was none.
    pub photos: Option<i32>,
}

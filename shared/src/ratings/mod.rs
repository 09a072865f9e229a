//! Ratings: ballots, the order in which photos are served, and recording.

mod ballot;
pub mod cast;
mod derpiness;
pub mod permutation;
pub mod queries;
mod recorder;
pub mod serving;
pub mod withdrawn;

pub use ballot::{Ballot, BallotRefused, Ballots, Shown};
pub use derpiness::{Derpiness, OutOfRange};
pub use recorder::Recorder;

use serde::{Deserialize, Serialize};

/// How a photo reached its rater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Lane {
    /// The rater's own permutation of all photos.
    Random,
    /// Photos newer than the span of the permutation.
    Fresh,
    /// A shared link.
    Link,
}

impl Lane {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Fresh => "fresh",
            Self::Link => "link",
        }
    }
}

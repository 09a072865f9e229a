//! Who sees how many votes a talk has. Counts leave the database as `Option`, and this is where they are left out.

use super::types::{Call, Totals};

impl Totals {
    /// Whether somebody sees the counts of a call. `has_voted` says whether they have a vote in it.
    #[must_use]
    pub fn visible_to(call: &Call, has_voted: bool) -> bool {
        call.phase.is_over() || call.totals == Self::Shown || has_voted
    }
}

//! The photos that a rater walks through.

use crate::ids::HubId;

/// Where photos are served from. Each scope has slots and positions of its own, and the rest is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All photos: `photos.slot` and `rater_positions`.
    Site,
    /// The photos of one hub: `hub_photos.slot` and `hub_positions`.
    Hub(HubId),
}

impl Scope {
    /// Gives each span of each scope an order of its own.
    pub(super) const fn salt(self, first: i64) -> u64 {
        let first = first.unsigned_abs();
        match self {
            Self::Site => first,
            Self::Hub(hub) => first ^ hub.0.unsigned_abs().rotate_left(32),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn scopes_have_orders_of_their_own(first in 0..1_i64 << 32, one in 1..1_i64 << 31, other in 1..1_i64 << 31) {
            let salts = [Scope::Site, Scope::Hub(HubId(one)), Scope::Hub(HubId(other))].map(|scope| scope.salt(first));
            prop_assert_ne!(salts[0], salts[1]);
            prop_assert!(one == other || salts[1] != salts[2]);
        }
    }
}

//! The one list of what is cached. What isn't in it doesn't compile as [`Cached`](crate::cache::Cached).
//!
//! Lists hold ids, and whatever they show of a photo comes from the photo's own data: a fact is cached in one place. Photos
//! that are not live are not cached. Roles, sessions, a member's figures, timelines and reasons come from the database.

use crate::cache::{Kind, Listed};
use crate::photos::cached::{CachedPhoto, PhotoCount};
use crate::ranking::lists::{TopList, TrendingList};

macro_rules! cached {
    ($($kind:ty,)*) => {
        $(impl Listed for $kind {})*

        /// Every kind of cached data.
        pub const KINDS: &[Kind] = &[$(Kind::of::<$kind>()),*];
    };
}

cached! {
    CachedPhoto,
    PhotoCount,
    TopList,
    TrendingList,
}

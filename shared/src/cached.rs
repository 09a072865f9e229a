//! The list of cached data. Types that are not in it can't implement [`Cached`](crate::cache::Cached).
//!
//! Lists hold ids; the photos' data is cached separately, so each fact is cached in one place. Photos that are not live
//! are not cached. Sessions, viewers' roles, a member's statistics, timelines and reasons come from the database.

use crate::cache::{Kind, Listed};
use crate::comments::cached::PhotoComments;
use crate::hubs::facts::CachedFacts;
use crate::hubs::shown::{HubLists, ShownHub};
use crate::photos::cached::{CachedPhoto, PhotoCount};
use crate::photos::hub_photos::{HubPhotoList, PhotoHubs};
use crate::photos::remixes::PhotoLineage;
use crate::ranking::hub_top::HubTopList;
use crate::ranking::lists::{NewList, TopList, TrendingList};
use crate::talks::facts::CachedCallFacts;
use crate::topics::cached::{CachedTopic, SectionList, TopicList, TopicPhotos};

macro_rules! cached {
    ($($kind:ty,)*) => {
        $(impl Listed for $kind {})*

        /// All kinds of cached data but widgets, which the crate of widgets adds.
        pub const KINDS: &[Kind] = &[$(Kind::of::<$kind>()),*];
    };
}

cached! {
    CachedPhoto,
    PhotoCount,
    TopList,
    TrendingList,
    NewList,
    CachedFacts,
    HubPhotoList,
    HubTopList,
    ShownHub,
    HubLists,
    PhotoHubs,
    PhotoLineage,
    CachedCallFacts,
    CachedTopic,
    TopicPhotos,
    TopicList,
    SectionList,
    PhotoComments,
}

//! The kinds of widgets on hubs' pages.
//!
//! A kind is one file: its configuration, its data with the template that shows it, how the data is loaded, and which
//! events change it. Its name in the list below is all that is left to add; the gallery, the API, the form of its
//! configuration, triage, caching and the tests that walk all kinds take it from there.

pub mod cached;
pub mod chart;
pub mod config;
pub mod coverage;
pub mod filters;
mod kind;
pub mod layout;
pub mod markdown;
pub mod people;
pub mod picture;
mod sentence;
pub mod species;
pub mod tile;
mod widget;

pub use kind::Kind;
pub use widget::{Audience, Columns, Everyone, Pages, Side, Viewer, Widget};

macro_rules! widgets {
    ($($file:ident::$kind:ident,)*) => {
        $(mod $file;)*

        /// All kinds, in the order of the gallery.
        pub const KINDS: &[Kind] = &[$(Kind::of::<$file::$kind>()),*];
    };
}

widgets! {
    about::About,
    rules::Rules,
    sticky_note::StickyNote,
    links::Links,
    newest_photos::NewestPhotos,
    top_photos::TopPhotos,
    trending::Trending,
    rate_one::RateOne,
    activity::Activity,
    feed::Feed,
    members::Members,
    numbers::Numbers,
    histogram::Ratings,
    badges::Badges,
    topics::Topics,
    topic::Topic,
    subscriptions::Subscriptions,
    drafts::Drafts,
    join_requests::JoinRequests,
    talks::Talks,
    cobwebs::Cobwebs,
}

/// Finds a kind by its name.
#[must_use]
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

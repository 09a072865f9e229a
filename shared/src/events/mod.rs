//! Events: facts about ids. A change records its event in its own transaction and does nothing else about caches. The
//! event's job commits with the change, and caches drop what it made stale right after the commit.

mod event;
mod record;

pub use event::{Event, EventKind};

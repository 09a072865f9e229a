//! What happened: facts about ids. A change records its event in the transaction that makes it, and that is all it has to
//! do: the event's job commits with the change, and caches forget what it made stale right after the commit.

mod event;
mod record;

pub use event::Event;

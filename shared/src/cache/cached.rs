//! What can be cached. Each kind says for itself how its data is loaded, and which events make it stale.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

use super::Group;
use crate::events::Event;
use crate::live::Topic;

/// Something whose data is cached: a photo, a list.
///
/// Data is the same for every viewer. What depends on who looks is computed beside it.
pub trait Cached: Listed + Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// The kind's name, the first word of its groups' names.
    const KIND: &'static str;

    /// What all of the kind share that one event can change for all of them at once: a group around theirs.
    const AROUND: Option<Around> = None;

    /// A part of it that is asked for by itself, as one page of a list. Parts go stale together.
    type Part: Copy + Debug + Display + Send + Sync + 'static;

    /// What is cached of a part.
    type Data: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its name among those of its kind; empty where there is but one.
    fn name(&self) -> String;

    /// Those that an event may make stale. [`is_stale_after`](Self::is_stale_after) decides.
    fn candidates(event: &Event) -> Vec<Self>;

    /// Whether an event has made its data stale.
    fn is_stale_after(&self, event: &Event) -> bool;

    /// Which open pages to tell when the event has made it stale; none by default.
    fn topic(&self, _event: &Event) -> Option<Topic> {
        None
    }

    /// Whether data is worth storing.
    fn is_kept(_data: &Self::Data) -> bool {
        true
    }

    /// Loads one part of each of `these`, in any order; what isn't there is left out.
    fn load(
        these: &[Self],
        part: Self::Part,
        db: &mut PgConnection,
    ) -> impl Future<Output = sqlx::Result<Vec<(Self, Self::Data)>>> + Send;

    /// Its group.
    fn group(&self) -> Group {
        let name = self.name();
        let name = if name.is_empty() { Self::KIND.to_owned() } else { format!("{}:{name}", Self::KIND) };
        Group::new(name, Self::AROUND.map(|around| around.name))
    }
}

/// What is asked for as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole;

impl Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("whole")
    }
}

/// What all of a kind share.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The group's name.
    pub name: &'static str,
    /// Whether an event has changed it, and so has made all of the kind stale.
    pub is_stale_after: fn(&Event) -> bool,
}

/// That a kind is in the list of [`cached`](crate::cached). What isn't can't be cached: no event would make it stale.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not in the list of what is cached",
    note = "add it to the list in shared/src/cached.rs, so that events make it stale"
)]
pub trait Listed {}

/// A kind without its type.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    stale: fn(&Event) -> (Vec<Group>, Vec<Topic>),
}

impl Kind {
    /// The kind of `C`.
    #[must_use]
    pub const fn of<C: Cached>() -> Self {
        Self { name: C::KIND, stale: stale::<C> }
    }
}

fn stale<C: Cached>(event: &Event) -> (Vec<Group>, Vec<Topic>) {
    let all_are_stale = C::AROUND.filter(|around| (around.is_stale_after)(event));
    let mut groups: Vec<_> =
        all_are_stale.map(|around| Group::new(around.name.to_owned(), None)).into_iter().collect();
    let mut topics = Vec::new();
    for one in C::candidates(event).into_iter().filter(|one| one.is_stale_after(event)) {
        groups.push(one.group());
        topics.extend(one.topic(event));
    }
    (groups, topics)
}

/// What an event makes stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// What is dropped.
    pub groups: Vec<Group>,
    /// Which open pages are told.
    pub topics: Vec<Topic>,
}

impl Stale {
    /// What of these kinds the events make stale.
    #[must_use]
    pub fn after(events: &[Event], kinds: &[Kind]) -> Self {
        let mut stale = Self::default();
        for (groups, topics) in events.iter().flat_map(|event| kinds.iter().map(|kind| (kind.stale)(event))) {
            stale.groups.extend(groups);
            stale.topics.extend(topics);
        }
        stale
    }
}

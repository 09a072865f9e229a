//! Cached data. Each kind defines how its data is loaded and which events make it stale.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

use super::Group;
use crate::events::Event;
use crate::live::Topic;

/// An object whose data is cached: a photo, a list.
///
/// The data is the same for all viewers. What depends on the viewer is computed separately.
pub trait Cached: Listed + Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// The kind's name, the first word of its groups' names.
    const KIND: &'static str;

    /// State that all objects of the kind depend on and one event can change for all of them: a surrounding group.
    const AROUND: Option<Around> = None;

    /// A part that is requested on its own, such as one page of a list. All parts go stale together.
    type Part: Copy + Debug + Display + Send + Sync + 'static;

    /// The data of a part.
    type Data: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its name within its kind; empty if the kind has only one object.
    fn name(&self) -> String;

    /// Candidates that an event may make stale. [`is_stale_after`](Self::is_stale_after) decides.
    fn candidates(event: &Event) -> Vec<Self>;

    /// Whether an event makes its data stale.
    fn is_stale_after(&self, event: &Event) -> bool;

    /// The topic of the open pages to notify when its data goes stale; none by default.
    fn topic(&self, _event: &Event) -> Option<Topic> {
        None
    }

    /// Whether data is worth storing.
    fn is_kept(_data: &Self::Data) -> bool {
        true
    }

    /// Loads one part of each of `these`, in any order. Omits objects that don't exist.
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

/// The part of objects that have only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole;

impl Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("whole")
    }
}

/// State that all objects of a kind share.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The group's name.
    pub name: &'static str,
    /// Whether an event changes it, which makes all objects of the kind stale.
    pub is_stale_after: fn(&Event) -> bool,
}

/// Marks the kinds in the list of [`cached`](crate::cached). Other kinds can't be cached, because no event would make
/// them stale.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not in the list of what is cached",
    note = "add it to the list in shared/src/cached.rs, so that events make it stale"
)]
pub trait Listed {}

/// A kind with its type erased.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    stale: fn(&Event) -> (Vec<Group>, Vec<Topic>),
}

impl Kind {
    /// The kind of `C`.
    #[must_use]
    pub const fn of<C: Cached>() -> Self {
        Self { stale: stale::<C> }
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

/// The effect of events on the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// The groups to drop.
    pub groups: Vec<Group>,
    /// The topics of open pages to notify.
    pub topics: Vec<Topic>,
}

impl Stale {
    /// Collects what the events make stale among these kinds.
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

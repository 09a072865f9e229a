//! Telling web processes which groups went stale, for the pages that they keep in memory.
//!
//! A drop in Redis announces its groups on the stream of changes in the same step, so who reads the stream hears of
//! them after they are gone from Redis, and never before. The process that drops them knows them at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

use redis::streams::StreamId;

use super::{Cached, Group};

/// What has become of what a stale group showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Staleness {
    /// There is something newer. The old may be shown for the moment in which the new is loaded.
    #[default]
    Changed,
    /// It may have been taken from everybody's sight, so it isn't shown any more, not even for a moment.
    Withdrawn,
}

/// Groups that went stale together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentStale {
    /// Their names.
    pub groups: Vec<String>,
    /// What has become of what they showed.
    pub staleness: Staleness,
}

/// The fields of an entry of the stream of changes. Names of groups have no spaces.
const GROUPS: &str = "stale";
const WITHDRAWN: &str = "withdrawn";

impl WentStale {
    pub(super) fn of(groups: &[Group], staleness: Staleness) -> Self {
        Self { groups: groups.iter().map(|group| group.name().to_owned()).collect(), staleness }
    }

    pub(super) fn entry(&self) -> [(&'static str, String); 2] {
        let is_withdrawn = u8::from(self.staleness == Staleness::Withdrawn);
        [(GROUPS, self.groups.join(" ")), (WITHDRAWN, is_withdrawn.to_string())]
    }

    /// Reads an entry of the stream; `None` if it is about something else.
    pub(crate) fn read(entry: &StreamId) -> Option<Self> {
        let groups: String = entry.get(GROUPS)?;
        let is_withdrawn = entry.get::<u8>(WITHDRAWN) != Some(0);
        Some(Self {
            groups: groups.split(' ').map(str::to_owned).collect(),
            staleness: if is_withdrawn { Staleness::Withdrawn } else { Staleness::Changed },
        })
    }
}

/// Keeps something in memory that depends on groups, and hears when they go stale.
pub trait Keeper: Debug + Send + Sync {
    /// These groups went stale, in this process or in another one.
    fn went_stale(&self, stale: &WentStale);

    /// This process has heard everything up to now.
    fn is_current(&self);

    /// This process hears nothing for now. It will hear later what it misses, or [`missed`](Self::missed).
    fn is_cut_off(&self);

    /// This process has missed something, and will never hear what.
    fn missed(&self);
}

/// Two keepers, which are told the same.
impl<A: Keeper, B: Keeper> Keeper for (A, B) {
    fn went_stale(&self, stale: &WentStale) {
        self.0.went_stale(stale);
        self.1.went_stale(stale);
    }

    fn is_current(&self) {
        self.0.is_current();
        self.1.is_current();
    }

    fn is_cut_off(&self) {
        self.0.is_cut_off();
        self.1.is_cut_off();
    }

    fn missed(&self) {
        self.0.missed();
        self.1.missed();
    }
}

/// The keeper of a process, if it has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<OnceLock<Arc<dyn Keeper>>>);

impl Told {
    pub(crate) fn set(&self, keeper: Arc<dyn Keeper>) {
        // A process has one, set when it starts.
        let _ = self.0.set(keeper);
    }

    pub(crate) fn keeper(&self) -> Option<&dyn Keeper> {
        self.0.get().map(AsRef::as_ref)
    }

    pub(super) fn went_stale(&self, groups: &[Group], staleness: Staleness) {
        if let Some(keeper) = self.keeper().filter(|_| !groups.is_empty()) {
            keeper.went_stale(&WentStale::of(groups, staleness));
        }
    }
}

tokio::task_local! {
    static READ: RefCell<BTreeSet<String>>;
}

/// Runs what loads and renders something. Returns with its output the names of all groups that it has read through the
/// cache, found there or not, and of those that [`depend_on`] names. What it spawns isn't seen.
pub async fn gathering<F: Future>(loading: F) -> (F::Output, Vec<String>) {
    READ.scope(RefCell::default(), async {
        let output = loading.await;
        let groups = READ.with(RefCell::take);
        (output, groups.into_iter().collect())
    })
    .await
}

/// Says that what is being loaded depends on an object that it reads in another way than through the cache.
pub fn depend_on<C: Cached>(one: C) {
    gather(&[one.group()]);
}

pub(super) fn gather(groups: &[Group]) {
    // Nobody gathers for what isn't kept.
    let _ = READ.try_with(|read| {
        let mut read = read.borrow_mut();
        for group in groups {
            read.insert(group.name().to_owned());
            read.extend(group.around().map(|around| around.name().to_owned()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubs::shown::ShownHub;
    use crate::ids::{HubId, PhotoId};
    use crate::photos::cached::CachedPhoto;

    #[tokio::test]
    async fn what_is_read_is_gathered_with_what_surrounds_it() {
        let loading = async {
            gather(&[CachedPhoto(PhotoId(7)).group()]);
            tokio::task::yield_now().await;
            depend_on(ShownHub(HubId(3)));
            depend_on(ShownHub(HubId(3)));
            5
        };
        assert_eq!(
            gathering(loading).await,
            (5, vec!["hub-page:3".to_owned(), "photo:7".to_owned(), "ranks".to_owned()])
        );
        depend_on(ShownHub(HubId(4)));
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        for staleness in [Staleness::Changed, Staleness::Withdrawn] {
            let stale = WentStale { groups: vec!["top:all:all".to_owned(), "photo:7".to_owned()], staleness };
            let fields = stale
                .entry()
                .map(|(field, value)| (field.to_owned(), redis::Value::BulkString(value.into_bytes())));
            let entry = StreamId { id: "1-0".to_owned(), map: fields.into(), ..StreamId::default() };
            assert_eq!(WentStale::read(&entry), Some(stale));
        }
        assert_eq!(WentStale::read(&StreamId::default()), None);
    }
}

//! The baked pages of this process, and when each may be sent.
//!
//! A page is sent until one of the groups that were read for it goes stale, until the clock changes what it says, and
//! for ten seconds at most, because some facts on pages have no event. When a page is stale, the first request renders
//! a new one and waits for it briefly; other requests get the old page meanwhile. A page that may show something
//! withdrawn is dropped at once, even if it is being rendered at that moment: the notes of the last moments are
//! remembered.
//!
//! A process that hears nothing, because Redis is away, can't know what is stale. It renders pages again after two
//! seconds, and requests wait for that. If the database is away as well, nothing can change, and it sends what it has.
//! What happened in the seconds between, after Redis went away and before the database did, it doesn't know; so it
//! trusts pages that it couldn't verify for an hour, and the others for a day.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pawdium_shared::cache::{Keeper, Staleness, WentStale};
use tokio::sync::watch;

use super::asked::Key;
use super::entry::Entry;

/// The most bytes of all pages.
const MOST: usize = 64 << 20;

/// How long a page is current if nothing is heard of it.
pub(super) const LIFETIME: Duration = Duration::from_secs(10);

/// The same while nothing can be heard.
const UNHEARD: Duration = Duration::from_secs(2);

/// A process that has heard nothing for so long hears nothing. Reads of the stream end within two seconds.
const SILENCE: Duration = Duration::from_secs(3);

/// How long after a change a page is still good enough not to wait long for another.
const GRACE: Duration = Duration::from_secs(1);

/// How long it is sent while somebody renders it.
const WHILE_RENDERED: Duration = Duration::from_secs(30);

/// How long to wait for what has just changed, and for what changed some time ago.
const BRIEFLY: Duration = Duration::from_millis(200);
const PATIENTLY: Duration = Duration::from_secs(2);

/// A page that changes all the time is rendered four times a second, after a few renderings in a row.
const PACE: Duration = Duration::from_millis(250);
const IN_A_ROW: u32 = 8;

/// How often to try again while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

/// How long pages last while the database is away.
const VERIFIED: Duration = Duration::from_hours(24);
const UNVERIFIED: Duration = Duration::from_hours(1);

/// How many notes are remembered for pages that are being rendered.
const REMEMBERED: usize = 8192;

/// Why a page was not baked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is nothing that everybody may see.
    Gone,
    /// The database is away.
    Away,
    /// Something else. The page's handler will meet it too, and say so.
    Broken,
}

/// What became of a rendering.
pub(super) type Outcome = Result<Arc<Entry>, Failure>;

/// Waits for the end of a rendering.
pub(super) type Waiting = watch::Receiver<Option<Outcome>>;

/// What to answer.
#[derive(Debug)]
pub(super) enum Look {
    /// This page.
    Current(Arc<Entry>),
    /// This earlier page.
    Stale(Arc<Entry>),
    /// This earlier page, and see in the background whether it can be rendered.
    Retry(Arc<Entry>),
    /// What is rendered now. If that takes too long or fails, this earlier page. With `patience: None` it can't take
    /// too long, and the earlier page only counts if it fails because the database is away.
    Render { earlier: Option<Arc<Entry>>, patience: Option<Duration> },
}

/// What became of a page that was rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    /// Something of it was withdrawn meanwhile.
    Withdrawn,
}

/// The pages. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct BakedPages(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    slots: HashMap<Key, Slot>,
    /// The pages for which each group was read.
    readers: HashMap<u64, HashSet<Key>>,
    bytes: usize,
    /// Counts uses, so that the page that was not used for the longest time goes first.
    uses: u64,
    renderings: HashMap<Key, Waiting>,
    /// The last notes, numbered.
    notes: VecDeque<(u64, u64, Staleness)>,
    noted: u64,
    /// Until which note something was missed.
    missed: u64,
    current_at: Option<Instant>,
    /// When the database was found to be away last.
    away_at: Option<Instant>,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    groups: Box<[u64]>,
    used: u64,
    stale_since: Option<Instant>,
    is_verified: bool,
    /// When the renderings so far would have been due at the pace.
    due: Instant,
}

impl Slot {
    fn bytes(&self, key: &Key) -> usize {
        // Each group also knows its readers.
        self.entry.bytes() + key.bytes() + self.groups.len() * (size_of::<u64>() + size_of::<Key>())
    }
}

fn id_of(group: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    group.hash(&mut hasher);
    hasher.finish()
}

impl BakedPages {
    /// What to answer now.
    pub(super) fn look(&self, key: &Key) -> Look {
        self.0.lock().look(key, Instant::now())
    }

    /// Joins the rendering of a page, or starts one with the sender that is returned.
    pub(super) fn join(&self, key: &Key) -> (Waiting, Option<Rendering>) {
        let mut state = self.0.lock();
        if let Some(waiting) = state.renderings.get(key) {
            return (waiting.clone(), None);
        }
        let (outcome, waiting) = watch::channel(None);
        state.renderings.insert(key.clone(), waiting.clone());
        (waiting, Some(Rendering { pages: self.clone(), key: key.clone(), outcome }))
    }

    /// The number of the last note, to be remembered before a page is rendered.
    pub(super) fn noted(&self) -> u64 {
        self.0.lock().noted
    }

    /// Keeps a page that was rendered after the note of that number, and depends on these groups.
    pub(super) fn keep(&self, key: &Key, entry: Arc<Entry>, groups: &[String], since: u64) -> Kept {
        self.0.lock().keep(key, entry, groups, since, Instant::now())
    }

    /// Forgets a page that nobody may see.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }

    /// Whether there is a page that is current, or was until a moment ago. A page that was not is forgotten.
    pub(super) fn was_current(&self, key: &Key) -> bool {
        self.0.lock().was_current(key, Instant::now())
    }

    /// Notes that the database is away.
    pub(super) fn is_away(&self) {
        self.0.lock().away_at = Some(Instant::now());
    }
}

impl State {
    fn hears(&self, now: Instant) -> bool {
        self.current_at.is_some_and(|at| now.saturating_duration_since(at) < SILENCE)
    }

    fn look(&mut self, key: &Key, now: Instant) -> Look {
        let hears = self.hears(now);
        let is_rendered = self.renderings.contains_key(key);
        self.uses += 1;
        let Some(slot) = self.slots.get_mut(key) else {
            return Look::Render { earlier: None, patience: None };
        };
        slot.used = self.uses;
        let entry = Arc::clone(&slot.entry);
        let age = now.saturating_duration_since(entry.baked_at);
        let is_verified = slot.is_verified && (hears || age < UNHEARD);
        let stale_since =
            slot.stale_since.or_else(|| (age >= entry.lifetime).then(|| entry.baked_at + entry.lifetime));
        let Some(stale_since) = stale_since.or_else(|| (!is_verified).then_some(now)) else {
            return Look::Current(entry);
        };
        if age >= if is_verified { VERIFIED } else { UNVERIFIED } {
            return Look::Render { earlier: None, patience: None };
        }
        if let Some(away_at) = &mut self.away_at {
            if is_rendered || now.saturating_duration_since(*away_at) < AGAIN {
                return Look::Stale(entry);
            }
            *away_at = now;
            return Look::Retry(entry);
        }
        if !is_verified {
            return Look::Render { earlier: Some(entry), patience: None };
        }
        let stale_for = now.saturating_duration_since(stale_since);
        let is_too_soon = slot.due.saturating_duration_since(now) > PACE * IN_A_ROW;
        if (is_rendered && stale_for < WHILE_RENDERED) || (is_too_soon && stale_for < GRACE) {
            return Look::Stale(entry);
        }
        let patience = if stale_for < GRACE { BRIEFLY } else { PATIENTLY };
        Look::Render { earlier: Some(entry), patience: Some(patience) }
    }

    fn was_current(&mut self, key: &Key, now: Instant) -> bool {
        let Some(slot) = self.slots.get(key) else { return false };
        let since = slot.stale_since.unwrap_or(slot.entry.baked_at + slot.entry.lifetime);
        let was_current = slot.is_verified && now.saturating_duration_since(since) < WHILE_RENDERED;
        if !was_current {
            self.remove(key);
        }
        was_current
    }

    fn keep(&mut self, key: &Key, entry: Arc<Entry>, groups: &[String], since: u64, now: Instant) -> Kept {
        self.away_at = None;
        let groups: Box<[u64]> = groups.iter().map(|group| id_of(group)).collect();
        let mut stale_since = None;
        // Older notes are forgotten.
        if self.notes.front().is_some_and(|(oldest, ..)| *oldest > since + 1) {
            stale_since = Some(now);
        }
        for (_, group, staleness) in self.notes.iter().rev().take_while(|(number, ..)| *number > since) {
            if groups.contains(group) {
                if *staleness == Staleness::Withdrawn {
                    return Kept::Withdrawn;
                }
                stale_since = Some(now);
            }
        }
        let due = self.slots.get(key).map_or(now, |slot| slot.due).max(now) + PACE;
        self.remove(key);
        self.uses += 1;
        let is_verified = since >= self.missed;
        let slot = Slot { entry, groups, used: self.uses, stale_since, is_verified, due };
        for group in &slot.groups {
            self.readers.entry(*group).or_default().insert(key.clone());
        }
        self.bytes += slot.bytes(key);
        self.slots.insert(key.clone(), slot);
        if self.bytes > MOST {
            self.make_room();
        }
        Kept::Yes
    }

    /// Removes what was not used for the longest time, an eighth at once.
    fn make_room(&mut self) {
        let mut all: Vec<_> = self.slots.iter().map(|(key, slot)| (slot.used, key.clone())).collect();
        all.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in all {
            if self.bytes <= MOST / 8 * 7 {
                return;
            }
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        let Some(slot) = self.slots.remove(key) else { return };
        self.bytes -= slot.bytes(key);
        for group in &slot.groups {
            if let Some(readers) = self.readers.get_mut(group) {
                readers.remove(key);
                if readers.is_empty() {
                    self.readers.remove(group);
                }
            }
        }
    }

    fn went_stale(&mut self, stale: &WentStale, now: Instant) {
        for group in &stale.groups {
            let group = id_of(group);
            self.noted += 1;
            self.notes.push_back((self.noted, group, stale.staleness));
            if self.notes.len() > REMEMBERED {
                self.notes.pop_front();
            }
            let readers: Vec<_> = self.readers.get(&group).into_iter().flatten().cloned().collect();
            for key in readers {
                if stale.staleness == Staleness::Withdrawn {
                    self.remove(&key);
                } else if let Some(slot) = self.slots.get_mut(&key) {
                    slot.stale_since.get_or_insert(now);
                }
            }
        }
    }
}

impl Keeper for BakedPages {
    fn went_stale(&self, stale: &WentStale) {
        self.0.lock().went_stale(stale, Instant::now());
    }

    fn is_current(&self) {
        self.0.lock().current_at = Some(Instant::now());
    }

    fn is_cut_off(&self) {
        self.0.lock().current_at = None;
    }

    fn missed(&self) {
        let mut state = self.0.lock();
        // What is being rendered now has a lower number.
        state.noted += 1;
        state.missed = state.noted;
        state.slots.values_mut().for_each(|slot| slot.is_verified = false);
    }
}

/// The rendering of a page. Dropping it ends it, also when the renderer has panicked.
#[derive(Debug)]
pub(super) struct Rendering {
    pages: BakedPages,
    key: Key,
    outcome: watch::Sender<Option<Outcome>>,
}

impl Rendering {
    pub(super) fn end(self, outcome: Outcome) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Rendering {
    fn drop(&mut self) {
        self.pages.0.lock().renderings.remove(&self.key);
    }
}

#[cfg(test)]
mod tests;

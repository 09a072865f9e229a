//! Parts that many pages ask for at the same time: after a change, all that show a hub load the same bytes.
//!
//! A part is kept until one of the groups that were read for it goes stale: so nothing of a hub is sent after this process
//! has heard that the hub is private. A process that hears nothing keeps nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pawdium_shared::cache::{Keeper, WentStale};

use crate::http::encoded::Encoded;

/// How long a part is kept. Pages load it within the two seconds of the longest spread.
const LIFETIME: Duration = Duration::from_secs(3);

/// The most parts that are kept.
const MOST: usize = 256;

/// How many names of stale groups are remembered for parts that are being rendered.
const REMEMBERED: usize = 1024;

/// Rendered parts that are the same for everybody, by path and version. Any shared cache between the site and its
/// visitors may keep them, for longer, so no visitor is looked up for them.
#[derive(Clone, Debug, Default)]
pub struct KeptParts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    parts: HashMap<(String, u64), Kept>,
    /// The groups that went stale last.
    stale: VecDeque<String>,
    /// How many went stale so far.
    noted: u64,
    hears: bool,
}

#[derive(Debug)]
struct Kept {
    part: Encoded,
    groups: Vec<String>,
    until: Instant,
}

impl KeptParts {
    pub(super) fn find(&self, path: &str, version: u64) -> Option<Encoded> {
        self.find_at(path, version, Instant::now())
    }

    fn find_at(&self, path: &str, version: u64, now: Instant) -> Option<Encoded> {
        let state = self.0.lock();
        let kept = state.parts.get(&(path.to_owned(), version)).filter(|kept| now < kept.until)?;
        Some(kept.part.clone())
    }

    /// How many groups went stale so far, to be remembered before a part is rendered.
    pub(super) fn noted(&self) -> u64 {
        self.0.lock().noted
    }

    /// Keeps a part for a moment that was rendered after so many groups had gone stale, and for which these were read.
    /// Returns whether none of them went stale meanwhile.
    pub(super) fn keep(
        &self,
        path: &str,
        version: u64,
        part: &Encoded,
        groups: Vec<String>,
        since: u64,
    ) -> bool {
        let mut state = self.0.lock();
        if !state.is_current(&groups, since) {
            return false;
        }
        state.keep_at(path, version, part, groups, Instant::now());
        true
    }
}

impl State {
    fn is_current(&self, groups: &[String], since: u64) -> bool {
        let Ok(later) = usize::try_from(self.noted - since) else { return false };
        later <= self.stale.len() && !self.stale.iter().rev().take(later).any(|stale| groups.contains(stale))
    }

    fn keep_at(&mut self, path: &str, version: u64, part: &Encoded, groups: Vec<String>, now: Instant) {
        self.parts.retain(|_, kept| now < kept.until);
        if self.hears && self.parts.len() < MOST {
            let kept = Kept { part: part.clone(), groups, until: now + LIFETIME };
            self.parts.entry((path.to_owned(), version)).or_insert(kept);
        }
    }
}

impl Keeper for KeptParts {
    fn went_stale(&self, stale: &WentStale) {
        let mut state = self.0.lock();
        state.parts.retain(|_, kept| !kept.groups.iter().any(|group| stale.groups.contains(group)));
        for group in &stale.groups {
            state.noted += 1;
            state.stale.push_back(group.clone());
        }
        let surplus = state.stale.len().saturating_sub(REMEMBERED);
        state.stale.drain(..surplus);
    }

    fn is_current(&self) {
        self.0.lock().hears = true;
    }

    fn is_cut_off(&self) {
        let mut state = self.0.lock();
        state.hears = false;
        state.parts.clear();
    }

    fn missed(&self) {
        let mut state = self.0.lock();
        state.parts.clear();
        // A part that is being rendered now may also have missed it.
        state.stale.clear();
        state.noted += 1;
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use pawdium_shared::cache::Staleness;

    use super::*;

    const PATH: &str = "/h/cats/w/1";

    fn part(html: &'static str) -> Encoded {
        Encoded::new(Bytes::from_static(html.as_bytes()))
    }

    fn hearing() -> KeptParts {
        let parts = KeptParts::default();
        parts.is_current();
        parts
    }

    fn groups() -> Vec<String> {
        vec!["hub-page:3".to_owned(), "widget:3.1".to_owned()]
    }

    fn stale(group: &str) -> WentStale {
        WentStale { groups: vec![group.to_owned()], staleness: Staleness::Withdrawn }
    }

    #[test]
    fn a_version_of_a_part_is_kept_for_seconds() {
        let (parts, begin) = (hearing(), Instant::now());
        parts.0.lock().keep_at(PATH, 7, &part("seven"), groups(), begin);
        let later = begin + LIFETIME / 2;
        parts.0.lock().keep_at(PATH, 7, &part("later"), groups(), later);
        assert_eq!(parts.find_at(PATH, 7, later), Some(part("seven")));
        assert_eq!(parts.find_at(PATH, 8, later), None);
        assert_eq!(parts.find_at("/h/cats/w/2", 7, later), None);
        let end = begin + LIFETIME;
        assert_eq!(parts.find_at(PATH, 7, end), None, "not for longer because it was kept again");
    }

    #[test]
    fn memory_is_bounded() {
        let (parts, begin) = (hearing(), Instant::now());
        for version in 0..2 * MOST as u64 {
            parts.0.lock().keep_at(PATH, version, &part(""), groups(), begin);
        }
        assert_eq!(parts.0.lock().parts.len(), MOST);
        parts.0.lock().keep_at(PATH, 7, &part(""), groups(), begin + LIFETIME);
        assert_eq!(parts.0.lock().parts.len(), 1);
        for number in 0..2 * REMEMBERED {
            parts.went_stale(&stale(&format!("photo:{number}")));
        }
        assert_eq!(parts.0.lock().stale.len(), REMEMBERED);
    }

    #[test]
    fn nothing_is_sent_of_what_went_stale() {
        let parts = hearing();
        assert!(parts.keep(PATH, 7, &part("seven"), groups(), parts.noted()));
        parts.went_stale(&stale("hub-page:4"));
        assert_eq!(parts.find(PATH, 7), Some(part("seven")));
        parts.went_stale(&stale("hub-page:3"));
        assert_eq!(parts.find(PATH, 7), None);
    }

    #[test]
    fn what_went_stale_while_it_was_rendered_is_not_kept() {
        let parts = hearing();
        let since = parts.noted();
        parts.went_stale(&stale("hub-page:3"));
        assert!(!parts.keep(PATH, 7, &part("seven"), groups(), since));
        let since = parts.noted();
        for number in 0..=REMEMBERED {
            parts.went_stale(&stale(&format!("photo:{number}")));
        }
        assert!(!parts.keep(PATH, 7, &part("seven"), groups(), since), "nobody knows any more");
        let since = parts.noted();
        parts.missed();
        assert!(!parts.keep(PATH, 7, &part("seven"), groups(), since));
        assert_eq!(parts.find(PATH, 7), None);
    }

    #[test]
    fn a_process_that_hears_nothing_keeps_nothing() {
        let parts = hearing();
        assert!(parts.keep(PATH, 7, &part("seven"), groups(), parts.noted()));
        parts.is_cut_off();
        assert_eq!(parts.find(PATH, 7), None);
        parts.keep(PATH, 7, &part("seven"), groups(), parts.noted());
        assert_eq!(parts.find(PATH, 7), None);
    }
}

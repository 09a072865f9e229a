//! The most recent changes that this process has read, so that a reconnecting page learns whether it missed any.

use std::collections::VecDeque;

use super::topic::Topic;

/// How many changes are remembered.
const REMEMBERED: usize = 4096;

/// An entry's id in the stream: milliseconds and a sequence number.
type StreamId = (u64, u64);

/// Recent entries of the stream, without a gap.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// All entries after this id are in `changes`; `None` until the stream is read.
    after: Option<StreamId>,
    changes: VecDeque<(StreamId, Topic)>,
}

impl Recent {
    /// Forgets everything. From now on, all entries after `id` are remembered.
    pub(super) fn begin_after(&mut self, id: &str) {
        *self = Self { after: position(id), changes: VecDeque::new() };
    }

    /// Remembers the next change.
    pub(super) fn push(&mut self, id: &str, topic: Topic) {
        let Some(at) = position(id) else { return };
        if self.changes.len() >= REMEMBERED
            && let Some((oldest, _)) = self.changes.pop_front()
        {
            self.after = Some(oldest);
        }
        self.changes.push_back((at, topic));
    }

    /// Whether `topic` has changed since `last`. Also true if this process can't tell, because `last` is unknown or
    /// forgotten.
    pub(super) fn has_changed_since(&self, topic: &Topic, last: &str) -> bool {
        let (Some(last), Some(after)) = (position(last), self.after) else { return true };
        let newest = self.changes.back().map_or(after, |(at, _)| *at);
        if last < after || last > newest {
            return true;
        }
        self.changes.iter().rev().take_while(|(at, _)| *at > last).any(|(_, changed)| changed == topic)
    }
}

fn position(id: &str) -> Option<StreamId> {
    let (milliseconds, number) = id.split_once('-')?;
    Some((milliseconds.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PhotoId;

    fn topic(photo: i64) -> Topic {
        Topic::photo(PhotoId(photo))
    }

    #[test]
    fn a_page_learns_of_exactly_what_it_missed() {
        let mut recent = Recent::default();
        assert!(recent.has_changed_since(&topic(1), "5-0"), "nothing was read yet");
        recent.begin_after("5-0");
        assert!(!recent.has_changed_since(&topic(1), "5-0"));
        recent.push("6-0", topic(1));
        recent.push("6-1", topic(2));
        assert!(recent.has_changed_since(&topic(1), "5-0"));
        assert!(!recent.has_changed_since(&topic(1), "6-0"));
        assert!(recent.has_changed_since(&topic(2), "6-0"));
        assert!(!recent.has_changed_since(&topic(3), "5-0"));
    }

    #[test]
    fn an_unknown_id_counts_as_changed() {
        let mut recent = Recent::default();
        recent.begin_after("5-0");
        recent.push("6-0", topic(1));
        for last in ["0-1", "4-9", "7-0", "", "6", "6-", "-", "six-0", "99999999999999999999-0"] {
            assert!(recent.has_changed_since(&topic(2), last), "{last}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut recent = Recent::default();
        recent.begin_after("0-0");
        for number in 1..=REMEMBERED + 10 {
            recent.push(&format!("{number}-0"), topic(1));
        }
        assert_eq!(recent.changes.len(), REMEMBERED);
        assert!(recent.has_changed_since(&topic(2), "9-0"), "that is forgotten");
        assert!(!recent.has_changed_since(&topic(2), "10-0"));
    }
}

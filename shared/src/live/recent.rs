//! The most recent changes that this process has read, so that a reconnecting page learns what it missed.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use super::topic::{Note, Topic, Unknown};

/// How many changes are remembered: a minute of a few hundred a second.
pub(super) const REMEMBERED: usize = 16_384;

/// An entry's id in the stream: milliseconds and a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64, u64);

impl Position {
    /// Before the first entry.
    pub const BEGINNING: Self = Self(0, 0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for Position {
    type Err = Unknown;

    fn from_str(id: &str) -> Result<Self, Unknown> {
        let (milliseconds, number) = id.split_once('-').ok_or(Unknown)?;
        Ok(Self(milliseconds.parse().map_err(|_| Unknown)?, number.parse().map_err(|_| Unknown)?))
    }
}

/// An entry of the stream. `None` if it says nothing that this version knows.
pub(super) type Entry = (Position, Option<(Topic, Note)>);

/// Recent entries of the stream, without a gap.
#[derive(Debug)]
pub(super) struct Recent {
    /// All entries after this one are in `changes`.
    after: Position,
    newest: Position,
    changes: VecDeque<(Position, Topic, Note)>,
}

impl Recent {
    /// Knows all entries after `after`.
    pub(super) fn after(after: Position) -> Self {
        Self { after, newest: after, changes: VecDeque::new() }
    }

    /// The newest entry.
    pub(super) fn newest(&self) -> Position {
        self.newest
    }

    /// Remembers the next entry.
    pub(super) fn push(&mut self, (at, change): Entry) {
        self.newest = at;
        let Some((topic, note)) = change else { return };
        if self.changes.len() >= REMEMBERED
            && let Some((oldest, ..)) = self.changes.pop_front()
        {
            self.after = oldest;
        }
        self.changes.push_back((at, topic, note));
    }

    /// The changes after `last`, in order; `None` if this process can't tell, because `last` is unknown or forgotten.
    pub(super) fn since(&self, last: Position) -> Option<impl Iterator<Item = (Position, Topic, Note)> + '_> {
        if last < self.after || last > self.newest {
            return None;
        }
        let seen = self.changes.partition_point(|(at, ..)| *at <= last);
        Some(self.changes.range(seen..).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PhotoId;

    fn at(id: &str) -> Position {
        id.parse().expect("an id")
    }

    fn change(id: &str, photo: i64) -> Entry {
        (at(id), Some((Topic::Photo(PhotoId(photo)), Note::Changed)))
    }

    fn photos_since(recent: &Recent, last: &str) -> Option<Vec<i64>> {
        let photo = |(_, topic, _)| match topic {
            Topic::Photo(PhotoId(photo)) => photo,
            other => panic!("{other}"),
        };
        Some(recent.since(at(last))?.map(photo).collect())
    }

    #[test]
    fn a_page_learns_of_exactly_what_it_missed() {
        let mut recent = Recent::after(at("5-0"));
        assert_eq!(photos_since(&recent, "5-0"), Some(vec![]));
        recent.push(change("6-0", 1));
        recent.push(change("6-1", 2));
        recent.push((at("7-0"), None));
        assert_eq!(photos_since(&recent, "5-0"), Some(vec![1, 2]));
        assert_eq!(photos_since(&recent, "6-0"), Some(vec![2]));
        assert_eq!(photos_since(&recent, "6-1"), Some(vec![]));
        assert_eq!(photos_since(&recent, "7-0"), Some(vec![]));
        assert_eq!(recent.newest(), at("7-0"));
    }

    #[test]
    fn an_id_from_another_time_tells_nothing() {
        let mut recent = Recent::after(at("5-0"));
        recent.push(change("6-0", 1));
        for last in ["0-0", "0-1", "4-9", "6-1", "7-0"] {
            assert_eq!(photos_since(&recent, last), None, "{last}");
        }
        for id in ["", "6", "6-", "-", "six-0", "99999999999999999999-0"] {
            assert_eq!(id.parse::<Position>(), Err(Unknown), "{id}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut recent = Recent::after(at("0-0"));
        for number in 1..=REMEMBERED + 10 {
            recent.push(change(&format!("{number}-0"), 1));
        }
        assert_eq!(recent.changes.len(), REMEMBERED);
        assert_eq!(photos_since(&recent, "9-0"), None, "that is forgotten");
        assert_eq!(photos_since(&recent, "10-0").map(|missed| missed.len()), Some(REMEMBERED));
    }
}

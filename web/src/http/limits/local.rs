//! Counting in this process alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most windows that are remembered. A client has one for each thing that is limited.
const MOST: usize = 50_000;

/// Fixed windows that begin with the first request.
#[derive(Debug, Default)]
pub(super) struct Windows(Mutex<HashMap<String, Window>>);

#[derive(Clone, Copy, Debug)]
struct Window {
    count: u32,
    ends: Instant,
}

impl Windows {
    /// Counts one more; answers with how many there were in this window, and how long it lasts.
    pub(super) fn count(&self, key: &str, length: Duration, now: Instant) -> (u32, Duration) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(key)
            && window.ends > now
        {
            window.count = window.count.saturating_add(1);
            return (window.count, window.ends - now);
        }
        if windows.len() >= MOST {
            make_room(&mut windows, now);
        }
        windows.insert(key.to_owned(), Window { count: 1, ends: now + length });
        (1, length)
    }
}

/// Forgets the windows that are over, and where that isn't enough, those with the lowest counts: a flood from many
/// addresses doesn't make anybody's guesses uncounted.
fn make_room(windows: &mut HashMap<String, Window>, now: Instant) {
    windows.retain(|_, window| window.ends > now);
    let mut floor = 1;
    while windows.len() > MOST / 2 {
        windows.retain(|_, window| window.count > floor);
        floor = floor.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_window_counts_until_it_ends() {
        let (windows, begin) = (Windows::default(), Instant::now());
        assert_eq!(windows.count("login:ada", MINUTE, begin), (1, MINUTE));
        assert_eq!(windows.count("login:ada", MINUTE, begin + MINUTE / 2), (2, MINUTE / 2));
        assert_eq!(windows.count("login:bob", MINUTE, begin + MINUTE / 2), (1, MINUTE));
        assert_eq!(windows.count("login:ada", MINUTE, begin + MINUTE), (1, MINUTE));
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory_and_frees_nobody_who_was_counted() {
        let (windows, begin) = (Windows::default(), Instant::now());
        for _ in 0..10 {
            windows.count("login:guesser", MINUTE, begin);
        }
        for address in 0..3 * MOST {
            windows.count(&format!("login:{address}"), MINUTE, begin);
        }
        assert!(windows.0.lock().expect("no holder panics").len() <= MOST);
        assert_eq!(windows.count("login:guesser", MINUTE, begin).0, 11);
    }
}

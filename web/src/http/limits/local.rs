//! Counters in this process.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The most windows to remember. A client has one for each limited act.
const MOST: usize = 50_000;

/// Fixed windows that begin with the first request.
#[derive(Debug, Default)]
pub(super) struct Windows(Mutex<HashMap<String, RateWindow>>);

#[derive(Clone, Copy, Debug)]
struct RateWindow {
    count: u32,
    ends: Instant,
}

impl Windows {
    /// Counts an act and returns the end of its window. If the window is full, the error says how long it lasts.
    pub(super) fn count(
        &self,
        key: &str,
        most: u32,
        length: Duration,
        now: Instant,
    ) -> Result<Instant, Duration> {
        let mut windows = self.0.lock();
        if let Some(window) = windows.get_mut(key)
            && window.ends > now
        {
            if window.count >= most {
                return Err(window.ends - now);
            }
            window.count += 1;
            return Ok(window.ends);
        }
        if windows.len() >= MOST {
            make_room(&mut windows, now);
        }
        let ends = now + length;
        windows.insert(key.to_owned(), RateWindow { count: 1, ends });
        Ok(ends)
    }

    /// Uncounts an act in the window that ends at `ends`.
    pub(super) fn give_back(&self, key: &str, ends: Instant) {
        let mut windows = self.0.lock();
        if let Some(window) = windows.get_mut(key)
            && window.ends == ends
        {
            window.count = window.count.saturating_sub(1);
        }
    }
}

/// Drops the windows that are over and, if that isn't enough, those with the lowest counts, so that a flood from many
/// addresses doesn't reset anybody's guesses.
fn make_room(windows: &mut HashMap<String, RateWindow>, now: Instant) {
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
        let count = |key, now| windows.count(key, 2, MINUTE, now);
        assert_eq!(count("login:ada", begin), Ok(begin + MINUTE));
        assert_eq!(count("login:ada", begin + MINUTE / 4), Ok(begin + MINUTE));
        assert_eq!(count("login:ada", begin + MINUTE / 2), Err(MINUTE / 2));
        assert_eq!(count("login:bob", begin + MINUTE / 2), Ok(begin + MINUTE * 3 / 2));
        assert_eq!(count("login:ada", begin + MINUTE), Ok(begin + MINUTE * 2));
    }

    #[test]
    fn giving_back_uncounts_an_act_in_its_own_window_only() {
        let (windows, begin) = (Windows::default(), Instant::now());
        let count = |now| windows.count("guess:ada", 1, MINUTE, now);
        let counted = count(begin).expect("the first");
        assert_eq!(count(begin), Err(MINUTE), "a refused act isn't counted");
        windows.give_back("guess:ada", counted);
        assert_eq!(count(begin + MINUTE / 2), Ok(begin + MINUTE));
        assert!(count(begin + MINUTE).is_ok());
        windows.give_back("guess:ada", counted);
        assert_eq!(count(begin + MINUTE), Err(MINUTE));
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory_and_frees_nobody_who_was_counted() {
        let (windows, begin) = (Windows::default(), Instant::now());
        for _ in 0..10 {
            windows.count("login:guesser", 10, MINUTE, begin).expect("it is within the limit");
        }
        for address in 0..3 * MOST {
            windows.count(&format!("login:{address}"), 10, MINUTE, begin).expect("it is the first");
        }
        assert!(windows.0.lock().len() <= MOST);
        assert!(windows.count("login:guesser", 10, MINUTE, begin).is_err());
    }
}

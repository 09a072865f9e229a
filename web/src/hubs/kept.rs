//! Parts that many pages ask for at the same time: after a change, all that show a hub load the same bytes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::http::encoded::Encoded;

/// How long a part is kept. Pages load it within the two seconds of the longest spread.
const LIFETIME: Duration = Duration::from_secs(3);

/// The most parts that are kept.
const MOST: usize = 256;

/// Rendered parts that are the same for everybody, by path and version. Any shared cache between the site and its
/// visitors may keep them, for longer, so no visitor is looked up for them.
#[derive(Clone, Debug, Default)]
pub struct KeptParts(Arc<Mutex<Parts>>);

/// Until when each is kept.
type Parts = HashMap<(String, u64), (Encoded, Instant)>;

impl KeptParts {
    pub(super) fn find(&self, path: &str, version: u64) -> Option<Encoded> {
        self.find_at(path, version, Instant::now())
    }

    fn find_at(&self, path: &str, version: u64, now: Instant) -> Option<Encoded> {
        let kept = self.0.lock();
        kept.get(&(path.to_owned(), version)).filter(|(_, until)| now < *until).map(|(part, _)| part.clone())
    }

    /// Keeps a part for a moment.
    pub(super) fn keep(&self, path: &str, version: u64, part: Encoded) {
        self.keep_at(path, version, part, Instant::now());
    }

    fn keep_at(&self, path: &str, version: u64, part: Encoded, now: Instant) {
        let mut kept = self.0.lock();
        kept.retain(|_, (_, until)| now < *until);
        if kept.len() < MOST {
            kept.entry((path.to_owned(), version)).or_insert((part, now + LIFETIME));
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    fn part(html: &'static str) -> Encoded {
        Encoded::new(Bytes::from_static(html.as_bytes()))
    }

    #[test]
    fn a_version_of_a_part_is_kept_for_seconds() {
        let (parts, begin) = (KeptParts::default(), Instant::now());
        parts.keep_at("/h/cats/w/1", 7, part("seven"), begin);
        let later = begin + LIFETIME / 2;
        parts.keep_at("/h/cats/w/1", 7, part("later"), later);
        assert_eq!(parts.find_at("/h/cats/w/1", 7, later), Some(part("seven")));
        assert_eq!(parts.find_at("/h/cats/w/1", 8, later), None);
        assert_eq!(parts.find_at("/h/cats/w/2", 7, later), None);
        let end = begin + LIFETIME;
        assert_eq!(parts.find_at("/h/cats/w/1", 7, end), None, "not for longer because it was kept again");
    }

    #[test]
    fn memory_is_bounded() {
        let (parts, begin) = (KeptParts::default(), Instant::now());
        for version in 0..2 * MOST as u64 {
            parts.keep_at("/h/cats/w/1", version, part(""), begin);
        }
        assert_eq!(parts.0.lock().len(), MOST);
        parts.keep_at("/h/cats/w/1", 7, part(""), begin + LIFETIME);
        assert_eq!(parts.0.lock().len(), 1);
    }
}

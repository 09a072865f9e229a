//! The part of a file that a client asks for (RFC 9110, section 14).

use std::ops::{Bound, Range as Bytes};

use axum_extra::headers::Range;

/// What to send of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: there are several ranges, or an invalid one.
    Whole,
    /// These bytes.
    Part(Bytes<u64>),
    /// Nothing: the file ends before the range.
    Beyond,
}

impl Wanted {
    /// The requested range of a file of `size` bytes.
    #[must_use]
    pub fn of(range: &Range, size: u64) -> Self {
        let ranges: Vec<_> = range.satisfiable_ranges(size).collect();
        let [(start, end)] = ranges[..] else { return Self::Whole };
        let start = match start {
            Bound::Included(start) => start,
            Bound::Excluded(_) | Bound::Unbounded => 0,
        };
        let end = match end {
            Bound::Included(last) => size.min(last.saturating_add(1)),
            Bound::Excluded(_) | Bound::Unbounded => size,
        };
        if start >= end { Self::Beyond } else { Self::Part(start..end) }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::RANGE};
    use axum_extra::headers::HeaderMapExt as _;

    use super::*;

    fn wanted(text: &'static str) -> Wanted {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(text))]);
        Wanted::of(&headers.typed_get().expect("it is read"), 100)
    }

    #[test]
    fn ranges_end_with_the_file() {
        for (text, is) in [
            ("bytes=0-", Wanted::Part(0..100)),
            ("bytes=10-19", Wanted::Part(10..20)),
            ("bytes=90-200", Wanted::Part(90..100)),
            ("bytes=-10", Wanted::Part(90..100)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=0-1,3-4", Wanted::Whole),
        ] {
            assert_eq!(wanted(text), is, "{text}");
        }
    }
}

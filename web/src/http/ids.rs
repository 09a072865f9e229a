//! Lists of ids in a form field. The separator is a character that forms don't escape, which keeps ten thousand ids
//! small.

use std::fmt::Display;
use std::str::FromStr;

/// Joins ids to a field's text.
pub fn join<Id: Display>(ids: impl IntoIterator<Item = Id>) -> String {
    ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(".")
}

/// Parses a field's text. `None` if a part of it is not an id.
pub fn split<Id: FromStr>(text: &str) -> Option<Vec<Id>> {
    text.split('.').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use pawdium_queue::JobId;

    use super::*;

    #[test]
    fn ids_come_back_as_they_went() {
        let ids = [JobId(9_000_000_000), JobId(12), JobId(1)];
        assert_eq!(split(&join(ids)), Some(ids.to_vec()));
        assert_eq!(split::<JobId>(""), Some(Vec::new()));
        for damaged in ["1.x", "1,2", "99999999999999999999", "1.\0"] {
            assert_eq!(split::<JobId>(damaged), None, "{damaged}");
        }
    }
}

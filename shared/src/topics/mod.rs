//! Topics: tags with a page of their own, sections that group them, and what moderators do to both.
//!
//! What an owner wrote stays as it is (`taggings.written_id`). A merge is a pointer from one topic to another, and
//! `taggings.topic_id` says where the pointers lead, so any act can be undone, in any order.

mod act;
mod acts;
pub mod cached;
pub mod hub;
pub mod queries;
mod refusal;
pub mod sections;
pub mod together;
mod types;
pub mod undo;
pub mod upkeep;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use crate::photos::tagging::{list, set};
pub use crate::photos::{Tag, Tags};
pub use acts::{alias, ban, merge, rename};
pub use refusal::Refusal;
pub use types::{Act, FoundTopic, Leader, Order, Section, Sort, Topic};

/// What stays as it is in a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

/// The path of the page of the topic that a word leads to.
#[must_use]
pub fn path(word: &str) -> String {
    format!("/topics/{}", utf8_percent_encode(&crate::photos::tag::key_of(word), ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_one_path() {
        assert_eq!(path("Upside Down"), "/topics/upside-down");
        assert_eq!(path("ZWÖLF"), "/topics/zw%C3%B6lf");
    }
}

//! The viewer's drafts.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Chrome, Picture, filters};

/// `GET /drafts`
#[derive(Debug, Template)]
#[template(path = "drafts/page.html")]
pub struct DraftsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether the viewer is registered and can publish.
    pub may_publish: bool,
    /// The drafts; those that expire first come first.
    pub drafts: Vec<DraftCard>,
    /// How many days a draft is kept after its owner last opened it.
    pub days: i64,
}

/// A draft in the list.
#[derive(Debug)]
pub struct DraftCard {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The species' key.
    pub species: String,
    /// Whether it is a remix.
    pub is_remix: bool,
    /// The picture, which only remixes have.
    pub picture: Picture,
    /// Whether it has an original, which its owner can see.
    pub has_original: bool,
    /// When it is deleted.
    pub expires_at: DateTime<Utc>,
    /// The days until then, by the calendar.
    pub days_left: i64,
}

impl DraftCard {
    fn has_picture(&self) -> bool {
        self.has_original || !self.picture.sizes.is_empty()
    }

    /// Whether it expires so soon that its owner has got a mail.
    fn is_urgent(&self) -> bool {
        self.days_left < 4
    }
}

/// The days from `now` until `then`, by the calendar, as a date beside them says it.
#[must_use]
pub fn days_left(then: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (then.date_naive() - now.date_naive()).num_days().max(0)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_draft_is_urgent_in_its_last_days() {
        let now = DateTime::UNIX_EPOCH;
        let card = |left: TimeDelta| DraftCard {
            id: 1,
            title: "Cat".to_owned(),
            species: "cat".to_owned(),
            is_remix: false,
            picture: Picture::default(),
            has_original: false,
            expires_at: now + left,
            days_left: days_left(now + left, now),
        };
        assert!(card(TimeDelta::days(3)).is_urgent());
        assert!(!card(TimeDelta::days(5)).is_urgent());
        assert_eq!(card(TimeDelta::days(-1)).days_left, 0);
        let late = now + TimeDelta::hours(23);
        assert_eq!([1, 2, 71].map(|hours| days_left(late + TimeDelta::hours(hours), late)), [1, 1, 3]);
        assert!(!card(TimeDelta::days(1)).has_picture());
    }
}

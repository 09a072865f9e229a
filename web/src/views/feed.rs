//! The feed.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::hubs::activity::Verb;

use super::{Chrome, PhotoCard, filters, grouped};

/// `GET /feed`.
#[derive(Debug, Template)]
#[template(path = "hubs/feed.html")]
pub struct FeedPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What happened, the latest first.
    pub entries: Vec<FeedEntry>,
    /// The path of the member's private Atom feed; `None` for a visitor who isn't logged in.
    pub link: Option<String>,
    /// The address of the site, for a link that is used elsewhere.
    pub origin: String,
}

impl FeedPage {
    /// Links on the site's own pages need no address.
    #[expect(clippy::unused_self, reason = "the sentence's template asks its page")]
    fn base(&self) -> &'static str {
        ""
    }
}

/// A sentence of the feed: one activity, or several of the same kind.
#[derive(Clone, Debug)]
pub struct FeedEntry {
    /// The number of its first activity.
    pub id: i64,
    /// When the first happened.
    pub since: DateTime<Utc>,
    /// When the last happened.
    pub at: DateTime<Utc>,
    /// What was done.
    pub verb: Verb,
    /// The names of those who did it, the latest first. Without any it was nobody with a name.
    pub actors: Vec<String>,
    /// Some of the photos that were posted, the latest first.
    pub photos: Vec<PhotoCard>,
    /// How many photos were posted.
    pub photo_count: usize,
    /// The name of the hub.
    pub hub: String,
    /// The path of the hub's page.
    pub path: String,
    /// Whether the hub is the profile of the one who did it.
    pub is_profile: bool,
}

impl FeedEntry {
    /// The name of the last person who did it.
    #[must_use]
    pub fn lead(&self) -> &str {
        self.actors.first().map_or("Somebody", String::as_str)
    }

    /// The second person, if there are exactly two.
    pub(super) fn second(&self) -> Option<&str> {
        match self.actors.as_slice() {
            [_, second] => Some(second),
            _ => None,
        }
    }

    /// How many people to count instead of naming them.
    pub(super) fn others(&self) -> i64 {
        match self.actors.len() {
            ..3 => 0,
            people => i64::try_from(people - 1).unwrap_or(i64::MAX),
        }
    }

    /// What was done, before the name of the hub.
    pub(super) fn phrase(&self) -> String {
        match self.verb {
            Verb::Created => "created".to_owned(),
            Verb::Joined => "joined".to_owned(),
            Verb::BecameOwner if self.actors.len() > 1 => "became owners of".to_owned(),
            Verb::BecameOwner => "became an owner of".to_owned(),
            Verb::Posted => {
                let place = if self.is_profile { "" } else { " in" };
                match self.photo_count {
                    1 => format!("posted a photo{place}"),
                    many => {
                        format!("posted {} photos{place}", grouped(i64::try_from(many).unwrap_or(i64::MAX)))
                    }
                }
            }
            Verb::Archived => "archived".to_owned(),
            Verb::Reopened => "reopened".to_owned(),
            Verb::Renamed => "renamed".to_owned(),
        }
    }

    /// The path that it leads to: the photo, if it is about one.
    #[must_use]
    pub fn link(&self) -> String {
        match self.photos.as_slice() {
            [photo] if self.photo_count == 1 => format!("/photos/{}", photo.id),
            _ => self.path.clone(),
        }
    }

    /// The sentence as plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let others = match (self.second(), self.others()) {
            (Some(second), _) => format!(" and {second}"),
            (None, 0) => String::new(),
            (None, others) => format!(" and {} others", grouped(others)),
        };
        let place = if self.is_profile { String::new() } else { format!(" {}", self.hub) };
        format!("{}{others} {}{place}", self.lead(), self.phrase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(verb: Verb, actors: &[&str], photo_count: usize) -> FeedEntry {
        FeedEntry {
            id: 1,
            since: DateTime::UNIX_EPOCH,
            at: DateTime::UNIX_EPOCH,
            verb,
            actors: actors.iter().map(|actor| (*actor).to_owned()).collect(),
            photos: Vec::new(),
            photo_count,
            hub: "Derps".to_owned(),
            path: "/h/derps".to_owned(),
            is_profile: false,
        }
    }

    #[test]
    fn entries_read_as_sentences() {
        let tests = [
            (entry(Verb::Joined, &["Ada", "Bob", "Eve", "Mo"], 0), "Ada and 3 others joined Derps"),
            (entry(Verb::Joined, &["Ada", "Bob"], 0), "Ada and Bob joined Derps"),
            (entry(Verb::Posted, &["Ada"], 4), "Ada posted 4 photos in Derps"),
            (entry(Verb::Posted, &["Ada"], 1), "Ada posted a photo in Derps"),
            (FeedEntry { is_profile: true, ..entry(Verb::Posted, &["Ada"], 2) }, "Ada posted 2 photos"),
            (entry(Verb::BecameOwner, &["Ada", "Bob"], 0), "Ada and Bob became owners of Derps"),
            (entry(Verb::Created, &[], 0), "Somebody created Derps"),
        ];
        for (entry, sentence) in tests {
            assert_eq!(entry.text(), sentence);
        }
    }
}

//! What moderators did, and the button that undoes it.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::acts::Kind;
use strum::VariantArray as _;

use crate::views::{Chrome, filters};

/// `GET /moderation/acts`
#[derive(Debug, Template)]
#[template(path = "moderation/acts.html")]
pub struct ActsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What is searched for.
    pub search: ActsSearch,
    /// The acts, the latest first.
    pub lines: Vec<ActLine>,
    /// The URL of the next page; `None` on the last.
    pub older: Option<String>,
    /// The URL of the first page; `None` on that.
    pub newest: Option<String>,
    /// Why an act could not be undone.
    pub refusal: Option<String>,
}

impl ActsPage {
    /// The page for a moderator who could not undo an act.
    #[must_use]
    pub fn refused(self, refusal: String) -> Self {
        Self { refusal: Some(refusal), ..self }
    }
}

/// What is searched for in the list.
#[derive(Clone, Debug, Default)]
pub struct ActsSearch {
    /// The name of a moderator.
    pub actor: String,
    /// A kind of acts.
    pub kind: Option<Kind>,
    /// A kind of things.
    pub thing: String,
    /// The number of such a thing.
    pub id: String,
}

impl ActsSearch {
    const THINGS: [&str; 4] = ["photo", "comment", "talk", "hub"];

    fn kinds() -> impl Iterator<Item = Kind> {
        Kind::VARIANTS.iter().copied()
    }

    /// A kind as the form names it.
    fn named(kind: Kind) -> String {
        let name = kind.name().replace('_', " ");
        name.get(..1).map(str::to_uppercase).unwrap_or_default() + name.get(1..).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.actor.is_empty() && self.kind.is_none() && self.id.is_empty()
    }
}

/// An act.
#[derive(Clone, Debug)]
pub struct ActLine {
    /// Its id.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// What they did, in words.
    pub did: &'static str,
    /// What to.
    pub about: String,
    /// The page of that, if there is one.
    pub path: Option<String>,
    /// Whose that is.
    pub author: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Until when it can be undone; `None` if it can't.
    pub until: Option<DateTime<Utc>>,
    /// Who undid it.
    pub undone_by: Option<String>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
}

/// The act that hides what a page shows, with the button that undoes it, for moderators.
#[derive(Debug, Template)]
#[template(path = "moderation/_act.html")]
pub struct ActNote {
    /// The act.
    pub act: ActLine,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names_for_people() {
        assert_eq!(ActsSearch::named(Kind::RemoveFromHub), "Remove from hub");
    }
}

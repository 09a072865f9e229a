//! One talk, and the form that pitches or changes it.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::talks::{Phase, TalkState};

use super::board::{TalkCard, VoteControl};
use super::{CallHead, When};
use crate::views::{Chrome, Field, Picture, filters};

/// The most characters of a description.
const LONGEST: usize = 2000;

/// `GET /talks/{talk}`.
#[derive(Debug, Template)]
#[template(path = "talks/talk.html")]
pub struct TalkPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Its call.
    pub head: CallHead,
    /// The talk. Its picture is shown large.
    pub talk: TalkCard,
    /// When it was pitched, as the hub's clocks showed it.
    pub pitched: When,
    /// Whether the viewer can edit and withdraw it.
    pub may_edit: bool,
    /// What an owner can do about it.
    pub moderation: Option<Moderation>,
    /// Why who runs the call can't show it again.
    pub kept_hidden: Option<String>,
    /// Why the owner hides it.
    pub reason: Field,
    /// Whether that form is unfolded.
    pub is_hiding: bool,
    /// What it said before, the latest first.
    pub revisions: Vec<Revision>,
    /// The talks around it in the viewer's order.
    pub around: Around,
}

impl TalkPage {
    /// Whether the list of talks is where the viewer votes, or reads why they can't.
    fn leads_to_vote(&self) -> bool {
        let is_open = self.head.phase == Phase::Voting && !self.head.is_archived;
        is_open && self.talk.state == TalkState::Shown && self.talk.vote == VoteControl::None
    }
}

/// What an owner can do about a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderation {
    /// Approve or decline it.
    Waiting,
    /// Hide it.
    Shown,
    /// Show it again.
    Hidden,
}

/// What a talk said before an edit.
#[derive(Clone, Debug)]
pub struct Revision {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The title.
    pub title: String,
    /// The description, in Markdown.
    pub text: String,
}

/// The neighbours of a talk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// Its place, from 1; 0 if it isn't in the list.
    pub place: usize,
    /// How many talks there are.
    pub count: usize,
    /// The one before it.
    pub previous: Option<i64>,
    /// The one after it.
    pub next: Option<i64>,
}

impl Around {
    /// The neighbours of a talk in a list.
    #[must_use]
    pub fn of(talk: i64, list: &[i64]) -> Self {
        let Some(at) = list.iter().position(|other| *other == talk) else { return Self::default() };
        Self {
            place: at + 1,
            count: list.len(),
            previous: at.checked_sub(1).and_then(|before| list.get(before)).copied(),
            next: list.get(at + 1).copied(),
        }
    }
}

/// `GET /calls/{call}/pitch` and `GET /talks/{talk}/edit`, and the answers to refused forms.
#[derive(Debug, Template)]
#[template(path = "talks/pitch.html")]
pub struct PitchPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The call.
    pub head: CallHead,
    /// Where the form goes.
    pub action: String,
    /// The talk that is changed; `None` for a new one.
    pub talk: Option<i64>,
    /// The title.
    pub title: Field,
    /// The description.
    pub description: Field,
    /// The member's own photos.
    pub photos: Vec<PhotoChoice>,
    /// Why the chosen photo was refused.
    pub photo_error: Option<String>,
    /// Whether the pitch waits for an owner before others see it.
    pub waits: bool,
    /// Whether the author stays unnamed until the close.
    pub is_blind: bool,
}

/// A photo that a talk can have.
#[derive(Clone, Debug)]
pub struct PhotoChoice {
    /// The photo's id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// The picture.
    pub picture: Picture,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl PitchPage {
    const LONGEST: usize = LONGEST;

    fn has_photo(&self) -> bool {
        self.photos.iter().any(|photo| photo.is_chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_talk_leads_to_those_before_and_after_it() {
        let middle = Around::of(7, &[5, 7, 2]);
        assert_eq!((middle.place, middle.count, middle.previous, middle.next), (2, 3, Some(5), Some(2)));
        let last = Around::of(2, &[5, 7, 2]);
        assert_eq!((last.previous, last.next), (Some(7), None));
        assert_eq!(Around::of(9, &[5, 7, 2]).place, 0);
    }
}

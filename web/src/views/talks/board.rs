//! A call's page: its talks, and what can be done about them in each phase.

use askama::Template;
use pawdium_shared::talks::{Phase, TalkState};
use pawdium_widgets::markdown::Html;

use super::CallHead;
use crate::views::picture::described;
use crate::views::{Chrome, Paging, Picture, filters};

/// `GET /calls/{call}`, in every phase.
#[derive(Debug, Template)]
#[template(path = "talks/call.html")]
pub struct CallPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The call's head.
    pub head: CallHead,
    /// What it is about.
    pub text: Html,
    /// Its rules, a phrase each.
    pub rules: Vec<String>,
    /// The phases to which its owner can move it.
    pub moves: Vec<Move>,
    /// The talks.
    pub board: TalkBoard,
}

/// A phase to which an owner can move a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The phase that it leads to.
    pub to: Phase,
    /// The button.
    pub label: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// The next phases of a call, the usual one first.
#[must_use]
pub fn moves_from(phase: Phase) -> Vec<Move> {
    let one = |to, label, about| vec![Move { to, label, about }];
    match phase {
        Phase::Draft => one(
            Phase::Pitch,
            "Open for pitches",
            "Once it is open, everybody who sees the hub sees the call, and its members can pitch.",
        ),
        Phase::Pitch => {
            one(Phase::Voting, "Start voting", "Once the vote begins, nobody can pitch or change a talk.")
        }
        Phase::Voting => one(
            Phase::Closed,
            "Close the vote",
            "Once the vote is closed, the votes are counted, and nobody can change theirs any more.",
        ),
        Phase::Closed => {
            one(Phase::Announced, "Announce the results", "Everybody learns who has won, and can check it.")
        }
        Phase::Announced => Vec::new(),
    }
}

/// The talks of a call. `GET /calls/{call}/part` returns only this part.
#[derive(Debug, Template)]
#[template(path = "talks/_board.html")]
pub struct TalkBoard {
    /// The call's id.
    pub call: i64,
    /// Its phase.
    pub phase: Phase,
    /// The URL of this part.
    pub part: String,
    /// Why the last vote doesn't count.
    pub error: Option<String>,
    /// What the viewer may do about pitching.
    pub pitching: Pitching,
    /// The viewer's own talks, while they can change.
    pub own: Vec<TalkCard>,
    /// The talks that wait for an owner.
    pub waiting: Vec<TalkCard>,
    /// The talks that are hidden, for those who run the call, and the viewer's own.
    pub hidden: Vec<TalkCard>,
    /// The votes of a viewer who may vote.
    pub votes: Option<OwnVotes>,
    /// The viewer's id; 0 without one. Votes that could not be sent are kept for it.
    pub voter: i64,
    /// Why the viewer can't vote, and what they can do about it.
    pub barrier: Option<Barrier>,
    /// What is said about the totals.
    pub totals: Totals,
    /// Who has voted so far, once that can be known.
    pub voters: Option<i64>,
    /// The talks, in the viewer's order.
    pub talks: Vec<TalkCard>,
    /// How many there are on all pages.
    pub count: i64,
    /// The place of the first one on this page, from 1.
    pub first: i64,
    /// Whose order it is.
    pub order: Order,
    /// The position in the list.
    pub paging: Paging,
}

/// Whose order a list is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The same for everybody, or one that doesn't matter.
    Everybodys,
    /// The viewer's own.
    Own,
    /// One of those that visitors share whom nothing tells apart.
    Shared {
        /// Whether the page's script puts it into the browser's own order before it is painted.
        is_shuffled: bool,
    },
}

/// What a viewer may do about pitching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pitching {
    /// Nothing, because it is another phase.
    Over,
    /// Pitch a talk.
    May,
    /// Log in first.
    LogIn,
    /// Join the hub first.
    Join,
}

/// What is said about totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totals {
    /// Nothing.
    Silent,
    /// They are hidden until the viewer has voted.
    UntilVoted,
    /// They are hidden until the call is closed.
    UntilClosed,
    /// They are shown, and change while people vote.
    Live,
}

/// How many votes a voter has given and has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnVotes {
    /// How many they have given.
    pub given: i64,
    /// How many they have; `None` without a limit.
    pub each: Option<i64>,
}

impl OwnVotes {
    fn left(self) -> Option<i64> {
        self.each.map(|each| (each - self.given).max(0))
    }
}

/// Why somebody can't vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// They are not logged in.
    LogIn,
    /// They don't belong to the hub.
    Join,
    /// Their address isn't verified.
    Verify,
    /// The hub is archived.
    Archived,
}

/// A talk in a list.
#[derive(Clone, Debug)]
pub struct TalkCard {
    /// The talk's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description.
    pub text: Html,
    /// Who gives it; `None` while names are hidden, and for a deleted account.
    pub author: Option<String>,
    /// Its picture.
    pub picture: Option<(Picture, String)>,
    /// What has become of it.
    pub state: TalkState,
    /// Whether the viewer pitched it.
    pub is_own: bool,
    /// What the viewer may do about voting for it.
    pub vote: VoteControl,
    /// Its votes, where the viewer may know them.
    pub tally: Option<Tally>,
    /// Why the viewer's last vote for it doesn't count.
    pub refused: Option<String>,
}

/// The votes of a talk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// The votes that count.
    pub votes: i64,
    /// The votes of guests, which are counted apart.
    pub guests: i64,
    /// The most that any talk has.
    pub most: i64,
    /// Its place and whether others share it, after the close.
    pub place: Option<(i64, bool)>,
    /// The share of the voters who voted for it, after the close.
    pub share: Option<f64>,
}

impl Tally {
    /// The length of its bar, up to 100.
    #[expect(clippy::cast_precision_loss, reason = "a drawing has a few hundred pixels")]
    pub(super) fn length(&self) -> String {
        format!("{:.1}", self.votes as f64 / self.most.max(1) as f64 * 100.0)
    }
}

/// What a viewer may do about voting for a talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoteControl {
    /// Nothing.
    None,
    /// Nothing, because it is their own.
    Own,
    /// Give or take back a vote.
    Toggle {
        /// Whether they have voted for it.
        voted: bool,
        /// Whether they have no vote left for it.
        is_spent: bool,
        /// The page that shows it, to return to.
        back: String,
        /// What proves that the page was served, for voters without an account.
        permit: Option<String>,
    },
    /// Nothing any more: they have voted for it.
    Voted,
}

impl TalkCard {
    /// What a badge says of its state.
    pub(super) fn badge(&self) -> Option<&'static str> {
        match self.state {
            TalkState::Shown => None,
            TalkState::Waiting => Some("waits for an owner"),
            TalkState::Hidden => Some("hidden"),
            TalkState::Withdrawn => Some("withdrawn"),
        }
    }

    /// Whether its author can change it, in the phase for that.
    pub(super) fn may_change(&self) -> bool {
        matches!(self.state, TalkState::Shown | TalkState::Waiting)
    }

    /// What its picture shows.
    pub(super) fn described<'a>(&'a self, alt: &'a str) -> &'a str {
        described(alt, &self.title)
    }
}

impl TalkBoard {
    /// Says beside a talk of the list why the last vote for it doesn't count. False if the list doesn't show it.
    pub fn refuse(&mut self, talk: i64, why: &str) -> bool {
        let card = self.talks.iter_mut().find(|card| card.id == talk);
        card.map(|card| card.refused = Some(why.to_owned())).is_some()
    }

    /// What the page's stream watches: the votes, too, if the viewer may know them.
    fn topics(&self) -> String {
        let call = self.call;
        let knows = self.phase.is_over() || self.totals == Totals::Live;
        if knows { format!("call={call} standing={call}") } else { format!("call={call}") }
    }

    fn last(&self) -> i64 {
        self.first + i64::try_from(self.talks.len()).unwrap_or(0) - 1
    }

    fn is_ranked(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Announced)
    }

    fn heading(&self) -> &'static str {
        match self.phase {
            Phase::Draft | Phase::Pitch => "Pitched so far",
            Phase::Voting => "The talks",
            Phase::Closed => "Standing",
            Phase::Announced => "Results",
        }
    }

    /// What is said about the order.
    fn order_note(&self) -> Option<&'static str> {
        match self.order {
            Order::Everybodys => None,
            Order::Own => Some(
                "This order is yours alone. Everybody reads the talks in another one, so that none is always first.",
            ),
            Order::Shared { .. } => {
                Some("Not everybody reads the talks in this order, so that none is always first.")
            }
        }
    }

    /// Whether the page's script puts the list into the browser's own order.
    fn is_shuffled(&self) -> bool {
        self.order == Order::Shared { is_shuffled: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_leads_to_the_next_one() {
        for (phase, next) in [
            (Phase::Draft, Phase::Pitch),
            (Phase::Pitch, Phase::Voting),
            (Phase::Voting, Phase::Closed),
            (Phase::Closed, Phase::Announced),
        ] {
            assert_eq!(moves_from(phase)[0].to, next);
        }
        assert!(moves_from(Phase::Announced).is_empty());
    }

    #[test]
    fn bars_are_as_long_as_the_share_of_the_most_votes() {
        let tally = |votes, most| Tally { votes, guests: 0, most, place: None, share: None };
        assert_eq!((tally(3, 4).length(), tally(0, 0).length()), ("75.0".to_owned(), "0.0".to_owned()));
    }

    #[test]
    fn no_voter_has_less_than_no_votes_left() {
        assert_eq!(OwnVotes { given: 3, each: Some(5) }.left(), Some(2));
        assert_eq!(OwnVotes { given: 6, each: Some(5) }.left(), Some(0));
        assert_eq!(OwnVotes { given: 6, each: None }.left(), None);
    }
}

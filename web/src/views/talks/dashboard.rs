//! The owners' dashboard: how the vote goes, who votes, and which votes may be one person's.

use std::time::Duration;

use askama::Template;
use pawdium_shared::talks::Phase;
use pawdium_widgets::chart;

use super::{CallHead, When};
use crate::views::{Chrome, Paging, filters};

/// `GET /calls/{call}/dashboard`.
#[derive(Debug, Template)]
#[template(path = "talks/dashboard.html")]
pub struct DashboardPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The call.
    pub head: CallHead,
    /// The figures.
    pub board: DashboardBoard,
    /// The voters of one talk.
    pub voters: Option<TalkVoters>,
    /// Votes that may be one person's.
    pub devices: Vec<DeviceGroup>,
    /// How many more of these there are.
    pub more_devices: i64,
    /// Whether votes can be set aside and restored.
    pub may_judge: bool,
    /// Why setting votes aside was refused.
    pub error: Option<String>,
}

/// How the vote goes. `GET /calls/{call}/dashboard/part` returns only this part.
#[derive(Debug, Template)]
#[template(path = "talks/_dashboard.html")]
pub struct DashboardBoard {
    /// The call's id.
    pub call: i64,
    /// Its phase.
    pub phase: Phase,
    /// How many voted, guests included.
    pub voters: i64,
    /// How many votes count, without those of guests.
    pub votes: i64,
    /// How many votes of guests count.
    pub guest_votes: i64,
    /// How many votes are set aside.
    pub set_aside: i64,
    /// Votes a minute, the latest last.
    pub minutes: Vec<i64>,
    /// The talks with most votes.
    pub top: Vec<TopTalk>,
    /// The talk whose voters are shown.
    pub open: Option<i64>,
}

/// A talk on the dashboard.
#[derive(Clone, Debug)]
pub struct TopTalk {
    /// Its id.
    pub id: i64,
    /// Its place.
    pub place: i64,
    /// Its title.
    pub title: String,
    /// Who gives it.
    pub author: Option<String>,
    /// Its votes.
    pub votes: i64,
    /// Those of guests.
    pub guests: i64,
    /// Those that are set aside.
    pub set_aside: i64,
    /// Whether its voters are shown.
    pub is_open: bool,
}

impl DashboardBoard {
    fn line(&self) -> String {
        chart::line(&self.minutes)
    }

    fn peak(&self) -> i64 {
        self.minutes.iter().copied().max().unwrap_or(0)
    }

    fn latest(&self) -> i64 {
        self.minutes.last().copied().unwrap_or(0)
    }

    /// The part that the page's stream refreshes.
    fn part(&self) -> String {
        let open = self.open.map_or_else(String::new, |talk| format!("?talk={talk}"));
        format!("/calls/{}/dashboard/part{open}", self.call)
    }
}

/// The voters of a talk.
#[derive(Clone, Debug)]
pub struct TalkVoters {
    /// The talk's title.
    pub title: String,
    /// The voters, the latest first.
    pub voters: Vec<VoterRow>,
    /// The position in the list.
    pub paging: Paging,
}

impl TalkVoters {
    fn paging(&self) -> &Paging {
        &self.paging
    }
}

/// A voter of a talk.
#[derive(Clone, Debug)]
pub struct VoterRow {
    /// The number.
    pub id: i64,
    /// The name; `None` for guests and deleted accounts.
    pub name: Option<String>,
    /// Whether the vote is a guest's.
    pub is_guest: bool,
    /// When they voted.
    pub at: When,
    /// How old the account was when it voted.
    pub age: Option<Duration>,
    /// How many votes they have in this call.
    pub cast: i64,
    /// Why the vote is set aside.
    pub set_aside: Option<String>,
    /// Whether votes of theirs are set aside.
    pub is_aside: bool,
}

/// Voters who share a device or a network in a way that needs a look.
#[derive(Clone, Debug)]
pub struct DeviceGroup {
    /// What they share, in a sentence.
    pub title: String,
    /// Whether hardly anything but one person looks like this.
    pub is_likely: bool,
    /// What speaks for one person behind them, a sentence each.
    pub signs: Vec<String>,
    /// The voters.
    pub voters: Vec<VoterRow>,
    /// Which talks they voted for, most votes first.
    pub talks: Vec<(String, i64)>,
}

impl DeviceGroup {
    fn all_aside(&self) -> bool {
        self.voters.iter().all(|voter| voter.is_aside)
    }

    fn any_aside(&self) -> bool {
        self.voters.iter().any(|voter| voter.is_aside)
    }
}

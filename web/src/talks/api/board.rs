//! The shapes of a dashboard.

use chrono::{DateTime, Utc};
use pawdium_shared::talks::dashboard::{Minute, TopTalk, Turnout, VoteRow};
use pawdium_shared::talks::devices::{Evidence, Group, Level, Shared, Suspect};
use serde::Serialize;
use utoipa::ToSchema;

/// What a call's owners see of its votes.
#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardShape {
    /// How many votes and voters there are.
    pub turnout: TurnoutShape,
    /// The 100 talks with the most votes, ties by title.
    pub talks: Vec<TopTalkShape>,
    /// The votes of each minute of the last day in which there were any.
    pub per_minute: Vec<MinuteShape>,
    /// Voters who may be one person, the most suspicious first. Nobody is kept from voting by it.
    pub groups: Vec<GroupShape>,
}

/// How many votes and voters a call has.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnoutShape {
    /// The votes that count, without guests'.
    pub votes: i64,
    /// The guests' votes that count.
    pub guest_votes: i64,
    /// The votes that were set aside.
    pub set_aside: i64,
    /// Who has voted, guests included.
    pub voters: i64,
}

impl From<Turnout> for TurnoutShape {
    fn from(turnout: Turnout) -> Self {
        let Turnout { votes, guest_votes, set_aside, voters } = turnout;
        Self { votes, guest_votes, set_aside, voters }
    }
}

/// A talk with its voters.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopTalkShape {
    /// The talk's id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// The author's name; null if the account is gone.
    pub author: Option<String>,
    /// shown, waiting or hidden.
    #[schema(example = "shown")]
    pub state: &'static str,
    /// Its votes, without guests'.
    pub votes: i32,
    /// Its guests' votes.
    pub guest_votes: i32,
    /// Its votes that were set aside.
    pub set_aside: i64,
    /// Its voters, the latest first, as many as were asked for.
    pub voters: Vec<VoterShape>,
}

impl TopTalkShape {
    pub(super) fn of(talk: TopTalk, voters: Vec<VoteRow>) -> Self {
        Self {
            id: talk.id.0,
            title: talk.title,
            author: talk.author_name,
            state: talk.state.name(),
            votes: talk.votes,
            guest_votes: talk.guest_votes,
            set_aside: talk.set_aside,
            voters: voters.into_iter().map(VoterShape::from).collect(),
        }
    }
}

/// A vote with its voter.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoterShape {
    /// The voter's id.
    pub id: i64,
    /// The voter's name; null for a guest without an account, or if the account is gone.
    pub name: Option<String>,
    /// When the vote was cast.
    pub at: DateTime<Utc>,
    /// When the voter's account was made; null if it is gone.
    pub account_since: Option<DateTime<Utc>>,
    /// How old the account was then, in seconds.
    pub account_age: Option<i64>,
    /// How many votes the voter has in the call.
    pub cast: i64,
    /// Whether the vote counts among the guests'.
    pub guest: bool,
    /// When the vote was set aside; null unless it was.
    pub set_aside_at: Option<DateTime<Utc>>,
    /// Who set it aside.
    pub set_aside_by: Option<String>,
    /// Why it was set aside.
    pub reason: Option<String>,
}

impl From<VoteRow> for VoterShape {
    fn from(vote: VoteRow) -> Self {
        Self {
            id: vote.voter.0,
            name: vote.name,
            account_age: vote.account_since.map(|since| (vote.at - since).num_seconds()),
            at: vote.at,
            account_since: vote.account_since,
            cast: vote.cast,
            guest: vote.guest,
            set_aside_at: vote.set_aside_at,
            set_aside_by: vote.set_aside_by,
            reason: vote.set_aside_reason,
        }
    }
}

/// The votes of a minute.
#[derive(Debug, Serialize, ToSchema)]
pub struct MinuteShape {
    /// Its beginning.
    pub at: DateTime<Utc>,
    /// How many votes were cast in it that are still there.
    pub votes: i64,
}

impl From<Minute> for MinuteShape {
    fn from(minute: Minute) -> Self {
        Self { at: minute.at, votes: minute.votes }
    }
}

/// Voters who may be one person.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupShape {
    /// The id that the server gave their browser, shortened; null if they have another thing in common.
    pub device: Option<String>,
    /// Their network, a /24 or a /64; null if they have another thing in common.
    pub network: Option<String>,
    /// possible (people who share a device may look the same) or likely.
    #[schema(example = "likely")]
    pub level: &'static str,
    /// Why they are reported.
    pub evidence: Vec<EvidenceShape>,
    /// The voters, the first first.
    pub voters: Vec<SuspectShape>,
}

/// A reason why a group is reported.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceShape {
    /// `same_device`, `same_network`, `same_minute`, `new_accounts` or `same_votes`.
    #[schema(example = "same_device")]
    pub kind: &'static str,
    /// How many voters it concerns.
    pub voters: usize,
    /// What it says.
    pub text: String,
}

/// A voter in a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuspectShape {
    /// The voter's id.
    pub id: i64,
    /// The name; null for a guest without an account, or if the account is gone.
    pub name: Option<String>,
    /// When the account was made; null if it is gone.
    pub account_since: Option<DateTime<Utc>>,
    /// When the first vote from this device or network was cast.
    pub first_at: DateTime<Utc>,
    /// The ids of the talks that the voter votes for from there.
    pub talks: Vec<i64>,
    /// How many of these votes are set aside.
    pub set_aside: i64,
}

impl From<Group> for GroupShape {
    fn from(group: Group) -> Self {
        let (device, network) = match group.shared {
            Shared::Device(device) => (Some(device), None),
            Shared::Network(network) => (None, Some(network)),
        };
        Self {
            device,
            network,
            level: match group.level {
                Level::Possible => "possible",
                Level::Likely => "likely",
            },
            evidence: group.evidence.into_iter().map(EvidenceShape::from).collect(),
            voters: group.voters.into_iter().map(SuspectShape::from).collect(),
        }
    }
}

impl From<Evidence> for EvidenceShape {
    fn from(evidence: Evidence) -> Self {
        let (kind, voters) = match evidence {
            Evidence::SameDevice(voters) => ("same_device", voters),
            Evidence::SameNetwork(voters) => ("same_network", voters),
            Evidence::SameMinute(voters) => ("same_minute", voters),
            Evidence::NewAccounts(voters) => ("new_accounts", voters),
            Evidence::SameVotes(voters) => ("same_votes", voters),
        };
        Self { kind, voters, text: evidence.to_string() }
    }
}

impl From<Suspect> for SuspectShape {
    fn from(suspect: Suspect) -> Self {
        Self {
            id: suspect.user.0,
            name: suspect.name,
            account_since: suspect.account_since,
            first_at: suspect.first_at,
            talks: suspect.talks.into_iter().map(|talk| talk.0).collect(),
            set_aside: suspect.set_aside,
        }
    }
}

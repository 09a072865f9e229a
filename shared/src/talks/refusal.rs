//! Why an act in a call was refused.

use super::phase::Phase;
use crate::db::Conflict;
use crate::hubs;
use crate::references::{Gone, gone};

/// Why an act was refused. `Display` is what the person who asked for it reads. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The call or the talk is gone, or hidden from the person who asks.
    #[error("It is gone.")]
    Gone,
    /// The acting user is gone.
    #[error("The user is gone.")]
    NoUser,
    /// The act is for the hub's owners.
    #[error("Only the hub's owners can do that.")]
    NotOwner,
    /// The act is for the hub's members.
    #[error("Only the hub's members can do that.")]
    NotMember,
    /// The act is for members of the site who have verified their address.
    #[error("Only members who have verified their mail address can vote here.")]
    NotVerified,
    /// A guest's vote came without a page that was served to that browser.
    #[error("Load the page, and vote there.")]
    NotServed,
    /// Another guest votes for the talk from the same browser.
    #[error("Somebody has voted for this talk from this browser. Log in to vote for yourself.")]
    SameBrowser,
    /// The talk is somebody else's.
    #[error("It is somebody else's talk.")]
    NotOwn,
    /// The site keeps the talk hidden, so its hub's owners can't show it.
    #[error("The site has hidden this talk. Only its moderators can show it again.")]
    HiddenBySite,
    /// A sanction keeps the talk hidden, as all that is its author's.
    #[error("A sanction of its author hides this talk. It comes back when the sanction ends.")]
    HiddenBySanction,
    /// The hub is archived.
    #[error("This hub is archived, so nothing in it can change.")]
    Archived,
    /// Votes are cast in the phase of voting only.
    #[error("{}", match .0 {
        Phase::Draft | Phase::Pitch => "Voting hasn't begun.",
        Phase::Voting | Phase::Closed | Phase::Announced => "Voting has ended.",
    })]
    NotVoting(Phase),
    /// Talks are pitched in the phase of pitching only.
    #[error("{}", match .0 {
        Phase::Draft => "The call isn't open yet.",
        Phase::Pitch | Phase::Voting | Phase::Closed | Phase::Announced => "The time to pitch talks is over.",
    })]
    NotPitching(Phase),
    /// The talk can't be changed any more.
    #[error("A talk can be changed until voting begins.")]
    TooLate,
    /// Nobody votes for themselves.
    #[error("you can't vote for your own talk")]
    OwnTalk,
    /// The voter has no vote left.
    #[error("You have no vote left here, of {0}. Take one back first.")]
    NoVoteLeft(i16),
    /// The owners have set this vote aside, so its voter can't change it.
    #[error("The hub's owners have set this vote aside.")]
    SetAside,
    /// The author has another talk of that title in the call.
    #[error("You have a talk with that title here already.")]
    SameTitle,
    /// The author has enough talks in the call.
    #[error("You have 20 talks here already. Withdraw one first.")]
    TooManyTalks,
    /// The photo is gone, isn't live, or is somebody else's.
    #[error("Choose one of your own photos that is live.")]
    NoPhoto,
    /// The call is in another phase than the one that the person who moves it has seen.
    #[error("The call is in another phase by now. Load the page again.")]
    Moved(Phase),
    /// The call is in that phase already.
    #[error("The call is in that phase already.")]
    ThereAlready,
    /// Calls move forwards only.
    #[error("A call only moves forwards.")]
    Backwards,
    /// A phase would begin before an earlier one. The field is that of its time.
    #[error("This must not be before the phases that come first.")]
    OutOfOrder(&'static str),
    /// A time that has passed can't be changed, and none can be set in the past. The field is that of the time.
    #[error("This time has passed. To begin a phase now, move the call on.")]
    Past(&'static str),
    /// Who votes, how often, and what voters see is settled when voting begins. The field is what was to change.
    #[error("This can't change once voting has begun.")]
    Settled(&'static str),
    /// A result is frozen at the close.
    #[error("Voting hasn't ended yet.")]
    TooEarly,
    /// The result is frozen.
    #[error("The result is frozen.")]
    Frozen,
    /// The database fails.
    #[error("The database failed.")]
    Database(#[source] sqlx::Error),
}

impl Refusal {
    /// The field that is wrong, in forms and in the API.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::OutOfOrder(field) | Self::Past(field) | Self::Settled(field) => Some(field),
            Self::SameTitle => Some("title"),
            Self::NoPhoto => Some("photo"),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        match gone(&error) {
            Some(Gone::User) => Self::NoUser,
            Some(Gone::Photo) => Self::NoPhoto,
            Some(Gone::Hub) => Self::Gone,
            None => Self::Database(error),
        }
    }
}

impl From<hubs::Refusal> for Refusal {
    fn from(refusal: hubs::Refusal) -> Self {
        match refusal {
            hubs::Refusal::Database(error) => error.into(),
            hubs::Refusal::NoUser => Self::NoUser,
            hubs::Refusal::Archived => Self::Archived,
            hubs::Refusal::NotOwner | hubs::Refusal::MayNotDelete => Self::NotOwner,
            _ => Self::Gone,
        }
    }
}

impl Conflict for Refusal {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

//! Calls and talks.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::phase::{Phase, Times};
use crate::accounts::RaterKey;
use crate::ids::{CallId, HubId, PhotoId, TalkId, UserId};

/// Declares an enumeration that is stored, and shown under the same names.
macro_rules! stored {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, EnumString, IntoStaticStr, Serialize, VariantArray,
            sqlx::Type,
        )]
        #[serde(rename_all = "lowercase")]
        #[strum(serialize_all = "lowercase")]
        #[sqlx(type_name = "text", rename_all = "lowercase")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The name in forms, in the API and in the database.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    };
}

stored! {
    /// Who votes in a call.
    Voters {
        /// The hub's members.
        #[default]
        Members,
        /// Members of the site who have verified their address.
        Verified,
        /// Everybody who has loaded the page. Guests are counted apart.
        Anybody,
    }
}

stored! {
    /// Who sees how many votes a talk has before the close.
    Totals {
        /// Those who have voted.
        #[default]
        Hidden,
        /// Everybody.
        Shown,
    }
}

stored! {
    /// What has become of a talk.
    TalkState {
        /// It waits for an owner of the hub.
        Waiting,
        /// Everybody who sees the call sees it.
        #[default]
        Shown,
        /// An owner or a moderator took it from everybody's sight.
        Hidden,
        /// Its author took it back.
        Withdrawn,
    }
}

/// The key of the orders of a call. It stays in the server, since with it everybody could compute anybody's order.
#[derive(Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Seed(pub(super) Vec<u8>);

impl Seed {
    /// Generates a random one.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random::<[u8; 16]>().into())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// A call for talks, with its phase when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The hub that it belongs to.
    pub hub: HubId,
    /// What it is called.
    pub title: String,
    /// What it is about, in Markdown.
    pub text: String,
    /// The owner who made it; `None` if that account is gone.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its phases begin.
    pub times: Times,
    /// The phase, by the database's clock.
    pub phase: Phase,
    /// Who votes.
    pub voters: Voters,
    /// The most votes of a voter; `None` for as many as there are talks.
    pub votes_each: Option<i16>,
    /// Who sees the counts before the close.
    pub totals: Totals,
    /// Whether authors stay unnamed until the close.
    pub blind: bool,
    /// Whether a pitch waits for an owner before others see it.
    pub moderated: bool,
    /// The key of the orders.
    pub seed: Seed,
    /// When the result was frozen.
    pub frozen_at: Option<DateTime<Utc>>,
    /// The hub's time zone, as in the IANA's database.
    pub time_zone: String,
}

/// Who looks at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The user, anonymous or registered; `None` for a visitor who has none yet.
    pub user: Option<UserId>,
    /// The key of their order, which a visitor has before there is a user.
    pub key: RaterKey,
    /// Whether they own the hub or moderate the site, and so see drafts, hidden talks and all names.
    pub runs_it: bool,
}

impl Viewer {
    /// Whether they may see a call of a hub that they see: a draft is seen by those who run it.
    #[must_use]
    pub fn may_see(&self, call: &Call) -> bool {
        self.runs_it || call.phase != Phase::Draft
    }
}

/// A talk, without its counts: what of these a viewer may see is in [`TalkRow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// Its id.
    pub id: TalkId,
    /// The call.
    pub call: CallId,
    /// The hub of the call.
    pub hub: HubId,
    /// Who pitched it; `None` if the account is gone.
    pub author: Option<UserId>,
    /// The author's name.
    pub author_name: Option<String>,
    /// What it is called.
    pub title: String,
    /// What it is about, in Markdown.
    pub description: String,
    /// Its picture, if that photo is live.
    pub photo: Option<PhotoId>,
    /// What has become of it.
    pub state: TalkState,
    /// Counts its edits, from 1.
    pub revision: i32,
    /// When it was pitched.
    pub created_at: DateTime<Utc>,
    /// When it was last edited.
    pub updated_at: DateTime<Utc>,
}

/// A talk as one viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TalkRow {
    /// The talk. In a blind call it has no author for those who may not know.
    pub talk: Talk,
    /// Its votes, without guests'; `None` while they are hidden from the viewer.
    pub votes: Option<i32>,
    /// Its guests' votes; `None` while they are hidden from the viewer.
    pub guest_votes: Option<i32>,
    /// Whether the viewer votes for it.
    pub voted: bool,
    /// Whether it is the viewer's own.
    pub is_own: bool,
    /// Its place after the close; those with equally many votes share one.
    pub place: Option<i32>,
}

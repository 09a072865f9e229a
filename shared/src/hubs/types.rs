//! Hubs and roles.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::{HubId, UserId};

/// Who may become a member of a hub.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Deserialize,
    EnumString,
    IntoStaticStr,
    Serialize,
    VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Joining {
    /// Every registered user.
    #[default]
    Open,
    /// Those whom an owner accepts.
    Request,
    /// Those whom an owner adds.
    Invite,
}

/// Who may see a hub.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Deserialize,
    EnumString,
    IntoStaticStr,
    Serialize,
    VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Members, and the site's moderators. For everybody else it doesn't exist.
    Private,
}

/// What a user is in a hub. An owner is a member with more rights; the other roles combine with any.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    EnumString,
    IntoStaticStr,
    Serialize,
    VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum HubRole {
    /// Has its news in the feed.
    Subscriber,
    /// Has it among the bookmarks.
    Stargazer,
    /// Posts photos.
    Member,
    /// Configures it and answers requests.
    Owner,
}

impl HubRole {
    /// The name in URLs and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A hub, or the profile of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// Its id.
    pub id: HubId,
    /// The word in its URL; `None` for a profile.
    pub slug: Option<String>,
    /// The member whose profile it is.
    pub profile_of: Option<UserId>,
    /// The name. A profile has its member's.
    pub name: String,
    /// One sentence about it; may be empty.
    pub summary: String,
    /// Who may become a member.
    pub joining: Joining,
    /// Who may see it.
    pub visibility: Visibility,
    /// Counts changes of the layout.
    pub layout_version: i64,
    /// Since when nobody can change it.
    pub archived_at: Option<DateTime<Utc>>,
    /// When something last happened.
    pub active_at: DateTime<Utc>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl Hub {
    /// The path of its page.
    #[must_use]
    pub fn path(&self) -> String {
        match &self.slug {
            Some(slug) => format!("/h/{slug}"),
            None => format!("/members/{}", self.name),
        }
    }

    /// Whether it is read-only.
    #[must_use]
    pub const fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// Whether everybody may see it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.visibility == Visibility::Public
    }
}

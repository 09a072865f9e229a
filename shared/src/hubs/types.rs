//! Hubs and roles.

use chrono::{DateTime, TimeDelta, Utc};
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

impl Joining {
    /// The name in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
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

impl Visibility {
    /// The name in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
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

    /// Whether who has it belongs to the hub and sees it if it is private.
    #[must_use]
    pub const fn is_membership(self) -> bool {
        matches!(self, Self::Member | Self::Owner)
    }
}

/// After this time without anything new a hub is idle.
const IDLE: TimeDelta = TimeDelta::days(31);

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
    /// The zone in which its owners write times, as in the IANA's database.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// The zone of hubs that a cache holds from before they had one.
fn utc() -> String {
    "UTC".to_owned()
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

    /// Whether nothing has happened in it for 31 days.
    #[must_use]
    pub fn is_idle(&self, now: DateTime<Utc>) -> bool {
        now - self.active_at > IDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_idle_after_a_month_without_news() {
        let now = Utc::now();
        let hub = Hub {
            id: HubId(1),
            slug: Some("cats".to_owned()),
            profile_of: None,
            name: "Cats".to_owned(),
            summary: String::new(),
            joining: Joining::Open,
            visibility: Visibility::Public,
            layout_version: 1,
            archived_at: None,
            active_at: now - TimeDelta::days(31),
            created_at: now - TimeDelta::days(90),
            time_zone: utc(),
        };
        assert!(!hub.is_idle(now));
        assert!(hub.is_idle(now + TimeDelta::seconds(1)));
        assert_eq!(hub.path(), "/h/cats");
        assert_eq!(Hub { slug: None, profile_of: Some(UserId(2)), ..hub }.path(), "/members/Cats");
    }

    #[test]
    fn names_in_urls_are_those_in_the_database() {
        for role in HubRole::VARIANTS {
            assert_eq!(role.name().parse(), Ok(*role));
        }
        assert_eq!([HubRole::Member, HubRole::Owner].map(HubRole::is_membership), [true, true]);
        assert_eq!([HubRole::Subscriber, HubRole::Stargazer].map(HubRole::is_membership), [false, false]);
    }
}

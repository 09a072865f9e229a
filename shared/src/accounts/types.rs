//! Users and roles.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::standing::Standing;
use crate::audit::Actor;
use crate::ids::UserId;

/// What a registered user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    /// Rates and submits photos.
    Member,
    /// Also sees the admin pages, hides photos.
    Moderator,
    /// May do everything.
    Admin,
}

impl Role {
    /// Whether the role includes a moderator's rights.
    #[must_use]
    pub fn moderates(self) -> bool {
        self >= Self::Moderator
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        })
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "member" => Ok(Self::Member),
            "moderator" => Ok(Self::Moderator),
            "admin" => Ok(Self::Admin),
            other => Err(format!("no role is called {other:?}; there are member, moderator and admin")),
        }
    }
}

/// Determines the order in which photos are served to a rater: 64 random bits that exist before the user row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct RaterKey(pub i64);

impl RaterKey {
    /// Generates a random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random())
    }
}

/// A user. `name` and `email` are both absent for an anonymous user and both present for a registered one.
#[derive(Clone, Debug)]
pub struct User {
    /// The id, kept when an anonymous user registers.
    pub id: UserId,
    /// The public name.
    pub name: Option<String>,
    /// The mail address, visible only to the user.
    pub email: Option<String>,
    /// Whether the user has followed a link sent to that address.
    pub verified: bool,
    /// What the user may do.
    pub role: Role,
    /// Determines the order in which photos are served.
    pub rater_key: RaterKey,
    /// When the row was created.
    pub created_at: DateTime<Utc>,
    /// Whether a sanction restricts the user.
    pub standing: Standing,
}

impl User {
    /// Whether the user is not registered.
    #[must_use]
    pub fn anonymous(&self) -> bool {
        self.name.is_none()
    }

    /// The actor for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor<'_> {
        Actor::User { id: self.id, name: self.name.as_deref().unwrap_or_default() }
    }
}

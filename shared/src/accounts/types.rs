//! What a user is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::ids::UserId;

/// What a user may do beyond a member's own things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    /// Rates and submits.
    Member,
    /// Sees the admin pages, hides photos.
    Moderator,
    /// Everything.
    Admin,
}

impl Role {
    /// Whether it includes what moderators may.
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

/// Keys the order in which photos are served to a rater: 64 random bits, made before there is a user row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct RaterKey(pub i64);

impl RaterKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random())
    }
}

/// A user. `name` and `email` are both absent while anonymous, both present once registered.
#[derive(Clone, Debug)]
pub struct User {
    /// Its id, kept when an anonymous user registers.
    pub id: UserId,
    /// The public name.
    pub name: Option<String>,
    /// The mail address, known to the user and to nobody else.
    pub email: Option<String>,
    /// Whether a link sent to that address came back.
    pub verified: bool,
    /// What it may do.
    pub role: Role,
    /// Keys its serving order.
    pub rater_key: RaterKey,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

impl User {
    /// Whether nobody has registered this user yet.
    #[must_use]
    pub fn anonymous(&self) -> bool {
        self.name.is_none()
    }

    /// Their entry in the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor<'_> {
        Actor::User { id: self.id, name: self.name.as_deref().unwrap_or_default() }
    }
}

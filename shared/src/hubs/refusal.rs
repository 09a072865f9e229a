//! Why a change of a hub or of its people was refused.

use std::error::Error;
use std::fmt;

/// Why a change was refused. `Display` is what the person who asked for it reads.
#[derive(Debug)]
pub enum Refusal {
    /// The database fails.
    Database(sqlx::Error),
    /// The hub is gone, or there is no such person or request.
    Gone,
    /// The acting user is gone.
    NoUser,
    /// Another hub has this slug, or has had it.
    SlugTaken,
    /// A hub that was deleted lately had this slug.
    SlugKept,
    /// The hub is archived.
    Archived,
    /// The act is for owners.
    NotOwner,
    /// The act is for owners, and for moderators of the site.
    MayNotDelete,
    /// Nobody makes themselves an owner.
    NotMadeOwner,
    /// Members are added by owners only.
    NotInvited,
    /// There is no such time zone.
    NoTimeZone,
    /// The hub would be left without an owner.
    LastOwner,
    /// The hub is hidden until moderators have judged it.
    Quarantined,
}

impl Refusal {
    /// The message for the person who asked.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Database(_) => "The database failed.",
            Self::Gone => "It is gone.",
            Self::NoUser => "The user is gone.",
            Self::SlugTaken => "That address is taken. Choose another.",
            Self::SlugKept => {
                "That address belonged to a hub that was deleted, and is kept free for 30 days. Choose another."
            }
            Self::Archived => "This hub is archived, so nothing in it can change.",
            Self::NotOwner => "Only the hub's owners can do that.",
            Self::MayNotDelete => "Only the hub's owners and moderators can do that.",
            Self::NotMadeOwner => "Only an owner can make somebody an owner.",
            Self::NotInvited => "This hub is by invitation: its owners add members.",
            Self::NoTimeZone => "Choose a time zone from the list.",
            Self::Quarantined => {
                "This hub was reported. Until moderators have looked at it, only its members see it."
            }
            Self::LastOwner => "A hub needs an owner. Make another member an owner first.",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

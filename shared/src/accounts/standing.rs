//! Whether a user may act, and what sanctioned members still may.

use strum::{IntoStaticStr, VariantArray};

/// What the sanctions of a user that are in force add up to, by the database's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Standing {
    /// None restricts anything.
    #[default]
    Good,
    /// Warned lately, which restricts nothing either.
    Warned,
    /// Silenced: reads, and rates with weight 0.
    Silenced,
    /// Suspended or banned: can't log in, and does nothing.
    Barred,
}

/// Kinds of acts. Whatever is none of the others is [`Publish`](Self::Publish).
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
pub enum Act {
    /// Logging out, and choosing how the site looks.
    Leave,
    /// Reading.
    Read,
    /// Appealing against a sanction.
    Appeal,
    /// Rating a photo.
    Rate,
    /// Looking after the own account: password, address, notifications, sessions, exports, blocked members.
    Manage,
    /// Taking back what is one's own: deleting a photo or a comment, withdrawing a talk, leaving a hub.
    Withdraw,
    /// Everything that others see, or that counts: comments, photos, remixes, talks, votes, hubs, shares, reports.
    Publish,
}

impl Standing {
    /// Whether the user may do less than others.
    #[must_use]
    pub const fn is_restricted(self) -> bool {
        matches!(self, Self::Silenced | Self::Barred)
    }

    /// Whether a user may act so.
    #[must_use]
    pub const fn allows(self, act: Act) -> bool {
        match self {
            Self::Good | Self::Warned => true,
            Self::Silenced => !matches!(act, Act::Publish),
            Self::Barred => matches!(act, Act::Leave | Act::Appeal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_standing_allows_what_the_table_says() {
        let table = [
            (Act::Leave, [true, true, true, true]),
            (Act::Read, [true, true, true, false]),
            (Act::Appeal, [true, true, true, true]),
            (Act::Rate, [true, true, true, false]),
            (Act::Manage, [true, true, true, false]),
            (Act::Withdraw, [true, true, true, false]),
            (Act::Publish, [true, true, false, false]),
        ];
        assert_eq!(table.len(), Act::VARIANTS.len());
        for (act, allowed) in table {
            let found: Vec<_> = Standing::VARIANTS.iter().map(|standing| standing.allows(act)).collect();
            assert_eq!(found, allowed, "{act:?}");
        }
    }
}

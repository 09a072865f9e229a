//! Who needs a second factor.

use serde::Deserialize;

use crate::accounts::Role;

/// Whose roles count only with a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactor {
    /// Nobody's.
    #[default]
    Nobody,
    /// That of admins.
    Admins,
    /// That of admins and moderators.
    Staff,
}

impl SecondFactor {
    /// Whether this role counts only with a second factor.
    #[must_use]
    pub fn is_required_of(self, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::Admins => role >= Role::Admin,
            Self::Staff => role >= Role::Moderator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_asked_for_a_second_factor_as_configured() {
        let asked = |setting: SecondFactor| {
            [Role::Member, Role::Moderator, Role::Admin].map(|role| setting.is_required_of(role))
        };
        assert_eq!(asked(SecondFactor::Nobody), [false; 3]);
        assert_eq!(asked(SecondFactor::Admins), [false, false, true]);
        assert_eq!(asked(SecondFactor::Staff), [false, true, true]);
    }
}

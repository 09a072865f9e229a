//! What an API token may do. Sessions may do everything that their user may.

use std::fmt;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::types::{Role, User};

/// A part of what can be done through the API. Each call says which of them it takes (`security` in its
/// `utoipa::path`); without one it takes no API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Scope {
    /// Reading what the member sees.
    Read,
    /// Rating photos and voting for talks.
    Rate,
    /// Everything else that members write.
    Submit,
    /// Acting as a moderator.
    Moderate,
}

impl Scope {
    /// The name in the database, in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it allows, for people.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Read => "Read what you see: photos, hubs, your drafts, notifications, name and address",
            Self::Rate => "Rate photos and vote for talks",
            Self::Submit => {
                "Submit and change photos, comments, hubs, talks and everything else that you write"
            }
            Self::Moderate => "Act as a moderator: see and remove what others wrote",
        }
    }
}

/// Scopes, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Puts scopes in order.
    #[must_use]
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }

    /// Reads names. Leaves out what isn't one, such as a scope of a later version.
    #[must_use]
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(names.into_iter().filter_map(|name| name.parse().ok()))
    }

    /// Whether a scope is among them.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes.
    pub fn all(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.all().map(|scope| scope.name().to_owned()).collect()
    }

    /// The scopes that these are worth for a user now: only moderators moderate.
    #[must_use]
    pub fn held_by(&self, user: &User) -> Self {
        Self::of(self.all().filter(|scope| *scope != Scope::Moderate || user.role.moderates()))
    }

    /// The user as whom a token with these scopes acts: at most a moderator, and only with that scope.
    #[must_use]
    pub fn limit(&self, user: User) -> User {
        let most = if self.has(Scope::Moderate) { Role::Moderator } else { Role::Member };
        User { role: user.role.min(most), ..user }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, scope) in self.all().enumerate() {
            if number > 0 {
                f.write_str(", ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::super::standing::Standing;
    use super::super::types::RaterKey;
    use super::*;
    use crate::ids::UserId;

    fn user(role: Role) -> User {
        let (name, email) = (Some("ada".to_owned()), Some("ada@example.org".to_owned()));
        User {
            id: UserId(1),
            name,
            email,
            verified: true,
            role,
            rater_key: RaterKey(1),
            created_at: Utc::now(),
            standing: Standing::Good,
        }
    }

    #[test]
    fn scopes_are_read_as_they_are_stored() {
        let scopes = Scopes::of([Scope::Submit, Scope::Read, Scope::Submit]);
        assert_eq!(scopes.names(), ["read", "submit"]);
        assert_eq!(scopes.to_string(), "read, submit");
        assert_eq!(Scopes::read(["submit", "read", "rule", "Read"]), scopes);
        for scope in Scope::VARIANTS {
            assert_eq!(scope.name().parse(), Ok(*scope));
        }
    }

    #[test]
    fn a_token_never_acts_as_more_than_its_scopes_and_its_member() {
        let (plain, moderating) = (Scopes::of([Scope::Submit]), Scopes::of([Scope::Moderate]));
        for role in [Role::Member, Role::Moderator, Role::Admin] {
            assert_eq!(plain.limit(user(role)).role, Role::Member);
            assert_eq!(moderating.limit(user(role)).role, role.min(Role::Moderator));
            assert_eq!(moderating.held_by(&user(role)).is_empty(), role == Role::Member);
            assert_eq!(plain.held_by(&user(role)), plain);
        }
    }
}

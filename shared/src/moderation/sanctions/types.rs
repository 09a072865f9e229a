//! Sanctions and their terms.

use chrono::{DateTime, TimeDelta, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::Refusal;
use crate::audit::Action;
use crate::ids::{CaseId, SanctionId, UserId};
use crate::moderation::blocked::Reason;

/// The longest sanction that has an end.
const LONGEST: TimeDelta = TimeDelta::days(3660);

/// What a sanction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, sqlx::Type)]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum SanctionKind {
    /// The member reads the reason. Nothing else happens.
    Warn,
    /// The member may read, and rate with weight 0.
    Silence,
    /// The member can't log in.
    Suspend,
    /// The member can't log in, and the member's ratings are withdrawn.
    Ban,
}

impl SanctionKind {
    /// The name in the database, in forms and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it is for its member: "You are silenced".
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Warn => "warned",
            Self::Silence => "silenced",
            Self::Suspend => "suspended",
            Self::Ban => "banned",
        }
    }

    /// How the audit log calls it.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Warn => Action::WarnMember,
            Self::Silence => Action::SilenceMember,
            Self::Suspend => Action::SuspendMember,
            Self::Ban => Action::BanMember,
        }
    }

    /// Whether the member can't log in.
    #[must_use]
    pub const fn bars(self) -> bool {
        matches!(self, Self::Suspend | Self::Ban)
    }
}

/// What becomes of what the member has published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, sqlx::Type)]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Content {
    /// It stays.
    #[default]
    Keep,
    /// Nobody sees it as long as the sanction holds.
    Hide,
}

impl Content {
    /// The name in the database, in forms and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What a sanction does, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub(super) kind: SanctionKind,
    pub(super) content: Content,
    pub(super) until: Option<DateTime<Utc>>,
}

impl Terms {
    /// Checks terms at `now`.
    ///
    /// # Errors
    /// [`Refusal::Endless`], [`Refusal::NothingToHide`], [`Refusal::Past`] and [`Refusal::TooLong`].
    pub fn new(
        kind: SanctionKind,
        content: Content,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        if kind == SanctionKind::Warn && content == Content::Hide {
            return Err(Refusal::NothingToHide);
        }
        match until {
            Some(_) if matches!(kind, SanctionKind::Warn | SanctionKind::Ban) => {
                return Err(Refusal::Endless(kind));
            }
            Some(until) if until <= now => return Err(Refusal::Past),
            Some(until) if until > now + LONGEST => return Err(Refusal::TooLong),
            _ => {}
        }
        Ok(Self { kind, content, until })
    }
}

/// A sanction to impose.
#[derive(Clone, Debug)]
pub struct NewSanction {
    /// The member.
    pub user: UserId,
    /// What it does.
    pub terms: Terms,
    /// What the member reads.
    pub reason: Reason,
    /// The case in which it was decided.
    pub case: Option<CaseId>,
}

/// A sanction, past or present.
#[derive(Clone, Debug)]
pub struct Sanction {
    /// Its number; later ones have larger ones.
    pub id: SanctionId,
    /// The member.
    pub user: UserId,
    /// What it does.
    pub kind: SanctionKind,
    /// Why.
    pub reason: String,
    /// What becomes of the member's content.
    pub content: Content,
    /// The name of who imposed it.
    pub imposer: String,
    /// When.
    pub imposed_at: DateTime<Utc>,
    /// When it ends; `None` for no end.
    pub until: Option<DateTime<Utc>>,
    /// When it was lifted.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Who lifted it.
    pub lifter: Option<String>,
    /// Whether it holds, by the database's clock.
    pub in_force: bool,
    /// What the member says against it.
    pub appeal: Option<String>,
    /// When the appeal was made.
    pub appealed_at: Option<DateTime<Utc>>,
    /// Whether the appeal was accepted; `None` while it waits.
    pub accepted: Option<bool>,
    /// What the moderator answered.
    pub answer: Option<String>,
    /// Who answered.
    pub judge: Option<String>,
}

impl Sanction {
    /// What its member reads: why, and until when.
    #[must_use]
    pub fn sentence(&self) -> String {
        let until = match (self.kind, self.until) {
            (SanctionKind::Warn, _) => String::new(),
            (_, Some(until)) => format!(" until {}", until.format("%-d %B %Y, %H:%M UTC")),
            (SanctionKind::Ban, None) => " for good".to_owned(),
            (_, None) => " until a moderator lifts it".to_owned(),
        };
        format!("You are {}{until}. Reason: {}", self.kind.done(), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_refused_that_make_no_sense() {
        use SanctionKind::{Ban, Silence, Suspend, Warn};
        let now = Utc::now();
        let tomorrow = Some(now + TimeDelta::days(1));
        for (kind, content, until) in [
            (Warn, Content::Keep, None),
            (Silence, Content::Keep, tomorrow),
            (Silence, Content::Hide, None),
            (Suspend, Content::Hide, tomorrow),
            (Ban, Content::Hide, None),
        ] {
            assert!(Terms::new(kind, content, until, now).is_ok(), "{kind:?} {content:?} {until:?}");
        }
        assert!(matches!(Terms::new(Warn, Content::Hide, None, now), Err(Refusal::NothingToHide)));
        for kind in [Warn, Ban] {
            assert!(matches!(Terms::new(kind, Content::Keep, tomorrow, now), Err(Refusal::Endless(_))));
        }
        assert!(matches!(Terms::new(Suspend, Content::Keep, Some(now), now), Err(Refusal::Past)));
        let late = Some(now + TimeDelta::days(4000));
        assert!(matches!(Terms::new(Suspend, Content::Keep, late, now), Err(Refusal::TooLong)));
    }

    #[test]
    fn names_are_read_as_they_are_stored() {
        for kind in SanctionKind::VARIANTS {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        for content in Content::VARIANTS {
            assert_eq!(content.name().parse(), Ok(*content));
        }
        assert!("Ban".parse::<SanctionKind>().is_err());
    }
}

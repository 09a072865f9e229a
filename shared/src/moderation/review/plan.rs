//! What an act on a case comes to: the same for a dry run and for the act itself.

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::refusal::Refusal;
use crate::moderation::cases::{Outcome, Thing};

/// What a moderator does with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Act {
    /// The reports were wrong: close the case, and show the thing again if the site hid it.
    Dismiss,
    /// The reports were right, and what has to be done is done: close the case.
    Uphold,
    /// Take the thing from everybody's sight: hide a photo and block its picture, remove a comment, hide a talk.
    TakeDown,
    /// Delete a photo or a hub for good.
    Delete,
    /// Show a thing again that the site hid, and leave the case open.
    Show,
}

impl Act {
    /// The name in forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it says that the thing may be seen as it is.
    #[must_use]
    pub const fn shows(self) -> bool {
        matches!(self, Self::Dismiss | Self::Show)
    }

    /// Whether a moderator says why.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::TakeDown | Self::Delete)
    }
}

/// A case as it is now.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct CaseNow {
    /// What it is about.
    pub(super) thing: Thing,
    /// What became of it; `None` while it is open.
    pub(super) outcome: Option<Outcome>,
    /// The other moderator who works on it.
    pub(super) claimed_by: Option<String>,
    /// Whether the moderator's own thing is at stake, who is no admin.
    pub(super) is_own: bool,
    /// Whether the thing is there.
    pub(super) is_there: bool,
    /// Whether it is taken from everybody's sight, by moderators or the site.
    pub(super) is_down: bool,
    /// Whether the site hid it because of its reports.
    pub(super) is_quarantined: bool,
}

/// A step of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show it again.
    Show,
    /// Hide the photo and block its picture.
    BlockPhoto,
    /// Delete the photo.
    DeletePhoto,
    /// Remove the comment.
    RemoveComment,
    /// Hide the talk.
    HideTalk,
    /// Delete the hub.
    DeleteHub,
    /// Close the case.
    Close(Outcome),
}

impl Step {
    /// What it does, in words that follow "would" and begin a sentence elsewhere.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Show => "show it again",
            Self::BlockPhoto => "hide the photo and block its picture",
            Self::DeletePhoto => "delete the photo",
            Self::RemoveComment => "remove the comment",
            Self::HideTalk => "hide the talk",
            Self::DeleteHub => "delete the hub",
            Self::Close(Outcome::Upheld) => "close the case as upheld",
            Self::Close(Outcome::Dismissed) => "close the case as dismissed",
            Self::Close(Outcome::Void) => "close the case",
        }
    }
}

/// The steps of an act, in order. `closes`: the case is closed as upheld when the thing is down.
///
/// # Errors
/// Why the act can't be done now.
pub(super) fn plan(now: &CaseNow, act: Act, closes: bool) -> Result<Vec<Step>, Refusal> {
    if let Some(outcome) = now.outcome {
        return Err(Refusal::Closed(outcome));
    }
    if let Some(other) = &now.claimed_by {
        return Err(Refusal::Claimed(other.clone()));
    }
    if now.is_own {
        return Err(Refusal::OwnCase);
    }
    if matches!(now.thing, Thing::Appeal(_)) {
        return Err(Refusal::NotFitting);
    }
    let mut steps = match act {
        // Showing comes last: it takes the lock on blocking, under which nothing is waited for.
        Act::Dismiss if now.is_quarantined => return Ok(vec![Step::Close(Outcome::Dismissed), Step::Show]),
        Act::Dismiss => return Ok(vec![Step::Close(Outcome::Dismissed)]),
        Act::Uphold if now.is_quarantined && now.is_there => return Err(Refusal::Undecided),
        Act::Uphold => return Ok(vec![Step::Close(Outcome::Upheld)]),
        Act::Show if now.is_quarantined => return Ok(vec![Step::Show]),
        Act::Show => return Err(Refusal::NotFitting),
        Act::TakeDown => take_down(now)?,
        Act::Delete => vec![delete(now)?],
    };
    if now.is_quarantined {
        // What takes a thing down begins with one that is shown, so that undoing it shows the thing.
        steps.insert(0, Step::Show);
    }
    if closes {
        steps.push(Step::Close(Outcome::Upheld));
    }
    Ok(steps)
}

fn take_down(now: &CaseNow) -> Result<Vec<Step>, Refusal> {
    let step = match now.thing {
        Thing::Photo(_) => Step::BlockPhoto,
        Thing::Comment(_) => Step::RemoveComment,
        Thing::Talk(_) => Step::HideTalk,
        Thing::Hub(_) | Thing::Member(_) | Thing::Appeal(_) => return Err(Refusal::NotFitting),
    };
    match now {
        CaseNow { is_there: false, .. } => Err(Refusal::ThingGone),
        CaseNow { is_down: true, is_quarantined: false, .. } => Err(Refusal::AlreadyDown),
        _ => Ok(vec![step]),
    }
}

fn delete(now: &CaseNow) -> Result<Step, Refusal> {
    match now.thing {
        Thing::Photo(_) | Thing::Hub(_) if !now.is_there => Err(Refusal::ThingGone),
        Thing::Photo(_) => Ok(Step::DeletePhoto),
        Thing::Hub(_) => Ok(Step::DeleteHub),
        _ => Err(Refusal::NotFitting),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::ids::{CommentId, HubId, PhotoId, TalkId, UserId};

    const THINGS: [Thing; 6] = [
        Thing::Photo(PhotoId(1)),
        Thing::Comment(CommentId(1)),
        Thing::Talk(TalkId(1)),
        Thing::Hub(HubId(1)),
        Thing::Member(UserId(1)),
        Thing::Appeal(1),
    ];

    fn of(thing: Thing) -> CaseNow {
        CaseNow {
            thing,
            outcome: None,
            claimed_by: None,
            is_own: false,
            is_there: true,
            is_down: false,
            is_quarantined: false,
        }
    }

    #[test]
    fn what_the_site_hid_is_shown_again_or_taken_down() {
        let quarantined = CaseNow { is_quarantined: true, is_down: true, ..of(THINGS[0]) };
        let steps = |act, closes| plan(&quarantined, act, closes).ok();
        assert_eq!(steps(Act::Dismiss, true), Some(vec![Step::Close(Outcome::Dismissed), Step::Show]));
        assert_eq!(
            steps(Act::TakeDown, true),
            Some(vec![Step::Show, Step::BlockPhoto, Step::Close(Outcome::Upheld)])
        );
        assert_eq!(steps(Act::Show, true), Some(vec![Step::Show]));
        assert!(matches!(plan(&quarantined, Act::Uphold, true), Err(Refusal::Undecided)));
        assert!(matches!(plan(&of(THINGS[0]), Act::Show, true), Err(Refusal::NotFitting)));
    }

    #[test]
    fn what_is_down_or_gone_is_only_closed() {
        let down = CaseNow { is_down: true, ..of(THINGS[2]) };
        assert!(matches!(plan(&down, Act::TakeDown, true), Err(Refusal::AlreadyDown)));
        let gone = CaseNow { is_there: false, ..of(THINGS[1]) };
        assert!(matches!(plan(&gone, Act::TakeDown, true), Err(Refusal::ThingGone)));
        for now in [down, gone] {
            assert_eq!(plan(&now, Act::Uphold, true).ok(), Some(vec![Step::Close(Outcome::Upheld)]));
        }
    }

    #[test]
    fn hubs_are_deleted_and_members_only_judged() {
        assert_eq!(plan(&of(THINGS[3]), Act::Delete, false).ok(), Some(vec![Step::DeleteHub]));
        for (thing, act) in [(3, Act::TakeDown), (4, Act::TakeDown), (4, Act::Delete), (1, Act::Delete)] {
            assert!(matches!(plan(&of(THINGS[thing]), act, true), Err(Refusal::NotFitting)));
        }
    }

    proptest! {
        #[test]
        fn nothing_is_done_to_a_case_that_is_closed_or_claimed_or_ones_own_or_an_appeal(
            thing in select(&THINGS[..]), act in select(Act::VARIANTS), closes: bool, is_there: bool, is_down: bool,
            is_quarantined: bool, is_closed: bool, is_claimed: bool, is_own: bool,
        ) {
            let now = CaseNow {
                thing,
                outcome: is_closed.then_some(Outcome::Upheld),
                claimed_by: is_claimed.then(|| "mo".to_owned()),
                is_own,
                is_there,
                is_down,
                is_quarantined,
            };
            let planned = plan(&now, act, closes);
            if is_closed || is_claimed || is_own || matches!(thing, Thing::Appeal(_)) {
                prop_assert!(planned.is_err());
            } else if let Ok(steps) = planned {
                let closings = steps.iter().filter(|step| matches!(step, Step::Close(_))).count();
                prop_assert_eq!(closings, usize::from(closes && act != Act::Show || matches!(act, Act::Dismiss | Act::Uphold)));
                prop_assert!(!steps.is_empty());
            }
        }
    }
}

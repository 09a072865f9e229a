use askama::Template;
use pawdium_shared::talks::Phase;

use super::When;
use crate::views::filters;

/// The hub of a call, to lead back to.
#[derive(Clone, Debug)]
pub struct HubCrumb {
    /// Its name.
    pub name: String,
    /// The path of its page.
    pub path: String,
    /// The number of its colour.
    pub hue: i64,
}

/// A page of a call that its head links to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallTab {
    /// The talks, in each phase.
    Talks,
    /// The results with what they rest on.
    Results,
    /// The viewer's receipts.
    Receipt,
    /// The owners' dashboard.
    Dashboard,
    /// The form that changes it.
    Edit,
    /// A page below the talks.
    Below,
}

/// The head of every page of a call. Pages show it as `{{ head|safe }}` and link `talks.css`.
#[derive(Clone, Debug, Template)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark or a tab of its own")]
#[template(path = "talks/_head.html")]
pub struct CallHead {
    /// The call's id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its hub.
    pub hub: HubCrumb,
    /// Its phase.
    pub phase: Phase,
    /// When pitches, voting, counting and the results begin.
    pub begins: [Option<When>; 4],
    /// The hub's time zone.
    pub zone: String,
    /// Whether the viewer owns the hub.
    pub is_owner: bool,
    /// Whether the hub is archived.
    pub is_archived: bool,
    /// Whether the viewer has voted.
    pub has_voted: bool,
    /// Whether the votes are counted for good.
    pub is_frozen: bool,
    /// The page that shows this head.
    pub tab: CallTab,
}

/// A phase in the line of all.
struct Step {
    label: &'static str,
    class: &'static str,
    when: Option<When>,
}

impl CallHead {
    const STEPS: [(Phase, &'static str); 4] = [
        (Phase::Pitch, "Pitches"),
        (Phase::Voting, "Voting"),
        (Phase::Closed, "Counting"),
        (Phase::Announced, "Results"),
    ];

    /// The path of the call's page.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/calls/{}", self.id)
    }

    fn steps(&self) -> Vec<Step> {
        let here = place(self.phase);
        let step = |((phase, label), when): ((Phase, &'static str), Option<When>)| {
            let class = match place(phase).cmp(&here) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "current",
                std::cmp::Ordering::Greater => "ahead",
            };
            Step { label, class, when }
        };
        Self::STEPS.into_iter().zip(self.begins).map(step).collect()
    }

    /// What is possible now.
    fn now(&self) -> &'static str {
        match self.phase {
            Phase::Draft => "A draft.",
            Phase::Pitch => "Open for pitches.",
            Phase::Voting => "Voting is open.",
            Phase::Closed => "Voting is over.",
            Phase::Announced => "The results are out.",
        }
    }

    /// What else there is to know about it.
    fn note(&self) -> Option<&'static str> {
        match self.phase {
            _ if self.is_archived => Some("The hub is archived, so nothing here can change."),
            Phase::Draft => Some("Only the hub’s owners see it."),
            Phase::Closed if !self.is_frozen => Some("The votes are being counted."),
            Phase::Closed => Some("The votes are counted, and the owners are about to announce the results."),
            Phase::Pitch | Phase::Voting | Phase::Announced => None,
        }
    }

    /// What comes next and when, if that is known.
    fn next(&self) -> Option<(&'static str, When)> {
        let label = match self.phase {
            Phase::Draft => "It opens for pitches",
            Phase::Pitch => "Voting begins",
            Phase::Voting => "It closes",
            Phase::Closed => "The results come",
            Phase::Announced => return None,
        };
        let when = self.begins.get(place(self.phase)).copied().flatten()?;
        (when.left.is_some() && !self.is_archived).then_some((label, when))
    }

    fn tabs(&self) -> Vec<(&'static str, String, bool)> {
        let tab = |name, below: &str, tab| (name, format!("{}{below}", self.path()), self.tab == tab);
        let mut tabs = vec![tab("Talks", "", CallTab::Talks)];
        if self.is_frozen {
            tabs.push(tab("Results", "/results", CallTab::Results));
        }
        if self.has_voted {
            tabs.push(tab("Your receipts", "/receipt", CallTab::Receipt));
        }
        if self.is_owner {
            tabs.push(tab("Dashboard", "/dashboard", CallTab::Dashboard));
            tabs.push(tab("Edit", "/edit", CallTab::Edit));
        }
        tabs
    }
}

/// The number of the phase, from 0 for a draft.
fn place(phase: Phase) -> usize {
    match phase {
        Phase::Draft => 0,
        Phase::Pitch => 1,
        Phase::Voting => 2,
        Phase::Closed => 3,
        Phase::Announced => 4,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::*;

    fn head(phase: Phase) -> CallHead {
        let now = Utc::now();
        let at = |hours| {
            let at = now + TimeDelta::hours(hours);
            Some(When::new(at, at.naive_utc(), now))
        };
        CallHead {
            id: 3,
            title: "Lightning".to_owned(),
            hub: HubCrumb { name: "Cats".to_owned(), path: "/h/cats".to_owned(), hue: 1 },
            phase,
            begins: [at(-1), at(2), at(4), None],
            zone: "UTC".to_owned(),
            is_owner: false,
            is_archived: false,
            has_voted: false,
            is_frozen: false,
            tab: CallTab::Talks,
        }
    }

    #[test]
    fn what_comes_next_is_counted_down_to() {
        let pitch = head(Phase::Pitch);
        assert_eq!(pitch.next().map(|(label, _)| label), Some("Voting begins"));
        assert_eq!(
            pitch.steps().iter().map(|step| step.class).collect::<Vec<_>>(),
            ["current", "ahead", "ahead", "ahead"]
        );
        assert!(head(Phase::Draft).next().is_none(), "what has passed is no countdown");
        assert!(head(Phase::Closed).next().is_none(), "nobody knows when");
        assert!(head(Phase::Announced).next().is_none());
    }

    #[test]
    fn tabs_are_for_those_who_find_something_there() {
        let names = |head: &CallHead| head.tabs().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
        assert_eq!(names(&head(Phase::Voting)), ["Talks"]);
        let owner = CallHead { is_owner: true, has_voted: true, is_frozen: true, ..head(Phase::Closed) };
        assert_eq!(names(&owner), ["Talks", "Results", "Your receipts", "Dashboard", "Edit"]);
    }
}

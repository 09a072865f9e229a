//! A hub's calls, and the form that makes or changes one.

use askama::Template;
use pawdium_shared::talks::facts::CallFacts;
use pawdium_shared::talks::{Phase, Totals, Voters};
use strum::VariantArray as _;

use super::{CallHead, When};
use crate::views::hubs::HubHead;
use crate::views::{Chrome, Field, filters};

/// `GET /h/{slug}/talks`.
#[derive(Debug, Template)]
#[template(path = "talks/calls.html")]
pub struct CallsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head.
    pub head: HubHead,
    /// Whether the viewer may open a call.
    pub may_make: bool,
    /// The calls.
    pub list: CallList,
}

/// A hub's calls by phase. `GET /h/{slug}/talks/part` returns only this part.
#[derive(Debug, Template)]
#[template(path = "talks/_calls.html")]
pub struct CallList {
    /// The URL of this part.
    pub part: String,
    /// The calls, those that need attention first.
    pub groups: Vec<CallGroup>,
    /// The hub's time zone.
    pub zone: String,
    /// Whether the viewer may open a call.
    pub may_make: bool,
    /// The path of the hub's page.
    pub hub: String,
}

/// The calls in one phase.
#[derive(Clone, Debug)]
pub struct CallGroup {
    /// The phase.
    pub phase: Phase,
    /// Its calls.
    pub calls: Vec<CallCard>,
}

impl CallGroup {
    /// What the moment of a call means.
    fn label(&self) -> &'static str {
        match self.phase {
            Phase::Draft => "opens",
            Phase::Pitch => "voting begins",
            Phase::Voting => "closes",
            Phase::Closed => "results come",
            Phase::Announced => "announced",
        }
    }

    fn is_over(&self) -> bool {
        self.phase.is_over()
    }

    fn heading(&self) -> &'static str {
        match self.phase {
            Phase::Draft => "Drafts",
            Phase::Pitch => "Open for pitches",
            Phase::Voting => "Voting now",
            Phase::Closed => "Being counted",
            Phase::Announced => "Results",
        }
    }
}

/// A call in a list.
#[derive(Clone, Debug)]
pub struct CallCard {
    /// Its id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// What is counted of it.
    pub facts: CallFacts,
    /// When its next phase begins, or when the last one began.
    pub when: Option<When>,
}

impl CallList {
    /// What the page's stream watches: the calls that can still change.
    fn topics(&self) -> String {
        let open = self.groups.iter().filter(|group| group.phase != Phase::Announced);
        open.flat_map(|group| &group.calls)
            .map(|call| format!("call={}", call.id))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// `GET /h/{slug}/calls/new` and `GET /calls/{call}/edit`, and the answers to refused forms.
#[derive(Debug, Template)]
#[template(path = "talks/form.html")]
pub struct CallFormPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head, for a new call.
    pub hub: Option<HubHead>,
    /// The call's head, for one that is changed.
    pub head: Option<CallHead>,
    /// Where the form goes.
    pub action: String,
    /// The hub's time zone.
    pub zone: String,
    /// The path of the page that changes the time zone.
    pub settings: String,
    /// The fields.
    pub form: CallForm,
}

/// What an owner writes about a call.
#[derive(Clone, Debug, Default)]
pub struct CallForm {
    /// The title.
    pub title: Field,
    /// What it is about, in Markdown.
    pub text: Field,
    /// When pitches begin, as the hub's clocks show it.
    pub pitch_from: Field,
    /// When voting begins.
    pub voting_from: Field,
    /// When voting ends.
    pub closes_at: Field,
    /// When the results are announced.
    pub announced_at: Field,
    /// Who votes.
    pub voters: Voters,
    /// How many votes each has; empty for as many as there are talks.
    pub votes_each: Field,
    /// Who sees totals before the close.
    pub totals: Totals,
    /// Whether authors stay unnamed until the close.
    pub blind: bool,
    /// Whether a pitch waits for an owner.
    pub moderated: bool,
    /// Which groups of choices can't change any more, with the reason.
    pub settled: Option<String>,
}

impl CallForm {
    /// The fields with texts, by name.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut Field> {
        Some(match name {
            "title" => &mut self.title,
            "text" => &mut self.text,
            "pitch_from" => &mut self.pitch_from,
            "voting_from" => &mut self.voting_from,
            "closes_at" => &mut self.closes_at,
            "announced_at" => &mut self.announced_at,
            "votes_each" => &mut self.votes_each,
            _ => return None,
        })
    }

    /// The first field that was refused, which gets the focus.
    fn is_first(&self, name: &str) -> bool {
        let fields = [
            ("title", &self.title),
            ("text", &self.text),
            ("pitch_from", &self.pitch_from),
            ("voting_from", &self.voting_from),
            ("closes_at", &self.closes_at),
            ("announced_at", &self.announced_at),
            ("votes_each", &self.votes_each),
        ];
        fields.iter().find(|(_, field)| field.error.is_some()).is_some_and(|(first, _)| *first == name)
    }
}

impl CallFormPage {
    const TIMES: [(&'static str, &'static str, &'static str); 4] = [
        ("pitch_from", "Pitches from", "Leave it empty to open the call yourself."),
        ("voting_from", "Voting from", "Pitches end here. Leave it empty to start the vote yourself."),
        ("closes_at", "Voting until", "Leave it empty to close the vote yourself."),
        ("announced_at", "Results from", "Leave it empty to announce them yourself."),
    ];

    fn is_new(&self) -> bool {
        self.head.is_none()
    }

    fn time(&self, name: &str) -> &Field {
        match name {
            "pitch_from" => &self.form.pitch_from,
            "voting_from" => &self.form.voting_from,
            "closes_at" => &self.form.closes_at,
            _ => &self.form.announced_at,
        }
    }
}

const fn voters_label(voters: Voters) -> (&'static str, &'static str) {
    match voters {
        Voters::Members => ("Members of the hub", "Anyone who is a member of the hub when they vote."),
        Voters::Verified => ("Members of the site", "Everybody who has verified their mail address."),
        Voters::Anybody => {
            ("Anybody", "Guests as well. Their votes are counted apart from those of members.")
        }
    }
}

const fn totals_label(totals: Totals) -> (&'static str, &'static str) {
    match totals {
        Totals::Hidden => {
            ("Hidden until one has voted", "Nobody follows the crowd. After the close everybody sees them.")
        }
        Totals::Shown => ("Shown to everybody", "The standing is live while people vote."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refused_field_gets_the_focus() {
        let mut form = CallForm::default();
        assert!(!form.is_first("title"));
        for name in ["votes_each", "closes_at"] {
            form.field_mut(name).expect("a field").error = Some("No.".to_owned());
        }
        assert!(form.is_first("closes_at") && !form.is_first("votes_each"));
        assert!(form.field_mut("voters").is_none());
    }

    #[test]
    fn announced_calls_are_not_watched() {
        let card = |id| CallCard { id, title: "Talks".to_owned(), facts: CallFacts::default(), when: None };
        let group = |phase, id| CallGroup { phase, calls: vec![card(id), card(id + 1)] };
        let list = CallList {
            part: String::new(),
            groups: vec![group(Phase::Voting, 1), group(Phase::Announced, 3)],
            zone: "UTC".to_owned(),
            may_make: false,
            hub: "/h/cats".to_owned(),
        };
        assert_eq!(list.topics(), "call=1 call=2");
    }
}

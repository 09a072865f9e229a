//! Sanctions: the pages of their members, and those of moderators.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::moderation::sanctions::list::Counts;

use super::{Chrome, Field, filters};

/// A sanction.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of the sanction")]
pub struct SanctionView {
    /// Its number.
    pub id: i64,
    /// The member's name, in lists of several members.
    pub member: Option<String>,
    /// What its member reads.
    pub sentence: String,
    /// What it is: warn, silence, suspend or ban.
    pub kind: &'static str,
    /// As in "you are silenced".
    pub done: &'static str,
    /// Why.
    pub reason: String,
    /// Whether the member's content is hidden.
    pub hides: bool,
    /// Whether the member can't log in.
    pub bars: bool,
    /// Whether it is a silence.
    pub silences: bool,
    /// Whether it is a ban.
    pub bans: bool,
    /// Whether it is a warning.
    pub warns: bool,
    /// Who imposed it.
    pub imposer: String,
    /// When.
    pub imposed_at: DateTime<Utc>,
    /// Its end.
    pub until: Option<DateTime<Utc>>,
    /// When it was lifted.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Who lifted it.
    pub lifter: Option<String>,
    /// Whether it holds.
    pub in_force: bool,
    /// The path of its page.
    pub path: String,
    /// The appeal against it.
    pub appeal: Option<AppealView>,
}

/// An appeal.
#[derive(Clone, Debug)]
pub struct AppealView {
    /// What the member says.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was decided; `None` while it waits.
    pub accepted: Option<bool>,
    /// What the member was answered.
    pub answer: Option<String>,
    /// Who answered.
    pub judge: Option<String>,
}

impl SanctionView {
    /// Whether an appeal waits for a moderator.
    fn waits(&self) -> bool {
        self.appeal.as_ref().is_some_and(|appeal| appeal.accepted.is_none())
    }

    /// What has become of it, in a word.
    pub(super) fn state(&self) -> &'static str {
        match (self.in_force, self.lifted_at) {
            (true, _) => "in force",
            (false, Some(_)) => "lifted",
            (false, None) => "over",
        }
    }
}

/// `GET /appeals/{token}`: one sanction, for its member.
#[derive(Debug, Template)]
#[template(path = "sanctions/appeal.html")]
pub struct AppealPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The sanction.
    pub sanction: SanctionView,
    /// What was entered, and why it was refused.
    pub text: Field,
}

/// `GET /settings/standing`: a member's own sanctions.
#[derive(Debug, Template)]
#[template(path = "sanctions/standing.html")]
pub struct StandingPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The sanctions, newest first.
    pub sanctions: Vec<SanctionView>,
}

/// `GET /moderation/members`
#[derive(Debug, Template)]
#[template(path = "moderation/members.html")]
pub struct SanctionedPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The sanctions in force, newest first.
    pub sanctions: Vec<SanctionView>,
    /// The last one, if there are older ones.
    pub older: Option<i64>,
    /// Whether this is the first page.
    pub is_first: bool,
    /// The name that was looked for, if nobody has it.
    pub unknown: Option<String>,
}

/// `GET /moderation/members/{name}`
#[derive(Debug, Template)]
#[template(path = "moderation/member.html")]
pub struct MemberRecordPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The member's name.
    pub name: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The role, if the member is one of the staff.
    pub role: Option<String>,
    /// What the member has done.
    pub counts: Counts,
    /// The sanctions, newest first.
    pub sanctions: Vec<SanctionView>,
    /// What was entered, if it was refused.
    pub entered: Entered,
}

/// What a moderator entered in one of the forms, and why it was refused.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// What to do.
    pub kind: String,
    /// For how many days.
    pub days: String,
    /// Keep or hide.
    pub content: String,
    /// Why.
    pub reason: String,
    /// The answer to an appeal.
    pub answer: String,
    /// The case in which it is done; may be empty.
    pub case: String,
    /// Why it was refused.
    pub error: Option<String>,
    /// The field that this is about.
    pub field: Option<String>,
}

impl Entered {
    /// Whether this field was refused.
    pub(super) fn is_refused(&self, field: &str) -> bool {
        self.field.as_deref() == Some(field)
    }
}

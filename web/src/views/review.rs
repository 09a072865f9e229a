//! The queue of cases, a case, and the preview of a bulk act.

use askama::Template;
use chrono::{DateTime, Utc};

use super::sanctions::{Entered, SanctionView};
use super::{Chrome, Field, Picture, filters};

/// `GET /moderation/review`
#[derive(Debug, Template)]
#[template(path = "moderation/review.html")]
pub struct ReviewPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The kinds of things, and which is chosen.
    pub kinds: Vec<KindTab>,
    /// The cases, the most urgent first.
    pub cases: Vec<CaseLine>,
    /// The URL of the next page; `None` on the last page.
    pub later: Option<String>,
    /// Whether this is the first page.
    pub is_first: bool,
    /// The URL of the first page.
    pub base: String,
}

/// A kind of things to look at.
#[derive(Clone, Debug)]
pub struct KindTab {
    /// What it is called.
    pub label: &'static str,
    /// The URL of the list.
    pub path: String,
    /// Whether it is shown.
    pub is_here: bool,
}

/// A case in the queue.
#[derive(Clone, Debug)]
pub struct CaseLine {
    /// The case.
    pub id: i64,
    /// What it is about: photo, comment, talk, hub, member or appeal.
    pub about: &'static str,
    /// The thing's title or name.
    pub title: String,
    /// Who made it.
    pub owner: Option<String>,
    /// The picture of a photo that isn't hidden.
    pub picture: Picture,
    /// Where moderators see the picture of a photo that is hidden until it is judged.
    pub hidden_picture: Option<String>,
    /// What is wrong, in words, with how many say so.
    pub categories: String,
    /// What its reports weigh, in ordinary reports.
    pub weight: f64,
    /// How many reports it has.
    pub reports: i64,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Whether the thing is hidden until somebody decides.
    pub is_quarantined: bool,
    /// Who works on it.
    pub claimer: Option<String>,
    /// Whether that is the viewer.
    pub is_own: bool,
}

/// `GET /moderation/review/{case}`
#[derive(Debug, Template)]
#[template(path = "moderation/case.html")]
pub struct CasePage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The case as in the queue.
    pub line: CaseLine,
    /// What the thing says; empty if it says nothing or is gone.
    pub text: String,
    /// The path of its page; `None` if it is gone.
    pub path: Option<String>,
    /// The photo that a comment is on.
    pub photo: Option<i64>,
    /// The photo that moderators have taken away and from which this one was made: its id and title.
    pub made_from: Option<(i64, String)>,
    /// How many live photos were made from this one.
    pub remixes: i64,
    /// Until when it is claimed.
    pub claimed_until: Option<DateTime<Utc>>,
    /// What became of it and who said so; `None` while it is open.
    pub closed: Option<ClosedCase>,
    /// Its reports, the latest first.
    pub reports: Vec<ReportLine>,
    /// The URL of earlier reports.
    pub older_reports: Option<String>,
    /// What was done to the thing, the latest first.
    pub history: Vec<HistoryLine>,
    /// What a photo was before its changes, the latest first.
    pub revisions: Vec<RevisionLine>,
    /// Earlier cases of the same thing.
    pub earlier: Vec<EarlierCase>,
    /// How many cases about things of the owner were upheld.
    pub upheld: i64,
    /// Whether nobody else works on it, and a moderator may judge it.
    pub may_act: bool,
    /// Whether it is about something of the viewer's, who is no admin.
    pub is_own_thing: bool,
    /// Whom a sanction would be against; `None` if that is nobody registered, or the viewer.
    pub member: Option<String>,
    /// What that form begins with.
    pub entered: Entered,
    /// The sanction that an appeal is about.
    pub appealed: Option<SanctionView>,
    /// What taking it down is called; `None` if it can't be taken down.
    pub take_down: Option<&'static str>,
    /// What deleting it is called; `None` if it can't be deleted.
    pub delete: Option<&'static str>,
    /// Whether the case can be closed as upheld as things are.
    pub may_uphold: bool,
    /// The version of the thing that the page shows; `None` if it is gone.
    pub seen: Option<String>,
    /// Why the moderator acts.
    pub reason: Field,
    /// Why an act was refused.
    pub refused: Option<String>,
}

/// How a case ended.
#[derive(Clone, Debug)]
pub struct ClosedCase {
    /// The outcome in words.
    pub outcome: &'static str,
    /// Who closed it; empty if its account was deleted.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A report of a case.
#[derive(Clone, Debug)]
pub struct ReportLine {
    /// Who filed it; `None` if the account is gone, or if the viewer isn't told.
    pub reporter: Option<String>,
    /// Whether the viewer isn't told.
    pub is_withheld: bool,
    /// What is wrong.
    pub category: &'static str,
    /// The same in words; may be empty.
    pub text: String,
    /// What it weighs, in ordinary reports.
    pub weight: f64,
    /// When it was filed.
    pub at: DateTime<Utc>,
}

/// An entry of the audit log about the thing.
#[derive(Clone, Debug)]
pub struct HistoryLine {
    /// Who did it.
    pub actor: String,
    /// What.
    pub did: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a thing was before a change.
#[derive(Clone, Debug)]
pub struct RevisionLine {
    /// Its number.
    pub number: i32,
    /// The title.
    pub title: String,
    /// When it began.
    pub since: DateTime<Utc>,
    /// Whether it is the present one.
    pub is_current: bool,
}

/// An earlier case of the same thing.
#[derive(Clone, Debug)]
pub struct EarlierCase {
    /// The case.
    pub id: i64,
    /// What became of it.
    pub outcome: &'static str,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// How many reports it had.
    pub reports: i64,
}

/// `GET /moderation/review/bulk`: what a bulk act would do.
#[derive(Debug, Template)]
#[template(path = "moderation/bulk.html")]
pub struct BulkReviewPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The act's name in the form.
    pub act: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// The cases as a field of the form.
    pub cases: String,
    /// The versions of their things that the page shows, as another.
    pub seen: String,
    /// What would happen to each.
    pub lines: Vec<BulkLine>,
    /// How many would be closed.
    pub done: usize,
    /// Whether the act needs a reason.
    pub needs_reason: bool,
    /// Why.
    pub reason: Field,
}

/// What would happen to a case.
#[derive(Clone, Debug)]
pub struct BulkLine {
    /// The case.
    pub id: i64,
    /// What it is about.
    pub about: &'static str,
    /// The thing's title or name.
    pub title: String,
    /// What would happen, or why nothing would.
    pub would: String,
    /// Whether it would be skipped.
    pub is_skipped: bool,
}

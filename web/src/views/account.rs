//! A member's own data: taking it along, and deleting the account.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::exports::ExportState;

use super::{Chrome, Viewer, filters};

/// What is gone at once when an account is deleted. A test compares each sentence with what happens.
pub const GOES: [&str; 7] = [
    "Your photos and drafts, with their files, ratings and comments",
    "Your name, address, password, second factors and profile: you are logged out everywhere",
    "Your ratings: scores and ranks of the photos follow",
    "The text of your comments",
    "Your votes in calls that are still open",
    "Your roles in hubs, your requests, and what you have starred or subscribed to",
    "Your notifications, settings and archives",
];

/// What stays, and in which form. A test compares each sentence with what happens.
pub const STAYS: [&str; 8] = [
    "Replies to your comments, under a comment that says it was removed",
    "Votes in calls that are closed, because the result is made of them: without your name and device",
    "Talks that you have proposed, without your name",
    "Remixes that others have made of your photos, without your name",
    "Links with which you have shared photos of others, which still lead to them",
    "Hubs that you own: see below",
    "What you have reported to moderators, without your name and text",
    "Your name, which nobody else can take for 90 days",
];

/// What stays besides if the member has moderated.
pub const STAYS_OF_MODERATORS: &str = "What you did as a moderator, with your name, in the audit log";

/// `GET /settings/account`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "settings/account.html")]
pub struct AccountPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether the viewer must show a second factor before the forms work.
    pub must_prove: bool,
    /// The latest export, and the one with an archive; empty if there was none lately.
    pub exports: Vec<ExportCard>,
    /// `POST /settings/delete`: why `password` was refused.
    pub delete_error: Option<String>,
    /// How many live photos are deleted with the account.
    pub photos: i64,
    /// How many ratings are deleted with the account.
    pub ratings: i64,
    /// The hubs whose only owner the member is.
    pub hubs: Vec<HubLeft>,
}

/// An export as its owner sees it.
#[derive(Clone, Debug)]
pub struct ExportCard {
    /// The export's id.
    pub id: i64,
    /// What has become of it.
    pub state: ExportState,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When the archive is deleted.
    pub expires_at: Option<DateTime<Utc>>,
    /// The size of the archive.
    pub bytes: i64,
    /// How many photos it has.
    pub photos: i64,
}

impl ExportCard {
    /// The size as people read it.
    fn size(&self) -> String {
        readable(self.bytes)
    }
}

/// A hub whose only owner leaves.
#[derive(Clone, Debug)]
pub struct HubLeft {
    /// The hub's slug.
    pub slug: String,
    /// The hub's name.
    pub name: String,
    /// Who becomes its owner; `None` if it is archived.
    pub heir: Option<String>,
}

impl AccountPage {
    /// Whether an archive can be asked for.
    fn may_ask(&self) -> bool {
        self.exports.iter().all(|export| export.state != ExportState::Waiting)
    }

    /// Whether there is one to download.
    fn has_archive(&self) -> bool {
        self.exports.iter().any(|export| export.state == ExportState::Ready)
    }

    fn goes() -> &'static [&'static str] {
        &GOES
    }

    fn stays(&self) -> Vec<&'static str> {
        let moderates = matches!(self.chrome.viewer, Viewer::Member { moderates: true, .. });
        STAYS.into_iter().chain(moderates.then_some(STAYS_OF_MODERATORS)).collect()
    }
}

/// Bytes as kB, MB or GB.
fn readable(bytes: i64) -> String {
    match bytes {
        ..1_000_000 => format!("{} kB", bytes.max(0).div_euclid(1000).max(1)),
        1_000_000..1_000_000_000 => tenths(bytes, 1_000_000, "MB"),
        _ => tenths(bytes, 1_000_000_000, "GB"),
    }
}

fn tenths(bytes: i64, unit: i64, name: &str) -> String {
    let tenths = bytes / (unit / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (bytes, text) in [
            (1, "1 kB"),
            (123_456, "123 kB"),
            (1_000_000, "1.0 MB"),
            (45_678_901, "45.6 MB"),
            (3_210_000_000, "3.2 GB"),
        ] {
            assert_eq!(readable(bytes), text);
        }
    }
}

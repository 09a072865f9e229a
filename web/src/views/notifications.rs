//! A member's notifications and their settings.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::notifications::Kind;

use super::{Chrome, Field, filters};

/// `GET /notifications`
#[derive(Debug, Template)]
#[template(path = "notifications/page.html")]
pub struct NotificationsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The list.
    pub list: NotificationList,
}

/// The list, which a live refresh fetches.
#[derive(Debug, Template)]
#[template(path = "notifications/_list.html")]
pub struct NotificationList {
    /// How many entries are unread, on all pages.
    pub unread: i64,
    /// The latest notification on this page.
    pub latest: i64,
    /// The entry before those on this page; `None` on the first page.
    pub before: Option<i64>,
    /// The last entry, if there are older ones.
    pub older: Option<i64>,
    /// The entries.
    pub lines: Vec<NotificationLine>,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct NotificationLine {
    /// The latest notification of it.
    pub id: i64,
    /// What has happened.
    pub kind: Kind,
    /// The same in words.
    pub text: String,
    /// Where it leads.
    pub path: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it is read.
    pub is_read: bool,
}

/// `GET /settings/notifications`
#[derive(Debug, Template)]
#[template(path = "notifications/settings.html")]
pub struct NotificationSettingsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What there is to choose.
    pub kinds: Vec<KindChoice>,
    /// Whether the member gets daily mails.
    pub digest: bool,
    /// Whether the address is verified; mails go to no other.
    pub is_verified: bool,
}

/// A kind to choose.
#[derive(Clone, Debug)]
pub struct KindChoice {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Whether the member wants it.
    pub is_on: bool,
}

/// `GET /settings/blocked`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "notifications/blocked.html")]
pub struct BlockedMembersPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whom the member has blocked, the latest first.
    pub lines: Vec<BlockedMemberLine>,
    /// `POST /settings/blocked`: `name`.
    pub name: Field,
}

/// A blocked member.
#[derive(Clone, Debug)]
pub struct BlockedMemberLine {
    /// The name.
    pub name: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// `GET` and `POST /unsubscribe/{token}`
#[derive(Debug, Template)]
#[template(path = "notifications/unsubscribe.html")]
pub struct UnsubscribePage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The link's token.
    pub token: String,
    /// Whether the mails are stopped.
    pub is_done: bool,
}

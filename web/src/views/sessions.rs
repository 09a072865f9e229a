//! A member's sessions and API tokens.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::accounts::Scope;

use super::{Chrome, Field, filters};

/// `GET /settings/sessions`
#[derive(Debug, Template)]
#[template(path = "settings/sessions.html")]
pub struct SessionsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The sessions, this one first.
    pub lines: Vec<SessionLine>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Its id.
    pub id: i64,
    /// Browser and system in words.
    pub device: String,
    /// The network in words.
    pub place: Option<String>,
    /// When it was opened.
    pub since: DateTime<Utc>,
    /// When it was last used, exact to an hour.
    pub used: DateTime<Utc>,
    /// Whether it is this one.
    pub is_own: bool,
}

/// `GET /settings/tokens`, and the answer to the form on it.
#[derive(Debug, Template)]
#[template(path = "settings/tokens.html")]
pub struct TokensPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The token that was just made, which is never shown again.
    pub made: Option<String>,
    /// The tokens, the newest first.
    pub lines: Vec<TokenLine>,
    /// The form; `None` until the address is verified.
    pub form: Option<TokenForm>,
    /// Whether the viewer must show a second factor before the form works.
    pub must_prove: bool,
}

/// A token.
#[derive(Clone, Debug)]
pub struct TokenLine {
    /// Its id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: String,
    /// When it was made.
    pub since: DateTime<Utc>,
    /// When it was last used, exact to an hour.
    pub used: Option<DateTime<Utc>>,
    /// When it ends.
    pub ends: Option<DateTime<Utc>>,
}

/// The form of a token.
#[derive(Clone, Debug, Default)]
pub struct TokenForm {
    /// What it is called.
    pub name: Field,
    /// What it may do: each scope that the member can give, and whether it is chosen.
    pub scopes: Vec<(Scope, bool)>,
    /// Why the scopes were refused.
    pub scopes_error: Option<String>,
    /// After how many days it ends; 0 for never.
    pub days: u16,
    /// Why the password was refused.
    pub password_error: Option<String>,
}

impl TokenForm {
    /// The choices of a token's end: days, and what they are called.
    const ENDS: [(u16, &'static str); 4] =
        [(30, "After 30 days"), (90, "After 90 days"), (365, "After a year"), (0, "Never")];
}

//! A member's own settings; each form on the page is sent on its own.

use askama::Template;

use super::{Chrome, Field, filters};

/// `GET /settings`, and the answer to a refused form of it.
#[derive(Debug, Template)]
#[template(path = "settings/page.html")]
pub struct SettingsPage {
    /// Around the page.
    pub chrome: Chrome,
    /// `POST /settings/name`: `name`.
    pub name: Field,
    /// `POST /settings/email`: `email`, `current_password`.
    pub email: Field,
    /// The address is proved; else the page offers `POST /settings/email/resend`.
    pub email_verified: bool,
    /// Why the last mail to that address came back: what the mail server said.
    pub email_refusal: Option<String>,
    /// Why the current password in the e-mail form was refused.
    pub email_password_error: Option<String>,
    /// `POST /settings/password`: why `current_password` was refused.
    pub current_password_error: Option<String>,
    /// And why `password`, the new one.
    pub new_password_error: Option<String>,
    /// `POST /settings/delete`: why `password` was refused.
    pub delete_error: Option<String>,
    /// How many photos would go with the account.
    pub photos: i64,
    /// How many ratings would go with the account.
    pub ratings: i64,
}

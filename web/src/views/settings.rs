//! A member's settings. Each form on the page is sent separately.

use askama::Template;
use pawdium_shared::photos::avatars::Upload;

use super::{Chrome, Face, Field, filters};

/// `GET /settings`, and the answer to a refused form on it.
#[derive(Debug, Template)]
#[template(path = "settings/page.html")]
pub struct SettingsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// `POST /settings/name`: `name`.
    pub name: Field,
    /// `POST /settings/about`: `about`.
    pub about: Field,
    /// The member's portrait.
    pub face: Face,
    /// What has become of the last picture that was sent; `None` if it is the portrait.
    pub portrait: Option<Upload>,
    /// `POST /settings/email`: `email`, `current_password`.
    pub email: Field,
    /// Whether the address is verified. If not, the page offers `POST /settings/email/resend`.
    pub email_verified: bool,
    /// What the mail server said if the last mail to that address bounced.
    pub email_refusal: Option<String>,
    /// Why the current password in the e-mail form was refused.
    pub email_password_error: Option<String>,
    /// `POST /settings/password`: why `current_password` was refused.
    pub current_password_error: Option<String>,
    /// `POST /settings/password`: why `password`, the new one, was refused.
    pub new_password_error: Option<String>,
    /// `POST /settings/remixes`: whether others may remix new photos.
    pub remixes: bool,
    /// Whether the viewer must show a second factor before another address or password.
    pub must_prove: bool,
}

impl SettingsPage {
    /// Whether there is a portrait, or a picture that may become one.
    fn has_portrait(&self) -> bool {
        self.face.portrait().is_some() || self.portrait.is_some()
    }
}

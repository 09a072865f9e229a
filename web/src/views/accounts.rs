//! Registering, logging in, and the pages that links in mails lead to.

use askama::Template;

use super::{Chrome, Field, Viewer, filters};

/// `GET /register`, and the answer to a refused `POST /register` (`name`, `email`, `password`, `next`).
#[derive(Debug, Template)]
#[template(path = "accounts/register.html")]
pub struct RegisterPage {
    /// Around the page; an anonymous viewer's ratings are promised to be kept.
    pub chrome: Chrome,
    /// Names the profile.
    pub name: Field,
    /// Where the mails go.
    pub email: Field,
    /// Why the password was refused.
    pub password_error: Option<String>,
    /// A path on this site to go to afterwards.
    pub next: Option<String>,
}

impl RegisterPage {
    /// How many ratings would be lost without an account.
    fn ratings(&self) -> i64 {
        if let Viewer::Anonymous { ratings } = self.chrome.viewer { ratings } else { 0 }
    }
}

/// `GET /login`, and the answer to a refused `POST /login` (`email`, `password`, `next`).
#[derive(Debug, Template)]
#[template(path = "accounts/login.html")]
pub struct LoginPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The address entered.
    pub email: Field,
    /// About the whole form: the same whether the address or the password is wrong.
    pub error: Option<String>,
    /// A path on this site to go to afterwards.
    pub next: Option<String>,
    /// The accounts of the demo; empty elsewhere.
    pub demo_logins: Vec<DemoLogin>,
}

/// An account of the demo, which one press logs in to.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    /// The account's name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// Its password, which everybody may know.
    pub password: String,
    /// What it is good for: "admin", "has photos in every state".
    pub note: String,
}

/// `GET /forgot`, and the answer to a refused `POST /forgot` (`email`).
#[derive(Debug, Template)]
#[template(path = "accounts/forgot.html")]
pub struct ForgotPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The address entered.
    pub email: Field,
}

/// `GET /reset/{token}`, and the answer to a refused `POST /reset/{token}` (`password`).
#[derive(Debug, Template)]
#[template(path = "accounts/reset.html")]
pub struct ResetPage {
    /// Around the page.
    pub chrome: Chrome,
    /// From the link.
    pub token: String,
    /// Why the new password was refused.
    pub password_error: Option<String>,
}

/// `GET /verify/{token}`: a button that posts to the same address, so that a mail scanner's look consumes nothing.
#[derive(Debug, Template)]
#[template(path = "accounts/verify.html")]
pub struct VerifyPage {
    /// Around the page.
    pub chrome: Chrome,
    /// From the link.
    pub token: String,
}

/// A link from a mail that was used, has expired, or never was.
#[derive(Debug, Template)]
#[template(path = "accounts/stale.html")]
pub struct StaleLinkPage {
    /// Around the page.
    pub chrome: Chrome,
    /// What it was for.
    pub purpose: MailPurpose,
}

/// After a mail was sent: where to look for it.
#[derive(Debug, Template)]
#[template(path = "accounts/sent.html")]
pub struct MailSentPage {
    /// Around the page.
    pub chrome: Chrome,
    /// What it is for.
    pub purpose: MailPurpose,
    /// The address as entered; for a reset it may be unknown, and the page does not say.
    pub email: String,
}

/// What a mail with a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPurpose {
    /// Choosing a new password.
    Reset,
    /// Proving an address.
    Verify,
}

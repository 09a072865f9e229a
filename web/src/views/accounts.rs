//! Pages for registering, logging in and following mailed links.

use askama::Template;

use super::{Chrome, Field, Viewer, filters};

/// `GET /register`, and the answer to a refused `POST /register` (`name`, `email`, `password`, `next`).
#[derive(Debug, Template)]
#[template(path = "accounts/register.html")]
pub struct RegisterPage {
    /// The layout around the page. The page promises to keep an anonymous viewer's ratings.
    pub chrome: Chrome,
    /// The name.
    pub name: Field,
    /// The e-mail address.
    pub email: Field,
    /// Why the password was refused.
    pub password_error: Option<String>,
    /// The path on this site to go to afterwards.
    pub next: Option<String>,
}

impl RegisterPage {
    /// The anonymous viewer's number of ratings.
    fn ratings(&self) -> i64 {
        if let Viewer::Anonymous { ratings } = self.chrome.viewer { ratings } else { 0 }
    }
}

/// `GET /login`, and the answer to a refused `POST /login` (`email`, `password`, `next`).
#[derive(Debug, Template)]
#[template(path = "accounts/login.html")]
pub struct LoginPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The address entered.
    pub email: Field,
    /// The error of the whole form, which is the same for a wrong address and a wrong password.
    pub error: Option<String>,
    /// The path on this site to go to afterwards.
    pub next: Option<String>,
    /// Whether the site can use passkeys.
    pub passkeys: bool,
    /// The demo's accounts; empty on other sites.
    pub demo_logins: Vec<DemoLogin>,
}

/// A demo account with a button to log in.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    /// The account's name.
    pub name: String,
    /// Its address.
    pub email: String,
    /// Its public password.
    pub password: String,
    /// A description, such as "admin" or "has photos in every state".
    pub note: String,
}

/// `GET /forgot`, and the answer to a refused `POST /forgot` (`email`).
#[derive(Debug, Template)]
#[template(path = "accounts/forgot.html")]
pub struct ForgotPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The address entered.
    pub email: Field,
}

/// `GET /reset/{token}`, and the answer to a refused `POST /reset/{token}` (`password`).
#[derive(Debug, Template)]
#[template(path = "accounts/reset.html")]
pub struct ResetPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The token of the link.
    pub token: String,
    /// Why the new password was refused.
    pub password_error: Option<String>,
}

/// `GET /verify/{token}`: a button that posts to the same URL, so that mail scanners don't use up the link.
#[derive(Debug, Template)]
#[template(path = "accounts/verify.html")]
pub struct VerifyPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The token of the link.
    pub token: String,
}

/// The page for a mailed link that was used, has expired or is invalid.
#[derive(Debug, Template)]
#[template(path = "accounts/stale.html")]
pub struct StaleLinkPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The purpose of the link.
    pub purpose: MailPurpose,
}

/// The page after a mail was sent.
#[derive(Debug, Template)]
#[template(path = "accounts/sent.html")]
pub struct MailSentPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The purpose of the mail.
    pub purpose: MailPurpose,
    /// The address as entered. The page doesn't say whether an account has it.
    pub email: String,
}

/// The purpose of a mail with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPurpose {
    /// Choosing a new password.
    Reset,
    /// Verifying an address.
    Verify,
}

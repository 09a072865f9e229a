//! Errors of handlers, and how pages and the API present them.
//!
//! A handler returns an [`Error`], which attaches a [`Problem`] to the response. The outermost layer ([`render()`])
//! writes it as JSON for the API and for scripts, and as a page for everybody else.

mod causes;
mod render;
mod unreadable;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::Gated;
use pawdium_shared::ids::UserId;
use pawdium_shared::security::Incident;
use tracing::error;

pub use self::render::{panicked, prefers_json, render};
use self::unreadable::Unreadable;
use crate::http::flash::Notice;
use crate::views::errors::wait;

/// Why a request failed. `Display` is what the visitor reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is malformed or refused.
    #[error("{0}")]
    Refused(String),
    /// A field is invalid.
    #[error("{message}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What to do about it.
        message: String,
    },
    /// A key of a configuration or another field is invalid.
    #[error("{message}")]
    Key {
        /// The key, as in `config.limit`.
        field: String,
        /// What to do about it.
        message: String,
    },
    /// A value that must be unique is already taken.
    #[error("{message}")]
    Taken {
        /// The field's name.
        field: &'static str,
        /// What to do about it.
        message: &'static str,
    },
    /// The owner has something else with this value already.
    #[error("{message}")]
    Existing {
        /// The field's name.
        field: &'static str,
        /// What to do about it.
        message: String,
        /// The URL of the other.
        url: String,
    },
    /// The act would leave something in a state that can't be.
    #[error("{0}")]
    Conflict(&'static str),
    /// What was asked for has another path for good.
    #[error("moved to {0}")]
    Moved(String),
    /// The API needs a token.
    #[error("access token required")]
    NoToken,
    /// The API got an invalid token.
    #[error("must provide a valid access token")]
    BadToken,
    /// The user was deleted or logged out during the request.
    #[error("You have been logged out. Reload the page.")]
    SessionEnded,
    /// The visitor isn't allowed to do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The API token has no scope for this.
    #[error("{0}")]
    OutOfScope(String),
    /// The member's address isn't verified.
    #[error("{}", .0.refusal())]
    Unverified(Gated),
    /// The rules of a vote or an owner don't allow it, or not now. People who come late are no attackers, so this is no
    /// incident, and nobody is banned for it.
    #[error("{0}")]
    OutOfTurn(String),
    /// A sanction forbids it. The member can read all about it at the URL, and appeal there.
    #[error("{message}")]
    Sanctioned {
        /// Why, and until when.
        message: String,
        /// The path of the page about the sanction.
        url: String,
    },
    /// A wrong password for that account, or an unknown address. Visitors can't tell which.
    #[error("Wrong e-mail address or password.")]
    WrongLogin(Option<UserId>),
    /// The password is right, and the account has a second factor.
    #[error(
        "This account has a second factor. Add a code of your authenticator app, or a recovery code, as \"code\"."
    )]
    CodeNeeded,
    /// A wrong code of an authenticator app, or a wrong recovery code, for that account.
    #[error("That code is wrong, or it was used already. Wait for the next one, or use a recovery code.")]
    WrongCode(UserId),
    /// A passkey's answer doesn't open the account, or it came too late or twice.
    #[error("That passkey wasn't accepted. Try again, or use something else.")]
    WrongPasskey(Option<UserId>),
    /// The login that waited for a second factor is over.
    #[error("That took too long, or it was done already. Log in again.")]
    LoginOver,
    /// The act needs a password or a second factor from within the last minutes.
    #[error("Confirm that it's you first, in your security settings.")]
    Unproven,
    /// The role needs a second factor, which the visitor is led to set up.
    #[error("Your role needs a second factor. Set it up in your security settings (/settings/security).")]
    SetUpFactor,
    /// The role needs a second factor.
    #[error("Your role needs a second factor. Set it up in your security settings (/settings/security).")]
    FactorRequired,
    /// Nothing is there, or nothing that this visitor may see.
    #[error("resource not found")]
    NotFound,
    /// The idempotency key was used for a different submission. The draft
    /// (draft-ietf-httpapi-idempotency-key-header-07, section 2.7) answers with 422; this API uses 409 wherever
    /// something is taken.
    #[error(
        "An earlier upload with this key had a different file, crop or text. Check your photos before you submit it again."
    )]
    KeyReused,
    /// The answer exists in no other format.
    #[error("There is only format=json.")]
    OnlyJson,
    /// The request is too large.
    #[error("{0}")]
    TooLarge(String),
    /// The request body didn't arrive in time.
    #[error("The request took too long to arrive. Try again.")]
    TooSlow,
    /// The request body arrived incomplete or mixed up, as far as its own marks show.
    #[error("The upload arrived damaged. Send it again.")]
    Damaged,
    /// Too many requests.
    #[error("Too many requests. Try again in {}.", wait(*.0))]
    TooMany(u64),
    /// Too many attempts at one account's password.
    #[error(
        "Too many password attempts for this address. Try again in {}, or reset your password by mail.",
        wait(*.0)
    )]
    Guarded(u64),
    /// The database or the media store is unavailable.
    #[error("The site is starting up. Try again in a moment.")]
    Unavailable,
    /// Too many live streams are open. Pages ask from time to time instead.
    #[error("The site has too many visitors for live updates. Try again later.")]
    Crowded,
    /// The votes of a large call are counted in the background.
    #[error("The votes are being counted. Look again in a few seconds.")]
    Counting,
    /// A disk is full or a quota is used up.
    #[error("The site is out of space. Nothing was saved. Try again later.")]
    Full,
    /// An error of the site. Only the log shows the cause.
    #[error("Something broke on our side.")]
    Internal(#[from] anyhow::Error),
}

/// An error on its way to the renderer.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    message: String,
    field: Option<String>,
    url: Option<String>,
    id: Option<String>,
    retry_after: Option<u64>,
    forgot: bool,
    sanctioned: bool,
    unverified: bool,
}

impl Problem {
    /// Rewords messages about sessions and pages for API callers, who only have a token. Who is refused while the role
    /// doesn't count reads why.
    fn worded(self, for_api: bool, is_withheld: bool) -> Self {
        let required = Error::FactorRequired.to_string();
        if is_withheld && self.status == StatusCode::FORBIDDEN && self.message != required {
            return Self { message: format!("{} {required}", self.message), ..self };
        }
        if for_api && self.message == Error::SessionEnded.to_string() {
            return Self { message: Error::BadToken.to_string(), ..self };
        }
        self
    }
}

/// What the security log records about a response.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    incident: Incident,
    /// The account of a failed login, also of one that fails at the second factor.
    account: Option<UserId>,
}

impl Error {
    /// What one of the framework's parsers refuses, in words for people.
    #[must_use]
    pub fn unreadable(text: &str) -> Self {
        match unreadable::explain(text) {
            Unreadable { field: Some(field), message } => Self::Key { field, message },
            Unreadable { field: None, message } => Self::Refused(message),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(_) | Self::Field { .. } | Self::Key { .. } | Self::Damaged => {
                StatusCode::BAD_REQUEST
            }
            Self::Taken { .. } | Self::Existing { .. } | Self::Conflict(_) | Self::KeyReused => {
                StatusCode::CONFLICT
            }
            Self::Moved(_) => StatusCode::PERMANENT_REDIRECT,
            Self::NoToken | Self::BadToken | Self::SessionEnded => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_)
            | Self::OutOfScope(_)
            | Self::Unverified(_)
            | Self::OutOfTurn(_)
            | Self::Sanctioned { .. }
            | Self::WrongLogin(_)
            | Self::CodeNeeded
            | Self::WrongCode(_)
            | Self::WrongPasskey(_)
            | Self::LoginOver
            | Self::Unproven
            | Self::SetUpFactor
            | Self::FactorRequired => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany(_) | Self::Guarded(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Crowded | Self::Counting => StatusCode::SERVICE_UNAVAILABLE,
            Self::OnlyJson => StatusCode::NOT_IMPLEMENTED,
            Self::Full => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// How many seconds to wait before trying again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany(seconds) | Self::Guarded(seconds) => Some(*seconds),
            Self::Damaged => Some(1),
            Self::Unavailable => Some(5),
            Self::Crowded | Self::Counting => Some(10),
            Self::Full => Some(60),
            _ => None,
        }
    }

    /// What the security log records. A handler that renders its own error page must add this to the response's
    /// extensions.
    #[must_use]
    pub fn noted(&self) -> Option<Noted> {
        match self {
            Self::WrongLogin(account) => Some(Noted { incident: Incident::LoginFailed, account: *account }),
            Self::WrongCode(account) => {
                Some(Noted { incident: Incident::CodeWrong, account: Some(*account) })
            }
            Self::WrongPasskey(account) => {
                Some(Noted { incident: Incident::PasskeyWrong, account: *account })
            }
            Self::Forbidden(_) | Self::OutOfScope(_) | Self::BadToken => {
                Some(Noted { incident: Incident::Refused, account: None })
            }
            Self::TooMany(_) | Self::Guarded(_) => Some(Noted { incident: Incident::Limited, account: None }),
            _ => None,
        }
    }

    /// The field that the error is about.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } | Self::Taken { field, .. } | Self::Existing { field, .. } => {
                Some(field)
            }
            Self::Key { field, .. } => Some(field),
            Self::CodeNeeded | Self::WrongCode(_) => Some("code"),
            _ => None,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Moved(path) = &self {
            return Redirect::permanent(path).into_response();
        }
        if let Self::SetUpFactor = &self {
            let notice = CookieJar::new().add(Notice::FactorRequired.cookie());
            return (notice, Redirect::to("/settings/security")).into_response();
        }
        let id = if let Self::Internal(cause) = &self {
            let id = ulid::Ulid::generate().to_string();
            error!(id, error = format!("{cause:#}"), "request failed");
            Some(id)
        } else {
            None
        };
        let problem = Problem {
            status: self.status(),
            message: self.to_string(),
            field: self.field().map(ToOwned::to_owned),
            url: match &self {
                Self::Existing { url, .. } | Self::Sanctioned { url, .. } => Some(url.clone()),
                _ => None,
            },
            id,
            retry_after: self.retry_after(),
            forgot: matches!(self, Self::Guarded(_)),
            sanctioned: matches!(self, Self::Sanctioned { .. }),
            unverified: matches!(self, Self::Unverified(_)),
        };
        let mut response = problem.status.into_response();
        response.extensions_mut().insert(problem);
        response.extensions_mut().insert(self.noted());
        response
    }
}

//! What goes wrong in handlers, and how pages and API say it.
//!
//! A handler answers with [`Error`], which only notes a [`Problem`] on the response; the outermost layer
//! ([`render()`]) writes it as JSON for the API and for scripts, and as a page for everybody else.

mod causes;
mod render;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pawdium_shared::ids::UserId;
use pawdium_shared::security::Incident;
use tracing::error;

pub use self::render::{panicked, prefers_json, render};
use crate::views::errors::wait;

/// Why a request was not answered as it wished. `Display` is what the visitor reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Malformed or refused.
    #[error("{0}")]
    Refused(String),
    /// A field of it was refused.
    #[error("{message}")]
    Field {
        /// Which one.
        field: &'static str,
        /// What to do about it.
        message: String,
    },
    /// A value that must be unique is somebody else's.
    #[error("{message}")]
    Taken {
        /// Which one.
        field: &'static str,
        /// What to do about it.
        message: &'static str,
    },
    /// The API needs a token.
    #[error("access token required")]
    NoToken,
    /// The API got a token that means nothing.
    #[error("must provide a valid access token")]
    BadToken,
    /// The user who asked is gone since the request began.
    #[error("You have been logged out. Reload the page.")]
    SessionEnded,
    /// Not for this visitor.
    #[error("{0}")]
    Forbidden(&'static str),
    /// A wrong password of that account, or an address that nobody has: the same for both.
    #[error("Wrong e-mail address or password.")]
    WrongLogin(Option<UserId>),
    /// Nothing is there, or nothing that this visitor may know of.
    #[error("resource not found")]
    NotFound,
    /// The idempotency key was used for something else (draft-ietf-httpapi-idempotency-key-header-07, section 2.7, which
    /// would answer with 422; this API says 409 wherever something is taken).
    #[error(
        "An earlier upload with this key had a different file, crop or text. Check your photos before you submit it again."
    )]
    KeyReused,
    /// Too many bytes.
    #[error("{0}")]
    TooLarge(String),
    /// The body didn't arrive in time.
    #[error("The request took too long to arrive. Try again.")]
    TooSlow,
    /// Too many requests.
    #[error("Too many requests. Try again in {}.", wait(*.0))]
    TooMany(u64),
    /// Too many attempts at one account's password.
    #[error(
        "Too many password attempts for this address. Try again in {}, or reset your password by mail.",
        wait(*.0)
    )]
    Guarded(u64),
    /// The database is away, or the store of pictures.
    #[error("The site is starting up. Try again in a moment.")]
    Unavailable,
    /// A disk is full, or a quota is used up.
    #[error("The site is out of space. Nothing was saved. Try again later.")]
    Full,
    /// Ours. The cause goes to the log and nowhere else.
    #[error("Something broke on our side.")]
    Internal(#[from] anyhow::Error),
}

/// An error on its way to the renderer.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    message: String,
    field: Option<&'static str>,
    id: Option<String>,
    retry_after: Option<u64>,
    forgot: bool,
}

impl Problem {
    /// A program that calls the API has a token, and neither session nor page.
    fn worded(self, for_api: bool) -> Self {
        if for_api && self.message == Error::SessionEnded.to_string() {
            return Self { message: Error::BadToken.to_string(), ..self };
        }
        self
    }
}

/// What the security log is to know of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    incident: Incident,
    /// The account that a login was tried at.
    account: Option<UserId>,
}

impl Error {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(_) | Self::Field { .. } => StatusCode::BAD_REQUEST,
            Self::Taken { .. } | Self::KeyReused => StatusCode::CONFLICT,
            Self::NoToken | Self::BadToken | Self::SessionEnded => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::WrongLogin(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany(_) | Self::Guarded(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Full => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Seconds after which trying again makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany(seconds) | Self::Guarded(seconds) => Some(*seconds),
            Self::Unavailable => Some(5),
            Self::Full => Some(60),
            _ => None,
        }
    }

    /// What the security log is to know of it. Who answers with a page of their own puts this into it as an extension.
    #[must_use]
    pub fn noted(&self) -> Option<Noted> {
        match self {
            Self::WrongLogin(account) => Some(Noted { incident: Incident::LoginFailed, account: *account }),
            Self::Forbidden(_) | Self::BadToken => Some(Noted { incident: Incident::Refused, account: None }),
            Self::TooMany(_) | Self::Guarded(_) => Some(Noted { incident: Incident::Limited, account: None }),
            _ => None,
        }
    }

    /// The field it is about.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Field { field, .. } | Self::Taken { field, .. } => Some(field),
            _ => None,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
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
            field: self.field(),
            id,
            retry_after: self.retry_after(),
            forgot: matches!(self, Self::Guarded(_)),
        };
        let mut response = problem.status.into_response();
        response.extensions_mut().insert(problem);
        response.extensions_mut().insert(self.noted());
        response
    }
}

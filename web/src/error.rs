//! What goes wrong in handlers, and how pages and API say it.
//!
//! A handler answers with [`Error`], which only notes a [`Problem`] on the response; the outermost layer
//! ([`render`]) writes it as JSON for the API and for scripts, and as a page for everybody else.

use std::io::ErrorKind;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::db::Conflict;
use pawdium_shared::ids::UserId;
use pawdium_shared::media::{MediaError, Refusal};
use pawdium_shared::ratings::queries::NotRecorded;
use pawdium_shared::references::{Gone, gone};
use pawdium_shared::security::{self, Incident};
use pawdium_shared::{accounts, photos};
use serde::Serialize;
use tracing::error;

use crate::http::asker::Asker;
use crate::http::client::Client;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, theme};
use crate::state::App;
use crate::views::Chrome;
use crate::views::errors::{ErrorPage, wait};

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
    #[error("You were logged out meanwhile. Open the page again.")]
    SessionEnded,
    /// Not for this visitor.
    #[error("{0}")]
    Forbidden(&'static str),
    /// A wrong password of that account, or an address that nobody has: the same for both.
    #[error("This address and password don't belong together.")]
    WrongLogin(Option<UserId>),
    /// Nothing is there, or nothing that this visitor may know of.
    #[error("resource not found")]
    NotFound,
    /// The idempotency key was used for something else (draft-ietf-httpapi-idempotency-key-header-07, section 2.7, which
    /// would answer with 422; this API says 409 wherever something is taken).
    #[error(
        "An earlier upload under this key got through with other words, another crop or another file. Look among your photos before you submit it anew."
    )]
    KeyReused,
    /// Too many bytes.
    #[error("{0}")]
    TooLarge(String),
    /// The body didn't arrive in time.
    #[error("The request took too long to arrive; try again.")]
    TooSlow,
    /// Too many requests.
    #[error("That was a lot at once; try again in {}.", wait(*.0))]
    TooMany(u64),
    /// Too many attempts at one account's password.
    #[error(
        "Too many passwords were tried for this address. Try again in {}, or have a link sent to you: that works at once.",
        wait(*.0)
    )]
    Guarded(u64),
    /// The database is away, or the store of pictures.
    #[error("We are busy getting up; try again in a moment.")]
    Unavailable,
    /// A disk is full, or a quota is used up.
    #[error("We have no room for more at the moment. Nothing of this was kept; try again later.")]
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

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match gone(&error) {
            Some(Gone::User) => return Self::SessionEnded,
            Some(Gone::Photo) => return Self::NotFound,
            None => {}
        }
        match error {
            error if is_away(&error) => {
                error!(%error, "the database is away");
                Self::Unavailable
            }
            error if is_full(&error) => {
                error!(%error, "the database has no room");
                Self::Full
            }
            error => Self::Internal(error.into()),
        }
    }
}

impl Conflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Internal(cause) if cause.is_conflict())
    }
}

/// Whether the database's disk is full.
fn is_full(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("53100")
}

/// There are too many sessions (SQLSTATE 53300), a lock was not to be had in time (55P03), or a statement took too long
/// (57014): it may go better in a moment.
const BUSY: [&str; 3] = ["53300", "55P03", "57014"];

/// Whether the database can't be reached, or says itself that it isn't there for now: it is starting, stopping, ended
/// the session or takes no more of them (PostgreSQL, appendix A, classes 08, 53 and 57). A connection that a proxy
/// closes at once looks like a violation of the protocol.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || BUSY.contains(&&*code)),
        _ => false,
    }
}

impl From<accounts::Refused> for Error {
    fn from(refused: accounts::Refused) -> Self {
        Self::Field { field: refused.field, message: refused.message.to_owned() }
    }
}

impl From<photos::Refused> for Error {
    fn from(refused: photos::Refused) -> Self {
        Self::Field { field: refused.field, message: refused.message }
    }
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Refused(refusal @ Refusal::TooManyBytes { .. }) => {
                Self::TooLarge(refusal.to_string())
            }
            MediaError::Refused(refusal) => Self::Field { field: "photo", message: refusal.to_string() },
            MediaError::Io(error) => match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    error!(%error, "the media store has no room");
                    Self::Full
                }
                ErrorKind::NotConnected => {
                    error!(%error, "the media store is away");
                    Self::Unavailable
                }
                _ => Self::Internal(error.into()),
            },
        }
    }
}

impl From<NotRecorded> for Error {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::Database(error) => error.into(),
            NotRecorded::Gone => Self::NotFound,
            NotRecorded::NoRater => Self::SessionEnded,
            NotRecorded::Own => Self::Forbidden("You can't rate your own photo."),
            NotRecorded::NotServed => {
                Self::Forbidden("You can rate a photo when it is shown to you, or through a shared link.")
            }
            NotRecorded::Ballot(refused) => Self::Field { field: "ballot", message: refused.to_string() },
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

/// The outermost layer around all handlers: writes problems in the form that the client asked for, and turns what the
/// framework refused by itself into problems too. What the security log is to know is noted here.
pub async fn render(State(app): State<App>, jar: CookieJar, mut request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let json = is_api || prefers_json(request.headers());
    let is_login = request.uri().path() == "/login";
    // Only a page that can be asked for is one to come back to after logging in.
    let path = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        _ => String::new(),
    };
    let client = Client::of(&app, request.extensions(), request.headers());
    let asker = Asker::default();
    request.extensions_mut().insert(asker.clone());
    let response = next.run(request).await;
    if let Some(Some(noted)) = response.extensions().get::<Option<Noted>>() {
        let is_login = noted.incident == Incident::LoginFailed;
        security::note(noted.incident, client.0, if is_login { noted.account } else { asker.user() });
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone().worded(is_api),
        None if is_plain(response.headers()) => from_framework(response).await,
        None => return response,
    };
    let mut response = if json {
        as_json(&problem)
    } else {
        let mut page = as_page(&problem);
        page.may_pass = !path.is_empty() && matches!(status.as_u16(), 429 | 503);
        page.forgot |= is_login && status == StatusCode::TOO_MANY_REQUESTS;
        page.chrome = chrome(&app, &jar, path, status).await;
        Page(page).into_response()
    };
    *response.status_mut() = problem.status;
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What becomes of a handler that panicked: a 500 like any other, with an id in the log.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Error::Internal(anyhow::anyhow!("panicked: {text}")).into_response()
}

/// Whether a script asked, which can do more with a reason than with a page.
#[must_use]
pub fn prefers_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/plain")))
}

/// The framework's refusals explain themselves in plain text. 422 and 415 are 400 here: a malformed request.
async fn from_framework(response: Response) -> Problem {
    let status = match response.status() {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
        status => status,
    };
    let text = to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    let message = match status {
        StatusCode::NOT_FOUND => "resource not found".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => "this address doesn't take that method".to_owned(),
        status if status.is_server_error() => Error::Unavailable.to_string(),
        _ => String::from_utf8_lossy(&text).into_owned(),
    };
    Problem { status, message, field: None, id: None, retry_after: None, forgot: false }
}

fn as_json(problem: &Problem) -> Response {
    let Problem { status, message, field, id, .. } = problem;
    Json(Body { code: status.as_u16(), message, field: *field, id: id.as_deref() }).into_response()
}

/// What surrounds an error. Who is looking isn't asked when something of ours is broken: that may be the database. A
/// notice waits for the next page.
async fn chrome(app: &App, jar: &CookieJar, path: String, status: StatusCode) -> Chrome {
    if status.is_client_error()
        && let Ok(viewing) = Viewing::find(app, jar, path).await
    {
        return Chrome { flash: None, ..viewing.chrome };
    }
    Chrome { theme: theme(jar), demo: app.config.demo.mailbox.is_some(), ..Chrome::default() }
}

fn as_page(problem: &Problem) -> ErrorPage {
    let mut page = ErrorPage::new(Chrome::default(), problem.status.as_u16());
    // What the API says of a missing or ended token means nothing to people.
    let is_for_programs = matches!(problem.status, StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED);
    if !is_for_programs && !problem.message.is_empty() {
        page.message.clone_from(&problem.message);
    }
    page.id.clone_from(&problem.id);
    page.forgot = problem.forgot;
    page
}

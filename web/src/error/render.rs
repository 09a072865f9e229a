//! The outermost layer: writes errors as JSON or as pages.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::security::{self, Incident};
use serde::Serialize;

use super::unreadable::{self, Unreadable};
use super::{Error, Noted, Problem};
use crate::http::client::Client;
use crate::http::page::Page;
use crate::http::request_user::RequestUser;
use crate::http::visitor::{Viewing, theme};
use crate::state::App;
use crate::views::Chrome;
use crate::views::errors::{ErrorPage, WayBack};

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

/// The outermost layer around all handlers. Writes problems in the format that the client accepts, turns the
/// framework's own refusals into problems, and writes the security log.
pub async fn render(State(app): State<App>, jar: CookieJar, mut request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let json = is_api || request.uri().path() == "/oembed" || prefers_json(request.headers());
    let is_login = request.uri().path() == "/login";
    // After logging in, return only to pages that a GET can load.
    let way = WayBack::from(request.uri().path());
    let path = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        _ => String::new(),
    };
    let client = Client::of(&app, request.extensions(), request.headers());
    let request_user = RequestUser::default();
    request.extensions_mut().insert(request_user.clone());
    let response = next.run(request).await;
    if let Some(Some(noted)) = response.extensions().get::<Option<Noted>>() {
        let of_account =
            [Incident::LoginFailed, Incident::CodeWrong, Incident::PasskeyWrong].contains(&noted.incident);
        let user = if of_account { noted.account } else { request_user.user() };
        security::note(noted.incident, client.0, user);
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allowed = response.headers().get(ALLOW).cloned();
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone().worded(is_api, request_user.is_withheld()),
        None if is_plain(response.headers()) => from_framework(response).await,
        None => return response,
    };
    let mut response = if json {
        as_json(&problem)
    } else {
        let mut page = as_page(&problem);
        page.may_pass = !path.is_empty() && matches!(status.as_u16(), 429 | 503);
        page.forgot |= is_login && status == StatusCode::TOO_MANY_REQUESTS;
        let next =
            if path.is_empty() { way.as_ref().map(|way| way.path.clone()) } else { Some(path.clone()) };
        page.chrome = chrome(&app, &jar, path, status).await;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            page.log_in = (!page.chrome.is_member()).then(|| next.unwrap_or_default());
            page.way = way;
        }
        if let Some(path) = problem.url.clone().filter(|_| problem.sanctioned) {
            page.log_in = None;
            page.chrome.silence = None;
            page.way = Some(WayBack { path, label: "More, and appeal" });
        }
        Page(page).into_response()
    };
    *response.status_mut() = problem.status;
    // What a 405 must say (RFC 9110, section 15.5.6).
    if let Some(methods) = allowed {
        response.headers_mut().insert(ALLOW, methods);
    }
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Turns a panic in a handler into a 500 with an id in the log.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Error::Internal(anyhow::anyhow!("panicked: {text}")).into_response()
}

/// Whether a script sent the request, so that the error should be JSON.
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

/// Turns a framework refusal, which is plain text, into a problem. 422 and 415 become 400, as for every malformed
/// request.
async fn from_framework(response: Response) -> Problem {
    let status = match response.status() {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
        status => status,
    };
    let text = to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    let (field, message) = match status {
        StatusCode::NOT_FOUND => (None, "resource not found".to_owned()),
        StatusCode::METHOD_NOT_ALLOWED => (None, "this URL doesn't support that method".to_owned()),
        StatusCode::PAYLOAD_TOO_LARGE => (None, "The request is too large.".to_owned()),
        status if status.is_server_error() => (None, Error::Unavailable.to_string()),
        _ => {
            let Unreadable { field, message } = unreadable::explain(&String::from_utf8_lossy(&text));
            (field, message)
        }
    };
    Problem {
        status,
        message,
        field,
        url: None,
        id: None,
        retry_after: None,
        forgot: false,
        sanctioned: false,
        unverified: false,
    }
}

fn as_json(problem: &Problem) -> Response {
    let Problem { status, message, field, url, id, .. } = problem;
    let (field, url, id) = (field.as_deref(), url.as_deref(), id.as_deref());
    Json(Body { code: status.as_u16(), message, field, url, id }).into_response()
}

/// The layout around an error page. Doesn't look up the viewer after an internal error, because the database may be
/// broken. A notice waits for the next page.
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
    // Messages about tokens mean nothing on a page.
    let is_for_programs = matches!(problem.status, StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED);
    if !is_for_programs && !problem.message.is_empty() {
        page.message.clone_from(&problem.message);
    }
    page.id.clone_from(&problem.id);
    page.forgot = problem.forgot;
    page.unverified = problem.unverified;
    page
}

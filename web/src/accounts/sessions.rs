//! A member's sessions: where they are logged in, and ending it, from the settings and through the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};
use pawdium_shared::accounts::origin::UNKNOWN;
use pawdium_shared::accounts::sessions::{self, Session, Token};
use pawdium_shared::accounts::{Prefix, proof};
use pawdium_shared::ids::{SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::headers;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor, without_session};
use crate::state::App;
use crate::views::sessions::{SessionLine, SessionsPage};

/// `GET /settings/sessions`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    let Ok(member) = viewing.visitor.member() else {
        return Ok(Redirect::to("/login?next=%2Fsettings%2Fsessions").into_response());
    };
    let found = list(&app, member.id, viewing.visitor.token.as_ref()).await?;
    let lines = found.iter().map(line).collect();
    Ok(Page(SessionsPage { chrome: viewing.chrome, lines }).into_response())
}

/// `POST /settings/sessions/{id}/end`. One that has ended already is no mistake.
pub async fn end(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(session): Path<SessionId>,
) -> Result<(CookieJar, Redirect), Error> {
    let member = visitor.member()?.id;
    end_one(&app, member, session).await?;
    Ok((jar.add(Notice::SessionEnded.cookie()), Redirect::to("/settings/sessions")))
}

/// `POST /settings/sessions/end-others`
pub async fn end_others(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<(CookieJar, Redirect), Error> {
    end_all_but(&app, visitor.member()?.id, visitor.token.as_ref()).await?;
    Ok((jar.add(Notice::OtherSessionsEnded.cookie()), Redirect::to("/settings/sessions")))
}

/// `POST /settings/sessions/end-all`: logs out everywhere, here too.
pub async fn end_all(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<impl axum::response::IntoResponse, Error> {
    end_all_but(&app, visitor.member()?.id, None).await?;
    let jar = without_session(&app, jar).add(Notice::AllSessionsEnded.cookie());
    Ok((headers::FORGET, jar, Redirect::to("/")))
}

async fn list(app: &App, user: UserId, own: Option<&Token>) -> Result<Vec<Session>, Error> {
    Ok(sessions::list(&mut *app.db.acquire().await?, user, own).await?)
}

async fn end_one(app: &App, user: UserId, session: SessionId) -> Result<bool, Error> {
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[user]).await?;
    let is_ended = sessions::end(&mut tx, user, session).await?;
    tx.commit().await?;
    Ok(is_ended)
}

async fn end_all_but(app: &App, user: UserId, keep: Option<&Token>) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    proof::lock(&mut tx, &[user]).await?;
    sessions::end_others(&mut tx, user, keep).await?;
    Ok(tx.commit().await?)
}

/// The browser in words, and the network; `None` until the session is used.
fn described(session: &Session) -> (String, Option<String>) {
    let place = session.prefix.as_deref().and_then(|prefix| prefix.parse::<Prefix>().ok());
    let device = session.agent.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    (device, place.map(Prefix::words))
}

fn line(session: &Session) -> SessionLine {
    let (device, place) = described(session);
    SessionLine {
        id: session.id.0,
        device,
        place,
        since: session.created_at,
        used: session.last_used_at,
        is_own: session.is_own,
    }
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionShape {
    /// Its id.
    pub id: i64,
    /// Browser and system in words, as the client names them.
    #[schema(example = "Firefox on Linux")]
    pub device: String,
    /// The network that it was last used from; null if it isn't known. The site stores no more of the address.
    #[schema(example = "192.0.2.x")]
    pub place: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it was last used, exact to an hour.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one whose token is sent.
    pub current: bool,
}

impl From<&Session> for SessionShape {
    fn from(session: &Session) -> Self {
        let (device, place) = described(session);
        Self {
            id: session.id.0,
            device,
            place,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            current: session.is_own,
        }
    }
}

/// The caller's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsShape {
    /// The sessions: the caller's first, then the last used.
    pub data: Vec<SessionShape>,
}

/// Where the caller is logged in.
#[utoipa::path(get, path = "/users/me/sessions", tag = "users", security(("token" = [])), responses(
    (status = 200, description = "The sessions", body = SessionsShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn list_own(State(app): State<App>, caller: Caller) -> Result<Json<SessionsShape>, Error> {
    let found = list(&app, caller.user.id, caller.credential.session()).await?;
    Ok(Json(SessionsShape { data: found.iter().map(SessionShape::from).collect() }))
}

/// Ends a session of the caller's, and what its pages hear.
#[utoipa::path(delete, path = "/users/me/sessions/{id}", tag = "users", security(("token" = [])),
    params(("id" = i64, Path, description = "The session's id")), responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 404, description = "The caller has no such session", body = ErrorShape),
))]
pub async fn end_own(
    State(app): State<App>,
    caller: Caller,
    Path(session): Path<SessionId>,
) -> Result<StatusCode, Error> {
    if end_one(&app, caller.user.id, session).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NotFound)
    }
}

//! The API's caller, from `Authorization: Bearer <token>`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use pawdium_shared::accounts::User;
use pawdium_shared::accounts::sessions::Token;

use crate::error::Error;
use crate::http::request_user::RequestUser;
use crate::http::visitor::Visitor;
use crate::state::App;

/// A caller with a valid token: an anonymous or a registered user.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// The token of the request.
    pub token: Token,
}

impl Caller {
    /// The caller as a visitor.
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        Visitor {
            key: self.user.rater_key,
            user: Some(self.user.clone()),
            pinned: None,
            has_key: false,
            token: Some(self.token.clone()),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        find(parts, app).await?.ok_or(Error::NoToken)
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Error> {
        find(parts, app).await
    }
}

/// Finds the caller. `None` without the header; an invalid header is always an error.
async fn find(parts: &Parts, app: &App) -> Result<Option<Caller>, Error> {
    let Some(header) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Token::presented(token.trim()),
        _ => return Err(Error::BadToken),
    };
    let user = app.sessions.call(token.hash()).await?.ok_or(Error::BadToken)?;
    RequestUser::found(&parts.extensions, user.id);
    Ok(Some(Caller { user, token }))
}

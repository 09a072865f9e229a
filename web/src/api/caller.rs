//! The API's caller, from `Authorization: Bearer <token>`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use pawdium_shared::accounts::User;
use pawdium_shared::accounts::sessions::{Presented, Token};
use pawdium_shared::accounts::tokens;
use pawdium_shared::ids::ApiTokenId;

use super::scopes::CallScopes;
use crate::error::Error;
use crate::http::acts;
use crate::http::client::Client;
use crate::http::request_user::RequestUser;
use crate::http::visitor::Visitor;
use crate::http::withheld::withhold;
use crate::state::App;

/// A caller with a valid token: an anonymous or a registered user. An API token is one only for calls that take one of
/// its scopes, which is checked here and nowhere else.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user, with at most the role that the token allows.
    pub user: User,
    /// What the caller has shown.
    pub credential: Credential,
    /// Whether the user's role doesn't count, because it needs a second factor.
    pub is_withheld: bool,
}

/// What a caller shows.
#[derive(Clone, Debug)]
pub enum Credential {
    /// The token of a session, which may do everything that its user may.
    Session(Token),
    /// A token that a member has made for a program.
    ApiToken(ApiTokenId),
}

impl Credential {
    /// The token of a session.
    #[must_use]
    pub fn session(&self) -> Option<&Token> {
        match self {
            Self::Session(token) => Some(token),
            Self::ApiToken(_) => None,
        }
    }
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
            token: self.credential.session().cloned(),
            is_withheld: self.is_withheld,
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
    let text = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Error::BadToken),
    };
    let token = Token::presented(text);
    let caller = if tokens::is_one(text) {
        find_bearer(parts, app, &token).await?
    } else {
        let origin = Client::named(app, &parts.extensions, &parts.headers).origin();
        let presented = Presented { hash: token.hash(), origin: Some(origin) };
        let mut user = app.sessions.call(presented).await?.ok_or(Error::BadToken)?;
        let is_withheld = withhold(app, &mut user).await?;
        RequestUser::found(&parts.extensions, user.id, is_withheld);
        Caller { user, credential: Credential::Session(token), is_withheld }
    };
    acts::admit(app, parts, &caller.user).await?;
    Ok(Some(caller))
}

/// Finds who presents an API token, which must have a scope that the call takes.
async fn find_bearer(parts: &Parts, app: &App, token: &Token) -> Result<Caller, Error> {
    let mut bearer = app.api_tokens.call(token.hash()).await?.ok_or(Error::BadToken)?;
    let is_withheld = withhold(app, &mut bearer.user).await?;
    RequestUser::found(&parts.extensions, bearer.user.id, is_withheld);
    let calls = parts.extensions.get::<CallScopes>().cloned().unwrap_or_default();
    calls.allow(parts, &bearer.scopes)?;
    let user = bearer.scopes.limit(bearer.user);
    Ok(Caller { user, credential: Credential::ApiToken(bearer.token), is_withheld })
}

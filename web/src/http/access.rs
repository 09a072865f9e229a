//! Extractors for requests that only moderators or admins may send.

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use pawdium_shared::accounts::{Role, User};
use pawdium_shared::audit::Actor;
use pawdium_shared::ids::UserId;

use super::visitor::{Viewing, Visitor};
use crate::error::{Error, prefers_json};
use crate::state::App;
use crate::views::Chrome;

/// A moderator or an admin who views an admin page. Everybody else gets a 404. Whoever lacks a required second factor
/// is led to set it up.
#[derive(Clone, Debug)]
pub struct AdminViewing {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Whether they can act and see addresses: only admins.
    pub may_act: bool,
}

impl FromRequestParts<App> for AdminViewing {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let viewing = Viewing::from_request_parts(parts, app).await?;
        if viewing.visitor.is_withheld {
            return Err(if parts.method == Method::GET && !prefers_json(&parts.headers) {
                Error::SetUpFactor
            } else {
                Error::FactorRequired
            });
        }
        if !viewing.visitor.moderates() {
            return Err(Error::NotFound);
        }
        Ok(Self { may_act: role(&viewing.visitor) == Some(Role::Admin), chrome: viewing.chrome })
    }
}

/// A moderator or an admin who acts. Everybody else gets a 403, whether the target exists or not.
#[derive(Clone, Debug)]
pub struct Moderator(User);

impl FromRequestParts<App> for Moderator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        match visitor.user {
            Some(user) if user.role.moderates() => Ok(Self(user)),
            _ if visitor.is_withheld => Err(Error::FactorRequired),
            _ => Err(Error::Forbidden("Only moderators can do that.")),
        }
    }
}

impl Moderator {
    /// The moderator's account.
    pub const fn user(&self) -> &User {
        &self.0
    }

    /// The moderator's id.
    pub const fn id(&self) -> UserId {
        self.0.id
    }

    /// The actor for the audit log.
    pub fn actor(&self) -> Actor<'_> {
        self.0.actor()
    }
}

/// An admin who acts. Moderators get a 403 and everybody else a 404.
#[derive(Clone, Debug)]
pub struct Admin(User);

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        match visitor.user {
            Some(user) if user.role == Role::Admin => Ok(Self(user)),
            _ if visitor.is_withheld => Err(Error::FactorRequired),
            Some(user) if user.role.moderates() => Err(Error::Forbidden("Only admins can do that.")),
            _ => Err(Error::NotFound),
        }
    }
}

impl Admin {
    /// The actor for the audit log.
    pub fn actor(&self) -> Actor<'_> {
        self.0.actor()
    }
}

fn role(visitor: &Visitor) -> Option<Role> {
    visitor.user.as_ref().map(|user| user.role)
}

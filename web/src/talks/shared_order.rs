//! The order of talks for visitors who have none of their own.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use pawdium_shared::talks::order;

use crate::baked::variant_of;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Which of the shared orders a request gets, if its visitor has none of their own: the same that a baked page has.
#[derive(Clone, Copy, Debug)]
pub struct SharedOrder(u8);

impl FromRequestParts<App> for SharedOrder {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::numbered(variant_of(app, parts, order::SHARED.into())))
    }
}

impl SharedOrder {
    /// The order of a baked page's variant.
    #[must_use]
    pub fn numbered(variant: u32) -> Self {
        Self(u8::try_from(variant).unwrap_or_default() % order::SHARED)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its number; `None` if the visitor has an order of their own.
    #[must_use]
    pub fn of(self, visitor: &Visitor) -> Option<u8> {
        (visitor.user.is_none() && !visitor.has_key).then_some(self.0)
    }
}

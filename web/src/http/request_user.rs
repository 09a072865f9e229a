//! Tells the outermost layer which user sent the request, so that the security log needs no second query, and whether
//! the user's role counts.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use pawdium_shared::ids::UserId;

/// Where extractors store the user that they find.
#[derive(Clone, Debug, Default)]
pub struct RequestUser(Arc<OnceLock<(UserId, bool)>>);

impl RequestUser {
    /// The user, if an extractor found one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.0.get().map(|(user, _)| *user)
    }

    /// Whether the user's role doesn't count.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.0.get().is_some_and(|(_, is_withheld)| *is_withheld)
    }

    /// Stores the user for the outermost layer.
    pub fn found(extensions: &Extensions, user: UserId, is_withheld: bool) {
        if let Some(request_user) = extensions.get::<Self>() {
            // Every extractor finds the same user, so the first one wins.
            let _ = request_user.0.set((user, is_withheld));
        }
    }
}

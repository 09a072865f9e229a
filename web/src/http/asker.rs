//! Tells the security log, in the outermost layer, which user a request came from, so that it needs no second query.

use std::sync::{Arc, OnceLock};

use axum::http::Extensions;
use pawdium_shared::ids::UserId;

/// Where the extractors leave the user that they have found.
#[derive(Clone, Debug, Default)]
pub struct Asker(Arc<OnceLock<UserId>>);

impl Asker {
    /// The user, if anybody has found one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.0.get().copied()
    }

    /// Leaves the user with the request's asker.
    pub fn found(extensions: &Extensions, user: UserId) {
        if let Some(asker) = extensions.get::<Self>() {
            // Whoever asks twice finds the same.
            let _ = asker.0.set(user);
        }
    }
}

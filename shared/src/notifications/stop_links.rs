//! Links that stop a member's mails without logging in. They don't expire, because old mails must keep working, and
//! they do nothing else.

use secrecy::SecretString;

use crate::ids::UserId;
use crate::signed::SignedIds;

/// Makes and opens the links' tokens.
#[derive(Clone, Debug)]
pub struct StopLinks(SignedIds);

impl StopLinks {
    /// Signs with the site's secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(SignedIds::new(secret, "pawdium digest v1"))
    }

    /// The token of a member.
    #[must_use]
    pub fn token(&self, user: UserId) -> String {
        self.0.token(user.0)
    }

    /// The member of a token; `None` if it is forged.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<UserId> {
        self.0.open(token).map(UserId)
    }
}

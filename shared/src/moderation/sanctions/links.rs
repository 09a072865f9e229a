//! Links with which members read a sanction and appeal against it without logging in, which they may not be able to.
//! They don't expire: who has one can do nothing but read that sanction and appeal once.

use secrecy::SecretString;

use crate::ids::SanctionId;
use crate::signed::SignedIds;

/// Makes and opens the links' tokens.
#[derive(Clone, Debug)]
pub struct AppealLinks(SignedIds);

impl AppealLinks {
    /// Signs with the site's secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(SignedIds::new(secret, "pawdium appeal v1"))
    }

    /// The path of the page about a sanction.
    #[must_use]
    pub fn path(&self, sanction: SanctionId) -> String {
        format!("/appeals/{}", self.0.token(sanction.0))
    }

    /// The sanction of a token; `None` if it is forged.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<SanctionId> {
        self.0.open(token).map(SanctionId)
    }
}

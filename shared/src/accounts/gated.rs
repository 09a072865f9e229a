//! What a site may keep for members who have verified their address.

use serde::Deserialize;
use strum::VariantArray;

/// Something that others see, are mailed about or trust. `security.verified_only` lists what needs a verified address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, VariantArray)]
#[serde(rename_all = "lowercase")]
pub enum Gated {
    /// Writing comments.
    Comments,
    /// Making hubs.
    Hubs,
    /// Making API tokens.
    Tokens,
}

impl Gated {
    /// Why a member can't do it yet, and what to do about it.
    #[must_use]
    pub const fn refusal(self) -> &'static str {
        match self {
            Self::Comments => {
                "Verify your address to comment: follow the link in our mail, or have it sent again in settings."
            }
            Self::Hubs => {
                "Verify your address to make a hub: follow the link in our mail, or have it sent again in settings."
            }
            Self::Tokens => {
                "Verify your address to make tokens: follow the link in our mail, or have it sent again in settings."
            }
        }
    }
}

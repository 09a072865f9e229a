//! Members in widgets.

use serde::{Deserialize, Serialize};

/// A member's name with the square that stands for a portrait: the first letter on one of ten colours.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Face {
    /// The member's name.
    pub(crate) name: String,
}

impl Face {
    /// The face of a member.
    #[must_use]
    pub(crate) const fn of(name: String) -> Self {
        Self { name }
    }

    /// The first letter.
    #[must_use]
    pub(crate) fn initial(&self) -> String {
        self.name.chars().next().map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().to_string())
    }

    /// The number of the colour, 1 to 10. The same name has the same colour on all pages.
    #[must_use]
    pub(crate) fn colour(&self) -> u32 {
        let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
        self.name.bytes().fold(7, mix) % 10 + 1
    }
}

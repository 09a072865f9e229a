//! Members in widgets.

use serde::{Deserialize, Serialize};

use crate::picture::media_path;

/// A member's name with their portrait, or the square that stands for it: the first letter on one of ten colours.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Face {
    /// The member's name.
    pub name: String,
    /// The key of the portrait.
    avatar: Option<String>,
}

impl Face {
    /// The face of a member with this portrait.
    #[must_use]
    pub const fn of(name: String, avatar: Option<String>) -> Self {
        Self { name, avatar }
    }

    /// The path of the portrait.
    #[must_use]
    pub fn portrait(&self) -> Option<String> {
        self.avatar.as_deref().map(media_path)
    }

    /// The first letter.
    #[must_use]
    pub fn initial(&self) -> String {
        self.name.chars().next().map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().to_string())
    }

    /// The number of the colour, 1 to 10. The same name has the same colour on all pages.
    #[must_use]
    pub fn colour(&self) -> u32 {
        let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
        self.name.bytes().fold(7, mix) % 10 + 1
    }
}

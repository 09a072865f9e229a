//! What people say in a report, validated.

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::accounts::Refused;
use crate::moderation::cases::Thing;
use crate::visible::turns_direction;

/// The most characters of a report.
const LONGEST: usize = 1000;

const UNKNOWN: Refused = Refused {
    field: "category",
    message: "Choose a category: spam, not-an-animal, hurtful, illegal, stolen or other.",
};
const TOO_LONG: Refused = Refused { field: "text", message: "Keep a report to 1,000 characters." };
const NOT_PLAIN: Refused =
    Refused { field: "text", message: "A report must be plain text without control characters." };

/// What is wrong with a thing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Category {
    /// Advertising, or the same again and again.
    Spam,
    /// A photo that shows no animal.
    NotAnAnimal,
    /// It insults, threatens or shows cruelty.
    Hurtful,
    /// It is against the law.
    Illegal,
    /// It is somebody else's work.
    Stolen,
    /// Anything else, which the text says.
    Other,
}

impl Category {
    /// Reads a category of a form or the API.
    ///
    /// # Errors
    /// [`Refused`] with those that there are.
    pub fn new(text: &str) -> Result<Self, Refused> {
        text.parse().map_err(|_| UNKNOWN)
    }

    /// The name in the database, in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it is called on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Spam => "Spam",
            Self::NotAnAnimal => "Not an animal",
            Self::Hurtful => "Hurtful",
            Self::Illegal => "Illegal",
            Self::Stolen => "Stolen",
            Self::Other => "Something else",
        }
    }

    /// What the form says about it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Spam => "Advertising, scams, or the same again and again",
            Self::NotAnAnimal => "There is no animal in it",
            Self::Hurtful => "Insults, threats, harassment or cruelty",
            Self::Illegal => "It breaks the law",
            Self::Stolen => "It is somebody else's work, or pretends to be somebody else",
            Self::Other => "Say below what is wrong",
        }
    }

    /// Whether the form offers it for such a thing.
    #[must_use]
    pub const fn fits(self, thing: Thing) -> bool {
        !matches!(self, Self::NotAnAnimal) || matches!(thing, Thing::Photo(_))
    }
}

/// The text of a report: up to 1,000 characters of plain text, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportText(String);

impl ReportText {
    /// Checks a text. Characters that turn the direction of what follows are left out.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| !turns_direction(*c)).collect();
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(NOT_PLAIN);
        }
        let text = text.trim();
        if text.chars().count() > LONGEST { Err(TOO_LONG) } else { Ok(Self(text.to_owned())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{HubId, PhotoId};

    #[test]
    fn categories_are_those_of_the_api() {
        let names: Vec<_> = Category::VARIANTS.iter().map(|category| category.name()).collect();
        assert_eq!(names, ["spam", "not-an-animal", "hurtful", "illegal", "stolen", "other"]);
        for category in Category::VARIANTS {
            assert_eq!(Category::new(category.name()), Ok(*category));
            assert!(UNKNOWN.message.contains(category.name()));
        }
        for forged in ["", "Spam", "NotAnAnimal", "spam ", "spam\0"] {
            assert_eq!(Category::new(forged), Err(UNKNOWN), "{forged:?}");
        }
        assert!(Category::NotAnAnimal.fits(Thing::Photo(PhotoId(1))));
        assert!(!Category::NotAnAnimal.fits(Thing::Hub(HubId(1))));
    }

    #[test]
    fn a_text_is_plain_and_has_1000_characters_or_none() {
        let text = |text: &str| ReportText::new(text).map(|text| text.0);
        assert_eq!(text(" \n").as_deref(), Ok(""));
        assert_eq!(text(&format!(" {} ", "ä".repeat(1000))), Ok("ä".repeat(1000)));
        assert_eq!(text(&"ä".repeat(1001)), Err(TOO_LONG));
        for wrong in ["a\0b", "a\u{1b}b", "a\u{85}b"] {
            assert_eq!(text(wrong), Err(NOT_PLAIN), "{wrong:?}");
        }
        assert_eq!(text("one\r\ntwo \u{202e}gpj").as_deref(), Ok("one\ntwo gpj"));
    }
}

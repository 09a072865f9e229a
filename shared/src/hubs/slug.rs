//! The word of a hub in URLs.

use crate::accounts::Refused;

/// Words that routes need or may need, below `/h`, below `/hubs` or at the top of the site, and words that would make a
/// hub look like the site itself.
const RESERVED: [&str; 83] = [
    "about",
    "account",
    "accounts",
    "activity",
    "admin",
    "admins",
    "all",
    "anonymous",
    "api",
    "appeals",
    "archive",
    "assets",
    "atom",
    "calls",
    "comments",
    "contact",
    "create",
    "delete",
    "demo",
    "drafts",
    "edit",
    "embed",
    "explore",
    "export",
    "exports",
    "feed",
    "forgot",
    "healthz",
    "help",
    "home",
    "hub",
    "hubs",
    "images",
    "import",
    "imports",
    "layout",
    "leave",
    "legal",
    "live",
    "login",
    "logout",
    "me",
    "media",
    "member",
    "members",
    "moderation",
    "moderator",
    "moderators",
    "new",
    "notifications",
    "oembed",
    "official",
    "pawdium",
    "photo",
    "photos",
    "privacy",
    "profile",
    "rate",
    "ratings",
    "readyz",
    "register",
    "report",
    "reports",
    "requests",
    "reset",
    "roles",
    "search",
    "sections",
    "settings",
    "share",
    "static",
    "submit",
    "support",
    "talks",
    "theme",
    "top",
    "topics",
    "transparency",
    "trending",
    "unsubscribe",
    "verify",
    "versions",
    "widgets",
];

/// The word of a hub in URLs: lower-case letters and digits, with single hyphens between them. Unique, also among the
/// words that hubs have had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Checks the form of a slug: `^[a-z0-9](-?[a-z0-9]){1,48}$`.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let letters = text.chars().filter(|c| is_plain(*c)).count();
        let fits = (2..=49).contains(&letters)
            && text.chars().all(|c| is_plain(c) || c == '-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Refused {
            field: "slug",
            message: "Addresses have 2 to 49 letters from a to z or digits, with single hyphens between them.",
        })
    }

    /// Checks a slug that an owner chooses. Some words are reserved for the site.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn choose(text: &str) -> Result<Self, Refused> {
        let slug = Self::new(text)?;
        if RESERVED.binary_search(&text).is_ok() {
            return Err(Refused { field: "slug", message: "That address is reserved. Choose another." });
        }
        Ok(slug)
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn reserved_words_are_in_order_and_could_be_slugs() {
        assert!(RESERVED.windows(2).all(|pair| pair[0] < pair[1]));
        for word in RESERVED {
            assert!(Slug::new(word).is_ok(), "{word} needs no reservation");
            assert_eq!(Slug::choose(word).expect_err(word).field, "slug");
        }
    }

    #[test]
    fn slugs_are_plain_words() {
        for good in ["cats", "a1", "a-b", "orange-cats-of-2026", &"x".repeat(49), &["x"; 49].join("-")] {
            assert!(Slug::choose(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "-ab",
            "ab-",
            "a--b",
            "Cats",
            "käse",
            "a b",
            "a_b",
            "a/b",
            "a\0b",
            " ab",
            &"x".repeat(50),
        ] {
            assert_eq!(Slug::choose(bad).expect_err(bad).field, "slug");
        }
    }

    proptest! {
        #[test]
        fn the_form_is_that_of_the_database(text in prop_oneof!["[a-z0-9-]{0,100}", "(-?[a-z0-9]){1,60}", "\\PC*"]) {
            let form = Regex::new("^[a-z0-9](-?[a-z0-9]){1,48}$").expect("a pattern");
            prop_assert_eq!(Slug::new(&text).is_ok(), form.is_match(&text));
        }
    }
}

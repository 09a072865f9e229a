//! What members say about themselves: the summary of their profile, which is shorter than a hub's.

use sqlx::PgConnection;

use super::Summary;
use crate::accounts::Refused;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, UserId};

/// The most characters.
const LONGEST: usize = 200;

/// A line about a member: at most 200 characters of plain text, may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AboutLine(Summary);

impl AboutLine {
    /// Checks a line.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let refused = |message| Refused { field: "about", message };
        if text.trim().chars().count() > LONGEST {
            return Err(refused("Keep it to 200 characters."));
        }
        let summary = Summary::new(text);
        summary.map(Self).map_err(|_| refused("Write plain text without invisible characters."))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Finds what a member says; empty if nothing.
pub async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<String> {
    let found = sqlx::query_scalar!("select summary from hubs where profile_of = $1", user.0);
    Ok(found.fetch_optional(db).await?.unwrap_or_default())
}

/// Sets what a member says. Returns false if it is the same as before.
pub async fn set(db: &mut Tx, user: UserId, about: &AboutLine) -> sqlx::Result<bool> {
    let changed = sqlx::query_scalar!(
        r#"update hubs set summary = $2 where profile_of = $1 and summary <> $2 returning id as "hub: HubId""#,
        user.0,
        about.as_str(),
    );
    let Some(hub) = changed.fetch_optional(&mut *db).await? else { return Ok(false) };
    Event::HubChanged { hub }.record(db).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_and_plain() {
        assert_eq!(AboutLine::new(" I like\ncats. ").expect("fine").as_str(), "I like cats.");
        assert_eq!(AboutLine::new("").expect("it may be empty").as_str(), "");
        assert!(AboutLine::new(&"ä".repeat(200)).is_ok());
        for wrong in ["a\0b", "\u{200b}", "so\u{2066}me", &"ä".repeat(201)] {
            assert_eq!(AboutLine::new(wrong).expect_err(wrong).field, "about");
        }
    }
}

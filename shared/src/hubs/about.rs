//! What members say about themselves: the summary of their profile, which is shorter than a hub's.

use serde_json::json;
use sqlx::PgConnection;

use super::Summary;
use crate::accounts::Refused;
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::Actor;
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

/// Removes what a member says for a moderator, such that it can be put back. Returns false if the member says nothing.
pub async fn take_down(db: &mut Tx, user: UserId, name: &str, actor: Actor<'_>) -> sqlx::Result<bool> {
    sqlx::query!("select id from users where id = any($1) order by id for key share", &ids_of(user, actor))
        .fetch_all(&mut **db)
        .await?;
    let said = sqlx::query!(
        r#"select id as "profile: HubId", summary from hubs where profile_of = $1 and summary <> '' for no key update"#,
        user.0,
    );
    let Some(said) = said.fetch_optional(&mut **db).await? else { return Ok(false) };
    set(db, user, &AboutLine::default()).await?;
    let done = Done {
        kind: Kind::RemoveAbout,
        thing: Thing::Hub(said.profile),
        author: Some(user),
        about: name,
        reason: None,
        before: json!({ "about": said.summary }),
        detail: json!({ "user": user, "name": name }),
    };
    acts::record(db, actor, done).await?;
    Ok(true)
}

fn ids_of(user: UserId, actor: Actor<'_>) -> Vec<i64> {
    actor.user().into_iter().chain([user]).map(|user| user.0).collect()
}

/// Puts back what a moderator has removed. Returns false if the member says something else by now.
pub async fn put_back(db: &mut Tx, profile: HubId, said: &str) -> sqlx::Result<bool> {
    let back = sqlx::query!(
        "update hubs set summary = $2 where id = $1 and summary = '' and profile_of is not null",
        profile.0,
        said,
    );
    if back.execute(&mut **db).await?.rows_affected() == 0 {
        return Ok(false);
    }
    Event::HubChanged { hub: profile }.record(db).await?;
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

//! Cases: what moderators judge about one thing, with all that was reported of it. Of each thing at most one is open.

use serde_json::{Value, json};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::review::alerts;
use crate::db::Tx;
use crate::ids::{CaseId, CommentId, HubId, PhotoId, TalkId, UserId};

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A photo.
    Photo(PhotoId),
    /// A comment.
    Comment(CommentId),
    /// A talk.
    Talk(TalkId),
    /// A hub.
    Hub(HubId),
    /// A registered member.
    Member(UserId),
    /// An appeal against a sanction, by the sanction's number.
    Appeal(i64),
}

impl Thing {
    /// What it is, in the database and in forms.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Photo(_) => "photo",
            Self::Comment(_) => "comment",
            Self::Talk(_) => "talk",
            Self::Hub(_) => "hub",
            Self::Member(_) => "member",
            Self::Appeal(_) => "appeal",
        }
    }

    /// Its number among those of its kind.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Photo(id) => id.0,
            Self::Comment(id) => id.0,
            Self::Talk(id) => id.0,
            Self::Hub(id) => id.0,
            Self::Member(id) => id.0,
            Self::Appeal(id) => id,
        }
    }

    /// Its entry in the audit log's details, by which its history is found.
    #[must_use]
    pub fn detail(self) -> Value {
        json!({ (self.about()): self.number() })
    }

    /// The thing with this number; `None` for a kind that this version doesn't know.
    #[must_use]
    pub fn of(about: &str, number: i64) -> Option<Self> {
        Some(match about {
            "photo" => Self::Photo(PhotoId(number)),
            "comment" => Self::Comment(CommentId(number)),
            "talk" => Self::Talk(TalkId(number)),
            "hub" => Self::Hub(HubId(number)),
            "member" => Self::Member(UserId(number)),
            "appeal" => Self::Appeal(number),
            _ => return None,
        })
    }
}

/// What became of a case, and of its reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// The reports were right.
    Upheld,
    /// They were wrong.
    Dismissed,
    /// The thing was gone with its account before anybody judged it.
    Void,
}

impl Outcome {
    /// The name in the database and in forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it is called on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Upheld => "Upheld",
            Self::Dismissed => "Dismissed",
            Self::Void => "Gone",
        }
    }
}

/// A case that something was added to. Its row is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The case.
    pub id: CaseId,
    /// Whether it was opened just now.
    pub is_new: bool,
    /// What it weighs now.
    pub weight: i32,
}

/// Finds the open case of a thing and adds a weight to it, or opens one, of which moderators get a mail. `owner` is
/// whose thing it is, whom the caller has locked. Two at the same time are one case: the second waits for the first's
/// row.
pub async fn open(db: &mut Tx, thing: Thing, owner: Option<UserId>, weight: i32) -> sqlx::Result<Opened> {
    let opened = sqlx::query_as!(
        Opened,
        r#"insert into cases (about, thing_id, owner_id, weight)
           values ($1, $2, (select id from users where id = $3), $4)
           on conflict (about, thing_id) where state = 'open'
           do update set weight = least(cases.weight::bigint + excluded.weight, 1000000000)::integer, changed_at = now()
           returning id as "id: CaseId", xmax = 0 as "is_new!", weight"#,
        thing.about(),
        thing.number(),
        owner.map(|owner| owner.0),
        weight,
    )
    .fetch_one(&mut **db)
    .await?;
    if opened.is_new {
        alerts::tell_of(db, opened.id).await?;
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_read_as_they_are_stored() {
        for about in ["photo", "comment", "talk", "hub", "member", "appeal"] {
            let thing = Thing::of(about, 7).expect("a kind of thing");
            assert_eq!((thing.about(), thing.number()), (about, 7));
        }
        assert_eq!(Thing::of("topic", 7), None);
    }
}

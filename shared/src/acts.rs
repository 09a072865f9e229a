//! What moderators do to photos, comments, talks and hubs. An act, its entry in the audit log and what it changes
//! commit together. For 30 days the act holds what it takes to undo it: see
//! [`moderation::undo`](crate::moderation::undo).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::audit::{self, Action, Actor};
use crate::ids::{ActId, CommentId, HubId, PhotoId, TalkId, UserId};

/// How many days an act can be undone.
pub const DAYS: i32 = 30;

/// The kinds of acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A photo is hidden.
    HidePhoto,
    /// A photo is hidden, and its picture kept out.
    BlockPicture,
    /// Somebody's photo is deleted.
    DeletePhoto,
    /// Somebody's comment is removed.
    RemoveComment,
    /// A talk is hidden.
    HideTalk,
    /// A hub is deleted.
    DeleteHub,
    /// Somebody's photo is removed from a hub.
    RemoveFromHub,
    /// A member's portrait is removed.
    RemoveAvatar,
    /// The line about a member is removed.
    RemoveAbout,
}

impl Kind {
    /// The name in the database and in URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    const fn action(self) -> Action {
        match self {
            Self::HidePhoto => Action::HidePhoto,
            Self::BlockPicture => Action::BlockPicture,
            Self::DeletePhoto => Action::DeletePhoto,
            Self::RemoveComment => Action::RemoveComment,
            Self::HideTalk => Action::HideTalk,
            Self::DeleteHub => Action::DeleteHub,
            Self::RemoveFromHub => Action::RemoveFromHub,
            Self::RemoveAvatar => Action::RemoveAvatar,
            Self::RemoveAbout => Action::RemoveAbout,
        }
    }
}

/// What an act is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A photo.
    Photo(PhotoId),
    /// A comment.
    Comment(CommentId),
    /// A talk.
    Talk(TalkId),
    /// A hub, or a profile with what its member says and looks like.
    Hub(HubId),
}

impl Thing {
    /// The name of its kind in the database and in URLs.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Photo(_) => "photo",
            Self::Comment(_) => "comment",
            Self::Talk(_) => "talk",
            Self::Hub(_) => "hub",
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Photo(photo) => photo.0,
            Self::Comment(comment) => comment.0,
            Self::Talk(talk) => talk.0,
            Self::Hub(hub) => hub.0,
        }
    }

    /// Reads a kind and an id.
    #[must_use]
    pub fn of(kind: &str, id: i64) -> Option<Self> {
        match kind {
            "photo" => Some(Self::Photo(PhotoId(id))),
            "comment" => Some(Self::Comment(CommentId(id))),
            "talk" => Some(Self::Talk(TalkId(id))),
            "hub" => Some(Self::Hub(HubId(id))),
            _ => None,
        }
    }
}

/// An act to record.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// Its kind.
    pub kind: Kind,
    /// What it is done to.
    pub thing: Thing,
    /// Whose that is.
    pub author: Option<UserId>,
    /// What the list of acts calls it.
    pub about: &'a str,
    /// Why it is done.
    pub reason: Option<&'a str>,
    /// What was: what it takes to undo the act.
    pub before: Value,
    /// The entry of the audit log, an object.
    pub detail: Value,
}

/// Records an act, with its entry in the audit log.
pub async fn record(db: &mut PgConnection, actor: Actor<'_>, done: Done<'_>) -> sqlx::Result<ActId> {
    let id = sqlx::query_scalar!(
        r#"insert into acts (actor_id, actor, act, thing, thing_id, author_id, about, reason, before)
           values ($1, $2, $3, $4, $5, (select id from users where id = $6), $7, $8, $9)
           returning id as "id: ActId""#,
        actor.user().map(|user| user.0),
        actor.name(),
        done.kind.name(),
        done.thing.kind(),
        done.thing.id(),
        done.author.map(|author| author.0),
        done.about,
        done.reason,
        done.before,
    )
    .fetch_one(&mut *db)
    .await?;
    let mut detail = done.detail;
    detail["act"] = json!(id);
    if let Some(reason) = done.reason {
        detail["reason"] = json!(reason);
    }
    audit::record(db, actor, done.kind.action(), &detail).await?;
    Ok(id)
}

/// An act, as lists show it.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its number; later acts have larger ones.
    pub id: ActId,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// The name of the person who did it.
    pub actor: String,
    /// Its kind.
    pub kind: Kind,
    /// The kind of what it was done to, as [`Thing::kind`] says it.
    pub thing: String,
    /// The id of that.
    pub thing_id: i64,
    /// The name of the person whose that is; `None` if the account is gone, or has no name.
    pub author: Option<String>,
    /// What that is called; empty once its author is gone.
    pub about: String,
    /// Why it was done.
    pub reason: Option<String>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
    /// The name of the person who undid it.
    pub undone_by: Option<String>,
    /// When it became final.
    pub final_at: Option<DateTime<Utc>>,
}

impl Act {
    /// What it was done to.
    #[must_use]
    pub fn thing(&self) -> Option<Thing> {
        Thing::of(&self.thing, self.thing_id)
    }

    /// When it can no longer be undone; `None` if that is the case already.
    #[must_use]
    pub fn undoable_until(&self) -> Option<DateTime<Utc>> {
        let until = self.at + TimeDelta::days(DAYS.into());
        Some(until).filter(|_| self.undone_at.is_none() && self.final_at.is_none())
    }
}

/// Which acts to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of a moderator of this name.
    pub actor: Option<String>,
    /// Those of this kind.
    pub kind: Option<Kind>,
    /// Those on this.
    pub thing: Option<Thing>,
    /// Those with a number below this one.
    pub before: Option<ActId>,
}

/// Lists acts, the latest first.
pub async fn list(db: &mut PgConnection, filter: &Filter, limit: i64) -> sqlx::Result<Vec<Act>> {
    sqlx::query_as!(
        Act,
        r#"select acts.id as "id!: ActId", at as "at!", actor as "actor!", act as "kind!: Kind", thing as "thing!",
                  thing_id as "thing_id!", users.name as "author?", about as "about!", reason, undone_at, undone_by,
                  final_at
           from acts left join users on users.id = author_id
           where acts.id < $1
             and ($2::text is null or lower(actor) = lower($2))
             and ($3::text is null or act = $3)
             and ($4::text is null or thing = $4 and thing_id = $5)
           order by acts.id desc limit $6"#,
        filter.before.map_or(i64::MAX, |before| before.0),
        filter.actor.as_deref(),
        filter.kind.map(Kind::name),
        filter.thing.map(Thing::kind),
        filter.thing.map(Thing::id),
        limit,
    )
    .fetch_all(db)
    .await
}

/// Finds an act.
pub async fn find(db: &mut PgConnection, act: ActId) -> sqlx::Result<Option<Act>> {
    let filter = Filter { before: Some(ActId(act.0.saturating_add(1))), ..Filter::default() };
    Ok(list(db, &filter, 1).await?.pop().filter(|found| found.id == act))
}

/// Finds the latest act on a thing that can still be undone.
pub async fn find_open(db: &mut PgConnection, thing: Thing) -> sqlx::Result<Option<Act>> {
    let filter = Filter { thing: Some(thing), ..Filter::default() };
    Ok(list(db, &filter, 20).await?.into_iter().find(|act| act.undoable_until().is_some()))
}

/// Why a thing is hidden or deleted, as its owner reads it; `None` if no reason was given, or the act was undone.
pub async fn find_reason(db: &mut PgConnection, thing: Thing) -> sqlx::Result<Option<String>> {
    let reason = sqlx::query_scalar!(
        "select reason from acts
         where thing = $1 and thing_id = $2 and undone_at is null and act <> 'remove_from_hub'
         order by id desc limit 1",
        thing.kind(),
        thing.id(),
    );
    Ok(reason.fetch_optional(db).await?.flatten())
}

/// Notes that acts on a thing were taken back in another way than by undoing them: a talk is shown again.
pub(crate) async fn close(db: &mut PgConnection, thing: Thing, actor: Actor<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "update acts set undone_at = now(), undone_by = $3, before = null
         where thing = $1 and thing_id = $2 and undone_at is null and final_at is null",
        thing.kind(),
        thing.id(),
        actor.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what acts on the things of a user hold who is about to be deleted. They can't be undone any more.
pub(crate) async fn forget_author(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update acts
         set about = '', before = null, final_at = case when undone_at is null then coalesce(final_at, now()) end
         where author_id = $1",
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_read_as_it_is_written() {
        for thing in [
            Thing::Photo(PhotoId(1)),
            Thing::Comment(CommentId(2)),
            Thing::Talk(TalkId(3)),
            Thing::Hub(HubId(4)),
        ] {
            assert_eq!(Thing::of(thing.kind(), thing.id()), Some(thing));
        }
        assert_eq!(Thing::of("user", 1), None);
    }
}

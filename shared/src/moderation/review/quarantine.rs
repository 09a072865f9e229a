//! Things that the site hides because of what reports weigh together, until moderators have judged them.
//!
//! A photo is withheld, as if a moderator had hidden it; a comment waits; a talk is hidden; a hub is there for its members
//! only. What it was before stands in the case, and comes back exactly. Members are never hidden.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::approvals;
use super::refusal::Refusal;
use super::things;
use crate::audit::{self, Action, Actor};
use crate::comments::write;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CaseId, CommentId, HubId, PhotoId, UserId};
use crate::moderation::blocked;
use crate::moderation::cases::Thing;
use crate::moderation::sanctions::settle;
use crate::notifications::{self, News};
use crate::photos::PhotoState;
use crate::photos::withheld::{self, NotBack};
use crate::store::MediaStore;
use crate::{hubs, talks};

/// Who hides things, in the audit log.
const SITE: Actor<'static> = Actor::Program("reports");

/// Since when a thing is hidden until moderators have judged it; `None` if it isn't.
pub async fn is_quarantined(db: &mut PgConnection, thing: Thing) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from cases where about = $1 and thing_id = $2 and state = 'open'
                                               and hidden_at is not null) as "is!""#,
        thing.about(),
        thing.number(),
    )
    .fetch_one(db)
    .await
}

/// Hides the thing of a case whose row is locked, and notifies its owners, who are locked too. Returns false if others
/// don't see it anyway, if it can't be hidden, or if a moderator has approved it since it last changed.
pub(super) async fn quarantine(db: &mut Tx, case: CaseId, thing: Thing) -> Result<bool, Refusal> {
    let Some(found) = things::find(db, thing).await? else { return Ok(false) };
    if !found.is_shown || approvals::holds(db, thing, &found.version).await? {
        return Ok(false);
    }
    let before = match thing {
        Thing::Photo(photo) => withheld::hide(db, photo).await?.map(|hidden| hidden.before),
        Thing::Comment(comment) => hold(db, comment).await?.then(|| json!({})),
        Thing::Talk(talk) => talks::quarantine::quarantine(db, talk).await?.then(|| json!({})),
        Thing::Hub(hub) => hubs::quarantine::quarantine(db, hub).await?.then(|| json!({})),
        Thing::Member(_) | Thing::Appeal(_) => None,
    };
    let Some(before) = before else { return Ok(false) };
    sqlx::query!("update cases set hidden_at = now(), before = $2 where id = $1", case.0, before)
        .execute(&mut **db)
        .await?;
    let mut detail = thing.detail();
    detail["case"] = json!(case);
    audit::record(db, SITE, Action::QuarantineThing, &detail).await?;
    tell(db, thing, &found.owners, true).await?;
    Ok(true)
}

/// Shows a thing again, as it was before it was hidden, and notifies its owners unless it is only shown to be taken
/// down. What has changed meanwhile stays: nothing happens to a thing that its owner deleted.
///
/// # Errors
/// [`Refusal::PictureBlocked`], and why a photo can't come back.
pub(super) async fn show(
    db: &mut Tx,
    store: &MediaStore,
    thing: Thing,
    before: &Value,
    owners: &[UserId],
    to_take_down: bool,
) -> Result<(), Refusal> {
    let is_shown = match thing {
        Thing::Photo(photo) => show_photo(db, store, photo, before, to_take_down).await?,
        Thing::Comment(comment) => release(db, comment).await?,
        Thing::Talk(talk) => talks::quarantine::show(db, talk).await?,
        Thing::Hub(hub) => hubs::quarantine::show(db, hub).await?,
        Thing::Member(_) | Thing::Appeal(_) => false,
    };
    if is_shown && !to_take_down {
        tell(db, thing, owners, false).await?;
        settle::hide_again(db, owners).await?;
    }
    Ok(())
}

/// A picture that was blocked meanwhile isn't shown again. Blocking waits until the transaction has ended.
async fn show_photo(
    db: &mut Tx,
    store: &MediaStore,
    photo: PhotoId,
    before: &Value,
    to_take_down: bool,
) -> Result<bool, Refusal> {
    let likeness = withheld::find_likeness(db, photo, before).await?;
    match withheld::put_back(db, store, photo, PhotoState::Hidden, before).await {
        Ok(()) => {}
        // Its owner has deleted it.
        Err(NotBack::Gone | NotBack::Changed) => return Ok(false),
        Err(NotBack::SameTitle(title)) => {
            return Err(Refusal::Refused(format!("Its owner has another photo called “{title}” by now.")));
        }
        Err(NotBack::NoFiles) => return Err(Refusal::Refused("Its files are gone.".to_owned())),
        Err(NotBack::Database(error)) => return Err(error.into()),
        Err(NotBack::Store(error)) => return Err(Refusal::Store(error)),
    }
    if to_take_down {
        return Ok(true);
    }
    // Nothing is waited for under this lock.
    blocked::prevent_blocking(db).await?;
    match likeness {
        Some(likeness) if blocked::find(db, likeness).await?.is_some() => Err(Refusal::PictureBlocked),
        _ => Ok(true),
    }
}

async fn hold(db: &mut Tx, comment: CommentId) -> sqlx::Result<bool> {
    let photo = sqlx::query_scalar!(
        r#"update comments set state = 'held', held_for = 'reported' where id = $1 and state = 'shown'
           returning photo_id as "photo: PhotoId""#,
        comment.0,
    );
    let Some(photo) = photo.fetch_optional(&mut **db).await? else { return Ok(false) };
    notifications::forget_comment(db, comment).await?;
    Event::CommentsChanged { photos: vec![photo] }.record(db).await?;
    Ok(true)
}

async fn release(db: &mut Tx, comment: CommentId) -> sqlx::Result<bool> {
    let photo = sqlx::query_scalar!(
        r#"update comments set state = 'shown', held_for = null where id = $1 and held_for = 'reported'
           returning photo_id as "photo: PhotoId""#,
        comment.0,
    );
    let Some(photo) = photo.fetch_optional(&mut **db).await? else { return Ok(false) };
    // What was told that it is hidden, and then, again, those whom it answers.
    notifications::forget_comment(db, comment).await?;
    write::tell(db, comment).await?;
    Event::CommentsChanged { photos: vec![photo] }.record(db).await?;
    Ok(true)
}

/// Notifies the owners of a thing that it is hidden, or shown again.
async fn tell(db: &mut Tx, thing: Thing, owners: &[UserId], is_hidden: bool) -> sqlx::Result<()> {
    let hub = match thing {
        Thing::Talk(talk) => {
            let hub = sqlx::query_scalar!(
                r#"select hub_id as "hub: HubId" from talks join calls on calls.id = call_id where talks.id = $1"#,
                talk.0,
            );
            hub.fetch_optional(&mut **db).await?
        }
        _ => None,
    };
    let news = |owner: UserId| match (thing, hub) {
        (Thing::Photo(photo), _) => Some(News::photo_quarantined(owner, photo, is_hidden)),
        (Thing::Comment(comment), _) => Some(News::comment_quarantined(owner, comment, is_hidden)),
        (Thing::Talk(talk), Some(hub)) => Some(News::talk_quarantined(owner, talk, hub, is_hidden)),
        (Thing::Hub(hub), _) => Some(News::hub_quarantined(owner, hub, is_hidden)),
        _ => None,
    };
    let news: Vec<_> = owners.iter().copied().filter_map(news).collect();
    notifications::record(db, &news).await
}

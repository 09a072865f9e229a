//! Undoing what moderators did. Everything is exactly as it was before the act, or nothing is changed. After 30 days an
//! act is final, and what was kept for it is deleted.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::sanctions::settle;
use super::{Refusal, blocked, comments};
use crate::acts::{self, Act, DAYS, Kind, Thing};
use crate::audit::{self, Action, Actor};
use crate::db::{Db, Tx, retry_conflicts};
use crate::hubs::{about, removal};
use crate::ids::{ActId, PhotoId, UserId};
use crate::photos::{PhotoState, avatars, posting, withheld};
use crate::store::MediaStore;
use crate::talks::pitch;

/// How many acts are looked up at once that become final.
const BATCH: usize = 200;

/// Undoes an act. Does nothing if that was done already.
///
/// # Errors
/// Why it can't be undone.
pub async fn undo(db: &Db, store: &MediaStore, actor: Actor<'_>, act: ActId) -> Result<Act, Refusal> {
    let found = acts::find(&mut *db.acquire().await?, act).await?.ok_or(Refusal::Gone)?;
    if found.undone_at.is_none()
        && let (Kind::HidePhoto | Kind::BlockPicture | Kind::DeletePhoto, Some(Thing::Photo(photo))) =
            (found.kind, found.thing())
    {
        withheld::prepare(db, photo).await?;
    }
    retry_conflicts(async || {
        let mut tx = db.begin().await?;
        undo_in(&mut tx, store, actor, &found).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    })
    .await?;
    Ok(found)
}

/// Undoes an act in a transaction. The act's own row is locked last, so that it doesn't matter who begins.
async fn undo_in(db: &mut Tx, store: &MediaStore, actor: Actor<'_>, act: &Act) -> Result<(), Refusal> {
    let row = lock_people(db, actor, act.id).await?;
    if row.is_undone {
        return Ok(());
    }
    if row.is_own {
        return Err(Refusal::Own);
    }
    let before = row.before.filter(|_| !row.is_over).ok_or(if row.is_over {
        Refusal::Final
    } else {
        Refusal::WentWithAccount
    })?;
    let thing = act.thing().ok_or(Refusal::Gone)?;
    match put_back(db, store, actor, act, thing, &before).await {
        Err(Refusal::Changed) => return explain(db, act, thing).await,
        done => done?,
    }
    let undone = sqlx::query!(
        "update acts set undone_at = now(), undone_by = $2, before = null
         where id = $1 and undone_at is null and final_at is null",
        act.id.0,
        actor.name(),
    );
    if undone.execute(&mut **db).await?.rows_affected() == 0 {
        return Err(Refusal::Changed);
    }
    settle::hide_again(db, &row.author.into_iter().collect::<Vec<_>>()).await?;
    let detail = json!({ "act": act.id, "undone": act.kind.name(), (thing.kind()): thing.id() });
    Ok(audit::record(db, actor, Action::UndoAct, &detail).await?)
}

/// What is read of an act before it is undone.
struct Row {
    before: Option<Value>,
    author: Option<UserId>,
    is_undone: bool,
    is_over: bool,
    /// Whether another moderator did it to something of the one's who wants to undo it, who is no admin.
    is_own: bool,
}

/// Keeps the moderator, and the author of what the act was done to, from being deleted, and then reads the act.
async fn lock_people(db: &mut PgConnection, actor: Actor<'_>, act: ActId) -> Result<Row, Refusal> {
    sqlx::query!(
        "select id from users where id = $1 or id = (select author_id from acts where id = $2)
         order by id for no key update",
        actor.user().map(|user| user.0),
        act.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let row = sqlx::query_as!(
        Row,
        r#"select before, author_id as "author: UserId", undone_at is not null as "is_undone!",
                  at < now() - make_interval(days => $2) as "is_over!",
                  actor_id is distinct from $3
                  and (author_id = $3
                       or thing = 'hub' and exists (select from kept_rows
                                                    where act_id = acts.id and of_table = 'hub_roles' and user_id = $3
                                                      and kept->>'role' = 'owner'))
                  and exists (select from users where id = $3 and role <> 'admin') as "is_own!"
           from acts where id = $1"#,
        act.0,
        DAYS,
        actor.user().map(|user| user.0),
    );
    row.fetch_optional(db).await?.ok_or(Refusal::Gone)
}

async fn put_back(
    db: &mut Tx,
    store: &MediaStore,
    actor: Actor<'_>,
    act: &Act,
    thing: Thing,
    before: &Value,
) -> Result<(), Refusal> {
    let is_back = match (act.kind, thing) {
        (Kind::HidePhoto | Kind::BlockPicture, Thing::Photo(photo)) => {
            put_photo_back(db, store, photo, PhotoState::Hidden, before).await?;
            true
        }
        (Kind::DeletePhoto, Thing::Photo(photo)) => {
            put_photo_back(db, store, photo, PhotoState::Deleted, before).await?;
            true
        }
        (Kind::RemoveFromHub, Thing::Photo(photo)) => posting::put_back(db, photo, before).await?,
        (Kind::RemoveComment, Thing::Comment(comment)) => comments::put_back(db, comment, before).await?,
        (Kind::HideTalk, Thing::Talk(talk)) => {
            pitch::put_back(db, talk, actor, before["state"] == "waiting").await?
        }
        (Kind::RemoveAvatar, Thing::Hub(profile)) => {
            avatars::put_back(db, store, profile, before["avatar"].as_str().unwrap_or_default()).await?
        }
        (Kind::RemoveAbout, Thing::Hub(profile)) => {
            about::put_back(db, profile, before["about"].as_str().unwrap_or_default()).await?
        }
        (Kind::DeleteHub, Thing::Hub(hub)) => {
            removal::put_back(db, hub, act.id).await?;
            settle::settle_hub(db, hub).await?;
            true
        }
        _ => return Err(Refusal::Gone),
    };
    if is_back { Ok(()) } else { Err(Refusal::Changed) }
}

async fn put_photo_back(
    db: &mut Tx,
    store: &MediaStore,
    photo: PhotoId,
    from: PhotoState,
    before: &Value,
) -> Result<(), Refusal> {
    let likeness = withheld::find_likeness(db, photo, &before["photo"]).await?;
    withheld::put_back(db, store, photo, from, &before["photo"]).await?;
    // Nothing is waited for under this lock.
    blocked::prevent_blocking(db).await?;
    if let Some(picture) = before["picture"].as_i64() {
        blocked::take_back(db, picture, before["earlier"].as_str()).await?;
    }
    match likeness {
        Some(likeness) if blocked::find(db, likeness).await?.is_some() => Err(Refusal::Blocked),
        _ => Ok(()),
    }
}

/// Why a thing is not as an act has left it. Undoing twice at the same time is once.
async fn explain(db: &mut PgConnection, act: &Act, thing: Thing) -> Result<(), Refusal> {
    let now = acts::find(&mut *db, act.id).await?.ok_or(Refusal::Gone)?;
    if now.undone_at.is_some() {
        return Ok(());
    }
    let latest = acts::find_open(db, thing).await?;
    Err(if latest.is_some_and(|latest| latest.id > act.id) { Refusal::Later } else { Refusal::Changed })
}

/// Makes acts final that were done more than 30 days ago: deletes what was kept to undo them. Each is a transaction of
/// its own, so that none is long. Returns how many became final.
pub async fn finish(db: &Db) -> sqlx::Result<usize> {
    let mut finished = 0;
    loop {
        let due = list_due(&mut *db.acquire().await?).await?;
        for act in &due {
            finish_one(db, *act).await?;
        }
        finished += due.len();
        if due.len() < BATCH {
            break;
        }
    }
    for photo in list_final(&mut *db.acquire().await?).await? {
        retry_conflicts(async || {
            let mut tx = db.begin().await?;
            withheld::forget(&mut tx, photo).await?;
            tx.commit().await
        })
        .await?;
    }
    Ok(finished)
}

async fn list_due(db: &mut PgConnection) -> sqlx::Result<Vec<ActId>> {
    sqlx::query_scalar!(
        r#"select id as "id: ActId" from acts
           where at < now() - make_interval(days => $1) and undone_at is null and final_at is null
           order by at limit $2"#,
        DAYS,
        i64::try_from(BATCH).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await
}

async fn finish_one(db: &Db, act: ActId) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query!("delete from kept_rows where act_id = $1", act.0).execute(&mut *tx).await?;
    sqlx::query!(
        "update acts set final_at = now(), before = null where id = $1 and undone_at is null and final_at is null",
        act.0,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Lists hidden and deleted photos that still have files although no act on them can be undone.
async fn list_final(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos
           where state in ('hidden', 'deleted')
             and id in (select thing_id from acts where thing = 'photo' and final_at is not null)
             and not exists (select from acts where thing = 'photo' and thing_id = photos.id
                                                and undone_at is null and final_at is null)
             and (source_key is not null or exists (select from photo_files where photo_id = id)
                  or exists (select from photo_picture_files where photo_id = id))
           order by id"#,
    )
    .fetch_all(db)
    .await
}

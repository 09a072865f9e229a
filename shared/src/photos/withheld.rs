//! Photos that moderators have hidden or deleted, and that may come back. Their rows keep the claims to their files, so
//! that nobody deletes these; a job moves them to where they aren't served (see [`files`]).
//!
//! [`put_back`] restores exactly what was. [`forget`] gives the files up, after which a photo can't come back.

use pawdium_queue::Enqueue as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

use super::likeness::Likeness;
use super::types::PhotoState;
use super::{NotChanged, Species, edits, files, pictures};
use crate::db::{Db, Tx};
use crate::events::Event;
use crate::ids::{CallId, HubId, PhotoId, TalkId, UserId};
use crate::jobs::media::{ProcessPhoto, RemoveFiles};
use crate::store::{MediaKey, MediaStore};

/// A photo that was taken from everybody's sight.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// Its owner.
    pub owner: UserId,
    /// Its owner's name; `None` while the owner is anonymous.
    pub owner_name: Option<String>,
    /// Its title.
    pub title: String,
    /// What it takes to put it back.
    pub before: Value,
}

/// What a photo was before it was hidden or deleted, of what these change.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    state: PhotoState,
    reason: Option<String>,
    /// In hexadecimal digits.
    source_hash: Option<String>,
    fingerprint: Option<i64>,
    /// As Postgres writes it, because the parser of JSON rounds the last bit.
    virality: Option<String>,
    /// In the same form.
    score: Option<String>,
    rank: Option<i32>,
    /// The picture's number and the square of a crop that was asked for, and why it can't be made.
    crop: Option<AskedCrop>,
}

#[derive(Debug, Serialize, Deserialize)]
struct AskedCrop {
    picture: i16,
    crop_x: i32,
    crop_y: i32,
    crop_side: i32,
    problem: Option<String>,
    /// Acts of earlier versions don't have it.
    revision: Option<i32>,
}

/// Hides a photo from everybody but its owner and moderators. `None` if it doesn't exist, or is hidden or deleted
/// already.
pub async fn hide(db: &mut Tx, photo: PhotoId) -> sqlx::Result<Option<Withheld>> {
    withhold(db, photo, PhotoState::Hidden).await
}

/// Deletes a photo such that it can be put back. `None` if it doesn't exist, or is deleted already.
pub async fn delete(db: &mut Tx, photo: PhotoId) -> sqlx::Result<Option<Withheld>> {
    withhold(db, photo, PhotoState::Deleted).await
}

async fn withhold(db: &mut Tx, photo: PhotoId, state: PhotoState) -> sqlx::Result<Option<Withheld>> {
    files::lock_names(db, photo).await?;
    let locked = sqlx::query!(
        "select id from photos where id = $1 and state not in ($2, 'deleted') for no key update",
        photo.0,
        state as PhotoState,
    );
    if locked.fetch_optional(&mut *db).await?.is_none() {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"select owner_id as "owner: UserId", users.name as "owner_name?", title, species as "species: Species",
                  jsonb_build_object(
                      'state', state, 'reason', reason, 'source_hash', encode(source_hash, 'hex'),
                      'fingerprint', fingerprint, 'virality', virality::text, 'score', score::text, 'rank', rank,
                      'crop', (select to_jsonb(photo_crops) from photo_crops where photo_id = photos.id)) as "before!"
           from photos
           join users on users.id = owner_id
           join photo_stats on photo_stats.photo_id = photos.id
           left join photo_ranks on photo_ranks.photo_id = photos.id
           where photos.id = $1"#,
        photo.0,
    )
    .fetch_one(&mut *db)
    .await?;
    sqlx::query!(
        "update photos
         set state = $2, reason = null, source_hash = case when $2 <> 'deleted' then source_hash end,
             fingerprint = case when $2 <> 'deleted' then fingerprint end
         where id = $1",
        photo.0,
        state as PhotoState,
    )
    .execute(&mut *db)
    .await?;
    unlist(db, photo).await?;
    Event::PhotoRemoved { photo, species: found.species }.record(db).await?;
    let pictures = files::list(db, photo).await?;
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, original: None }.enqueue(db).await?;
    }
    Ok(Some(Withheld {
        owner: found.owner,
        owner_name: found.owner_name,
        title: found.title,
        before: found.before,
    }))
}

/// Takes a photo that is no longer live out of the rankings, and gives up the crop that its owner has asked for.
pub(super) async fn unlist(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<()> {
    sqlx::query!(
        "with unranked as (delete from photo_ranks where photo_id = $1),
              uncropped as (delete from photo_crops where photo_id = $1)
         update photo_stats set virality = null where photo_id = $1",
        photo.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Why a photo can't be put back. Nothing was changed.
#[derive(Debug)]
pub enum NotBack {
    /// Its row is gone, with its owner's account.
    Gone,
    /// It is no longer as the act has left it: its owner has deleted it, or a moderator did something else to it.
    Changed,
    /// Its owner has another live photo of this title.
    SameTitle(String),
    /// Its files are gone from the store.
    NoFiles,
    /// The database fails.
    Database(sqlx::Error),
    /// The media store fails.
    Store(anyhow::Error),
}

impl From<sqlx::Error> for NotBack {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Announces that a photo's files are about to be served again: should the transaction that puts it back not commit,
/// they are moved away once more. Commits by itself.
pub async fn prepare(db: &Db, photo: PhotoId) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let pictures = files::list(&mut tx, photo).await?;
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, original: None }.enqueue_in(&mut tx, files::SETTLED_AFTER).await?;
    }
    tx.commit().await
}

/// Puts a photo back that was hidden or deleted, as it was, with its files. Call [`prepare`] before the transaction.
///
/// # Errors
/// Why it can't come back.
pub async fn put_back(
    db: &mut Tx,
    store: &MediaStore,
    photo: PhotoId,
    from: PhotoState,
    before: &Value,
) -> Result<(), NotBack> {
    let before = Before::deserialize(before).map_err(|_| NotBack::Changed)?;
    let owner = lock(db, photo, from).await?;
    let title =
        sqlx::query_scalar!("select title from photos where id = $1", photo.0).fetch_one(&mut **db).await?;
    if matches!(before.state, PhotoState::Live | PhotoState::Processing) {
        match edits::refuse_same_title(db, photo, owner, &title).await {
            Ok(()) => {}
            Err(NotChanged::Database(error)) => return Err(error.into()),
            Err(_) => return Err(NotBack::SameTitle(title)),
        }
    }
    for key in files::list(db, photo).await? {
        files::lock_name(db, &key).await?;
        let parsed: MediaKey = key.parse().map_err(|_| NotBack::NoFiles)?;
        let is_there = store.serve_picture(&parsed).await.map_err(|error| NotBack::Store(error.into()))?;
        if !is_there && before.state == PhotoState::Live {
            return Err(NotBack::NoFiles);
        }
    }
    restore(db, photo, &before).await?;
    Ok(())
}

/// Locks the owner and a photo, if the photo is in this state.
async fn lock(db: &mut Tx, photo: PhotoId, state: PhotoState) -> Result<UserId, NotBack> {
    let owner =
        sqlx::query_scalar!(r#"select owner_id as "owner: UserId" from photos where id = $1"#, photo.0);
    let owner = owner.fetch_optional(&mut **db).await?.ok_or(NotBack::Gone)?;
    sqlx::query!("select id from users where id = $1 for no key update", owner.0)
        .fetch_optional(&mut **db)
        .await?;
    files::lock_names(db, photo).await?;
    let found = sqlx::query!(
        r#"select owner_id as "owner: UserId", state as "state: PhotoState" from photos
           where id = $1 for no key update"#,
        photo.0,
    );
    let found = found.fetch_optional(&mut **db).await?.ok_or(NotBack::Gone)?;
    if found.state == state && found.owner == owner { Ok(owner) } else { Err(NotBack::Changed) }
}

async fn restore(db: &mut Tx, photo: PhotoId, before: &Before) -> sqlx::Result<()> {
    let restored = sqlx::query!(
        r#"update photos set state = $2, reason = $3, source_hash = decode($4, 'hex'), fingerprint = $5
           where id = $1 returning species as "species: Species", owner_id as "owner: UserId""#,
        photo.0,
        before.state as PhotoState,
        before.reason,
        before.source_hash,
        before.fingerprint,
    )
    .fetch_one(&mut **db)
    .await?;
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok());
    let virality = number(&before.virality);
    sqlx::query!("update photo_stats set virality = $2 where photo_id = $1", photo.0, virality)
        .execute(&mut **db)
        .await?;
    if let (Some(score), Some(rank)) = (number(&before.score), before.rank) {
        // The next ranking gives it the place that it has by now.
        sqlx::query!(
            "insert into photo_ranks (photo_id, score, rank) values ($1, $2, $3) on conflict (photo_id) do nothing",
            photo.0,
            score,
            rank,
        )
        .execute(&mut **db)
        .await?;
    }
    if let Some(crop) = &before.crop {
        sqlx::query!(
            "insert into photo_crops (photo_id, picture, crop_x, crop_y, crop_side, problem, revision)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (photo_id) do nothing",
            photo.0,
            crop.picture,
            crop.crop_x,
            crop.crop_y,
            crop.crop_side,
            crop.problem,
            crop.revision,
        )
        .execute(&mut **db)
        .await?;
    }
    let is_cropped = before.crop.as_ref().is_some_and(|crop| crop.problem.is_none());
    if is_cropped || before.state == PhotoState::Processing {
        ProcessPhoto { photo, owner: Some(restored.owner) }.enqueue(db).await?;
    }
    if before.state != PhotoState::Live {
        return Event::PhotoProgressed { photo }.record(db).await;
    }
    // Unlike one that goes live for the first time, it comes with ratings, a rank, virality and comments.
    let photos = vec![photo];
    let mut events = vec![
        Event::PhotoPublished { photo, species: restored.species },
        Event::PhotoRated { photo },
        // It has its rank at once, and the next ranking tells of nothing if that is still right.
        Event::RanksMoved { species: vec![restored.species], photos: photos.clone() },
        Event::ScoresMoved { photos: photos.clone() },
        Event::ViralityMoved { photos: photos.clone() },
        Event::CommentsChanged { photos },
    ];
    // Pages of talks that were rendered without it know nothing of it.
    let talks = sqlx::query!(
        r#"select talks.id as "talk: TalkId", call_id as "call: CallId", hub_id as "hub: HubId"
           from talks join calls on calls.id = call_id where photo_id = $1 order by talks.id"#,
        photo.0,
    )
    .fetch_all(&mut **db)
    .await?;
    events.extend(talks.iter().map(|row| Event::TalkChanged {
        talk: row.talk,
        call: row.call,
        hub: row.hub,
    }));
    Event::record_all(db, events).await
}

/// How the picture of a photo that may come back is recognised.
pub async fn find_likeness(
    db: &mut PgConnection,
    photo: PhotoId,
    before: &Value,
) -> sqlx::Result<Option<Likeness>> {
    let Ok(before) = Before::deserialize(before) else { return Ok(None) };
    if before.state != PhotoState::Live {
        return Ok(None);
    }
    let hash =
        sqlx::query_scalar!("select decode($1, 'hex')", before.source_hash).fetch_one(&mut *db).await?;
    let current = super::likeness::find_hash(db, photo).await?;
    Ok(Some(Likeness {
        hash: hash.and_then(|hash| hash.try_into().ok()).or(current),
        fingerprint: before.fingerprint.map(pawdium_media::Fingerprint::from_bits),
    }))
}

/// Finds a file of the picture of a photo that is hidden, for moderators, of half a page's width; `None` if there is
/// none.
pub async fn find_picture(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select key from photo_files join photos on photos.id = photo_id
         where photo_id = $1 and state = 'hidden' order by abs(edge - 540) limit 1",
        photo.0,
    )
    .fetch_optional(db)
    .await
}

/// Gives up what is kept of a photo that is hidden or deleted: its files, its original and its revisions, and of a
/// deleted one its description. Returns false if nothing was.
pub async fn forget(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    let withheld = sqlx::query!(
        "update photos set source_key = null, alt = case when state = 'deleted' then '' else alt end
         from (select id, source_key from photos where id = $1 for no key update) as before
         where photos.id = before.id and state in ('hidden', 'deleted')
         returning before.source_key as original",
        photo.0,
    );
    let Some(withheld) = withheld.fetch_optional(&mut *db).await? else { return Ok(false) };
    let pictures = pictures::forget(db, photo).await?;
    sqlx::query!("delete from photo_revisions where photo_id = $1", photo.0).execute(&mut **db).await?;
    if pictures.is_empty() && withheld.original.is_none() {
        return Ok(false);
    }
    RemoveFiles { photo, pictures, original: withheld.original }.enqueue(db).await?;
    Ok(true)
}

/// Lists deleted photos of a user that could still be put back.
pub async fn list_of(db: &mut PgConnection, owner: UserId) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos
           where owner_id = $1 and state = 'deleted'
             and (source_key is not null or exists (select from photo_files where photo_id = id)
                  or exists (select from photo_picture_files where photo_id = id))
           order by id"#,
        owner.0,
    )
    .fetch_all(db)
    .await
}

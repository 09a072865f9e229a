//! The pictures of a photo. Its row, its files and its ratings are those of the picture that it shows; the others are
//! kept with their files and their ratings, so that no rating of one ever counts for another.

use pawdium_media::{Crop, Fingerprint};
use sqlx::PgConnection;

use super::files;
use super::types::Picture;
use crate::db::Tx;
use crate::ids::PhotoId;

/// The first picture, which all crops are cut from.
pub(super) const FIRST: i16 = 1;

/// The picture from which crops are cut.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its key in the media store.
    pub key: String,
    /// Width and height in pixels.
    pub side: u32,
}

/// Finds the largest file of a photo's first picture; `None` if it has none.
pub async fn find_source(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Source>> {
    let row = sqlx::query!(
        r#"select key as "key!", width as "width!" from (
               select key, width, edge from photo_picture_files where photo_id = $1 and number = $2
               union all
               select key, width, edge from photo_files join photos on id = photo_id
               where photo_id = $1 and picture = $2
           ) as files
           order by edge desc limit 1"#,
        photo.0,
        FIRST,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Source { key: row.key, side: row.width.unsigned_abs() }))
}

/// The square of the first picture that a photo shows; `None` if it shows all of it.
pub async fn find_crop(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Crop>> {
    let row = sqlx::query!(
        "select photo_pictures.crop_x, photo_pictures.crop_y, photo_pictures.crop_side
         from photos join photo_pictures on photo_id = id and number = picture where id = $1",
        photo.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| crop_of(row.crop_x, row.crop_y, row.crop_side)))
}

pub(super) fn crop_of(x: Option<i32>, y: Option<i32>, side: Option<i32>) -> Option<Crop> {
    let (x, y, side) = (x?, y?, side?);
    Some(Crop { x: x.unsigned_abs(), y: y.unsigned_abs(), side: side.unsigned_abs() })
}

/// A crop as three columns.
pub(super) fn columns_of(crop: Option<Crop>) -> [Option<i32>; 3] {
    let number = |value: u32| i32::try_from(value).ok();
    [
        crop.and_then(|crop| number(crop.x)),
        crop.and_then(|crop| number(crop.y)),
        crop.and_then(|crop| number(crop.side)),
    ]
}

/// Keeps the picture that a photo shows, with its files, besides being shown. Does nothing if it is kept already.
pub(super) async fn keep(db: &mut PgConnection, photo: PhotoId, crop: Option<Crop>) -> sqlx::Result<()> {
    let [x, y, side] = columns_of(crop);
    sqlx::query!(
        "insert into photo_pictures (photo_id, number, crop_x, crop_y, crop_side, placeholder, fingerprint)
         select id, picture, $2, $3, $4, placeholder, fingerprint from photos where id = $1
         on conflict do nothing",
        photo.0,
        x,
        y,
        side,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into photo_picture_files (photo_id, number, edge, key, width, height, bytes)
         select photo_id, picture, edge, key, width, height, bytes from photo_files join photos on id = photo_id
         where photo_id = $1
         on conflict do nothing",
        photo.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a remix the picture of its parent: both name the same files. Returns false if the parent has none. Waits while
/// one of them is being deleted.
pub(super) async fn share(db: &mut PgConnection, parent: PhotoId, remix: PhotoId) -> sqlx::Result<bool> {
    let keys = sqlx::query_scalar!("select key from photo_files where photo_id = $1 order by key", parent.0)
        .fetch_all(&mut *db)
        .await?;
    for key in &keys {
        files::lock_name(db, key).await?;
    }
    // A separate statement: it sees what was committed during the wait for the locks.
    let shared = sqlx::query!(
        "insert into photo_files (photo_id, edge, key, width, height, bytes)
         select $2, edge, key, width, height, bytes from photo_files where photo_id = $1",
        parent.0,
        remix.0,
    )
    .execute(&mut *db)
    .await?;
    keep(db, remix, None).await?;
    Ok(shared.rows_affected() > 0)
}

/// A picture that a photo had, or that is shared with its parent.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its files, by nominal edge in pixels.
    pub files: Vec<(u16, Picture)>,
    /// The thumbhash in base64.
    pub placeholder: String,
    /// The perceptual fingerprint.
    pub fingerprint: Option<Fingerprint>,
}

/// Finds the first picture of a photo that is kept; `None` if none is.
pub async fn find_first(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Kept>> {
    let row = sqlx::query!(
        "select placeholder, fingerprint from photo_pictures where photo_id = $1 and number = $2",
        photo.0,
        FIRST,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let files = sqlx::query!(
        "select edge, key, width, height, bytes from photo_picture_files
         where photo_id = $1 and number = $2 order by edge desc",
        photo.0,
        FIRST,
    )
    .fetch_all(db)
    .await?;
    let file = |edge: i16, key, width: i32, height: i32, bytes: i32| {
        let picture = Picture {
            key,
            width: width.unsigned_abs(),
            height: height.unsigned_abs(),
            bytes: bytes.unsigned_abs(),
        };
        (edge.unsigned_abs(), picture)
    };
    Ok(Some(Kept {
        files: files
            .into_iter()
            .map(|row| file(row.edge, row.key, row.width, row.height, row.bytes))
            .collect(),
        placeholder: row.placeholder.unwrap_or_default(),
        fingerprint: row.fingerprint.map(Fingerprint::from_bits),
    }))
}

/// Locks a live photo so that nobody rates it until the transaction ends, and before it its owner and its raters:
/// users' rows come before photos' rows, in the order of their ids. Returns false if it is not live.
pub(super) async fn lock_for_change(db: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    let owner = sqlx::query_scalar!("select owner_id from photos where id = $1", photo.0)
        .fetch_optional(&mut *db)
        .await?;
    let Some(owner) = owner else { return Ok(false) };
    lock_raters(db, photo, 0, owner).await?;
    sqlx::query!("select id from users where id = $1 for no key update", owner)
        .fetch_optional(&mut *db)
        .await?;
    lock_raters(db, photo, owner, i64::MAX).await?;
    files::lock_names(db, photo).await?;
    let state = sqlx::query_scalar!("select state from photos where id = $1 for update", photo.0)
        .fetch_optional(&mut *db)
        .await?;
    Ok(state.as_deref() == Some("live"))
}

/// Locks those raters of a photo whose ids are between these two.
async fn lock_raters(db: &mut PgConnection, photo: PhotoId, above: i64, below: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from users
         where id in (select rater_id from ratings where photo_id = $1
                      union select rater_id from earlier_ratings where photo_id = $1)
           and id > $2 and id < $3
         order by id for key share",
        photo.0,
        above,
        below,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Shows another of a live photo's kept pictures, and its ratings. Those of the picture before are kept apart. The
/// photo is locked with [`lock_for_change`], and its picture is kept. The caller counts the revision.
pub(super) async fn show(db: &mut Tx, photo: PhotoId, number: i16) -> sqlx::Result<()> {
    sqlx::query!("delete from photo_files where photo_id = $1", photo.0).execute(&mut *db).await?;
    sqlx::query!(
        "insert into photo_files (photo_id, edge, key, width, height, bytes)
         select photo_id, edge, key, width, height, bytes from photo_picture_files
         where photo_id = $1 and number = $2",
        photo.0,
        number,
    )
    .execute(&mut *db)
    .await?;
    exchange_ratings(db, photo, number).await?;
    // A new slot: raters who have seen the photo come to it again.
    sqlx::query!(
        "update photos
         set picture = $2, picture_since = revision_number, placeholder = kept.placeholder, fingerprint = kept.fingerprint,
             slot = nextval('photo_slots')
         from photo_pictures as kept
         where photos.id = $1 and kept.photo_id = $1 and kept.number = $2",
        photo.0,
        number,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts the ratings of the picture that is shown aside, and takes those of another instead.
async fn exchange_ratings(db: &mut PgConnection, photo: PhotoId, number: i16) -> sqlx::Result<()> {
    sqlx::query!(
        "with aside as (
             delete from ratings where photo_id = $1 returning rater_id, value, lane, ballot_at, rated_at
         )
         insert into earlier_ratings (photo_id, picture, rater_id, value, lane, ballot_at, rated_at)
         select id, picture, rater_id, value, lane, ballot_at, rated_at from aside, photos where id = $1
         order by rater_id",
        photo.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "with back as (
             delete from earlier_ratings where photo_id = $1 and picture = $2
             returning rater_id, value, lane, ballot_at, rated_at
         )
         insert into ratings (photo_id, rater_id, value, lane, ballot_at, rated_at)
         select $1, rater_id, value, lane, ballot_at, rated_at from back order by rater_id",
        photo.0,
        number,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update photo_stats
         set histogram = (select array_agg((select count(*)::integer from ratings where photo_id = $1 and value = bar)
                                           order by bar)
                          from generate_series(1, 10) as bar)
         where photo_id = $1",
        photo.0,
    )
    .execute(&mut *db)
    .await?;
    // The next ranking ranks it by the ratings of its picture.
    sqlx::query!(
        "with unweighed as (delete from photo_weights where photo_id = $1)
         delete from photo_ranks where photo_id = $1",
        photo.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes all that is known of a photo's pictures, shown or kept. Returns their files.
pub(super) async fn forget(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    let mut keys = files::forget(db, photo).await?;
    let kept = sqlx::query_scalar!(
        "with crops as (delete from photo_crops where photo_id = $1),
              pictures as (delete from photo_pictures where photo_id = $1)
         delete from photo_picture_files where photo_id = $1 returning key",
        photo.0,
    )
    .fetch_all(db)
    .await?;
    keys.extend(kept);
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// Deletes kept pictures that no revision shows and that no crop needs. Returns their files.
pub(super) async fn forget_unneeded(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "with unneeded as (
             delete from photo_pictures
             where photo_id = $1 and number <> $2
               and number <> (select picture from photos where id = $1)
               and number not in (select picture from photo_revisions where photo_id = $1)
               and number not in (select picture from photo_crops where photo_id = $1)
             returning number
         )
         delete from photo_picture_files where photo_id = $1 and number in (select number from unneeded)
         returning key",
        photo.0,
        FIRST,
    )
    .fetch_all(db)
    .await
}

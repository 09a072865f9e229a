//! New crops of live photos. The photo shows its picture until a job has made the new one, which is then a revision.

use chrono::{DateTime, Utc};
use pawdium_media::{Crop, Fingerprint};
use pawdium_queue::{Enqueue as _, Job as _};
use sqlx::PgConnection;

use super::types::{Picture, Species};
use super::{files, pictures, revisions, transitions};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::jobs::media::{ProcessPhoto, RemoveFiles};

/// A crop that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The number that the picture will have.
    pub picture: i16,
    /// The square of the first picture.
    pub crop: Crop,
    /// When it was asked for, which tells it from a later one.
    pub asked_at: DateTime<Utc>,
    /// The revision that it was asked for together with; `None` if it is one by itself.
    pub revision: Option<i32>,
}

/// What became of a crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The photo shows it.
    Shown,
    /// The owner has asked for another meanwhile, which has a job now.
    Outdated,
    /// The photo is no longer live, or an earlier revision was restored meanwhile.
    Gone,
}

/// Asks for a crop, and replaces an earlier one that isn't made yet. The photo is live and locked. `of_revision`: it
/// belongs to the revision that the photo has now, and is none by itself.
pub(super) async fn ask(
    db: &mut Tx,
    photo: PhotoId,
    owner: UserId,
    crop: Crop,
    of_revision: bool,
) -> sqlx::Result<()> {
    pictures::keep(db, photo, None).await?;
    let [x, y, side] = pictures::columns_of(Some(crop));
    sqlx::query!(
        "insert into photo_crops (photo_id, picture, crop_x, crop_y, crop_side, revision)
         select $1, coalesce(max(number), 1) + 1, $2, $3, $4,
                case when $5 then (select revision_number from photos where id = $1) end
         from photo_pictures where photo_id = $1
         on conflict (photo_id) do update
         set picture = greatest(photo_crops.picture, excluded.picture), crop_x = excluded.crop_x,
             crop_y = excluded.crop_y, crop_side = excluded.crop_side, revision = excluded.revision,
             asked_at = clock_timestamp(), problem = null",
        photo.0,
        x,
        y,
        side,
        of_revision,
    )
    .execute(&mut **db)
    .await?;
    ProcessPhoto { photo, owner: Some(owner) }.enqueue(db).await?;
    Ok(())
}

/// Finds the crop that a live photo is to have.
pub async fn find(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Pending>> {
    let row = sqlx::query!(
        "select photo_crops.picture, photo_crops.crop_x, photo_crops.crop_y, photo_crops.crop_side, asked_at, revision
         from photo_crops join photos on id = photo_id
         where photo_id = $1 and problem is null and state = 'live'",
        photo.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| {
        let crop = pictures::crop_of(Some(row.crop_x), Some(row.crop_y), Some(row.crop_side))?;
        Some(Pending { picture: row.picture, crop, asked_at: row.asked_at, revision: row.revision })
    }))
}

/// The square that a live photo shows, or will show when its crop is made; `None` if it is the whole first picture.
pub async fn find_wanted(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Crop>> {
    match find(db, photo).await? {
        Some(pending) => Ok(Some(pending.crop)),
        None => pictures::find_crop(db, photo).await,
    }
}

/// Why the last crop could not be made.
pub async fn find_problem(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<String>> {
    let problem = sqlx::query_scalar!("select problem from photo_crops where photo_id = $1", photo.0);
    Ok(problem.fetch_optional(db).await?.flatten())
}

/// Claims the files of a crop before they are stored. Returns false if it isn't wanted any more.
pub async fn name(
    db: &mut Tx,
    photo: PhotoId,
    pending: &Pending,
    files: &[(u16, Picture)],
    placeholder: &str,
    fingerprint: Option<Fingerprint>,
) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    if find(db, photo).await?.as_ref() != Some(pending) {
        return Ok(false);
    }
    let [x, y, side] = pictures::columns_of(Some(pending.crop));
    sqlx::query!(
        "insert into photo_pictures (photo_id, number, crop_x, crop_y, crop_side, placeholder, fingerprint)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (photo_id, number) do update
         set crop_x = excluded.crop_x, crop_y = excluded.crop_y, crop_side = excluded.crop_side,
             placeholder = excluded.placeholder, fingerprint = excluded.fingerprint",
        photo.0,
        pending.picture,
        x,
        y,
        side,
        placeholder,
        fingerprint.map(Fingerprint::to_bits),
    )
    .execute(&mut **db)
    .await?;
    files::name_kept(db, photo, pending.picture, files).await?;
    Ok(true)
}

/// Shows a crop whose files are stored, as a revision of its own unless it was asked for with the present one. The
/// caller completes the job, and enqueues the next if the crop is [outdated](Finished::Outdated).
pub async fn finish(db: &mut Tx, photo: PhotoId, pending: &Pending) -> sqlx::Result<Finished> {
    if !pictures::lock_for_change(db, photo).await? {
        return Ok(Finished::Gone);
    }
    match find(db, photo).await? {
        None => return Ok(Finished::Gone),
        Some(wanted) if wanted != *pending => return Ok(Finished::Outdated),
        Some(_) => {}
    }
    sqlx::query!("delete from photo_crops where photo_id = $1", photo.0).execute(&mut **db).await?;
    let now = sqlx::query!(
        r#"select revision_number, species as "species: Species" from photos where id = $1"#,
        photo.0,
    );
    let now = now.fetch_one(&mut **db).await?;
    if pending.revision != Some(now.revision_number) {
        revisions::keep_current(db, photo).await?;
        sqlx::query!(
            "update photos set revision_number = revision_number + 1, revised_at = now() where id = $1",
            photo.0,
        )
        .execute(&mut **db)
        .await?;
    }
    pictures::keep(db, photo, None).await?;
    pictures::show(db, photo, pending.picture).await?;
    revisions::drop_unneeded(db, photo).await?;
    Event::changed(photo, now.species, now.species).record(db).await?;
    Event::PhotoRated { photo }.record(db).await?;
    Ok(Finished::Shown)
}

/// Gives up a crop, with a reason for the owner. The photo keeps its picture. Returns false if there is none to give
/// up.
pub async fn refuse(db: &mut Tx, photo: PhotoId, reason: &str) -> sqlx::Result<bool> {
    files::lock_names(db, photo).await?;
    let refused = sqlx::query_scalar!(
        "update photo_crops set problem = $2 where photo_id = $1 and problem is null returning picture",
        photo.0,
        reason,
    )
    .fetch_optional(&mut **db)
    .await?;
    let Some(picture) = refused else { return Ok(false) };
    let pictures = sqlx::query_scalar!(
        "with claimed as (delete from photo_pictures where photo_id = $1 and number = $2)
         delete from photo_picture_files where photo_id = $1 and number = $2 returning key",
        photo.0,
        picture,
    )
    .fetch_all(&mut **db)
    .await?;
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, original: None }.enqueue(db).await?;
    }
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(true)
}

/// Lists photos whose crop has no job.
pub async fn list_abandoned(db: &mut PgConnection) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from photo_crops
           where problem is null and asked_at < now() - interval '1 minute'
             and photo_id::text not in (select payload->>'photo' from jobs
                                        where kind = $1 and payload->>'photo' is not null)
           order by photo_id"#,
        ProcessPhoto::KIND,
    )
    .fetch_all(db)
    .await
}

/// Gives up a crop that has no job. Returns false if it has one.
pub async fn abandon(db: &mut Tx, photo: PhotoId, reason: &str) -> sqlx::Result<bool> {
    if transitions::is_worked_on(db, photo).await? {
        return Ok(false);
    }
    refuse(db, photo, reason).await
}

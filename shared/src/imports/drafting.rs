//! Making drafts of pictures that were taken out of an archive.

use pawdium_queue::Enqueue as _;
use serde_json::Value;
use sqlx::PgConnection;

use super::About;
use super::types::ImportState;
use super::unpacking::{end_if_settled, lock};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{ImportId, PhotoId, UserId};
use crate::jobs::media::DiscardFiles;
use crate::photos::queries::{count_kept, lock_kept};
use crate::photos::transitions::{StoredOriginal, keep_draft};
use crate::photos::{Draft, Quota, Species, likeness};
use crate::store::MediaKey;

/// What an owner does about a quota.
const ADVICE: &str = "Publish some, or delete them, and try again.";

/// A picture that is to become a draft.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Whose it is.
    pub owner: UserId,
    /// Its path in the archive.
    pub name: String,
    /// What the archive says of it.
    pub about: About,
    /// What animal it shows if nothing says it.
    pub species: Species,
    /// Its key in the store.
    pub key: String,
    /// Its BLAKE3.
    pub print: [u8; 32],
}

/// Finds a picture that is to become a draft; `None` if it has an outcome, or its import was stopped.
pub async fn find(db: &mut PgConnection, import: ImportId, number: i32) -> sqlx::Result<Option<Taken>> {
    let row = sqlx::query!(
        r#"select owner_id as "owner: UserId", import_files.name, about as "about: Value",
                  species as "species: Species", import_files.source_key as "key!", import_files.print as "print!"
           from import_files join imports on imports.id = import_id
           where import_id = $1 and number = $2 and import_files.state = 'stored'
             and imports.state in ('unpacking', 'importing')
             and import_files.source_key is not null and import_files.print is not null"#,
        import.0,
        number,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| {
        Some(Taken {
            owner: row.owner,
            name: row.name,
            // What another version wrote differently is as if it weren't known.
            about: serde_json::from_value(row.about).unwrap_or_default(),
            species: row.species,
            key: row.key,
            print: row.print.try_into().ok()?,
        })
    }))
}

/// What becomes of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This draft.
    Imported(PhotoId),
    /// Its owner has this photo of the same file.
    Duplicate(PhotoId),
    /// It can't be used.
    Refused {
        /// Why.
        reason: String,
        /// Whether its owner may try it again.
        may_retry: bool,
    },
    /// It couldn't be processed, through our fault.
    Failed(String),
}

/// Finds the owner's photo that was made of this file, or one of whose pictures it is.
pub async fn find_duplicate(
    db: &mut PgConnection,
    owner: UserId,
    print: &[u8; 32],
) -> sqlx::Result<Option<PhotoId>> {
    let key = MediaKey::of_print(print);
    sqlx::query_scalar!(
        r#"select id as "id!: PhotoId" from (
               select id from photos
               where owner_id = $1 and source_hash = $2 and state in ('draft', 'processing', 'live', 'failed')
               union all
               select id from photo_files join photos on photos.id = photo_id
               where key = $3 and owner_id = $1 and state in ('draft', 'processing', 'live')
           ) as same order by id limit 1"#,
        owner.0,
        print.as_slice(),
        key.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// Makes the draft of a picture, unless its owner has a photo of the same file or no room for it. Returns `None` if the
/// picture has an outcome, or its import was stopped. The picture is the draft's then, or is to be deleted.
pub async fn make_draft(
    db: &mut Tx,
    (import, number): (ImportId, i32),
    draft: &Draft,
    bytes: u64,
    quota: Quota,
) -> sqlx::Result<Option<Outcome>> {
    let Some(taken) = find(db, import, number).await? else { return Ok(None) };
    // Before the import: a deletion of the account locks in this order. Uploads of the same owner wait as well.
    lock_kept(db, taken.owner).await?;
    if !lock_file(db, import, number).await? {
        return Ok(None);
    }
    let outcome = if let Some(photo) = find_duplicate(db, taken.owner, &taken.print).await? {
        Outcome::Duplicate(photo)
    } else if let Some(what) = quota.refuse_photo(count_kept(db, taken.owner).await?, bytes) {
        Outcome::Refused { reason: format!("{what} {ADVICE}"), may_retry: true }
    } else {
        let original = StoredOriginal { key: &taken.key, bytes };
        let photo = keep_draft(db, taken.owner, draft, Some(original)).await?;
        likeness::record_hash(db, photo, &taken.print).await?;
        Outcome::Imported(photo)
    };
    write(db, import, number, &outcome).await?;
    Ok(Some(outcome))
}

/// The reason of a refusal because of the quota, for a file that is still in the archive.
#[must_use]
pub fn no_room(what: &str) -> String {
    format!("{what} {ADVICE}")
}

/// Gives a stored picture its outcome without a draft. Returns false if it has one, or its import was stopped.
pub async fn settle(db: &mut Tx, import: ImportId, number: i32, outcome: &Outcome) -> sqlx::Result<bool> {
    if !lock_file(db, import, number).await? {
        return Ok(false);
    }
    write(db, import, number, outcome).await?;
    Ok(true)
}

/// Locks the import, and then the file. Returns false if the file has an outcome, or the import was stopped.
async fn lock_file(db: &mut Tx, import: ImportId, number: i32) -> sqlx::Result<bool> {
    let locked = lock(db, import).await?;
    if !locked.is_some_and(|(_, state)| matches!(state, ImportState::Unpacking | ImportState::Importing)) {
        return Ok(false);
    }
    let file = sqlx::query!(
        "select number from import_files where import_id = $1 and number = $2 and state = 'stored' for update",
        import.0,
        number,
    );
    Ok(file.fetch_optional(&mut **db).await?.is_some())
}

async fn write(db: &mut Tx, import: ImportId, number: i32, outcome: &Outcome) -> sqlx::Result<()> {
    let (state, reason, may_retry, photo) = match outcome {
        Outcome::Imported(photo) => ("imported", None, false, Some(photo.0)),
        Outcome::Duplicate(photo) => ("duplicate", None, false, Some(photo.0)),
        Outcome::Refused { reason, may_retry } => ("refused", Some(reason.as_str()), *may_retry, None),
        Outcome::Failed(reason) => ("failed", Some(reason.as_str()), true, None),
    };
    let key = sqlx::query_scalar!(
        r#"update import_files as file
           set state = $3, reason = $4, may_retry = $5, photo_id = $6, source_key = null
           from (select source_key from import_files where import_id = $1 and number = $2) as before
           where import_id = $1 and number = $2
           returning before.source_key"#,
        import.0,
        number,
        state,
        reason,
        may_retry,
        photo,
    )
    .fetch_one(&mut **db)
    .await?;
    if let (Some(key), false) = (key, matches!(outcome, Outcome::Imported(_))) {
        DiscardFiles { originals: vec![key], pictures: Vec::new() }.enqueue(db).await?;
    }
    end_if_settled(db, import).await?;
    Event::ImportChanged { import }.record(db).await
}

/// Notes why a picture couldn't be processed so far. Its job tries again.
pub async fn note_delay(db: &mut Tx, import: ImportId, number: i32, reason: &str) -> sqlx::Result<()> {
    let noted = sqlx::query!(
        "update import_files set reason = $3
         where import_id = $1 and number = $2 and state = 'stored' and reason is distinct from $3",
        import.0,
        number,
        reason,
    )
    .execute(&mut **db)
    .await?;
    if noted.rows_affected() > 0 {
        Event::ImportChanged { import }.record(db).await?;
    }
    Ok(())
}

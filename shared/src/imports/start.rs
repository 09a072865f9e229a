//! Starting an import.

use pawdium_queue::Enqueue as _;

use crate::db::Tx;
use crate::events::Event;
use crate::ids::{ImportId, UserId};
use crate::jobs::imports::UnpackImport;
use crate::jobs::media::DiscardFiles;
use crate::photos::Species;
use crate::photos::queries::lock_kept;
use crate::photos::submissions::SubmissionKey;

/// An archive that was received.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its name, as its owner has it.
    pub name: &'a str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its BLAKE3.
    pub print: &'a [u8; 32],
    /// Its key in the store.
    pub source_key: &'a str,
    /// What animal is on pictures that don't say it.
    pub species: Species,
    /// The client's key for sending it again.
    pub key: Option<&'a SubmissionKey>,
}

/// What became of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A new import.
    New(ImportId),
    /// The import that was started with this key and this archive before.
    Again(ImportId),
    /// The key was used for another archive.
    KeyReused,
    /// Another import of the member is under way.
    UnderWay(ImportId),
    /// The member's account is gone.
    Gone,
}

/// Starts an import, and enqueues the job that unpacks it. The archives of earlier imports are given up, so that a
/// member keeps one at most.
pub async fn start(db: &mut Tx, owner: UserId, received: Received<'_>) -> sqlx::Result<Started> {
    lock_kept(db, owner).await?;
    if let Some(earlier) = find_earlier(db, owner, received).await? {
        return Ok(earlier);
    }
    if let Some(under_way) = find_under_way(db, owner).await? {
        return Ok(Started::UnderWay(under_way));
    }
    let originals = sqlx::query_scalar!(
        r#"update imports as later set source_key = null
           from (select id, source_key from imports
                 where owner_id = $1 and source_key is not null order by id for no key update) as before
           where later.id = before.id
           returning before.source_key as "key!""#,
        owner.0,
    )
    .fetch_all(&mut **db)
    .await?;
    if !originals.is_empty() {
        DiscardFiles { originals, pictures: Vec::new() }.enqueue(db).await?;
    }
    let import = sqlx::query_scalar!(
        r#"insert into imports (owner_id, name, bytes, print, source_key, key, species)
           select id, $2, $3, $4, $5, $6, $7 from users where id = $1 and name is not null
           returning id as "id: ImportId""#,
        owner.0,
        received.name,
        i64::try_from(received.bytes).unwrap_or(i64::MAX),
        received.print.as_slice(),
        received.source_key,
        received.key.map(SubmissionKey::as_str),
        received.species.name(),
    )
    .fetch_optional(&mut **db)
    .await?;
    let Some(import) = import else { return Ok(Started::Gone) };
    UnpackImport { import, owner }.enqueue(db).await?;
    Event::ImportChanged { import }.record(db).await?;
    Ok(Started::New(import))
}

async fn find_earlier(db: &mut Tx, owner: UserId, received: Received<'_>) -> sqlx::Result<Option<Started>> {
    let Some(key) = received.key else { return Ok(None) };
    let earlier = sqlx::query!(
        r#"select id as "id: ImportId", print = $3 and species = $4 as "same!" from imports
           where owner_id = $1 and key = $2"#,
        owner.0,
        key.as_str(),
        received.print.as_slice(),
        received.species.name(),
    )
    .fetch_optional(&mut **db)
    .await?;
    Ok(earlier.map(|earlier| if earlier.same { Started::Again(earlier.id) } else { Started::KeyReused }))
}

/// Finds the import of a member that is under way.
pub async fn find_under_way(db: &mut sqlx::PgConnection, owner: UserId) -> sqlx::Result<Option<ImportId>> {
    sqlx::query_scalar!(
        r#"select id as "id: ImportId" from imports
           where owner_id = $1 and state in ('unpacking', 'importing', 'undoing')"#,
        owner.0,
    )
    .fetch_optional(db)
    .await
}

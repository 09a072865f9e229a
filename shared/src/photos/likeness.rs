//! Recognises photos of the same picture, by the original's hash and by a perceptual fingerprint.

use pawdium_media::Fingerprint;
use sqlx::PgConnection;

use crate::ids::PhotoId;

/// How a picture is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// BLAKE3 of the original.
    pub hash: Option<[u8; 32]>,
    /// The perceptual fingerprint; `None` until the picture is decoded.
    pub fingerprint: Option<Fingerprint>,
}

/// Stores the hash of a photo's original.
pub async fn record_hash(db: &mut PgConnection, photo: PhotoId, hash: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query!("update photos set source_hash = $2 where id = $1", photo.0, hash.as_slice())
        .execute(db)
        .await?;
    Ok(())
}

/// Finds the hash of a photo's original.
pub async fn find_hash(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<[u8; 32]>> {
    let hash =
        sqlx::query_scalar!("select source_hash from photos where id = $1", photo.0).fetch_optional(db);
    Ok(hash.await?.flatten().and_then(|hash| hash.try_into().ok()))
}

/// How a photo's picture is recognised.
pub async fn of(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Likeness> {
    let row = sqlx::query!("select source_hash, fingerprint from photos where id = $1", photo.0);
    let row = row.fetch_optional(db).await?;
    Ok(row.map_or_else(Likeness::default, |row| Likeness {
        hash: row.source_hash.and_then(|hash| hash.try_into().ok()),
        fingerprint: row.fingerprint.map(Fingerprint::from_bits),
    }))
}

/// Finds the owner's oldest existing photo that is older than this one and shows the same picture. Reads only that
/// owner's photos.
pub async fn find_earlier(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<PhotoId>> {
    sqlx::query_scalar!(
        r#"select earlier.id as "id: PhotoId"
           from photos
           join photos as earlier on earlier.owner_id = photos.owner_id and earlier.id < photos.id
           where photos.id = $1 and earlier.state in ('draft', 'processing', 'live')
             and earlier.id is distinct from photos.parent_id
             and (earlier.source_hash = photos.source_hash
                  or fingerprint_distance(earlier.fingerprint, photos.fingerprint) <= $2)
           order by earlier.id
           limit 1"#,
        photo.0,
        i64::from(Fingerprint::SAME),
    )
    .fetch_optional(db)
    .await
}

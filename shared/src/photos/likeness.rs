//! Photos that show the same picture, told by what is uploaded and by what it looks like.

use sqlx::PgConnection;

use crate::ids::PhotoId;
use pawdium_media::Fingerprint;

/// What a picture is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// BLAKE3 of the uploaded bytes.
    pub source: Option<[u8; 32]>,
    /// What it looks like, once it was decoded.
    pub fingerprint: Option<Fingerprint>,
}

/// Notes the hash of a photo's upload.
pub async fn note_source(db: &mut PgConnection, photo: PhotoId, hash: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query!("update photos set source_hash = $2 where id = $1", photo.0, hash.as_slice())
        .execute(db)
        .await?;
    Ok(())
}

/// The hash of a photo's upload.
pub async fn source_of(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<[u8; 32]>> {
    let hash =
        sqlx::query_scalar!("select source_hash from photos where id = $1", photo.0).fetch_optional(db);
    Ok(hash.await?.flatten().and_then(|hash| hash.try_into().ok()))
}

/// The first photo of the same owner, before this one and still there, that shows the same picture. Reads that owner's
/// photos alone.
pub async fn find_earlier(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<PhotoId>> {
    sqlx::query_scalar!(
        r#"select earlier.id as "id: PhotoId"
           from photos
           join photos as earlier on earlier.owner_id = photos.owner_id and earlier.id < photos.id
           where photos.id = $1 and earlier.state in ('draft', 'processing', 'live')
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

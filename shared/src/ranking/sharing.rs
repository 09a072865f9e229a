//! Shared links, and the moments that make a photo viral.

use data_encoding::BASE64URL_NOPAD;
use sqlx::PgConnection;

use super::virality::Moment;
use crate::ids::{PhotoId, UserId};

/// Makes a link to a live photo; the same sharer gets the same one. `None`: the photo isn't live.
///
/// # Errors
/// A violation of `shares_sharer_id_fkey` when the sharer is gone.
pub async fn share(
    db: &mut PgConnection,
    photo: PhotoId,
    sharer: Option<UserId>,
) -> sqlx::Result<Option<String>> {
    if let Some(sharer) = sharer {
        // Before the photo, whose owner may be going, as may the sharer.
        sqlx::query!("select id from users where id = $1 for key share", sharer.0)
            .fetch_optional(&mut *db)
            .await?;
        let known = sqlx::query_scalar!(
            "select code from shares join photos on photos.id = photo_id
             where photo_id = $1 and sharer_id = $2 and state = 'live'",
            photo.0,
            sharer.0,
        )
        .fetch_optional(&mut *db)
        .await?;
        if known.is_some() {
            return Ok(known);
        }
    }
    let code = BASE64URL_NOPAD.encode(&rand::random::<[u8; 9]>());
    // Where the same sharer makes one at the same time, theirs is the one.
    sqlx::query_scalar!(
        "insert into shares (code, photo_id, sharer_id)
         select $1, id, $3 from photos where id = $2 and state = 'live'
         on conflict (sharer_id, photo_id) where sharer_id is not null
         do update set sharer_id = excluded.sharer_id
         returning code",
        code,
        photo.0,
        sharer.map(|sharer| sharer.0),
    )
    .fetch_optional(db)
    .await
}

/// The live photo behind a link.
pub async fn find_shared(db: &mut PgConnection, code: &str) -> sqlx::Result<Option<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from shares join photos on photos.id = photo_id
           where code = $1 and state = 'live'"#,
        code,
    )
    .fetch_optional(db)
    .await
}

/// Records a moment. The same visitor, known by a digest that changes every day, counts once a day and kind.
pub async fn record(
    db: &mut PgConnection,
    photo: PhotoId,
    moment: Moment,
    visitor: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into virality_events (photo_id, kind, visitor) values ($1, $2, $3) on conflict do nothing",
        photo.0,
        moment as Moment,
        visitor,
    )
    .execute(db)
    .await?;
    Ok(())
}

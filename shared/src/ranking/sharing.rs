//! Shared links, and the moments that make a photo viral.

use data_encoding::BASE64URL_NOPAD;
use sqlx::PgConnection;

use super::virality::Moment;
use crate::ids::{PhotoId, UserId};

/// Creates a user's link to a live photo, or returns the user's existing one. `None` if the photo isn't live.
///
/// # Errors
/// A violation of `shares_sharer_id_fkey` when the user is gone.
pub async fn share(db: &mut PgConnection, photo: PhotoId, sharer: UserId) -> sqlx::Result<Option<String>> {
    // Lock the users before the photo: its owner or the sharer may be about to be deleted.
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
    // If the same sharer creates a link concurrently, return that one.
    sqlx::query_scalar!(
        "insert into shares (code, photo_id, sharer_id)
         select $1, id, $3 from photos where id = $2 and state = 'live'
         on conflict (sharer_id, photo_id) where sharer_id is not null
         do update set sharer_id = excluded.sharer_id
         returning code",
        code_of(&rand::random()),
        photo.0,
        sharer.0,
    )
    .fetch_optional(db)
    .await
}

/// Creates a link to a live photo for a visitor without a user row. Only the holder of the secret behind `digest` can
/// tell whose link it is. The same visitor and photo give the same digest, and so the same link. `None` if the photo
/// isn't live.
pub async fn share_as_nobody(
    db: &mut PgConnection,
    photo: PhotoId,
    digest: &[u8; 16],
) -> sqlx::Result<Option<String>> {
    let mut code = [0; CODE];
    code.copy_from_slice(&digest[..CODE]);
    // Update the existing row so that the statement returns it.
    sqlx::query_scalar!(
        "insert into shares (code, photo_id)
         select $1, id from photos where id = $2 and state = 'live'
         on conflict (code) do update set code = excluded.code
         returning code",
        code_of(&code),
        photo.0,
    )
    .fetch_optional(db)
    .await
}

/// Length of a link's code, in bytes.
const CODE: usize = 9;

fn code_of(bytes: &[u8; CODE]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Finds the live photo behind a link.
pub async fn find_shared(db: &mut PgConnection, code: &str) -> sqlx::Result<Option<PhotoId>> {
    sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from shares join photos on photos.id = photo_id
           where code = $1 and state = 'live'"#,
        code,
    )
    .fetch_optional(db)
    .await
}

/// Records a moment. A visitor counts once per day and kind. `visitor` is a digest that changes daily.
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

//! Who may comment on a photo.

use sqlx::PgConnection;

use super::Refusal;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::photos::Commenters;

/// Who may comment on a photo. Nobody on one that doesn't exist.
pub async fn commenters_of(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Commenters> {
    let found = sqlx::query_scalar!(
        r#"select comments as "comments: Commenters" from photos where id = $1"#,
        photo.0
    );
    Ok(found.fetch_optional(db).await?.unwrap_or(Commenters::Nobody))
}

/// Sets who may comment on a photo, for its owner.
///
/// # Errors
/// [`Refusal::Gone`] if it isn't this member's photo.
pub async fn set_commenters(
    db: &mut Tx,
    photo: PhotoId,
    owner: UserId,
    commenters: Commenters,
) -> Result<(), Refusal> {
    let set = sqlx::query!(
        "update photos set comments = $3, version = version + 1 where id = $1 and owner_id = $2 and state <> 'deleted'",
        photo.0,
        owner.0,
        commenters.name(),
    );
    if set.execute(&mut *db).await?.rows_affected() == 0 {
        return Err(Refusal::Gone);
    }
    Ok(Event::CommentsChanged { photos: vec![photo] }.record(db).await?)
}

//! Who may comment on a photo.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::Refusal;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};

/// Who may comment on a photo.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Commenters {
    /// Every registered member.
    #[default]
    Registered,
    /// Nobody. The comments that are there stay.
    Nobody,
}

impl Commenters {
    /// The name in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

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
        "update photos set comments = $3 where id = $1 and owner_id = $2 and state <> 'deleted'",
        photo.0,
        owner.0,
        commenters.name(),
    );
    if set.execute(&mut *db).await?.rows_affected() == 0 {
        return Err(Refusal::Gone);
    }
    Ok(Event::CommentsChanged { photos: vec![photo] }.record(db).await?)
}

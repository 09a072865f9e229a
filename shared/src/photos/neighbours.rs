//! The photos before and after one in the list of its owner.

use sqlx::PgConnection;

use crate::ids::PhotoId;

/// The live photos around one, in a list with the newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The next newer photo.
    pub previous: Option<PhotoId>,
    /// The next older photo.
    pub next: Option<PhotoId>,
}

/// Finds the neighbours of a live photo among the photos of a member; `None` if it isn't one of them.
pub async fn find_by_owner(
    db: &mut PgConnection,
    owner: &str,
    photo: PhotoId,
) -> sqlx::Result<Option<Neighbours>> {
    // Each neighbour is one step in the index photos_owner.
    sqlx::query_as!(
        Neighbours,
        r#"select (select id from photos as newer
                   where newer.owner_id = users.id and newer.state = 'live' and newer.id > this.id
                   order by id limit 1) as "previous: PhotoId",
                  (select id from photos as older
                   where older.owner_id = users.id and older.state = 'live' and older.id < this.id
                   order by id desc limit 1) as "next: PhotoId"
           from users join photos as this on this.owner_id = users.id
           where lower(users.name) = lower($1) and this.id = $2 and this.state = 'live'"#,
        owner,
        photo.0,
    )
    .fetch_optional(db)
    .await
}

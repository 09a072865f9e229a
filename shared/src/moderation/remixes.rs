//! Remixes of photos that moderators take away. Who takes a photo away has judged that one alone, and its remixes show
//! the same picture or a part of it. So each live one gets a case, and is shown until it is judged.
//!
//! [`ReviewRemixes`](crate::jobs::moderation::ReviewRemixes) looks for them after moderators have taken a photo away,
//! and after a remix has gone live. Of two such transactions at the same time, the job of the later one sees both.

use sqlx::PgConnection;

use super::cases::{self, Thing};
use super::review::weight::ORDINARY;
use crate::db::Tx;
use crate::ids::{PhotoId, UserId};

/// Opens a case for each photo that was made from this one, at any depth, if moderators have taken this one away; and
/// for this one, if they have taken away one that it was made from. Returns how many there are. Only photos count that
/// are live, or that come back without being judged, as after a sanction of their owner.
pub async fn open_cases(db: &mut Tx, photo: PhotoId) -> sqlx::Result<usize> {
    let suspects = list_suspects(db, photo).await?;
    // Users' rows come before cases.
    let owners: Vec<_> = suspects.iter().map(|(_, owner)| owner.0).collect();
    sqlx::query!("select id from users where id = any($1) order by id for key share", &owners)
        .fetch_all(&mut **db)
        .await?;
    for (photo, owner) in &suspects {
        cases::open(db, Thing::Photo(*photo), Some(*owner), ORDINARY).await?;
    }
    Ok(suspects.len())
}

async fn list_suspects(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<(PhotoId, UserId)>> {
    let mut suspects = Vec::new();
    if is_taken(db, photo).await? {
        suspects = list_made_from(db, photo).await?;
    } else if find_taken(db, photo).await?.is_some() {
        suspects.push(photo);
    }
    let ids: Vec<_> = suspects.iter().map(|suspect| suspect.0).collect();
    let rows = sqlx::query!(
        r#"select id as "id: PhotoId", owner_id as "owner: UserId" from photos
           where id = any($1)
             and (state = 'live'
                  or state = 'hidden' and not exists (select from acts where thing = 'photo' and thing_id = photos.id
                                                                         and undone_at is null))
           order by id"#,
        &ids,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.owner)).collect())
}

/// Lists the photos that were made from one, at any depth, by the index on `parent_id`.
async fn list_made_from(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"with recursive made (id) as (
               select id from photos where parent_id = $1
               union
               select photos.id from photos join made on photos.parent_id = made.id
           )
           select id as "id!: PhotoId" from made order by id"#,
        photo.0,
    )
    .fetch_all(db)
    .await
}

/// How many live photos were made from one, at any depth.
pub async fn count_live(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<i64> {
    let made: Vec<_> = list_made_from(db, photo).await?.into_iter().map(|made| made.0).collect();
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from photos where id = any($1) and state = 'live'"#,
        &made,
    )
    .fetch_one(db)
    .await
}

/// A photo that moderators have taken away.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its id.
    pub photo: PhotoId,
    /// Its title.
    pub title: String,
}

/// Finds the nearest photo that moderators have taken away among those from which one was made.
pub async fn find_taken(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Taken>> {
    let ancestors = sqlx::query!(
        r#"with recursive source (id, parent_id, title, depth) as (
               select parent.id, parent.parent_id, parent.title, parent.depth
               from photos join photos as parent on parent.id = photos.parent_id where photos.id = $1
               union
               select photos.id, photos.parent_id, photos.title, photos.depth
               from photos join source on photos.id = source.parent_id
           )
           select id as "id!: PhotoId", title as "title!" from source order by depth desc"#,
        photo.0,
    );
    for ancestor in ancestors.fetch_all(&mut *db).await? {
        if is_taken(db, ancestor.id).await? {
            return Ok(Some(Taken { photo: ancestor.id, title: ancestor.title }));
        }
    }
    Ok(None)
}

/// Whether moderators have taken a photo away, by an act that isn't undone.
async fn is_taken(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from photos join acts on thing = 'photo' and thing_id = photos.id
                          where photos.id = $1 and photos.state in ('hidden', 'deleted') and undone_at is null
                            and act in ('hide_photo', 'block_picture', 'delete_photo')) as "is_taken!""#,
        photo.0,
    )
    .fetch_one(db)
    .await
}

//! The revisions of a live photo: what it was before each change, to compare and to restore.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use super::not_changed::NotChanged;
use super::types::{Picture, Sizes, Species};
use super::{Histogram, Tags, edits, pictures, tagging};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::jobs::media::RemoveFiles;

/// How many revisions of a photo are kept, the present one included. The oldest go.
pub const MOST: i32 = 50;

/// One revision.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i32,
    /// The title.
    pub title: String,
    /// The description of the picture.
    pub alt: String,
    /// What animal it is.
    pub species: Species,
    /// The tags.
    pub tags: Vec<String>,
    /// The number of the picture.
    pub picture: i16,
    /// When it began.
    pub since: DateTime<Utc>,
    /// Whether it is the present one.
    pub is_current: bool,
    /// The picture's files; empty if they are gone.
    pub sizes: Sizes,
    /// The ratings of that picture.
    pub ratings: Histogram,
}

/// Lists the revisions of a photo, the present one first.
pub async fn list(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<Revision>> {
    let current = sqlx::query!(
        r#"select revision_number, title, alt, species as "species: Species", picture,
                  coalesce(revised_at, live_at, created_at) as "since!"
           from photos where id = $1"#,
        photo.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(current) = current else { return Ok(Vec::new()) };
    let earlier = sqlx::query!(
        r#"select number, title, alt, species as "species: Species", tags, picture, since
           from photo_revisions where photo_id = $1 order by number desc"#,
        photo.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let shown_tags = tagging::list(db, photo).await?;
    let sizes = list_sizes(db, photo).await?;
    let ratings = count_ratings(db, photo).await?;
    let of = |picture: i16| {
        (sizes.get(&picture).cloned().unwrap_or_default(), ratings.get(&picture).copied().unwrap_or_default())
    };
    let mut revisions = Vec::with_capacity(earlier.len() + 1);
    let (of_picture, counted) = of(current.picture);
    revisions.push(Revision {
        number: current.revision_number,
        title: current.title,
        alt: current.alt,
        species: current.species,
        tags: shown_tags,
        picture: current.picture,
        since: current.since,
        is_current: true,
        sizes: of_picture,
        ratings: counted,
    });
    for row in earlier {
        let (sizes, ratings) = of(row.picture);
        revisions.push(Revision {
            number: row.number,
            title: row.title,
            alt: row.alt,
            species: row.species,
            tags: row.tags,
            picture: row.picture,
            since: row.since,
            is_current: false,
            sizes,
            ratings,
        });
    }
    Ok(revisions)
}

/// The files of each of a photo's pictures.
async fn list_sizes(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<HashMap<i16, Sizes>> {
    let rows = sqlx::query!(
        r#"select number as "number!", edge as "edge!", key as "key!", width as "width!", height as "height!",
                  bytes as "bytes!"
           from (select number, edge, key, width, height, bytes from photo_picture_files where photo_id = $1
                 union
                 select picture, edge, key, width, height, bytes from photo_files join photos on id = photo_id
                 where photo_id = $1) as files"#,
        photo.0,
    )
    .fetch_all(db)
    .await?;
    let mut pictures = HashMap::<i16, Sizes>::new();
    for row in rows {
        let picture = Picture {
            key: row.key,
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
            bytes: row.bytes.unsigned_abs(),
        };
        pictures.entry(row.number).or_default().insert(row.edge.unsigned_abs(), picture);
    }
    Ok(pictures)
}

/// The ratings of each of a photo's pictures.
async fn count_ratings(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<HashMap<i16, Histogram>> {
    let rows = sqlx::query!(
        r#"select picture as "picture!", value as "value!", count(*)::integer as "count!"
           from (select picture, value from earlier_ratings where photo_id = $1
                 union all
                 select picture, value from ratings join photos on id = photo_id where photo_id = $1) as all_ratings
           group by picture, value"#,
        photo.0,
    )
    .fetch_all(db)
    .await?;
    let mut bars = HashMap::<i16, [i32; 10]>::new();
    for row in rows {
        if let Some(bar) = usize::try_from(row.value - 1)
            .ok()
            .and_then(|place| bars.entry(row.picture).or_default().get_mut(place))
        {
            *bar = row.count;
        }
    }
    Ok(bars.into_iter().map(|(picture, bars)| (picture, Histogram::new(bars))).collect())
}

/// Counts the ratings of the pictures that a photo doesn't show now.
pub async fn count_earlier_ratings(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Histogram> {
    let counts = sqlx::query!(
        r#"select value, count(*)::integer as "count!" from earlier_ratings where photo_id = $1 group by value"#,
        photo.0,
    )
    .fetch_all(db)
    .await?;
    let mut bars = [0; 10];
    for row in counts {
        if let Some(bar) = usize::try_from(row.value - 1).ok().and_then(|place| bars.get_mut(place)) {
            *bar = row.count;
        }
    }
    Ok(Histogram::new(bars))
}

/// Keeps what a live photo is now as a revision, before it changes. The caller changes it and counts the next. The
/// oldest beyond [`MOST`] go, with pictures that nothing else shows.
pub(super) async fn keep_current(db: &mut Tx, photo: PhotoId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into photo_revisions (photo_id, number, title, alt, species, tags, picture, since)
         select id, revision_number, title, alt, species, tags, picture, coalesce(revised_at, live_at, created_at)
         from photos where id = $1
         on conflict do nothing",
        photo.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from photo_revisions
         where photo_id = $1 and number <= (select revision_number from photos where id = $1) + 1 - $2",
        photo.0,
        MOST,
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

/// Deletes pictures that no revision shows any more. Call this after the photo has changed.
pub(super) async fn drop_unneeded(db: &mut Tx, photo: PhotoId) -> sqlx::Result<()> {
    let pictures = pictures::forget_unneeded(db, photo).await?;
    if !pictures.is_empty() {
        RemoveFiles { photo, pictures, original: None }.enqueue(db).await?;
    }
    Ok(())
}

/// Makes a live photo what it was in an earlier revision, as a new revision. Its picture comes back with its ratings.
///
/// # Errors
/// Why it was not restored.
pub async fn restore(db: &mut Tx, photo: PhotoId, owner: UserId, number: i32) -> Result<(), NotChanged> {
    let is_live = pictures::lock_for_change(db, photo).await?;
    let found = edits::lock(db, photo, owner).await?;
    if !is_live {
        return Err(NotChanged::Unchangeable);
    }
    let earlier = sqlx::query!(
        r#"select title, alt, species as "species: Species", tags, picture,
                  exists (select from photo_picture_files
                          where photo_id = $1 and number = photo_revisions.picture) as "has_picture!"
           from photo_revisions where photo_id = $1 and number = $2"#,
        photo.0,
        number,
    )
    .fetch_optional(&mut **db)
    .await?
    .ok_or(NotChanged::NoRevision)?;
    if earlier.title.to_lowercase() != found.title.to_lowercase() {
        edits::refuse_same_title(db, photo, owner, &earlier.title).await?;
    }
    keep_current(db, photo).await?;
    sqlx::query!(
        "update photos
         set title = $2, alt = $3, species = $4, version = version + 1, revision_number = revision_number + 1,
             revised_at = now()
         where id = $1",
        photo.0,
        earlier.title,
        earlier.alt,
        earlier.species as Species,
    )
    .execute(&mut **db)
    .await?;
    tagging::set(db, photo, &Tags::of_words(&earlier.tags)).await?;
    if earlier.picture != found.picture && earlier.has_picture {
        // A crop that is being made would replace the restored picture.
        sqlx::query!("delete from photo_crops where photo_id = $1", photo.0).execute(&mut **db).await?;
        pictures::keep(db, photo, None).await?;
        pictures::show(db, photo, earlier.picture).await?;
        Event::PhotoRated { photo }.record(db).await?;
    }
    drop_unneeded(db, photo).await?;
    Ok(Event::changed(photo, found.species, earlier.species).record(db).await?)
}

//! Remixes: photos made from somebody's live photo, with a crop, a title and tags of their own.

use pawdium_media::{Crop, Limits};
use sqlx::PgConnection;

use super::edits::lock_owner;
use super::fields::{Allowed, Alt, Title};
use super::not_changed::NotChanged;
use super::pictures::{self, columns_of, find_source};
use super::steps::{self, Step};
use super::tag::Tags;
use super::types::{Commenters, Photo, PhotoState, Species};
use super::{queries, tagging};
use crate::cache::{Cached, Lookup, Whole};
use crate::db::{Db, Tx};
use crate::events::Event;
use crate::ids::{PhotoId, UserId};
use crate::notifications::{self, News};

/// The most remixes between a photo and one that is none.
pub const DEEPEST: i16 = 32;

/// How many remixes a photo's page shows.
pub const SHOWN: i64 = 12;

/// What a remix says otherwise than its parent. Fields that are `None` are the parent's.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The title.
    pub title: Option<Title>,
    /// The description.
    pub alt: Option<Alt>,
    /// What animal it is.
    pub species: Option<Species>,
    /// The tags.
    pub tags: Option<Tags>,
    /// The square of the parent's picture.
    pub crop: Option<Crop>,
    /// What others may do with it.
    pub allowed: Allowed,
}

/// Makes a draft from a live photo that may be remixed, or from one's own. It names the files of its parent, and keeps
/// them when the parent goes.
///
/// # Errors
/// Why it was not made.
pub async fn make(
    db: &mut Tx,
    owner: UserId,
    from: PhotoId,
    wanted: &Wanted,
    limits: &Limits,
) -> Result<PhotoId, NotChanged> {
    lock_owner(db, owner).await?;
    // It stays live until the end of the transaction.
    let parent = sqlx::query!(
        r#"select owner_id as "owner: UserId", title, alt, species as "species: Species", remixes, depth
           from photos where id = $1 and state = 'live' for share"#,
        from.0,
    )
    .fetch_optional(&mut **db)
    .await?
    .ok_or(NotChanged::Gone)?;
    if !parent.remixes && parent.owner != owner {
        return Err(NotChanged::NotRemixable);
    }
    if parent.depth >= DEEPEST {
        return Err(NotChanged::TooDeep);
    }
    let parents_tags = Tags::of_words(&tagging::list(db, from).await?);
    let [x, y, side] = columns_of(wanted.crop);
    let photo = sqlx::query_scalar!(
        r#"insert into photos (owner_id, parent_id, depth, title, alt, species, state, crop_x, crop_y, crop_side,
                               comments, remixes, placeholder, source_hash, fingerprint)
           select $1, id, depth + 1, $3, $4, $5, 'draft', $6, $7, $8, $9,
                  coalesce($10, (select remixes from users where id = $1), true), placeholder, source_hash, fingerprint
           from photos where id = $2
           returning id as "id: PhotoId""#,
        owner.0,
        from.0,
        wanted.title.as_ref().map_or(parent.title.as_str(), Title::as_str),
        wanted.alt.as_ref().map_or(parent.alt.as_str(), Alt::as_str),
        wanted.species.unwrap_or(parent.species) as Species,
        x,
        y,
        side,
        wanted.allowed.comments as Commenters,
        wanted.allowed.remixes,
    )
    .fetch_one(&mut **db)
    .await?;
    tagging::set(db, photo, wanted.tags.as_ref().unwrap_or(&parents_tags)).await?;
    sqlx::query!("insert into photo_stats (photo_id) values ($1)", photo.0).execute(&mut **db).await?;
    steps::record(db, photo, Step::Received, None).await?;
    if !pictures::share(db, from, photo).await? {
        return Err(NotChanged::Gone);
    }
    if let Some(crop) = wanted.crop {
        let source = find_source(db, photo).await?.ok_or(NotChanged::NoSource)?;
        crop.check(source.side, source.side, limits).map_err(NotChanged::Crop)?;
    }
    Event::PhotoProgressed { photo }.record(db).await?;
    Ok(photo)
}

/// Notifies the owner of the photo that a live remix was made from, if both are live.
pub async fn tell(db: &mut Tx, photo: PhotoId) -> sqlx::Result<()> {
    let made = sqlx::query!(
        r#"select photos.owner_id as "by: UserId", parent.owner_id as "owner: UserId", parent.id as "parent: PhotoId"
           from photos join photos as parent on parent.id = photos.parent_id
           where photos.id = $1 and photos.state = 'live' and parent.state = 'live'"#,
        photo.0,
    );
    let Some(made) = made.fetch_optional(&mut **db).await? else { return Ok(()) };
    sqlx::query!(
        "select id from users where id in ($1, $2) order by id for key share",
        made.by.0,
        made.owner.0
    )
    .fetch_all(&mut **db)
    .await?;
    notifications::record(db, &[News::remix(made.owner, made.by, made.parent)]).await
}

/// How a remix credits the photo that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credit {
    /// It is live.
    Live {
        /// Its id.
        photo: PhotoId,
        /// Its title.
        title: String,
        /// Its owner's name; `None` while the owner is anonymous.
        owner: Option<String>,
    },
    /// Its owner has deleted it.
    Deleted {
        /// Its title.
        title: String,
        /// Its owner's name; `None` while the owner is anonymous.
        owner: Option<String>,
    },
    /// A moderator has hidden it.
    Hidden,
    /// It went with its owner's account.
    Lost,
}

/// Finds what a photo was made from; `None` if it is no remix.
pub async fn find_credit(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Credit>> {
    let row = sqlx::query!(
        r#"select photos.depth, parent.id as "parent?: PhotoId", parent.title as "title?",
                  parent.state as "state?: PhotoState", users.name as "owner?"
           from photos
           left join photos as parent on parent.id = photos.parent_id
           left join users on users.id = parent.owner_id
           where photos.id = $1 and (photos.depth > 0 or photos.parent_id is not null)"#,
        photo.0,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(match (row.parent, row.state, row.title) {
        (Some(photo), Some(PhotoState::Live), Some(title)) => Credit::Live { photo, title, owner: row.owner },
        (Some(_), Some(PhotoState::Deleted), Some(title)) => Credit::Deleted { title, owner: row.owner },
        (Some(_), _, _) => Credit::Hidden,
        (None, _, _) => Credit::Lost,
    }))
}

/// What a photo's page shows of remixes.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// What it was made from.
    pub credit: Option<Credit>,
    /// The newest live photos that were made from it.
    pub remixes: Vec<Photo>,
    /// How many there are.
    pub count: i64,
}

/// Finds what a photo was made from and what was made from it.
pub async fn find_lineage(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Lineage> {
    let credit = find_credit(db, photo).await?;
    let remixes = queries::list_remixes(db, photo, SHOWN).await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from photos where parent_id = $1 and state = 'live'"#,
        photo.0,
    )
    .fetch_one(db)
    .await?;
    Ok(Lineage { credit, remixes, count })
}

/// The lineage of a photo, which its page reads from the database. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotoLineage(pub PhotoId);

impl Cached for PhotoLineage {
    const KIND: &'static str = "photo-lineage";
    const ASKS: bool = true;
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        let photos: Vec<_> = match event {
            Event::PhotoPublished { photo, .. }
            | Event::PhotoRemoved { photo, .. }
            | Event::PhotoChanged { photo, .. } => vec![photo.0],
            Event::MemberChanged { photos, .. } => photos.iter().map(|photo| photo.0).collect(),
            _ => return Ok(Vec::new()),
        };
        let mut stale = list_relatives(lookup.db().await?, &photos).await?;
        // Remixes that have lost their parent together with an account.
        if let Event::MemberChanged { photos, .. } = event {
            stale.extend(photos.iter().copied().map(Self));
        }
        Ok(stale)
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}

/// The photos from which these were made, and those that were made from them.
async fn list_relatives(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<PhotoLineage>> {
    let ids = sqlx::query_scalar!(
        r#"select parent_id as "id!: PhotoId" from photos where id = any($1) and parent_id is not null
           union
           select id from photos where parent_id = any($1)"#,
        photos,
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(PhotoLineage).collect())
}

//! What an owner changes on a draft or a live photo.

use std::collections::BTreeSet;

use pawdium_media::{Crop, Limits};
use sqlx::PgConnection;

use super::fields::{Alt, Title};
use super::not_changed::NotChanged;
use super::pictures::{columns_of, crop_of, find_source};
use super::posting::{self, Remover};
use super::tag::Tags;
use super::types::{Commenters, PhotoState, Species};
use super::{crops, revisions, tagging};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, PhotoId, UserId};

/// What to change. Fields that are `None` keep their values.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The title.
    pub title: Option<Title>,
    /// The description.
    pub alt: Option<Alt>,
    /// What animal it is.
    pub species: Option<Species>,
    /// The tags.
    pub tags: Option<Tags>,
    /// The square to show, in pixels of the picture from which it is cut.
    pub crop: Option<Crop>,
    /// The hubs to which it is posted, in the order of their ids.
    pub hubs: Option<Vec<HubId>>,
    /// Who may comment.
    pub comments: Option<Commenters>,
    /// Whether others may remix it.
    pub remixes: Option<bool>,
}

/// What a change has to be checked against.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The version that was read; `None` if any will do.
    pub version: Option<i32>,
    /// Width and height of the upright original, if the photo still has one.
    pub original: Option<(u32, u32)>,
    /// The limits of pictures.
    pub limits: &'a Limits,
}

/// A photo that is locked for a change.
pub(super) struct Editable {
    pub(super) state: PhotoState,
    pub(super) title: String,
    pub(super) alt: String,
    pub(super) species: Species,
    pub(super) version: i32,
    pub(super) picture: i16,
    pub(super) has_original: bool,
    pub(super) crop: Option<Crop>,
    pub(super) comments: Commenters,
    pub(super) remixes: bool,
}

/// Locks an owner, before any photo. The owner's other changes wait.
pub(super) async fn lock_owner(db: &mut PgConnection, owner: UserId) -> sqlx::Result<()> {
    sqlx::query!("select id from users where id = $1 for no key update", owner.0).fetch_optional(db).await?;
    Ok(())
}

/// Locks a photo for its owner.
pub(super) async fn lock(
    db: &mut PgConnection,
    photo: PhotoId,
    owner: UserId,
) -> Result<Editable, NotChanged> {
    let row = sqlx::query!(
        r#"select owner_id as "owner: UserId", state as "state: PhotoState", title, alt,
                  species as "species: Species", version, picture, source_key is not null as "has_original!",
                  crop_x, crop_y, crop_side, comments as "comments: Commenters", remixes
           from photos where id = $1 and state <> 'deleted' for no key update"#,
        photo.0,
    )
    .fetch_optional(db)
    .await?
    .ok_or(NotChanged::Gone)?;
    if row.owner != owner {
        return Err(if row.state == PhotoState::Live { NotChanged::NotOwn } else { NotChanged::Gone });
    }
    Ok(Editable {
        state: row.state,
        title: row.title,
        alt: row.alt,
        species: row.species,
        version: row.version,
        picture: row.picture,
        has_original: row.has_original,
        crop: crop_of(row.crop_x, row.crop_y, row.crop_side),
        comments: row.comments,
        remixes: row.remixes,
    })
}

/// Refuses a title that another live photo of the owner has, or one that is about to go live. The owner is locked.
pub(super) async fn refuse_same_title(
    db: &mut PgConnection,
    photo: PhotoId,
    owner: UserId,
    title: &str,
) -> Result<(), NotChanged> {
    let other = sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos
           where owner_id = $1 and id <> $2 and state in ('live', 'processing') and lower(title) = lower($3)
           order by id limit 1"#,
        owner.0,
        photo.0,
        title,
    )
    .fetch_optional(db)
    .await?;
    other.map_or(Ok(()), |other| Err(NotChanged::SameTitle(other)))
}

/// Changes a draft or a live photo for its owner. A live photo keeps what it was as a revision. A new crop of a live
/// photo is made by a job; until then the photo shows its picture. With new words it is the same revision.
///
/// Locks the owner, so that two titles can't become the same at once, and then the photo.
///
/// # Errors
/// Why nothing was changed.
pub async fn change(
    db: &mut Tx,
    photo: PhotoId,
    owner: UserId,
    change: &Change,
    basis: Basis<'_>,
) -> Result<(), NotChanged> {
    lock_owner(db, owner).await?;
    let found = lock(db, photo, owner).await?;
    if !matches!(found.state, PhotoState::Draft | PhotoState::Live | PhotoState::Processing) {
        return Err(NotChanged::Unchangeable);
    }
    if basis.version.is_some_and(|version| version != found.version) {
        return Err(NotChanged::Stale);
    }
    let is_live = found.state == PhotoState::Live;
    if let Some(title) = &change.title
        && found.state != PhotoState::Draft
        && title.as_str().to_lowercase() != found.title.to_lowercase()
    {
        refuse_same_title(db, photo, owner, title.as_str()).await?;
    }
    // Compared with what pages show, which moderators may have renamed: saving that changes nothing.
    let tags_before = Tags::of_words(&tagging::list(db, photo).await?);
    let new_tags = change.tags.as_ref().filter(|new| **new != tags_before);
    let title = change.title.as_ref().map_or(found.title.as_str(), Title::as_str);
    let alt = change.alt.as_ref().map_or(found.alt.as_str(), Alt::as_str);
    let species = change.species.unwrap_or(found.species);
    let is_revised = (title, alt, species) != (found.title.as_str(), found.alt.as_str(), found.species)
        || new_tags.is_some();
    let comments = change.comments.unwrap_or(found.comments);
    let remixes = change.remixes.unwrap_or(found.remixes);
    let crop = new_crop(db, photo, &found, change.crop, basis).await?;
    let (added, removed) = hubs_to_change(db, photo, change.hubs.as_deref()).await?;
    let has_changed = is_revised
        || (comments, remixes) != (found.comments, found.remixes)
        || crop.is_some()
        || !added.is_empty()
        || !removed.is_empty();
    if is_live && is_revised {
        revisions::keep_current(db, photo).await?;
    }
    let is_recropped = crop.is_some() && !is_live;
    let [x, y, side] = columns_of(crop);
    sqlx::query!(
        "update photos
         set title = $2, alt = $3, species = $4, comments = $5, remixes = $6, touched_at = now(),
             crop_x = case when $7 then $8 else crop_x end, crop_y = case when $7 then $9 else crop_y end,
             crop_side = case when $7 then $10 else crop_side end,
             version = version + $11::boolean::integer, revision_number = revision_number + $12::boolean::integer,
             revised_at = case when $12 then now() else revised_at end
         where id = $1",
        photo.0,
        title,
        alt,
        species as Species,
        comments as Commenters,
        remixes,
        is_recropped,
        x,
        y,
        side,
        has_changed,
        is_live && is_revised,
    )
    .execute(&mut **db)
    .await?;
    if let Some(tags) = new_tags {
        tagging::set(db, photo, tags).await?;
    }
    if is_live && is_revised {
        revisions::drop_unneeded(db, photo).await?;
    }
    if let Some(crop) = crop.filter(|_| is_live) {
        crops::ask(db, photo, owner, crop, is_revised).await?;
    }
    let remover = Remover { id: owner, moderator: None };
    for hub in added.union(&removed) {
        if added.contains(hub) {
            posting::post(db, *hub, photo, owner).await?;
        } else {
            posting::remove(db, *hub, photo, remover).await?;
        }
    }
    if has_changed {
        let event = if is_live {
            Event::changed(photo, found.species, species)
        } else {
            Event::PhotoProgressed { photo }
        };
        event.record(db).await?;
    }
    Ok(())
}

/// The crop to store; `None` if it is what the photo has.
async fn new_crop(
    db: &mut Tx,
    photo: PhotoId,
    found: &Editable,
    crop: Option<Crop>,
    basis: Basis<'_>,
) -> Result<Option<Crop>, NotChanged> {
    let Some(crop) = crop else { return Ok(None) };
    if found.state == PhotoState::Processing {
        return Err(NotChanged::Processing);
    }
    if found.has_original {
        // The original is measured before the transaction. The job checks again.
        if let Some((width, height)) = basis.original {
            crop.check(width, height, basis.limits).map_err(NotChanged::Crop)?;
        }
        return Ok(Some(crop).filter(|crop| found.crop != Some(*crop)));
    }
    let source = find_source(db, photo).await?.ok_or(NotChanged::NoSource)?;
    crop.check(source.side, source.side, basis.limits).map_err(NotChanged::Crop)?;
    let whole = Crop::centred(source.side, source.side);
    let shown = match found.state {
        PhotoState::Draft => found.crop,
        _ => crops::find_wanted(db, photo).await?,
    };
    Ok(Some(crop).filter(|crop| shown.unwrap_or(whole) != *crop))
}

/// The hubs to which a photo is to be posted, and those from which it is to be removed.
async fn hubs_to_change(
    db: &mut PgConnection,
    photo: PhotoId,
    wanted: Option<&[HubId]>,
) -> sqlx::Result<(BTreeSet<HubId>, BTreeSet<HubId>)> {
    let Some(wanted) = wanted else { return Ok(<_>::default()) };
    let shown = sqlx::query_scalar!(
        r#"select hub_id as "hub: HubId" from hub_photos join hubs on hubs.id = hub_id
           where photo_id = $1 and profile_of is null"#,
        photo.0,
    )
    .fetch_all(db)
    .await?;
    let wanted: BTreeSet<_> = wanted.iter().copied().collect();
    let shown: BTreeSet<_> = shown.into_iter().collect();
    Ok((&wanted - &shown, &shown - &wanted))
}

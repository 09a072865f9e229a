//! Photos in hubs: posting and removing.
//!
//! Everybody can see a live photo on the site, whichever hubs show it. A private hub hides only that a photo was posted
//! there. Profiles are filled by triggers.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::types::PhotoState;
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::Actor;
use crate::db::{Conflict, Tx};
use crate::events::Event;
use crate::hubs::Visibility;
use crate::hubs::activity::{self, Verb};
use crate::ids::{HubId, PhotoId, UserId};

/// Why a photo was not posted to a hub or removed from it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotPosted {
    /// The hub is gone, or is a profile.
    #[error("This hub no longer exists.")]
    NoHub,
    /// The photo doesn't exist or is deleted.
    #[error("This photo no longer exists.")]
    NoPhoto,
    /// The photo is somebody else's.
    #[error("You can only post your own photos.")]
    NotOwn,
    /// The actor isn't a member of the hub.
    #[error("Only members of the hub can post photos to it.")]
    NoMember,
    /// The actor may not remove photos of others.
    #[error("Only its owner, the hub's owners and moderators can remove a photo from a hub.")]
    NotAllowed,
    /// The hub is archived.
    #[error("This hub is archived, so nothing in it can change.")]
    Archived,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Conflict for NotPosted {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

/// Posts a photo to a hub for its owner, who is a member of the hub. Does nothing if the hub already has the photo. A
/// photo that isn't live yet appears in the hub when it is.
///
/// Locks the user, the photo, the hub and the role, so that nobody posts with a role that they have just lost. To post
/// one photo to several hubs, go by their ids.
///
/// # Errors
/// Why it was not posted.
pub async fn post(db: &mut Tx, hub: HubId, photo: PhotoId, actor: UserId) -> Result<(), NotPosted> {
    let found = lock(db, hub, photo, actor).await?;
    if found.owner != actor {
        return Err(NotPosted::NotOwn);
    }
    let role = lock_role(db, hub, actor).await?;
    if role.is_none() {
        return Err(NotPosted::NoMember);
    }
    if found.is_archived {
        return Err(NotPosted::Archived);
    }
    let posted = sqlx::query!(
        "insert into hub_photos (hub_id, photo_id) values ($1, $2) on conflict (hub_id, photo_id) do nothing",
        hub.0,
        photo.0,
    )
    .execute(&mut *db)
    .await?;
    if posted.rows_affected() > 0 {
        activity::record(db, hub, Verb::Posted, Some(actor), Some(photo)).await?;
        Event::PhotoPosted { hub, photo }.record(db).await?;
    }
    Ok(())
}

/// The person who removes a photo from a hub.
#[derive(Clone, Copy, Debug)]
pub struct Remover<'a> {
    /// Their id.
    pub id: UserId,
    /// What the audit log calls them, if they are one of the site's moderators.
    pub moderator: Option<Actor<'a>>,
}

/// Removes a photo from a hub, for the photo's owner, an owner of the hub or a moderator of the site. Does nothing if
/// the hub doesn't have it. The feed forgets that it was posted. A moderator's act is audited, and is the only one that
/// is possible in an archived hub.
///
/// # Errors
/// Why it was not removed.
pub async fn remove(db: &mut Tx, hub: HubId, photo: PhotoId, remover: Remover<'_>) -> Result<(), NotPosted> {
    let found = lock(db, hub, photo, remover.id).await?;
    let by_right =
        found.owner == remover.id || lock_role(db, hub, remover.id).await?.as_deref() == Some("owner");
    if !by_right && remover.moderator.is_none() {
        return Err(if found.state == PhotoState::Live { NotPosted::NotAllowed } else { NotPosted::NoPhoto });
    }
    if found.is_archived && remover.moderator.is_none() {
        return Err(NotPosted::Archived);
    }
    let moderator = remover.moderator.filter(|_| !by_right);
    let before = match moderator {
        Some(_) => find_before(db, hub, photo).await?,
        None => None,
    };
    let removed = sqlx::query!("delete from hub_photos where hub_id = $1 and photo_id = $2", hub.0, photo.0)
        .execute(&mut *db)
        .await?;
    if removed.rows_affected() == 0 {
        // A hub's owner doesn't learn that a draft of somebody else exists.
        let is_seen =
            found.state == PhotoState::Live || found.owner == remover.id || remover.moderator.is_some();
        return if is_seen { Ok(()) } else { Err(NotPosted::NoPhoto) };
    }
    sqlx::query!(
        "delete from activity where hub_id = $1 and photo_id = $2 and verb = $3",
        hub.0,
        photo.0,
        Verb::Posted.name(),
    )
    .execute(&mut *db)
    .await?;
    if let Some((actor, before)) = moderator.zip(before) {
        let done = Done {
            kind: Kind::RemoveFromHub,
            thing: Thing::Photo(photo),
            author: Some(found.owner),
            about: &format!("{} in {}", found.title, found.name),
            reason: None,
            before,
            detail: json!({ "hub": found.slug, "photo": photo }),
        };
        acts::record(db, actor, done).await?;
    }
    Event::PhotoPosted { hub, photo }.record(db).await?;
    Ok(())
}

/// What it takes to put a photo back into a hub; `None` if the hub doesn't have it.
async fn find_before(db: &mut Tx, hub: HubId, photo: PhotoId) -> sqlx::Result<Option<Value>> {
    let before = sqlx::query_scalar!(
        r#"select jsonb_build_object(
                      'hub', hub_id, 'posting', to_jsonb(hub_photos),
                      'activities', (select coalesce(jsonb_agg(to_jsonb(activity) order by id), '[]') from activity
                                     where activity.hub_id = $1 and activity.photo_id = $2 and verb = $3)) as "before!"
           from hub_photos where hub_id = $1 and photo_id = $2"#,
        hub.0,
        photo.0,
        Verb::Posted.name(),
    );
    before.fetch_optional(db).await
}

/// Puts a photo back into a hub from which a moderator has removed it: at the same place, with what feeds told of it.
/// Returns false if the hub has it already.
///
/// # Errors
/// [`NotPosted::NoHub`] and [`NotPosted::NoPhoto`].
pub async fn put_back(db: &mut Tx, photo: PhotoId, before: &Value) -> Result<bool, NotPosted> {
    let hub = before["hub"].as_i64().map(HubId).ok_or(NotPosted::NoHub)?;
    sqlx::query!("select id from photos where id = $1 and state <> 'deleted' for share", photo.0)
        .fetch_optional(&mut **db)
        .await?
        .ok_or(NotPosted::NoPhoto)?;
    sqlx::query!("select id from hubs where id = $1 for no key update", hub.0)
        .fetch_optional(&mut **db)
        .await?
        .ok_or(NotPosted::NoHub)?;
    let posted = sqlx::query!(
        "insert into hub_photos (hub_id, photo_id, posted_at, slot)
         select hub_id, photo_id, posted_at, slot from jsonb_populate_record(null::hub_photos, $1)
         on conflict (hub_id, photo_id) do nothing",
        before["posting"],
    );
    if posted.execute(&mut **db).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into activity (id, at, hub_id, verb, actor_id, photo_id) overriding system value
         select id, at, hub_id, verb, actor_id, photo_id from jsonb_populate_recordset(null::activity, $1)
         where actor_id is null or exists (select from users where id = actor_id)",
        before["activities"],
    )
    .execute(&mut **db)
    .await?;
    Event::PhotoPosted { hub, photo }.record(db).await?;
    Ok(true)
}

/// A locked photo and hub.
struct Locked {
    owner: UserId,
    state: PhotoState,
    title: String,
    slug: Option<String>,
    name: String,
    is_archived: bool,
}

/// Locks the user and the photo's owner, the photo and the hub, in that order: see "The order of locks" in
/// ARCHITECTURE.md. The photo's state can't change until the end of the transaction, so a photo that goes live at the
/// same time gets its slot in the hub.
async fn lock(db: &mut Tx, hub: HubId, photo: PhotoId, user: UserId) -> Result<Locked, NotPosted> {
    sqlx::query!(
        "select id from users where id = $1 or id = (select owner_id from photos where id = $2)
         order by id for key share",
        user.0,
        photo.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let found = sqlx::query!(
        r#"select owner_id as "owner: UserId", state as "state: PhotoState", title from photos
           where id = $1 and state <> 'deleted' for share"#,
        photo.0,
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or(NotPosted::NoPhoto)?;
    let hub = sqlx::query!(
        r#"select slug, name, archived_at is not null as "is_archived!" from hubs
           where id = $1 and profile_of is null for no key update"#,
        hub.0,
    )
    .fetch_optional(&mut *db)
    .await?
    .ok_or(NotPosted::NoHub)?;
    Ok(Locked {
        owner: found.owner,
        state: found.state,
        title: found.title,
        slug: hub.slug,
        name: hub.name,
        is_archived: hub.is_archived,
    })
}

/// Locks a user's membership in a hub: `member` or `owner`, or `None`.
async fn lock_role(db: &mut Tx, hub: HubId, user: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select role from hub_roles where hub_id = $1 and user_id = $2 and role in ('member', 'owner') for share",
        hub.0,
        user.0,
    )
    .fetch_optional(&mut *db)
    .await
}

/// A hub beside a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts of a row, which combine freely")]
pub struct Showing {
    /// The hub.
    pub hub: HubId,
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it is read-only.
    pub is_archived: bool,
    /// Whether it shows the photo.
    pub shows: bool,
    /// Whether the viewer is a member or an owner.
    pub is_member: bool,
    /// Whether the viewer is an owner.
    pub is_owner: bool,
}

/// Lists the hubs that show a photo and that the viewer may see, by name. With `own`, private hubs that the viewer has
/// left but that still show the photo are among them, and the viewer's other hubs follow, to which it can be posted.
/// Profiles are left out, and with them the photo's owner, whom its page names anyway.
pub async fn list_hubs(
    db: &mut PgConnection,
    photo: PhotoId,
    viewer: UserId,
    moderates: bool,
    own: bool,
) -> sqlx::Result<Vec<Showing>> {
    sqlx::query_as!(
        Showing,
        r#"with known as (
               select hub_id, bool_or(role = 'owner') as owns from hub_roles
               where user_id = $2 and role in ('member', 'owner') group by hub_id
           ), showing as (
               select hub_id from hub_photos where photo_id = $1
           )
           select hubs.id as "hub: HubId", slug as "slug!", name, visibility as "visibility: Visibility",
                  archived_at is not null as "is_archived!", showing.hub_id is not null as "shows!",
                  known.hub_id is not null as "is_member!", coalesce(known.owns, false) as "is_owner!"
           from hubs
           left join showing on showing.hub_id = hubs.id
           left join known on known.hub_id = hubs.id
           where slug is not null
             and (hubs.id in (select hub_id from showing) and (visibility = 'public' or known.hub_id is not null or $3 or $4)
                  or $4 and archived_at is null and hubs.id in (select hub_id from known))
           order by showing.hub_id is null, lower(name), hubs.id"#,
        photo.0,
        viewer.0,
        moderates,
        own,
    )
    .fetch_all(db)
    .await
}

/// A hub to which a member can post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postable {
    /// The hub.
    pub hub: HubId,
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// Lists the hubs to which a member can post, by name.
pub async fn list_postable(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Postable>> {
    sqlx::query_as!(
        Postable,
        r#"select hubs.id as "hub: HubId", slug as "slug!", name
           from hub_roles join hubs on hubs.id = hub_id
           where user_id = $1 and role in ('member', 'owner') and slug is not null and archived_at is null
           order by lower(name), hubs.id"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

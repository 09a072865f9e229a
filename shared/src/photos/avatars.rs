//! Portraits of members. Their files are stored beside those of photos, named by their content and claimed in the same
//! way: see [`files`].

use pawdium_queue::{Enqueue as _, Job as _};
use serde_json::json;
use sqlx::PgConnection;

use super::withheld::NotBack;
use super::{files, owner};
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, UserId};
use crate::jobs::media::{DiscardFiles, MakeAvatar};
use crate::store::{MediaKey, MediaStore};

/// The edge of a portrait in pixels.
pub const EDGE: u32 = 160;

/// What a member reads if the job ended without a portrait.
const ABANDONED: &str = "Something broke on our side. Please send the picture again.";

/// What has become of a member's last upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upload {
    /// The portrait is being made.
    Waiting,
    /// It couldn't be made, for this reason.
    Failed(String),
}

/// A member's portrait, and what is to become of it.
#[derive(Clone, Debug, Default)]
pub struct Avatar {
    /// The key of the picture.
    pub key: Option<String>,
    /// The last upload, unless it has become the picture.
    pub upload: Option<Upload>,
}

/// Finds a member's portrait.
pub async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<Avatar> {
    let row = sqlx::query!(
        r#"select avatar, avatar_uploads.user_id is not null as "has_upload!", problem
           from users left join avatar_uploads on user_id = id where id = $1"#,
        user.0,
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(Avatar::default()) };
    let upload = row.has_upload.then(|| row.problem.map_or(Upload::Waiting, Upload::Failed));
    Ok(Avatar { key: row.avatar, upload })
}

/// Finds the key of a member's portrait.
pub async fn find_key(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<String>> {
    let key = sqlx::query_scalar!("select avatar from users where id = $1", user.0);
    Ok(key.fetch_optional(db).await?.flatten())
}

/// Takes an upload that is to become a member's portrait, instead of an earlier one. Returns false if the member is
/// gone.
pub async fn ask(db: &mut Tx, user: UserId, source: &str) -> sqlx::Result<bool> {
    if !lock_member(db, user).await? {
        return Ok(false);
    }
    let before = take_upload(db, user).await?;
    sqlx::query!("insert into avatar_uploads (user_id, source_key) values ($1, $2)", user.0, source)
        .execute(&mut *db)
        .await?;
    discard(db, before).await?;
    MakeAvatar { user }.enqueue(db).await?;
    Ok(true)
}

/// Finds the upload that is to become a member's portrait.
pub async fn find_source(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<String>> {
    let source = sqlx::query_scalar!("select source_key from avatar_uploads where user_id = $1", user.0);
    Ok(source.fetch_optional(db).await?.flatten())
}

/// Claims the file of a portrait before it is stored. Returns false if the member wants another by now. Waits while the
/// file is being deleted.
pub async fn claim(db: &mut PgConnection, user: UserId, source: &str, key: &str) -> sqlx::Result<bool> {
    files::lock_name(db, key).await?;
    let claimed = sqlx::query!(
        "update avatar_uploads set key = $3 where user_id = $1 and source_key = $2",
        user.0,
        source,
        key,
    );
    Ok(claimed.execute(db).await?.rows_affected() > 0)
}

/// Shows a portrait whose file is stored. Returns false if the member wants another by now. Files that nothing needs
/// any more are deleted.
pub async fn finish(db: &mut Tx, user: UserId, source: &str, key: &str) -> sqlx::Result<bool> {
    let mut unneeded = Keys::default();
    let shown = lock_member(db, user).await?
        && sqlx::query!(
            "delete from avatar_uploads where user_id = $1 and source_key = $2 and key = $3",
            user.0,
            source,
            key,
        )
        .execute(&mut *db)
        .await?
        .rows_affected()
            > 0;
    if shown {
        unneeded.originals.push(source.to_owned());
        unneeded.pictures.extend(set(db, user, Some(key)).await?);
        tell(db, user).await?;
    } else {
        unneeded.pictures.push(key.to_owned());
    }
    discard(db, unneeded).await?;
    Ok(shown)
}

/// Tells a member why an upload can't become the portrait, unless the member wants another by now.
pub async fn refuse(db: &mut Tx, user: UserId, source: &str, reason: &str) -> sqlx::Result<()> {
    let refused = sqlx::query_scalar!(
        "update avatar_uploads set source_key = null, key = null, problem = $3
         from (select user_id, key from avatar_uploads where user_id = $1 and source_key = $2 for update) as before
         where avatar_uploads.user_id = before.user_id
         returning before.key",
        user.0,
        source,
        reason,
    );
    if let Some(key) = refused.fetch_optional(&mut *db).await? {
        let pictures = key.into_iter().collect();
        discard(db, Keys { originals: vec![source.to_owned()], pictures }).await?;
    }
    Ok(())
}

/// Removes a member's portrait, and an upload that is to become one. Returns false if there is neither.
pub async fn remove(db: &mut Tx, user: UserId) -> sqlx::Result<bool> {
    if !lock_member(db, user).await? {
        return Ok(false);
    }
    let removed = sqlx::query!("select user_id from avatar_uploads where user_id = $1", user.0);
    let mut is_removed = removed.fetch_optional(&mut *db).await?.is_some();
    let mut unneeded = take_upload(db, user).await?;
    if let Some(before) = set(db, user, None).await? {
        unneeded.pictures.push(before);
        is_removed = true;
        tell(db, user).await?;
    }
    discard(db, unneeded).await?;
    Ok(is_removed)
}

/// Removes a member's portrait for a moderator, such that it can be put back: its file is withheld. Returns false if
/// there is none, and no upload.
pub async fn take_down(db: &mut Tx, user: UserId, name: &str, actor: Actor<'_>) -> sqlx::Result<bool> {
    let users: Vec<_> = actor.user().into_iter().chain([user]).map(|user| user.0).collect();
    sqlx::query!("select id from users where id = any($1) order by id for no key update", &users)
        .fetch_all(&mut **db)
        .await?;
    let key = find_key(db, user).await?;
    let profile = find_profile(db, user).await?;
    if !remove(db, user).await? {
        return Ok(false);
    }
    let detail = json!({ "user": user, "name": name });
    match (key, profile) {
        (Some(key), Some(profile)) => {
            let done = Done {
                kind: Kind::RemoveAvatar,
                thing: Thing::Hub(profile),
                author: Some(user),
                about: name,
                reason: None,
                before: json!({ "avatar": key }),
                detail,
            };
            acts::record(db, actor, done).await?;
        }
        // Only an upload that is to become one.
        _ => audit::record(db, actor, Action::RemoveAvatar, &detail).await?,
    }
    Ok(true)
}

/// Puts a portrait back that a moderator has removed. Returns false if the member has another by now. The file is served
/// again before the transaction commits; if it doesn't, the purge withholds the file once more.
///
/// # Errors
/// Why it can't come back.
pub async fn put_back(db: &mut Tx, store: &MediaStore, profile: HubId, key: &str) -> Result<bool, NotBack> {
    let user = sqlx::query_scalar!(
        r#"select users.id as "user: UserId" from hubs join users on users.id = profile_of
           where hubs.id = $1 and avatar is null for no key update of users"#,
        profile.0,
    );
    let Some(user) = user.fetch_optional(&mut **db).await? else { return Ok(false) };
    files::lock_name(db, key).await?;
    let parsed: MediaKey = key.parse().map_err(|_| NotBack::NoFiles)?;
    if !store.serve_picture(&parsed).await.map_err(|error| NotBack::Store(error.into()))? {
        return Err(NotBack::NoFiles);
    }
    set(db, user, Some(key)).await?;
    tell(db, user).await?;
    Ok(true)
}

/// Has the files of a user deleted who is about to be deleted and whose row is locked.
pub(crate) async fn leave(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    let mut unneeded = take_upload(db, user).await?;
    unneeded.pictures.extend(find_key(db, user).await?);
    discard(db, unneeded).await
}

/// Fails uploads whose job has ended without a portrait.
pub async fn fail_abandoned(db: &mut Tx) -> sqlx::Result<()> {
    let failed = sqlx::query_scalar!(
        r#"update avatar_uploads set source_key = null, key = null, problem = $1
           from (select user_id, source_key from avatar_uploads
                 where source_key is not null
                   and not exists (select from jobs where kind = $2 and payload->>'user' = user_id::text)
                 for update) as before
           where avatar_uploads.user_id = before.user_id
           returning before.source_key as "source!""#,
        ABANDONED,
        MakeAvatar::KIND,
    );
    let originals = failed.fetch_all(&mut *db).await?;
    discard(db, Keys { originals, pictures: Vec::new() }).await
}

/// Files that nothing may need any more.
#[derive(Debug, Default)]
struct Keys {
    originals: Vec<String>,
    pictures: Vec<String>,
}

async fn discard(db: &mut Tx, keys: Keys) -> sqlx::Result<()> {
    let Keys { originals, pictures } = keys;
    if !originals.is_empty() || !pictures.is_empty() {
        DiscardFiles { originals, pictures }.enqueue(db).await?;
    }
    Ok(())
}

/// Locks a member's row, as do all who change the portrait.
async fn lock_member(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let row =
        sqlx::query!("select id from users where id = $1 and name is not null for no key update", user.0);
    Ok(row.fetch_optional(db).await?.is_some())
}

async fn take_upload(db: &mut PgConnection, user: UserId) -> sqlx::Result<Keys> {
    let row = sqlx::query!("delete from avatar_uploads where user_id = $1 returning source_key, key", user.0);
    let row = row.fetch_optional(db).await?;
    Ok(row.map_or_else(Keys::default, |row| Keys {
        originals: row.source_key.into_iter().collect(),
        pictures: row.key.into_iter().collect(),
    }))
}

/// Sets the portrait. Returns the one before, if it is another.
async fn set(db: &mut PgConnection, user: UserId, key: Option<&str>) -> sqlx::Result<Option<String>> {
    let before = sqlx::query_scalar!(
        "update users set avatar = $2 from (select id, avatar from users where id = $1) as before
         where users.id = before.id and before.avatar is distinct from $2
         returning before.avatar",
        user.0,
        key,
    );
    Ok(before.fetch_optional(db).await?.flatten())
}

async fn find_profile(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<HubId>> {
    sqlx::query_scalar!(r#"select id as "id: HubId" from hubs where profile_of = $1"#, user.0)
        .fetch_optional(db)
        .await
}

/// What shows the portrait is stale.
async fn tell(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    let hubs = owner::find_hubs(db, user).await?;
    let profile = find_profile(db, user).await?;
    let mut events = vec![Event::MemberChanged { photos: Vec::new(), hubs }];
    events.extend(profile.map(|hub| Event::HubChanged { hub }));
    Event::record_all(db, events).await
}

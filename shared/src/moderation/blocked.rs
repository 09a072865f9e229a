//! Blocked pictures. A moderator hides a photo, and the site refuses its picture from every member.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use pawdium_media::Fingerprint;
use pawdium_queue::Enqueue as _;
use serde_json::json;
use sqlx::PgConnection;

use super::hiding::hold_all;
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::ids::{PhotoId, UserId};
use crate::jobs::moderation::ReviewRemixes;
use crate::photos::withheld::{self, Withheld};
use crate::photos::{Likeness, transitions};

/// The reason that the owner of a refused photo reads.
pub const REFUSAL: &str = "Our moderators blocked this picture, so it can't be shown here. Please submit another one. \
                           If you think that this is a mistake, tell them.";

/// Why a picture is blocked: 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Checks a reason.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.chars().count() {
            0 => Err("Say why, in a few words."),
            1..=500 if !text.contains(char::is_control) => Ok(Self(text)),
            1..=500 => Err("The reason must be plain text."),
            _ => Err("Keep the reason to 500 characters."),
        }
    }

    /// The reason.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The result of blocking a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockOutcome {
    /// The photo is hidden, and its picture is refused from now on.
    Blocked,
    /// The photo is hidden. It predates hashes and fingerprints, so its picture can't be recognised.
    Hidden,
    /// The photo doesn't exist or is already hidden.
    Gone,
}

/// An advisory lock: exclusive for blocking, shared for going live. A transaction that holds it waits for no other
/// lock, so the lock is short.
const BLOCKING: i32 = 2;

/// Hides a photo and keeps its picture out, in one act.
pub async fn block(
    db: &mut Tx,
    actor: Actor<'_>,
    photo: PhotoId,
    reason: &Reason,
) -> sqlx::Result<BlockOutcome> {
    let blocked = block_all(db, actor, &[photo], reason).await?;
    Ok(blocked.first().map_or(BlockOutcome::Gone, |(_, outcome)| *outcome))
}

/// Blocks several photos for one reason. Returns those that were visible until now, in the order of their ids, each
/// with its result.
pub async fn block_all(
    db: &mut Tx,
    actor: Actor<'_>,
    photos: &[PhotoId],
    reason: &Reason,
) -> sqlx::Result<Vec<(PhotoId, BlockOutcome)>> {
    // Lock those to whom the entries refer: users' rows come before photos' rows.
    hold_all(db, photos, actor.user()).await?;
    let photos: BTreeSet<_> = photos.iter().copied().collect();
    transitions::lock_all(db, &photos).await?;
    let mut hidden = Vec::new();
    for photo in photos {
        // Hide first, so that no picture is blocked for a photo that is already hidden or deleted.
        if let Some(withheld) = withheld::hide(db, photo).await? {
            ReviewRemixes { photo }.enqueue(db).await?;
            hidden.push((photo, withheld));
        }
    }
    // Photos that go live have either committed, so that moderators see them, or will find the entries.
    sqlx::query!("select pg_advisory_xact_lock($1, 0)", BLOCKING).fetch_one(&mut *db).await?;
    let mut blocked = Vec::new();
    for (photo, withheld) in hidden {
        blocked.push((photo, enter(db, actor, photo, withheld, reason).await?));
    }
    Ok(blocked)
}

/// Adds a photo's picture to the list.
async fn enter(
    db: &mut PgConnection,
    actor: Actor<'_>,
    photo: PhotoId,
    hidden: Withheld,
    reason: &Reason,
) -> sqlx::Result<BlockOutcome> {
    let entry = sqlx::query!(
        r#"with earlier as (
               select blocked_pictures.reason from blocked_pictures join photos using (source_hash) where photos.id = $1
           )
           insert into blocked_pictures (source_hash, fingerprint, reason, photo_id, blocked_by, blocker)
           select source_hash, fingerprint, $2::text, id, $3::bigint, $4::text from photos
           where id = $1 and (source_hash is not null or fingerprint is not null)
           on conflict (source_hash) do update set reason = excluded.reason
           returning id, (select reason from earlier) as earlier"#,
        photo.0,
        reason.0,
        actor.user().map(|user| user.0),
        actor.name(),
    )
    .fetch_optional(&mut *db)
    .await?;
    let (id, earlier) = entry.map(|entry| (entry.id, entry.earlier)).unzip();
    let done = Done {
        kind: Kind::BlockPicture,
        thing: Thing::Photo(photo),
        author: Some(hidden.owner),
        about: &hidden.title,
        reason: Some(&reason.0),
        before: json!({ "photo": hidden.before, "picture": id, "earlier": earlier.flatten() }),
        detail: json!({ "photo": photo, "picture": id }),
    };
    acts::record(db, actor, done).await?;
    Ok(if id.is_some() { BlockOutcome::Blocked } else { BlockOutcome::Hidden })
}

/// Takes back what a block has entered: removes the entry, or gives the one that was there its reason back. What
/// somebody has unblocked since stays so.
pub(super) async fn take_back(db: &mut PgConnection, id: i64, earlier: Option<&str>) -> sqlx::Result<()> {
    match earlier {
        Some(reason) => {
            sqlx::query!("update blocked_pictures set reason = $2 where id = $1", id, reason)
                .execute(db)
                .await?
        }
        None => sqlx::query!("delete from blocked_pictures where id = $1", id).execute(db).await?,
    };
    Ok(())
}

/// Prevents blocking until the transaction ends, after waiting for a current one. A transaction that calls this, looks
/// for an entry and then makes a photo live can't miss an entry.
pub async fn prevent_blocking(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1, 0)", BLOCKING).fetch_one(db).await?;
    Ok(())
}

/// Unblocks a picture. Returns false if it isn't blocked.
pub async fn unblock(db: &mut PgConnection, actor: Actor<'_>, id: i64) -> sqlx::Result<bool> {
    let reason = sqlx::query_scalar!("delete from blocked_pictures where id = $1 returning reason", id)
        .fetch_optional(&mut *db)
        .await?;
    let Some(reason) = reason else { return Ok(false) };
    let detail = json!({ "picture": id, "reason": reason });
    audit::record(db, actor, Action::UnblockPicture, &detail).await?;
    Ok(true)
}

/// Finds the entry that blocks a picture. Compares with the whole list.
pub async fn find(db: &mut PgConnection, likeness: Likeness) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "select id from blocked_pictures
         where source_hash = $1 or fingerprint_distance(fingerprint, $2) <= $3
         order by id
         limit 1",
        likeness.hash.as_ref().map(<[u8; 32]>::as_slice),
        likeness.fingerprint.map(Fingerprint::to_bits),
        i64::from(Fingerprint::SAME),
    )
    .fetch_optional(db)
    .await
}

/// Counts a photo that was refused because of an entry.
pub async fn count_refusal(db: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query!("update blocked_pictures set refused = refused + 1 where id = $1", id).execute(db).await?;
    Ok(())
}

/// Returns why a photo is blocked, for its owner; `None` if it is deleted.
pub async fn reason_of(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<String>> {
    // Another photo with the same file may be the one that was blocked.
    sqlx::query_scalar!(
        "select blocked.reason from photos
         join blocked_pictures blocked
             on blocked.photo_id = photos.id or blocked.source_hash = photos.source_hash
         where photos.id = $1 and photos.state <> 'deleted'
         order by blocked.photo_id = photos.id desc nulls last
         limit 1",
        photo.0,
    )
    .fetch_optional(db)
    .await
}

/// An entry of the list.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// Its number; later entries have larger ones.
    pub id: i64,
    /// BLAKE3 of the original.
    pub source_hash: Option<Vec<u8>>,
    /// The perceptual fingerprint of the picture.
    pub fingerprint: Option<i64>,
    /// Why it is blocked.
    pub reason: String,
    /// The photo that was blocked; `None` if its row is gone.
    pub photo: Option<PhotoId>,
    /// The user who blocked it; `None` for an operator or a deleted account.
    pub by: Option<UserId>,
    /// The name of the person who blocked it.
    pub blocker: String,
    /// When it was blocked.
    pub at: DateTime<Utc>,
    /// How many photos were refused because of it.
    pub refused: i64,
}

/// Lists entries with a number below `before`, newest first.
pub async fn list(db: &mut PgConnection, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<Blocked>> {
    sqlx::query_as!(
        Blocked,
        r#"select id, source_hash, fingerprint, reason, photo_id as "photo: PhotoId", blocked_by as "by: UserId",
                  blocker, blocked_at as at, refused
           from blocked_pictures where id < $1 order by id desc limit $2"#,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert_eq!(Reason::new("  not an\nanimal "), Ok(Reason("not an animal".to_owned())));
        assert!(Reason::new(" \n ").is_err());
        assert!(Reason::new(&"ä".repeat(500)).is_ok());
        assert!(Reason::new(&"ä".repeat(501)).is_err());
    }
}

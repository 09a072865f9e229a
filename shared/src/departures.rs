//! Merging an anonymous user into the account that they log in to, and deleting an account with its photos and ratings.
//! Both correct the histograms.

use std::collections::BTreeSet;

use crate::accounts::queries;
use crate::acts;
use crate::comments;
use crate::db::Tx;
use crate::events::Event;
use crate::exports;
use crate::hubs::succession;
use crate::ids::{HubId, PhotoId, UserId};
use crate::imports;
use crate::moderation::review;
use crate::photos::{avatars, files, owner, tagging, transitions, withheld};
use crate::ratings::cast;
use crate::talks::leaving;

/// How many topics an event names.
const TOPICS: usize = 500;

/// Moves an anonymous user's ratings, also those of earlier pictures, votes, drafts and shares to an account and
/// deletes the anonymous user. If both rated a photo, the account's rating stays. Ratings of the account's own photos
/// are dropped. Does nothing if `from` is registered or gone.
pub async fn merge(db: &mut Tx, from: UserId, into: UserId) -> sqlx::Result<()> {
    if from == into || !lock_users(db, from, into).await? {
        return Ok(());
    }
    review::leaving::merge(db, from, into).await?;
    lock_own(db, from).await?;
    cast::merge_taken_back(db, from, into).await?;
    leaving::merge(db, from, into).await?;
    let mut changed = drop_ratings(db, from, Some(into)).await?;
    sqlx::query!("update ratings set rater_id = $2 where rater_id = $1", from.0, into.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "update earlier_ratings as moved set rater_id = $2
         where rater_id = $1
           and not exists (select from earlier_ratings as kept
                           where kept.photo_id = moved.photo_id and kept.picture = moved.picture and kept.rater_id = $2)
           and not exists (select from photos where id = moved.photo_id and owner_id = $2)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    // Nobody rates photos of their own: the account may have rated the anonymous user's.
    sqlx::query!(
        "delete from earlier_ratings using photos where photos.id = photo_id and owner_id = $1 and rater_id = $2",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    let moved = sqlx::query_scalar!(
        r#"update photos set owner_id = $2 where owner_id = $1 returning id as "id: PhotoId""#,
        from.0,
        into.0,
    )
    .fetch_all(&mut *db)
    .await?;
    changed.extend(moved);
    // If the account has used the same key, the key keeps finding the account's photo.
    sqlx::query!(
        "update photo_submissions set owner_id = $2
         where owner_id = $1 and key not in (select key from photo_submissions where owner_id = $2)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    // If the account already has a link to the same photo, it keeps that one. The other still works, without an owner.
    sqlx::query!(
        "update shares set sharer_id = $2
         where sharer_id = $1 and photo_id not in (select photo_id from shares where sharer_id = $2)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("update acts set author_id = $2 where author_id = $1", from.0, into.0,)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "insert into merged_users (id, into_id, rater_key) select id, $2, rater_key from users where id = $1",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    queries::delete(db, from).await?;
    let hubs = find_hubs_rated(db, into).await?;
    record_change(db, changed, hubs).await
}

/// Finds the hubs that a user belongs to and whose photos the user has rated, because hubs count their members'
/// ratings.
async fn find_hubs_rated(db: &mut Tx, user: UserId) -> sqlx::Result<Vec<HubId>> {
    sqlx::query_scalar!(
        r#"select distinct hub_id as "hub: HubId"
           from hub_roles join hub_photos using (hub_id) join ratings using (photo_id)
           where user_id = $1 and rater_id = $1 and role in ('member', 'owner') order by 1"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// Locks an anonymous user who is about to be merged, and the account, in the order of their ids. Returns false if the
/// first is registered or gone.
async fn lock_users(db: &mut Tx, from: UserId, into: UserId) -> sqlx::Result<bool> {
    let mut is_anonymous = false;
    for user in [from.min(into), from.max(into)] {
        if user == from {
            let found =
                sqlx::query!("select id from users where id = $1 and name is null for update", from.0)
                    .fetch_optional(&mut *db)
                    .await?;
            is_anonymous = found.is_some();
        } else {
            // The account may go on rating, but no other user can be merged into it.
            sqlx::query!("select id from users where id = $1 for no key update", into.0)
                .fetch_optional(&mut *db)
                .await?;
        }
    }
    Ok(is_anonymous)
}

/// Deletes a user with ratings, photos, comments, votes, roles in hubs and sessions, and corrects the histograms. A job
/// deletes the photos' files.
pub async fn delete(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    // Lock the user before any counter: a concurrent rating holds the user's key, and its histogram must be seen.
    sqlx::query!("select id from users where id = $1 for update", user.0).fetch_optional(&mut *db).await?;
    review::leaving::leave_all(db, user).await?;
    let own = sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos where owner_id = $1 and state <> 'deleted' order by id"#,
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    // What moderators have deleted goes for good.
    let withheld = withheld::list_of(db, user).await?;
    // Lock these before the counters, in the same order as hiding and deleting a photo.
    for photo in own.iter().chain(&withheld).collect::<BTreeSet<_>>() {
        files::lock_names(db, *photo).await?;
    }
    lock_own(db, user).await?;
    succession::leave_all(db, user).await?;
    leaving::leave_all(db, user).await?;
    comments::leaving::leave_all(db, user).await?;
    exports::upkeep::leave(db, user).await?;
    avatars::leave(db, user).await?;
    imports::leaving::leave_all(db, user).await?;
    let mut changed = drop_ratings(db, user, None).await?;
    for photo in &own {
        transitions::delete(db, *photo).await?;
    }
    for photo in withheld {
        withheld::forget(db, photo).await?;
    }
    acts::forget_author(db, user).await?;
    // Their remixes lose the name of their parent's owner.
    changed.extend(list_remixes(db, user).await?);
    changed.extend(&own);
    let hubs = owner::find_hubs(db, user).await?;
    let topics = tagging::list_topics(db, &own).await?;
    queries::delete(db, user).await?;
    if let Some(photo) = own.first().copied() {
        let tagged =
            topics.chunks(TOPICS).map(|topics| Event::PhotoTagged { photo, topics: topics.to_vec() });
        Event::record_all(db, tagged.collect()).await?;
    }
    record_change(db, changed, hubs).await
}

/// Lists the photos that were made from photos of a user.
async fn list_remixes(db: &mut Tx, user: UserId) -> sqlx::Result<Vec<PhotoId>> {
    sqlx::query_scalar!(
        r#"select remix.id as "id: PhotoId" from photos join photos as remix on remix.parent_id = photos.id
           where photos.owner_id = $1 and remix.owner_id <> $1"#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// Locks a user's photos, and the links and ratings of the user or of these photos, because two users who are deleted
/// at once may have shared each other's photos.
async fn lock_own(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    // A transaction that rates or shares one of these photos already holds its key, and waits at most for counters.
    sqlx::query!("select id from photos where owner_id = $1 order by id for update", user.0)
        .fetch_all(&mut *db)
        .await?;
    sqlx::query!(
        "select code from shares
         where sharer_id = $1 or photo_id in (select id from photos where owner_id = $1)
         order by code for update",
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        "select photo_id from ratings
         where rater_id = $1 or photo_id in (select id from photos where owner_id = $1)
         order by photo_id, rater_id for update",
        user.0,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

async fn record_change(db: &mut Tx, photos: Vec<PhotoId>, hubs: Vec<HubId>) -> sqlx::Result<()> {
    if photos.is_empty() && hubs.is_empty() {
        return Ok(());
    }
    Event::MemberChanged { photos, hubs }.record(db).await
}

/// Deletes ratings and subtracts them from the histograms: all of the rater's, or, with an account to move to, those
/// that can't move. Locks the counters of these photos and of the rater's own in the order of photo ids, like every
/// other path, to prevent deadlocks.
async fn drop_ratings(db: &mut Tx, rater: UserId, moving_to: Option<UserId>) -> sqlx::Result<Vec<PhotoId>> {
    let into = moving_to.map(|user| user.0);
    sqlx::query!(
        "select photo_id from photo_stats
         where photo_id in (select photo_id from ratings where rater_id = $1
                            union all
                            select id from photos where owner_id = $1)
         order by photo_id for update",
        rater.0,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"with dropped as (
             delete from ratings
             where rater_id = $1
               and ($2::bigint is null
                    or exists (select from ratings as kept
                               where kept.photo_id = ratings.photo_id and kept.rater_id = $2)
                    or exists (select from photos where photos.id = ratings.photo_id and photos.owner_id = $2))
             returning photo_id, value
         )
         update photo_stats set histogram[value] = histogram[value] - 1
         from dropped where photo_stats.photo_id = dropped.photo_id
         returning photo_stats.photo_id as "photo: PhotoId""#,
        rater.0,
        into,
    )
    .fetch_all(db)
    .await
}

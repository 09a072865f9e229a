//! A member's notifications, what is alike as one entry.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Kind;
use crate::ids::{CommentId, NotificationId, PhotoId, UserId};

/// The most unread entries that are counted.
const MOST: i64 = 100;

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About<I> {
    /// Its id, or its slug.
    pub id: I,
    /// Its title or name.
    pub name: String,
}

/// An entry: one notification, or several that are alike.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The latest of them.
    pub id: NotificationId,
    /// What has happened.
    pub kind: Kind,
    /// How many they are.
    pub count: i64,
    /// Who did the latest.
    pub actor: Option<About<UserId>>,
    /// How many different people did them.
    pub actors: i64,
    /// The photo that it happened to.
    pub photo: Option<About<PhotoId>>,
    /// The latest comment.
    pub comment: Option<CommentId>,
    /// The hub in which it happened, with its slug.
    pub hub: Option<About<String>>,
    /// The number of ratings that the photo has reached; 1 if a request was accepted or a report was right, 0 if not, 2
    /// if what was reported is gone; 1 if something is hidden and 0 if it is shown again, of a talk 3 and 2.
    pub number: Option<i64>,
    /// When the latest happened.
    pub at: DateTime<Utc>,
    /// Whether the member has read it.
    pub is_read: bool,
}

/// Lists a member's entries before one of them, the latest first. Reads at most the latest thousand notifications by
/// `notifications_user`. What the member can't see any more is left out: photos that aren't live, and hubs that are
/// private to others.
pub async fn list(
    db: &mut PgConnection,
    user: UserId,
    before: Option<NotificationId>,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let kinds = Kind::names();
    let rows = sqlx::query!(
        r#"with recent as (
               select notifications.id, fold, read_at, actor_id
               from notifications
               left join photos on photos.id = photo_id
               left join hubs on hubs.id = hub_id
               where user_id = $1 and kind = any($4) and (photo_id is null or photos.state = 'live'
                      or kind = 'quarantined' and photos.state = 'hidden')
                 and (hub_id is null or visibility = 'public'
                      or exists (select from hub_roles where hub_roles.hub_id = hubs.id and hub_roles.user_id = $1
                                                          and role in ('member', 'owner')))
               order by notifications.id desc limit 1000
           ), entries as (
               select max(id) as last, count(*) as count, count(distinct actor_id) as actors
               from recent group by fold, read_at
           )
           select last as "id!: NotificationId", kind as "kind!", count as "count!", actors as "actors!",
                  actor.id as "actor?: UserId", actor.name as "actor_name",
                  photos.id as "photo?: PhotoId", photos.title as "title?",
                  comment_id as "comment: CommentId", hubs.slug as "slug?", hubs.name as "hub_name?", number,
                  notifications.created_at as "at!", read_at is not null as "is_read!"
           from entries
           join notifications on notifications.id = last
           left join users as actor on actor.id = actor_id
           left join photos on photos.id = photo_id
           left join hubs on hubs.id = hub_id
           where last < $2
           order by last desc limit $3"#,
        user.0,
        before.map_or(i64::MAX, |before| before.0),
        limit,
        &kinds,
    )
    .fetch_all(db)
    .await?;
    let entries = rows.into_iter().filter_map(|row| {
        Some(Entry {
            id: row.id,
            kind: row.kind.parse().ok()?,
            count: row.count,
            actor: row.actor.zip(row.actor_name).map(|(id, name)| About { id, name }),
            actors: row.actors,
            photo: row.photo.zip(row.title).map(|(id, name)| About { id, name }),
            comment: row.comment,
            hub: row.slug.zip(row.hub_name).map(|(id, name)| About { id, name }),
            number: row.number,
            at: row.at,
            is_read: row.is_read,
        })
    });
    Ok(entries.collect())
}

/// How many unread entries a member has, up to a hundred, by `notifications_unread`.
pub async fn count_unread(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    let kinds = Kind::names();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select fold from notifications
               left join photos on photos.id = photo_id
               left join hubs on hubs.id = hub_id
               where user_id = $1 and read_at is null and kind = any($3)
                 and (photo_id is null or photos.state = 'live'
                      or kind = 'quarantined' and photos.state = 'hidden')
                 and (hub_id is null or visibility = 'public'
                      or exists (select from hub_roles where hub_roles.hub_id = hubs.id and hub_roles.user_id = $1
                                                          and role in ('member', 'owner')))
               group by fold limit $2) as unread"#,
        user.0,
        MOST,
        &kinds,
    );
    count.fetch_one(db).await
}

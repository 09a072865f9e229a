//! What an export contains, in the order of ids. All of it is read in one transaction that sees one moment.

use chrono::{DateTime, Utc};
use futures::{Stream, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::ids::{PhotoId, UserId};

/// The member.
#[derive(Debug, Serialize)]
pub struct AccountEntry {
    /// The public name.
    pub name: String,
    /// The mail address.
    pub email: String,
    /// Whether the address is verified.
    pub verified: bool,
    /// What the member says about themselves.
    pub about: String,
    /// When the user was made.
    pub created_at: DateTime<Utc>,
    /// When the user registered.
    pub registered_at: Option<DateTime<Utc>>,
    /// Whether others may remix new photos.
    pub remixes: bool,
    /// The kinds of notifications that are turned off.
    pub notifications_off: Vec<String>,
    /// Whether daily mails are sent.
    pub daily_mails: bool,
}

/// A square, in pixels of the file of its photo.
#[derive(Debug, Deserialize, Serialize)]
pub struct CropEntry {
    /// The left edge.
    pub x: i32,
    /// The upper edge.
    pub y: i32,
    /// Width and height.
    pub side: i32,
}

/// A photo. Importing it elsewhere makes a draft of it.
#[derive(Debug, Deserialize, Serialize)]
pub struct PhotoEntry {
    /// Its picture in the archive; `None` if it has none.
    pub file: Option<String>,
    /// Its title.
    pub title: String,
    /// The description for people who can't see it.
    pub alt: String,
    /// What animal it is.
    pub species: String,
    /// Its tags, as its owner wrote them.
    pub tags: Vec<String>,
    /// Its state.
    pub state: String,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// What its owner has cut out of the file; `None` if all of it is shown.
    pub crop: Option<CropEntry>,
    /// Who may comment: `registered` or `nobody`.
    pub comments: String,
    /// Whether others may remix it.
    pub remixes: bool,
    /// Its id.
    pub id: i64,
    /// The photo that it was made from.
    pub parent: Option<i64>,
    /// How often it was rated with 1 to 10.
    pub ratings: Vec<i32>,
    /// How often it was looked at.
    pub views: i64,
    /// How often it was shared.
    pub shares: i64,
}

/// Where the picture of a photo is in the store.
#[derive(Clone, Debug)]
pub struct PhotoSource {
    /// The photo.
    pub photo: PhotoId,
    /// The key of its largest picture.
    pub picture: Option<String>,
    /// The key of its original, if that is kept.
    pub original: Option<String>,
    /// When the photo was submitted.
    pub created_at: DateTime<Utc>,
}

/// A comment of the member's.
#[derive(Debug, Deserialize, Serialize)]
pub struct CommentEntry {
    /// Its id.
    pub id: i64,
    /// The photo.
    pub photo: i64,
    /// The comment that it answers.
    pub parent: Option<i64>,
    /// What it says.
    pub text: String,
    /// `shown`, `held` or `removed`.
    pub state: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub edited_at: Option<DateTime<Utc>>,
}

/// A rating of the member's.
#[derive(Debug, Serialize)]
pub struct RatingEntry {
    /// The photo.
    pub photo: i64,
    /// 1 to 10.
    pub value: i16,
    /// When it was given.
    pub rated_at: DateTime<Utc>,
    /// Whether the photo still shows the picture that was rated.
    pub current: bool,
}

/// A vote of the member's.
#[derive(Debug, Serialize)]
pub struct VoteEntry {
    /// The talk.
    pub talk: i64,
    /// Its call.
    pub call: i64,
    /// When it was cast.
    pub at: DateTime<Utc>,
    /// Whether it is counted.
    pub counted: bool,
}

/// A talk of the member's.
#[derive(Debug, Serialize)]
pub struct TalkEntry {
    /// Its id.
    pub id: i64,
    /// Its call.
    pub call: i64,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// `waiting`, `shown`, `hidden` or `withdrawn`.
    pub state: String,
    /// When it was pitched.
    pub created_at: DateTime<Utc>,
}

/// A role of the member's in a hub.
#[derive(Debug, Serialize)]
pub struct HubEntry {
    /// The hub's slug.
    pub slug: String,
    /// The hub's name.
    pub name: String,
    /// `subscriber`, `stargazer`, `member` or `owner`.
    pub role: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A link with which the member shares a photo.
#[derive(Debug, Serialize)]
pub struct ShareEntry {
    /// Its code.
    pub code: String,
    /// The photo.
    pub photo: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Somebody whom the member has blocked.
#[derive(Debug, Serialize)]
pub struct BlockEntry {
    /// Their name.
    pub name: String,
    /// Since when.
    pub blocked_at: DateTime<Utc>,
}

/// A device on which the member is logged in.
#[derive(Debug, Serialize)]
pub struct SessionEntry {
    /// When the member logged in.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Reads the account; `None` if it is gone.
pub async fn account(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<AccountEntry>> {
    sqlx::query_as!(
        AccountEntry,
        r#"select name as "name!", email as "email!", email_verified_at is not null as "verified!",
                  coalesce((select summary from hubs where profile_of = users.id), '') as "about!",
                  created_at, registered_at, remixes,
                  coalesce(off, '{}') as "notifications_off!", coalesce(digest, true) as "daily_mails!"
           from users left join notification_settings on user_id = id
           where id = $1 and name is not null"#,
        user.0,
    )
    .fetch_optional(db)
    .await
}

/// Reads photos that aren't deleted. A crop is one of the file: what is cut out of a live photo is cut out already.
pub fn photos(
    db: &mut PgConnection,
    user: UserId,
) -> impl Stream<Item = sqlx::Result<(PhotoEntry, PhotoSource)>> {
    let rows = sqlx::query!(
        r#"select id as "id: PhotoId", title, alt, species, state, photos.created_at, crop_x, crop_y, crop_side,
                  photos.comments, photos.remixes, parent_id, histogram, views, shares, source_key,
                  array(select topics.name from taggings join topics on topics.id = written_id
                        where taggings.photo_id = photos.id order by place) as "tags!",
                  (select key from photo_files where photo_files.photo_id = photos.id
                   order by edge desc limit 1) as picture
           from photos join photo_stats on photo_stats.photo_id = id
           where owner_id = $1 and state <> 'deleted'
           order by id"#,
        user.0,
    );
    rows.fetch(db).map_ok(|row| {
        let is_cut = row.state == "live";
        let crop = match (row.crop_x, row.crop_y, row.crop_side) {
            (Some(x), Some(y), Some(side)) if !is_cut => Some(CropEntry { x, y, side }),
            _ => None,
        };
        let source = PhotoSource {
            photo: row.id,
            picture: row.picture,
            original: row.source_key,
            created_at: row.created_at,
        };
        let entry = PhotoEntry {
            file: None,
            title: row.title,
            alt: row.alt,
            species: row.species,
            tags: row.tags,
            state: row.state,
            created_at: row.created_at,
            crop,
            comments: row.comments,
            remixes: row.remixes,
            id: row.id.0,
            parent: row.parent_id,
            ratings: row.histogram,
            views: row.views,
            shares: row.shares,
        };
        (entry, source)
    })
}

/// Finds the largest picture that a photo shows now; `None` if it shows none any more.
pub async fn find_picture(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select key from photo_files where photo_id = $1 order by edge desc limit 1", photo.0)
        .fetch_optional(db)
        .await
}

/// Reads comments. Those that the member has deleted are anonymous, so nobody knows whose they were.
pub fn comments(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<CommentEntry>> {
    sqlx::query_as!(
        CommentEntry,
        "select id, photo_id as photo, reply_to as parent, text, state, created_at, edited_at
         from comments where author_id = $1 order by id",
        user.0,
    )
    .fetch(db)
}

/// Reads ratings, including those of earlier pictures.
pub fn ratings(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<RatingEntry>> {
    sqlx::query_as!(
        RatingEntry,
        r#"select photo_id as "photo!", value as "value!", rated_at as "rated_at!", true as "current!"
           from ratings where rater_id = $1
           union all
           select photo_id, value, rated_at, false from earlier_ratings where rater_id = $1
           order by 1, 3"#,
        user.0,
    )
    .fetch(db)
}

/// Reads votes for talks.
pub fn votes(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<VoteEntry>> {
    sqlx::query_as!(
        VoteEntry,
        r#"select talk_id as talk, call_id as call, at, set_aside_at is null as "counted!"
           from talk_votes where voter_id = $1 order by talk_id"#,
        user.0,
    )
    .fetch(db)
}

/// Reads talks.
pub fn talks(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<TalkEntry>> {
    sqlx::query_as!(
        TalkEntry,
        "select id, call_id as call, title, description, state, created_at
         from talks where author_id = $1 order by id",
        user.0,
    )
    .fetch(db)
}

/// Reads roles in hubs, as far as the member sees the hubs.
pub fn hubs(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<HubEntry>> {
    sqlx::query_as!(
        HubEntry,
        r#"select slug as "slug!", hubs.name, hub_roles.role, since
           from hub_roles join hubs on hubs.id = hub_id
           where user_id = $1 and slug is not null
             and (visibility = 'public'
                  or exists (select from hub_roles as own where own.hub_id = hubs.id and own.user_id = $1
                                                            and own.role in ('member', 'owner')))
           order by hub_id, hub_roles.role"#,
        user.0,
    )
    .fetch(db)
}

/// Reads links to photos.
pub fn shares(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<ShareEntry>> {
    sqlx::query_as!(
        ShareEntry,
        "select code, photo_id as photo, created_at from shares where sharer_id = $1 order by photo_id, code",
        user.0,
    )
    .fetch(db)
}

/// Reads who is blocked.
pub fn blocks(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<BlockEntry>> {
    sqlx::query_as!(
        BlockEntry,
        r#"select name as "name!", blocked_at from member_blocks join users on users.id = blocked_id
           where user_id = $1 and name is not null order by blocked_id"#,
        user.0,
    )
    .fetch(db)
}

/// Reads where the member is logged in, without the tokens.
pub fn sessions(db: &mut PgConnection, user: UserId) -> impl Stream<Item = sqlx::Result<SessionEntry>> {
    sqlx::query_as!(
        SessionEntry,
        "select created_at, last_used_at, expires_at from sessions where user_id = $1 order by created_at, expires_at",
        user.0,
    )
    .fetch(db)
}

//! What cases are about: whose it is, in which version, and how pages call it.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::ids::{CommentId, HubId, PhotoId, TalkId, UserId};
use crate::moderation::cases::Thing;

/// A thing that is there.
#[derive(Clone, Debug)]
pub struct Found {
    /// Whose it is. A hub has several, the one who has owned it for longest first.
    pub owners: Vec<UserId>,
    /// Changes with what it shows.
    pub version: String,
    /// Whether others see it.
    pub is_shown: bool,
    /// Whether moderators, or the site, have taken it from everybody's sight.
    pub is_down: bool,
}

struct Row {
    owners: Vec<i64>,
    version: String,
    is_shown: bool,
    is_down: bool,
}

/// Finds a thing. `None` if it is gone.
pub async fn find(db: &mut PgConnection, thing: Thing) -> sqlx::Result<Option<Found>> {
    let row = match thing {
        Thing::Photo(photo) => find_photo(db, photo).await?,
        Thing::Comment(comment) => find_comment(db, comment).await?,
        Thing::Talk(talk) => find_talk(db, talk).await?,
        Thing::Hub(hub) => find_hub(db, hub).await?,
        Thing::Member(member) => find_member(db, member).await?,
        Thing::Appeal(sanction) => find_appeal(db, sanction).await?,
    };
    Ok(row.map(|row| Found {
        owners: row.owners.into_iter().map(UserId).collect(),
        version: row.version,
        is_shown: row.is_shown,
        is_down: row.is_down,
    }))
}

async fn find_photo(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select array[owner_id] as "owners!", format('%s.%s', version, picture) as "version!",
                  state = 'live' as "is_shown!", state = 'hidden' as "is_down!"
           from photos where id = $1 and state <> 'deleted'"#,
        photo.0,
    )
    .fetch_optional(db)
    .await
}

async fn find_comment(db: &mut PgConnection, comment: CommentId) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select array_remove(array[author_id], null) as "owners!", coalesce(edited_at, created_at)::text as "version!",
                  state = 'shown' as "is_shown!", false as "is_down!"
           from comments where id = $1 and state <> 'removed'"#,
        comment.0,
    )
    .fetch_optional(db)
    .await
}

async fn find_talk(db: &mut PgConnection, talk: TalkId) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select array_remove(array[author_id], null) as "owners!", revision::text as "version!",
                  state = 'shown' as "is_shown!", state = 'hidden' as "is_down!"
           from talks where id = $1 and state <> 'withdrawn'"#,
        talk.0,
    )
    .fetch_optional(db)
    .await
}

async fn find_hub(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select array(select user_id from hub_roles where hub_id = hubs.id and role = 'owner'
                        order by since, user_id) as "owners!",
                  md5(concat_ws(' ', slug, name, summary,
                                (select string_agg(config::text, ' ' order by id) from widgets
                                 where hub_id = hubs.id))) as "version!",
                  visibility = 'public' as "is_shown!", false as "is_down!"
           from hubs where id = $1 and slug is not null"#,
        hub.0,
    )
    .fetch_optional(db)
    .await
}

async fn find_member(db: &mut PgConnection, member: UserId) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select array[id] as "owners!", name as "version!", true as "is_shown!", false as "is_down!"
           from users where id = $1 and name is not null"#,
        member.0,
    )
    .fetch_optional(db)
    .await
}

async fn find_appeal(db: &mut PgConnection, sanction: i64) -> sqlx::Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select array[user_id] as "owners!", made_at::text as "version!", false as "is_shown!", false as "is_down!"
           from appeals join sanctions on id = sanction_id where sanction_id = $1"#,
        sanction,
    )
    .fetch_optional(db)
    .await
}

/// Locks an acting user and those whom an act on a thing concerns, in the order of their ids, before anything else is
/// locked. Returns false if the acting user is gone.
pub(super) async fn hold_users(
    db: &mut PgConnection,
    thing: Thing,
    owners: &[UserId],
    actor: Option<UserId>,
) -> sqlx::Result<bool> {
    let comment = match thing {
        Thing::Comment(comment) => comment.0,
        _ => 0,
    };
    let ids: Vec<_> = owners.iter().map(|owner| owner.0).chain(actor.map(|actor| actor.0)).collect();
    // Those who are notified of a comment that is shown again: see `comments::write::tell`.
    let held = sqlx::query_scalar!(
        r#"select users.id as "id: UserId" from users
           where id = any($1)
              or id in (select owner_id from comments join photos on photos.id = photo_id where comments.id = $2
                        union all select parent.author_id from comments
                                  join comments as parent on parent.id = comments.reply_to where comments.id = $2)
           order by id for key share"#,
        &ids,
        comment,
    );
    let held = held.fetch_all(db).await?;
    Ok(actor.is_none_or(|actor| held.contains(&actor)))
}

/// What pages say of a thing.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Its title or name; of a comment, that of its photo.
    pub title: String,
    /// What it says; may be empty.
    pub text: String,
    /// Who made it; `None` if the account is gone or anonymous, and for hubs.
    pub author: Option<String>,
    /// The path of its page.
    pub path: String,
    /// The photo of a comment.
    pub photo: Option<PhotoId>,
}

struct DescribedRow {
    id: i64,
    title: String,
    text: String,
    author: Option<String>,
    path: String,
    photo: Option<PhotoId>,
}

/// Describes those of these things that are there.
pub async fn describe(db: &mut PgConnection, things: &[Thing]) -> sqlx::Result<HashMap<Thing, Described>> {
    let mut found = HashMap::new();
    for about in ["photo", "comment", "talk", "hub", "member", "appeal"] {
        let ids: Vec<_> =
            things.iter().filter(|thing| thing.about() == about).map(|thing| thing.number()).collect();
        if ids.is_empty() {
            continue;
        }
        let rows = match about {
            "photo" => describe_photos(db, &ids).await?,
            "comment" => describe_comments(db, &ids).await?,
            "talk" => describe_talks(db, &ids).await?,
            "hub" => describe_hubs(db, &ids).await?,
            "member" => describe_members(db, &ids).await?,
            _ => describe_appeals(db, &ids).await?,
        };
        for row in rows {
            let described = Described {
                title: row.title,
                text: row.text,
                author: row.author,
                path: row.path,
                photo: row.photo,
            };
            found.extend(Thing::of(about, row.id).map(|thing| (thing, described)));
        }
    }
    Ok(found)
}

async fn describe_photos(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<DescribedRow>> {
    sqlx::query_as!(
        DescribedRow,
        r#"select photos.id, title, alt as text, users.name as author, '/photos/' || photos.id as "path!",
                  null::bigint as "photo: PhotoId"
           from photos join users on users.id = owner_id where photos.id = any($1) and state <> 'deleted'"#,
        ids,
    )
    .fetch_all(db)
    .await
}

async fn describe_comments(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<DescribedRow>> {
    sqlx::query_as!(
        DescribedRow,
        r#"select comments.id as "id!", title as "title!", text as "text!", users.name as "author?",
                  '/comments/' || comments.id as "path!", photo_id as "photo: PhotoId"
           from comments join photos on photos.id = photo_id left join users on users.id = author_id
           where comments.id = any($1) and comments.state <> 'removed'"#,
        ids,
    )
    .fetch_all(db)
    .await
}

async fn describe_talks(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<DescribedRow>> {
    sqlx::query_as!(
        DescribedRow,
        r#"select talks.id as "id!", title as "title!", description as "text!", users.name as "author?",
                  '/talks/' || talks.id as "path!", null::bigint as "photo: PhotoId"
           from talks left join users on users.id = author_id where talks.id = any($1) and state <> 'withdrawn'"#,
        ids,
    )
    .fetch_all(db)
    .await
}

async fn describe_hubs(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<DescribedRow>> {
    sqlx::query_as!(
        DescribedRow,
        r#"select id, name as title, summary as text, null::text as author, '/h/' || slug as "path!",
                  null::bigint as "photo: PhotoId"
           from hubs where id = any($1) and slug is not null"#,
        ids,
    )
    .fetch_all(db)
    .await
}

async fn describe_members(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<DescribedRow>> {
    sqlx::query_as!(
        DescribedRow,
        r#"select id, name as "title!", '' as "text!", name as author, '/members/' || name as "path!",
                  null::bigint as "photo: PhotoId"
           from users where id = any($1) and name is not null"#,
        ids,
    )
    .fetch_all(db)
    .await
}

async fn describe_appeals(db: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<DescribedRow>> {
    sqlx::query_as!(
        DescribedRow,
        r#"select sanction_id as id, 'Appeal of ' || name as "title!", text, name as author,
                  '/moderation/sanctions/' || sanction_id as "path!", null::bigint as "photo: PhotoId"
           from appeals join sanctions on sanctions.id = sanction_id join users on users.id = user_id
           where sanction_id = any($1) and name is not null"#,
        ids,
    )
    .fetch_all(db)
    .await
}

//! The comments on a photo as somebody sees them.

use sqlx::PgConnection;

use super::types::{Author, Comment, CommentState, Position, Viewer};
use crate::ids::{CommentId, PhotoId, UserId};

/// Minutes in which a comment can be changed.
pub(super) const YOUNG: i32 = 15;

/// Lists up to `limit` comments on a live photo, those after one place and up to another.
///
/// Nobody sees a comment of a member whom they have blocked, or who has blocked them, or one that is held or removed,
/// except that authors see their own that are held, and moderators all that aren't removed. Where somebody sees a reply
/// and not what it answers, they see that there was something. Who may not know the others' opinions sees their own.
///
/// `blocked` reads the members whom the viewer doesn't meet by the two indexes of `member_blocks`; the page is a range
/// of `comments_page`, and `replied` looks into `comments_replies` for those that aren't seen.
pub async fn list(
    db: &mut PgConnection,
    photo: PhotoId,
    viewer: Viewer,
    (after, until): (Position, Position),
    limit: i64,
) -> sqlx::Result<Vec<Comment>> {
    let rows = sqlx::query!(
        r#"with blocked as materialized (
               select blocked_id as id from member_blocks where user_id = $2 and not $4
               union
               select user_id from member_blocks where blocked_id = $2 and not $4
           )
           select comments.id as "id!: CommentId", photo_id as "photo!: PhotoId", reply_to as "parent: CommentId",
                  case when seen then author_id end as "author: UserId", case when seen then name end as name,
                  case when seen then avatar end as avatar,
                  case when seen then text else '' end as "text!", comments.created_at as "created_at!", edited_at,
                  seen as "is_seen!", comments.state = 'held' as "is_held!",
                  coalesce(author_id = $2, false) as "is_own!",
                  clock_timestamp() < comments.created_at + make_interval(mins => $10) as "is_young!"
           from comments
           join photos on photos.id = photo_id and photos.state = 'live'
           left join users on users.id = author_id
           cross join lateral (
               select case comments.state
                          when 'shown' then not exists (select from blocked where blocked.id = author_id)
                          when 'held' then $4 or author_id = $2
                          else false
                      end and ($3 or author_id = $2) is true as seen) as sight
           cross join lateral (
               select not seen and $3 and reply_to is null and (
                   select true from comments as reply
                   where reply.reply_to = comments.id and reply.state = 'shown'
                     and not exists (select from blocked where blocked.id = reply.author_id)
                   limit 1) is true as replied) as rest
           where photo_id = $1 and (-thread_id, comments.id) > ($5, $6) and (-thread_id, comments.id) <= ($7, $8)
             and (seen or replied)
           order by -thread_id, comments.id
           limit $9"#,
        photo.0,
        viewer.user.0,
        viewer.knows,
        viewer.moderates,
        -after.thread.0,
        after.id.0,
        -until.thread.0,
        until.id.0,
        limit,
        YOUNG,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Comment {
            id: row.id,
            photo: row.photo,
            author: row.author.zip(row.name).map(|(id, name)| Author { id, name, avatar: row.avatar }),
            text: row.text,
            parent: row.parent,
            created_at: row.created_at,
            edited_at: row.edited_at.filter(|_| row.is_seen),
            state: match (row.is_seen, row.is_held) {
                (true, true) => CommentState::Held,
                (true, false) => CommentState::Shown,
                (false, _) => CommentState::Removed,
            },
            is_own: row.is_own,
            is_young: row.is_young,
        })
        .collect())
}

/// Where a comment is: its photo, and its place in the list.
pub async fn locate(db: &mut PgConnection, comment: CommentId) -> sqlx::Result<Option<(PhotoId, Position)>> {
    let row = sqlx::query!(
        r#"select photo_id as "photo: PhotoId", thread_id as "thread!: CommentId" from comments where id = $1"#,
        comment.0,
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.map(|row| (row.photo, Position { thread: row.thread, id: comment })))
}

/// Finds a comment of a photo as somebody sees it.
pub async fn find(
    db: &mut PgConnection,
    photo: PhotoId,
    viewer: Viewer,
    at: Position,
) -> sqlx::Result<Option<Comment>> {
    let before = Position { id: CommentId(at.id.0 - 1), ..at };
    Ok(list(db, photo, viewer, (before, at), 1).await?.pop())
}

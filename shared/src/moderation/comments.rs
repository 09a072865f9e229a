//! Comments that wait for a moderator, and what moderators do to comments. Each act commits with its entry in the audit
//! log, which doesn't quote the comment.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::blocked::Reason;
use crate::accounts::{Role, User};
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::{self, Action, Actor};
use crate::comments::{Refusal, write};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{ActId, CommentId, PhotoId, UserId};
use crate::notifications;

/// A comment that waits.
#[derive(Clone, Debug)]
pub struct HeldComment {
    /// The comment.
    pub id: CommentId,
    /// The photo.
    pub photo: PhotoId,
    /// The photo's title.
    pub title: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// What it says.
    pub text: String,
    /// Whether other accounts have written the same; if not, it is its author's first.
    pub is_repeated: bool,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// Lists comments that wait, the oldest first, after one of them. Those that were reported wait with their case.
pub async fn list_held(
    db: &mut PgConnection,
    after: Option<CommentId>,
    limit: i64,
) -> sqlx::Result<Vec<HeldComment>> {
    sqlx::query_as!(
        HeldComment,
        r#"select comments.id as "id!: CommentId", photo_id as "photo!: PhotoId", title as "title!",
                  users.name as "author?", text as "text!",
                  held_for = 'repeated' as "is_repeated!", comments.created_at as "created_at!"
           from comments join photos on photos.id = photo_id left join users on users.id = author_id
           where comments.state = 'held' and held_for <> 'reported' and photos.state = 'live' and comments.id > $1
           order by comments.id limit $2"#,
        after.map_or(0, |after| after.0),
        limit,
    )
    .fetch_all(db)
    .await
}

/// Shows a comment that waits, and notifies whom it concerns. One that is shown already stays.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::OwnHeld`] for a moderator's own comment, and [`Refusal::InCase`] for one that waits
/// because it was reported.
pub async fn approve(db: &mut Tx, comment: CommentId, moderator: &User) -> Result<PhotoId, Refusal> {
    hold_those_concerned(db, comment).await?;
    let found = write::lock(db, comment, moderator.id, true).await?;
    let waiting = sqlx::query!(
        r#"select author_id is not distinct from $2 as "is_own!", held_for = 'reported' as "is_reported!"
           from comments where id = $1 and state = 'held'"#,
        comment.0,
        moderator.id.0,
    );
    if let Some(waiting) = waiting.fetch_optional(&mut **db).await? {
        if waiting.is_own && moderator.role != Role::Admin {
            return Err(Refusal::OwnHeld);
        }
        if waiting.is_reported {
            return Err(Refusal::InCase);
        }
    }
    let approved = sqlx::query!(
        "update comments set state = 'shown', held_for = null where id = $1 and state = 'held'",
        comment.0,
    );
    if approved.execute(&mut *db).await?.rows_affected() > 0 {
        write::tell(db, comment).await?;
        let detail = json!({ "comment": comment, "photo": found.photo, "author": found.author });
        audit::record(db, moderator.actor(), Action::ApproveComment, &detail).await?;
        Event::CommentsChanged { photos: vec![found.photo] }.record(db).await?;
    }
    Ok(found.photo)
}

/// Removes a comment, such that it can be put back. Its text is kept for 30 days, and nobody sees it. Returns its
/// photo, and the act.
///
/// # Errors
/// [`Refusal::Gone`].
pub async fn remove(
    db: &mut Tx,
    comment: CommentId,
    actor: Actor<'_>,
    reason: Option<&Reason>,
) -> Result<(PhotoId, ActId), Refusal> {
    let author = hold_author(db, comment, actor).await?;
    // A moderator may remove any comment, so it doesn't matter who that is.
    let found = write::lock(db, comment, UserId(0), true).await?;
    let before = sqlx::query!(
        r#"select title as "title!", jsonb_build_object(
               'state', comments.state, 'held_for', held_for,
               'notifications', (select coalesce(jsonb_agg(to_jsonb(notifications) order by id), '[]')
                                 from notifications where comment_id = comments.id)) as "before!"
           from comments join photos on photos.id = photo_id where comments.id = $1"#,
        comment.0,
    );
    let before = before.fetch_one(&mut *db).await?;
    sqlx::query!(
        "update comments set state = 'removed', held_for = null, removed_at = now() where id = $1",
        comment.0,
    )
    .execute(&mut *db)
    .await?;
    notifications::forget_comment(db, comment).await?;
    let done = Done {
        kind: Kind::RemoveComment,
        thing: Thing::Comment(comment),
        author,
        about: &format!("on {}", before.title),
        reason: reason.map(Reason::as_str),
        before: before.before,
        detail: json!({ "comment": comment, "photo": found.photo, "author": found.author }),
    };
    let act = acts::record(db, actor, done).await?;
    Event::CommentsChanged { photos: vec![found.photo] }.record(db).await?;
    Ok((found.photo, act))
}

/// Puts a comment back that a moderator has removed, with what members were told of it. Returns false if it isn't
/// removed, or if its text is gone, with its author.
pub async fn put_back(db: &mut Tx, comment: CommentId, before: &Value) -> sqlx::Result<bool> {
    sqlx::query!(
        "select id from users
         where id in (select user_id from jsonb_populate_recordset(null::notifications, $1)
                      union all select actor_id from jsonb_populate_recordset(null::notifications, $1))
         order by id for key share",
        before["notifications"],
    )
    .fetch_all(&mut *db)
    .await?;
    let restored = sqlx::query_scalar!(
        r#"update comments set state = $2, held_for = $3, removed_at = null
           where id = $1 and state = 'removed' and text <> '' and author_id is not null
           returning photo_id as "photo: PhotoId""#,
        comment.0,
        before["state"].as_str().unwrap_or("shown"),
        before["held_for"].as_str(),
    );
    let Some(photo) = restored.fetch_optional(&mut *db).await? else { return Ok(false) };
    let told = sqlx::query_scalar!(
        r#"insert into notifications (id, user_id, kind, fold, actor_id, photo_id, comment_id, hub_id, number,
                                      created_at, read_at) overriding system value
           select id, user_id, kind, fold, actor_id, photo_id, comment_id, hub_id, number, created_at, read_at
           from jsonb_populate_recordset(null::notifications, $1) as kept
           where exists (select from users where users.id = kept.user_id)
             and (actor_id is null or exists (select from users where users.id = actor_id))
             and not exists (select from member_blocks
                             where (member_blocks.user_id, blocked_id) in
                                   ((kept.user_id, actor_id), (actor_id, kept.user_id)))
           on conflict (id) do nothing
           returning user_id as "user: UserId""#,
        before["notifications"],
    );
    let mut users = told.fetch_all(&mut *db).await?;
    users.sort_unstable();
    users.dedup();
    if !users.is_empty() {
        Event::NotificationsChanged { users }.record(db).await?;
    }
    Event::CommentsChanged { photos: vec![photo] }.record(db).await?;
    Ok(true)
}

/// Keeps the moderator and the author of a comment from being deleted, before the comment is locked.
async fn hold_author(
    db: &mut PgConnection,
    comment: CommentId,
    actor: Actor<'_>,
) -> sqlx::Result<Option<UserId>> {
    let author =
        sqlx::query_scalar!(r#"select author_id as "author: UserId" from comments where id = $1"#, comment.0);
    let author = author.fetch_optional(&mut *db).await?.flatten();
    let users: Vec<_> = actor.user().into_iter().chain(author).map(|user| user.0).collect();
    sqlx::query!("select id from users where id = any($1) order by id for key share", &users)
        .fetch_all(db)
        .await?;
    Ok(author)
}

/// Keeps those who are notified from being deleted, before the comment is locked.
async fn hold_those_concerned(db: &mut PgConnection, comment: CommentId) -> sqlx::Result<()> {
    sqlx::query_scalar!(
        r#"select users.id as "id: UserId" from users
           where id in (select owner_id from comments join photos on photos.id = photo_id where comments.id = $1
                        union all select author_id from comments where id = $1
                        union all select parent.author_id from comments
                                  join comments as parent on parent.id = comments.reply_to where comments.id = $1)
           order by id for key share"#,
        comment.0,
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

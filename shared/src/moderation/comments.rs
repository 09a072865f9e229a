//! Comments that wait for a moderator, and what moderators do to comments. Each act commits with its entry in the audit
//! log, which doesn't quote the comment.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::blocked::Reason;
use crate::accounts::User;
use crate::audit::{self, Action};
use crate::comments::{Refusal, write};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CommentId, PhotoId, UserId};
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

/// Lists comments that wait, the oldest first, after one of them.
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
           where comments.state = 'held' and photos.state = 'live' and comments.id > $1
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
/// [`Refusal::Gone`].
pub async fn approve(db: &mut Tx, comment: CommentId, moderator: &User) -> Result<PhotoId, Refusal> {
    hold_those_concerned(db, comment).await?;
    let found = write::lock(db, comment, moderator.id, true).await?;
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

/// Removes a comment. Its text is kept for 30 days, and nobody sees it.
///
/// # Errors
/// [`Refusal::Gone`].
pub async fn remove(
    db: &mut Tx,
    comment: CommentId,
    moderator: &User,
    reason: Option<&Reason>,
) -> Result<PhotoId, Refusal> {
    let found = write::lock(db, comment, moderator.id, true).await?;
    sqlx::query!(
        "update comments set state = 'removed', held_for = null, removed_at = now() where id = $1",
        comment.0,
    )
    .execute(&mut *db)
    .await?;
    notifications::forget_comment(db, comment).await?;
    let reason = reason.map(Reason::as_str);
    let detail =
        json!({ "comment": comment, "photo": found.photo, "author": found.author, "reason": reason });
    audit::record(db, moderator.actor(), Action::RemoveComment, &detail).await?;
    Event::CommentsChanged { photos: vec![found.photo] }.record(db).await?;
    Ok(found.photo)
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

//! Writing comments, changing and deleting them. A change commits with its notifications and events.

use sqlx::PgConnection;

use super::lists::YOUNG;
use super::pace::{self, Bounds, LINKS};
use super::refusal::Refusal;
use super::same::{Held, why_held};
use super::{CommentText, links};
use crate::accounts::blocks;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CommentId, PhotoId, UserId};
use crate::notifications::{self, News};
use crate::photos::Commenters;

/// A comment to write.
#[derive(Clone, Copy, Debug)]
pub struct NewComment<'a> {
    /// The photo.
    pub photo: PhotoId,
    /// Who writes it: a registered member.
    pub author: UserId,
    /// What it says.
    pub text: &'a CommentText,
    /// The comment that it answers. An answer to a reply belongs beside it.
    pub parent: Option<CommentId>,
}

/// The comment that a new one answers.
struct Parent {
    thread: CommentId,
    author: Option<UserId>,
}

/// Writes a comment.
///
/// # Errors
/// [`Refusal::Gone`] if the photo isn't live, [`Refusal::Closed`], [`Refusal::Blocked`], [`Refusal::NoParent`],
/// [`Refusal::TooManyLinks`] and [`Refusal::TooFast`].
pub async fn post(db: &mut Tx, new: &NewComment<'_>, bounds: &Bounds) -> Result<CommentId, Refusal> {
    let owner = find_owner(db, new.photo).await?;
    let parent = match new.parent {
        Some(parent) => Some(find_parent(db, new.photo, parent).await?.ok_or(Refusal::NoParent)?),
        None => None,
    };
    let answered = parent.as_ref().and_then(|parent| parent.author);
    hold_users(db, new.author, &[Some(owner), answered]).await?;
    if blocks::has_blocked(db, owner, new.author).await? {
        return Err(Refusal::Blocked);
    }
    if let Some(answered) = answered
        && blocks::dont_meet(db, new.author, answered).await?
    {
        return Err(Refusal::NoParent);
    }
    let is_new = pace::is_new(db, new.author).await?;
    require_few_links(new.text, is_new)?;
    pace::count(db, new.author, bounds, is_new).await?.map_err(Refusal::TooFast)?;
    let key = new.text.key();
    let held = why_held(db, new.author, &key, bounds.holds_first).await?;
    let comment = insert(db, new, parent.map(|parent| parent.thread), &key, held).await?;
    if held.is_none() {
        tell(db, comment).await?;
    }
    Event::CommentsChanged { photos: vec![new.photo] }.record(db).await?;
    Ok(comment)
}

async fn find_owner(db: &mut PgConnection, photo: PhotoId) -> Result<UserId, Refusal> {
    let found = sqlx::query!(
        r#"select owner_id as "owner: UserId", comments as "comments: Commenters" from photos
           where id = $1 and state = 'live'"#,
        photo.0,
    );
    let found = found.fetch_optional(db).await?.ok_or(Refusal::Gone)?;
    if found.comments == Commenters::Nobody { Err(Refusal::Closed) } else { Ok(found.owner) }
}

async fn find_parent(
    db: &mut PgConnection,
    photo: PhotoId,
    parent: CommentId,
) -> sqlx::Result<Option<Parent>> {
    sqlx::query_as!(
        Parent,
        r#"select thread_id as "thread!: CommentId", author_id as "author: UserId" from comments
           where id = $1 and photo_id = $2 and state = 'shown'"#,
        parent.0,
        photo.0,
    )
    .fetch_optional(db)
    .await
}

/// Keeps the users whom a comment concerns from being deleted until the transaction ends.
async fn hold_users(db: &mut PgConnection, author: UserId, others: &[Option<UserId>]) -> Result<(), Refusal> {
    let ids: Vec<_> = others.iter().flatten().chain([&author]).map(|user| user.0).collect();
    let found =
        sqlx::query_scalar!("select id from users where id = any($1) order by id for key share", &ids);
    if found.fetch_all(db).await?.contains(&author.0) { Ok(()) } else { Err(Refusal::NoUser) }
}

fn require_few_links(text: &CommentText, is_new: bool) -> Result<(), Refusal> {
    if is_new && links::count(text.as_str()) > LINKS { Err(Refusal::TooManyLinks) } else { Ok(()) }
}

async fn insert(
    db: &mut PgConnection,
    new: &NewComment<'_>,
    thread: Option<CommentId>,
    key: &[u8; 16],
    held: Option<Held>,
) -> sqlx::Result<CommentId> {
    sqlx::query_scalar!(
        r#"insert into comments (photo_id, author_id, reply_to, text, text_key, state, held_for)
           values ($1, $2, $3, $4, $5, case when $6::text is null then 'shown' else 'held' end, $6)
           returning id as "id: CommentId""#,
        new.photo.0,
        new.author.0,
        thread.map(|thread| thread.0),
        new.text.as_str(),
        key.as_slice(),
        held.map(<&str>::from),
    )
    .fetch_one(db)
    .await
}

/// Notifies those whom a comment concerns: the author of what it answers, and the photo's owner, each once.
pub(crate) async fn tell(db: &mut Tx, comment: CommentId) -> sqlx::Result<()> {
    let about = sqlx::query!(
        r#"select comments.photo_id as "photo!: PhotoId", comments.author_id as "author: UserId",
                  comments.thread_id as "thread!: CommentId",
                  parent.author_id as "answered?: UserId", owner_id as "owner!: UserId"
           from comments join photos on photos.id = comments.photo_id
           left join comments as parent on parent.id = comments.reply_to and parent.state = 'shown'
           where comments.id = $1"#,
        comment.0,
    )
    .fetch_one(&mut *db)
    .await?;
    let Some(actor) = about.author else { return Ok(()) };
    let mut news = Vec::new();
    if let Some(user) = about.answered {
        news.push(News::reply(user, actor, about.photo, about.thread, comment));
    }
    if about.answered != Some(about.owner) {
        news.push(News::comment(about.owner, actor, about.photo, comment));
    }
    notifications::record(db, &news).await
}

/// Changes a comment for its author, within 15 minutes by the database's clock. The same text changes nothing.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotOwn`], [`Refusal::TooLate`] and [`Refusal::TooManyLinks`].
pub async fn edit(
    db: &mut Tx,
    comment: CommentId,
    author: UserId,
    text: &CommentText,
    bounds: &Bounds,
) -> Result<(), Refusal> {
    hold_users(db, author, &[]).await?;
    let before = lock(db, comment, author, false).await?;
    if !before.is_young {
        return Err(Refusal::TooLate);
    }
    if before.text == text.as_str() {
        return Ok(());
    }
    require_few_links(text, pace::is_new(db, author).await?)?;
    let key = text.key();
    let held = if before.held {
        None
    } else {
        why_held(db, author, &key, bounds.holds_first && before.is_only).await?
    };
    sqlx::query!(
        "update comments
         set text = $2, text_key = $3, edited_at = clock_timestamp(),
             state = case when $4::text is null then state else 'held' end, held_for = coalesce($4, held_for)
         where id = $1",
        comment.0,
        text.as_str(),
        key.as_slice(),
        held.map(<&str>::from),
    )
    .execute(&mut *db)
    .await?;
    if held.is_some() {
        notifications::forget_comment(db, comment).await?;
    }
    Ok(Event::CommentsChanged { photos: vec![before.photo] }.record(db).await?)
}

/// A comment whose row is locked.
pub(crate) struct Locked {
    pub(crate) photo: PhotoId,
    pub(crate) author: Option<String>,
    text: String,
    held: bool,
    is_young: bool,
    /// Whether its author has no other that is shown.
    is_only: bool,
}

/// Locks a comment that isn't removed, on a live photo, for its author, or for a moderator.
///
/// # Errors
/// [`Refusal::Gone`] and [`Refusal::NotOwn`].
pub(crate) async fn lock(
    db: &mut PgConnection,
    comment: CommentId,
    actor: UserId,
    moderates: bool,
) -> Result<Locked, Refusal> {
    let row = sqlx::query!(
        r#"select photo_id as "photo!: PhotoId", author_id as "author: UserId", users.name as "name?", text as "text!",
                  comments.state = 'held' as "held!",
                  clock_timestamp() < comments.created_at + make_interval(mins => $2) as "is_young!",
                  not exists (select from comments as other
                              where other.author_id = comments.author_id and other.id <> comments.id
                                and other.state = 'shown') as "is_only!"
           from comments join photos on photos.id = photo_id left join users on users.id = author_id
           where comments.id = $1 and comments.state <> 'removed' and photos.state = 'live'
           for no key update of comments"#,
        comment.0,
        YOUNG,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Refusal::Gone)?;
    match row.author {
        author if moderates || author == Some(actor) => Ok(Locked {
            photo: row.photo,
            author: row.name,
            text: row.text,
            held: row.held,
            is_young: row.is_young,
            is_only: row.is_only,
        }),
        // Nobody else knows that it is there.
        _ if row.held => Err(Refusal::Gone),
        _ => Err(Refusal::NotOwn),
    }
}

/// Deletes a comment for its author, with its text. Replies stay.
///
/// # Errors
/// [`Refusal::Gone`] and [`Refusal::NotOwn`].
pub async fn delete(db: &mut Tx, comment: CommentId, author: UserId) -> Result<PhotoId, Refusal> {
    let found = lock(db, comment, author, false).await?;
    sqlx::query!(
        "update comments
         set state = 'removed', held_for = null, removed_at = now(), text = '', text_key = null, author_id = null
         where id = $1",
        comment.0,
    )
    .execute(&mut *db)
    .await?;
    notifications::forget_comment(db, comment).await?;
    Event::CommentsChanged { photos: vec![found.photo] }.record(db).await?;
    Ok(found.photo)
}

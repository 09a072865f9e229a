//! Writing notifications, in the transactions of what they tell, and reading them off.

use sqlx::PgConnection;

use super::Kind;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{CaseId, CommentId, ExportId, HubId, ImportId, NotificationId, PhotoId, TalkId, UserId};

/// What a member is notified of.
#[derive(Clone, Debug)]
pub struct News {
    user: UserId,
    kind: Kind,
    /// What folds it with others.
    about: String,
    actor: Option<UserId>,
    photo: Option<PhotoId>,
    comment: Option<CommentId>,
    hub: Option<HubId>,
    number: Option<i64>,
}

impl News {
    fn new(user: UserId, kind: Kind, about: String) -> Self {
        Self { user, kind, about, actor: None, photo: None, comment: None, hub: None, number: None }
    }

    /// Somebody has commented on the user's photo.
    #[must_use]
    pub fn comment(user: UserId, actor: UserId, photo: PhotoId, comment: CommentId) -> Self {
        let news = Self::new(user, Kind::Comment, photo.to_string());
        Self { actor: Some(actor), photo: Some(photo), comment: Some(comment), ..news }
    }

    /// Somebody has answered the user's comment.
    #[must_use]
    pub fn reply(user: UserId, actor: UserId, photo: PhotoId, thread: CommentId, comment: CommentId) -> Self {
        let news = Self::new(user, Kind::Reply, thread.to_string());
        Self { actor: Some(actor), photo: Some(photo), comment: Some(comment), ..news }
    }

    /// Somebody has published a remix of the user's photo.
    #[must_use]
    pub fn remix(user: UserId, actor: UserId, photo: PhotoId) -> Self {
        let news = Self::new(user, Kind::Remix, photo.to_string());
        Self { actor: Some(actor), photo: Some(photo), ..news }
    }

    /// The user's photo has been rated so often.
    #[must_use]
    pub fn milestone(user: UserId, photo: PhotoId, number: i64) -> Self {
        let about = format!("{photo}:{number}");
        Self { photo: Some(photo), number: Some(number), ..Self::new(user, Kind::Milestone, about) }
    }

    /// Somebody asks to become a member of the user's hub.
    #[must_use]
    pub fn hub_asked(user: UserId, actor: UserId, hub: HubId) -> Self {
        Self { actor: Some(actor), hub: Some(hub), ..Self::new(user, Kind::HubAsked, hub.to_string()) }
    }

    /// A hub has answered the user's request.
    #[must_use]
    pub fn hub_answered(user: UserId, hub: HubId, is_accepted: bool) -> Self {
        let number = Some(i64::from(is_accepted));
        Self { hub: Some(hub), number, ..Self::new(user, Kind::HubAnswered, hub.to_string()) }
    }

    /// Moderators have judged what the user reported. `None`: it was gone before.
    #[must_use]
    pub fn report_judged(user: UserId, case: CaseId, was_right: Option<bool>) -> Self {
        let number = was_right.map_or(2, i64::from);
        Self { number: Some(number), ..Self::new(user, Kind::ReportJudged, case.to_string()) }
    }

    /// The user's photo is hidden until moderators have judged it, or shown again.
    #[must_use]
    pub fn photo_quarantined(user: UserId, photo: PhotoId, is_hidden: bool) -> Self {
        Self { photo: Some(photo), ..Self::quarantined(user, &format!("photo:{photo}"), is_hidden) }
    }

    /// The user's comment is hidden until moderators have judged it, or shown again.
    #[must_use]
    pub fn comment_quarantined(user: UserId, comment: CommentId, is_hidden: bool) -> Self {
        Self { comment: Some(comment), ..Self::quarantined(user, &format!("comment:{comment}"), is_hidden) }
    }

    /// The user's talk in a hub is hidden until moderators have judged it, or shown again.
    #[must_use]
    pub fn talk_quarantined(user: UserId, talk: TalkId, hub: HubId, is_hidden: bool) -> Self {
        let news = Self::quarantined(user, &format!("talk:{talk}"), is_hidden);
        // Two more than of a hub itself.
        Self { hub: Some(hub), number: news.number.map(|number| number + 2), ..news }
    }

    /// The user's hub is hidden until moderators have judged it, or shown again.
    #[must_use]
    pub fn hub_quarantined(user: UserId, hub: HubId, is_hidden: bool) -> Self {
        Self { hub: Some(hub), ..Self::quarantined(user, &format!("hub:{hub}"), is_hidden) }
    }

    fn quarantined(user: UserId, what: &str, is_hidden: bool) -> Self {
        let number = i64::from(is_hidden);
        Self { number: Some(number), ..Self::new(user, Kind::Quarantined, format!("{what}:{number}")) }
    }

    /// The user's archive can be downloaded.
    #[must_use]
    pub fn export_ready(user: UserId, export: ExportId) -> Self {
        Self::new(user, Kind::ExportReady, export.to_string())
    }

    /// The user's import has ended. The number is the import's.
    #[must_use]
    pub fn import_done(user: UserId, import: ImportId) -> Self {
        Self { number: Some(import.0), ..Self::new(user, Kind::ImportDone, import.to_string()) }
    }
}

/// Notifies members, except of what they have turned off, of what they did themselves, and of those whom they don't
/// meet. The caller has locked the users, so that rows are locked in the usual order.
pub async fn record(db: &mut Tx, news: &[News]) -> sqlx::Result<()> {
    let mut told = Vec::new();
    for one in news.iter().filter(|one| one.actor != Some(one.user)) {
        let kind = one.kind.name();
        let recorded = sqlx::query!(
            "insert into notifications (user_id, kind, fold, actor_id, photo_id, comment_id, hub_id, number)
             select id, $2, $3, $4, $5, $6, $7, $8 from users
             where id = $1 and name is not null
               and not exists (select from notification_settings where user_id = $1 and $2 = any(off))
               and not exists (select from member_blocks
                               where user_id = $1 and blocked_id = $4 or user_id = $4 and blocked_id = $1)",
            one.user.0,
            kind,
            format!("{kind}:{}", one.about),
            one.actor.map(|actor| actor.0),
            one.photo.map(|photo| photo.0),
            one.comment.map(|comment| comment.0),
            one.hub.map(|hub| hub.0),
            one.number,
        );
        if recorded.execute(&mut *db).await?.rows_affected() > 0 {
            told.push(one.user);
        }
    }
    note(db, told).await
}

/// Tells open pages of these members.
async fn note(db: &mut Tx, mut users: Vec<UserId>) -> sqlx::Result<()> {
    users.sort_unstable();
    users.dedup();
    let events = users.into_iter().map(|user| Event::NotificationsChanged { users: vec![user] }).collect();
    Event::record_all(db, events).await
}

/// Deletes what was told of a comment that nobody sees any more.
pub async fn forget_comment(db: &mut Tx, comment: CommentId) -> sqlx::Result<()> {
    let told = sqlx::query_scalar!(
        r#"delete from notifications where comment_id = $1 returning user_id as "user: UserId""#,
        comment.0,
    );
    let told = told.fetch_all(&mut *db).await?;
    note(db, told).await
}

/// Deletes what was told of a request that nobody has to answer any more.
pub async fn forget_request(db: &mut Tx, hub: HubId, asker: UserId) -> sqlx::Result<()> {
    let told = sqlx::query_scalar!(
        r#"delete from notifications where hub_id = $1 and actor_id = $2 and kind = 'hub_asked'
           returning user_id as "user: UserId""#,
        hub.0,
        asker.0,
    );
    let told = told.fetch_all(&mut *db).await?;
    note(db, told).await
}

/// Marks a member's notifications as read: all up to one, or with `only` that one and what is folded with it. What has
/// come since the member has looked stays unread. Returns how many.
pub async fn mark_read(db: &mut Tx, user: UserId, until: NotificationId, only: bool) -> sqlx::Result<u64> {
    let read = sqlx::query!(
        "update notifications set read_at = now()
         where user_id = $1 and id <= $2 and read_at is null
           and (not $3 or fold = (select fold from notifications where id = $2 and user_id = $1))",
        user.0,
        until.0,
        only,
    )
    .execute(&mut *db)
    .await?;
    if read.rows_affected() > 0 {
        note(db, vec![user]).await?;
    }
    Ok(read.rows_affected())
}

/// Deletes notifications that are `days` old. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged =
        sqlx::query!("delete from notifications where created_at < now() - make_interval(days => $1)", days,);
    Ok(purged.execute(db).await?.rows_affected())
}

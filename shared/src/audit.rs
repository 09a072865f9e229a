//! Who did what to the site's inner works and to other people's photos. An act and its entry commit together; entries are added and never changed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::ids::UserId;

/// Who acts.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// An admin on the site.
    User {
        /// Their id.
        id: UserId,
        /// Their name, which stays when the account goes.
        name: &'a str,
    },
    /// Somebody at the command line, by their name on that machine.
    Operator(&'a str),
}

impl<'a> Actor<'a> {
    /// Their name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        match self {
            Self::User { name, .. } | Self::Operator(name) => name,
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing of a queue starts any more.
    PauseQueue,
    /// A queue runs again.
    ResumeQueue,
    /// A queue's limits are set.
    LimitQueue,
    /// Jobs are brought back, or let run now.
    RetryJobs,
    /// Jobs are cancelled.
    CancelJobs,
    /// Jobs are deleted.
    DeleteJobs,
    /// A schedule's job is asked for now.
    RunSchedule,
    /// Somebody else's photo is deleted.
    DeletePhoto,
    /// A photo is taken down and its picture kept out.
    BlockPicture,
    /// A picture is let in again.
    UnblockPicture,
    /// The media store is made the database's.
    AdoptMedia,
    /// An account is made for somebody.
    CreateUser,
    /// An account gets another role.
    ChangeRole,
    /// A link is made with which somebody chooses a new password.
    MakeResetLink,
}

impl Action {
    /// The name in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PauseQueue => "queue.pause",
            Self::ResumeQueue => "queue.resume",
            Self::LimitQueue => "queue.limit",
            Self::RetryJobs => "job.retry",
            Self::CancelJobs => "job.cancel",
            Self::DeleteJobs => "job.delete",
            Self::RunSchedule => "schedule.run",
            Self::DeletePhoto => "photo.delete",
            Self::BlockPicture => "picture.block",
            Self::UnblockPicture => "picture.unblock",
            Self::AdoptMedia => "media.adopt",
            Self::CreateUser => "user.create",
            Self::ChangeRole => "user.role",
            Self::MakeResetLink => "user.reset_link",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Adds an entry, in the transaction in which the act itself happens. `detail` is a JSON object: what it was done to, and
/// to how many.
pub async fn record(
    db: &mut PgConnection,
    actor: Actor<'_>,
    action: Action,
    detail: &Value,
) -> sqlx::Result<()> {
    let user = match actor {
        Actor::User { id, .. } => Some(id.0),
        Actor::Operator(_) => None,
    };
    sqlx::query!(
        "insert into audit_log (user_id, actor, action, detail) values ($1, $2, $3, $4)",
        user,
        actor.name(),
        action.as_str(),
        detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An entry of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its number; later entries have larger ones.
    pub id: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// By which user; none for an operator, or when the account is gone.
    pub user: Option<UserId>,
    /// By whom, in their own name.
    pub actor: String,
    /// What, as [`Action::as_str`] says it.
    pub action: String,
    /// To what, and to how many.
    pub detail: Value,
}

/// Lists entries with a number below `before`, the newest first.
pub async fn list(db: &mut PgConnection, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"select id, at, user_id as "user: UserId", actor, action, detail
           from audit_log where id < $1 order by id desc limit $2"#,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(db)
    .await
}

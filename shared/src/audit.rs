//! The audit log: who changed queues, jobs and other people's photos. An act and its entry commit together. Entries are
//! never changed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::ids::UserId;

/// The person who acts.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// An admin or moderator on the site.
    User {
        /// Their id.
        id: UserId,
        /// Their name, which outlives the account.
        name: &'a str,
    },
    /// An operator on the command line, by their user name on that machine.
    Operator(&'a str),
    /// The site itself, by the name of the schedule that corrects something.
    Program(&'static str),
}

impl<'a> Actor<'a> {
    /// Their name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        match self {
            Self::User { name, .. } | Self::Operator(name) | Self::Program(name) => name,
        }
    }
}

/// The kinds of acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A queue is paused.
    PauseQueue,
    /// A queue is resumed.
    ResumeQueue,
    /// A queue's limits are set.
    LimitQueue,
    /// Jobs are retried, or run now.
    RetryJobs,
    /// Jobs are cancelled.
    CancelJobs,
    /// Jobs are deleted.
    DeleteJobs,
    /// A schedule's job is requested now.
    RunSchedule,
    /// Another member's photo is deleted.
    DeletePhoto,
    /// Another member's photo is removed from a hub.
    RemoveFromHub,
    /// A hub is deleted by a moderator who doesn't own it.
    DeleteHub,
    /// A photo is blocked: hidden, and its picture kept out.
    BlockPicture,
    /// A picture is unblocked.
    UnblockPicture,
    /// The media store is assigned to this database.
    AdoptMedia,
    /// An account is created for someone.
    CreateUser,
    /// An account gets another role.
    ChangeRole,
    /// A password reset link is created for someone.
    MakeResetLink,
    /// A call is moved on to another phase.
    MoveCall,
    /// A talk is taken from everybody's sight.
    HideTalk,
    /// A hidden talk is shown again.
    ShowTalk,
    /// Votes are set aside.
    SetVotesAside,
    /// Votes that were set aside are restored.
    RestoreVotes,
    /// A topic gets another name.
    RenameTopic,
    /// Another word leads to a topic.
    AliasTopic,
    /// A topic is merged into another.
    MergeTopics,
    /// A topic is banned.
    BanTopic,
    /// A section of topics is made, changed or deleted.
    ChangeSection,
    /// An act on a topic or a section is taken back.
    UndoTopicAct,
    /// Counts of talks that differed from their votes are corrected.
    CorrectTally,
    /// A comment that was held is shown.
    ApproveComment,
    /// Another member's comment is removed.
    RemoveComment,
    /// Another member's portrait is removed.
    RemoveAvatar,
    /// The line about another member is removed.
    RemoveAbout,
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
            Self::RemoveFromHub => "hub.photo.remove",
            Self::DeleteHub => "hub.delete",
            Self::BlockPicture => "picture.block",
            Self::UnblockPicture => "picture.unblock",
            Self::AdoptMedia => "media.adopt",
            Self::CreateUser => "user.create",
            Self::ChangeRole => "user.role",
            Self::MakeResetLink => "user.reset_link",
            Self::MoveCall => "call.move",
            Self::HideTalk => "talk.hide",
            Self::ShowTalk => "talk.show",
            Self::SetVotesAside => "votes.set_aside",
            Self::RestoreVotes => "votes.restore",
            Self::RenameTopic => "topic.rename",
            Self::AliasTopic => "topic.alias",
            Self::MergeTopics => "topic.merge",
            Self::BanTopic => "topic.ban",
            Self::ChangeSection => "section.change",
            Self::UndoTopicAct => "topic.undo",
            Self::CorrectTally => "talks.correct",
            Self::ApproveComment => "comment.approve",
            Self::RemoveComment => "comment.remove",
            Self::RemoveAvatar => "avatar.remove",
            Self::RemoveAbout => "about.remove",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Adds an entry in the transaction of the act. `detail` is a JSON object with the objects of the act and their number.
pub async fn record(
    db: &mut PgConnection,
    actor: Actor<'_>,
    action: Action,
    detail: &Value,
) -> sqlx::Result<()> {
    let user = match actor {
        Actor::User { id, .. } => Some(id.0),
        Actor::Operator(_) | Actor::Program(_) => None,
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
    /// The user who did it; `None` for an operator or a deleted account.
    pub user: Option<UserId>,
    /// The name of the person who did it.
    pub actor: String,
    /// The act, as in [`Action::as_str`].
    pub action: String,
    /// The objects of the act and their number.
    pub detail: Value,
}

/// Lists entries with a number below `before`, newest first.
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

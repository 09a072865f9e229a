//! The audit log: who changed queues, jobs and other people's photos. An act and its entry commit together. Entries are
//! never changed or deleted, which a trigger sees to, and kept for good.
//!
//! `detail` names the things of an act by kind and id, as `{"photo": 7}`, and is found by them through an index.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use strum::VariantArray;

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
    /// Their account, if they act on the site.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(id),
            Self::Operator(_) | Self::Program(_) => None,
        }
    }

    /// Their name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        match self {
            Self::User { name, .. } | Self::Operator(name) | Self::Program(name) => name,
        }
    }
}

/// The kinds of acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
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
    /// The second factors of someone who has lost them are removed.
    ResetFactors,
    /// A call is moved on to another phase.
    MoveCall,
    /// The phases of a call that has begun get other times.
    RescheduleCall,
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
    /// The site hides a thing because of its reports, until somebody has judged it.
    QuarantineThing,
    /// A thing that the site hid is shown again.
    ShowThing,
    /// A case is closed with its reports.
    CloseCase,
    /// A member is warned.
    WarnMember,
    /// A member is silenced.
    SilenceMember,
    /// A member is suspended.
    SuspendMember,
    /// A member is banned.
    BanMember,
    /// A sanction is lifted.
    LiftSanction,
    /// An appeal is accepted, so that its sanction is lifted.
    AcceptAppeal,
    /// An appeal is refused.
    RefuseAppeal,
    /// A photo is hidden.
    HidePhoto,
    /// An act on a photo, a comment, a talk or a hub is undone.
    UndoAct,
    /// Somebody's sessions are ended.
    EndSessions,
    /// Another member's portrait is removed.
    RemoveAvatar,
    /// The line about another member is removed.
    RemoveAbout,
}

impl Action {
    /// Whether it is about what members have made or done, and not about queues or votes.
    #[must_use]
    pub const fn is_moderation(self) -> bool {
        matches!(
            self,
            Self::HidePhoto
                | Self::DeletePhoto
                | Self::RemoveFromHub
                | Self::DeleteHub
                | Self::BlockPicture
                | Self::UnblockPicture
                | Self::HideTalk
                | Self::ShowTalk
                | Self::RenameTopic
                | Self::AliasTopic
                | Self::MergeTopics
                | Self::BanTopic
                | Self::ChangeSection
                | Self::UndoTopicAct
                | Self::ApproveComment
                | Self::RemoveComment
                | Self::UndoAct
                | Self::QuarantineThing
                | Self::ShowThing
                | Self::CloseCase
                | Self::WarnMember
                | Self::SilenceMember
                | Self::SuspendMember
                | Self::BanMember
                | Self::LiftSanction
                | Self::AcceptAppeal
                | Self::RefuseAppeal
                | Self::RemoveAvatar
                | Self::RemoveAbout
        )
    }

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
            Self::ResetFactors => "user.reset_factors",
            Self::MoveCall => "call.move",
            Self::RescheduleCall => "call.reschedule",
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
            Self::QuarantineThing => "case.hide",
            Self::ShowThing => "case.show",
            Self::CloseCase => "case.close",
            Self::WarnMember => "user.warn",
            Self::SilenceMember => "user.silence",
            Self::SuspendMember => "user.suspend",
            Self::BanMember => "user.ban",
            Self::LiftSanction => "user.lift",
            Self::AcceptAppeal => "appeal.accept",
            Self::RefuseAppeal => "appeal.refuse",
            Self::HidePhoto => "photo.hide",
            Self::UndoAct => "act.undo",
            Self::EndSessions => "user.end_sessions",
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
    let user = actor.user().map(|user| user.0);
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

impl Entry {
    /// The columns of an export as comma-separated values.
    pub const COLUMNS: [&str; 6] = ["id", "at", "user", "actor", "action", "detail"];

    /// The values in these columns.
    #[must_use]
    pub fn row(&self) -> [String; 6] {
        [
            self.id.to_string(),
            self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.user.map(|user| user.to_string()).unwrap_or_default(),
            self.actor.clone(),
            self.action.clone(),
            self.detail.to_string(),
        ]
    }
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of this person.
    pub actor: Option<String>,
    /// Those of this kind, as in [`Action::as_str`].
    pub action: Option<String>,
    /// Those that name this, as `{"photo": 7}`.
    pub things: Option<Value>,
    /// Those from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Those before this time.
    pub until: Option<DateTime<Utc>>,
    /// Those about content only, which moderators see.
    pub moderation: bool,
    /// Those with a number below this one.
    pub before: Option<i64>,
}

/// Lists the latest entries whose details contain these, by `audit_log_things`, newest first.
pub async fn list_about(db: &mut PgConnection, detail: &Value, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"select id, at, user_id as "user: UserId", actor, action, detail
           from audit_log where detail @> $1 order by id desc limit $2"#,
        detail,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Lists entries, newest first.
pub async fn list(db: &mut PgConnection, filter: &Filter, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"select id, at, user_id as "user: UserId", actor, action, detail
           from audit_log
           where id < $1
             and ($2::text is null or lower(actor) = lower($2))
             and ($3::text is null or action = $3)
             and ($4::jsonb is null or detail @> $4)
             and ($5::timestamptz is null or at >= $5)
             and ($6::timestamptz is null or at < $6)
             and ($7::text[] is null or action = any($7))
           order by id desc limit $8"#,
        filter.before.unwrap_or(i64::MAX),
        filter.actor.as_deref(),
        filter.action.as_deref(),
        filter.things,
        filter.from,
        filter.until,
        filter.moderation.then(moderation_actions) as Option<Vec<String>>,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many acts of a kind there were in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monthly {
    /// The first day of the month, in UTC.
    pub month: NaiveDate,
    /// The kind, as in [`Action::as_str`].
    pub action: String,
    /// How many.
    pub acts: i64,
}

/// Counts acts of moderation by month and kind, the latest month first, for this many months.
pub async fn count_monthly(db: &mut PgConnection, months: i32) -> sqlx::Result<Vec<Monthly>> {
    sqlx::query_as!(
        Monthly,
        r#"select date_trunc('month', at at time zone 'UTC')::date as "month!", action as "action!", count(*) as "acts!"
           from audit_log
           where action = any($1)
             and at >= (date_trunc('month', now() at time zone 'UTC') - make_interval(months => $2 - 1))
                       at time zone 'UTC'
           group by 1, 2 order by 1 desc, 2"#,
        &moderation_actions(),
        months,
    )
    .fetch_all(db)
    .await
}

fn moderation_actions() -> Vec<String> {
    let actions = Action::VARIANTS.iter().filter(|action| action.is_moderation());
    actions.map(|action| action.as_str().to_owned()).collect()
}

//! What open pages watch, and what can be said about it.

use std::fmt;
use std::str::FromStr;

use pawdium_queue::JobId;

use crate::ids::{CallId, HubId, ImportId, PhotoId, UserId, WidgetId};

/// What a page shows and can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One photo's page.
    Photo(PhotoId),
    /// One hub's page, or a member's profile.
    Hub(HubId),
    /// One call's page.
    Call(CallId),
    /// The votes in one call, for those who may know how many a talk has.
    Standing(CallId),
    /// The comments on one photo, for those who may read them.
    Comments(PhotoId),
    /// What one member is notified of, for that member.
    Notifications(UserId),
    /// A user's sessions, for the streams themselves: clients hear nothing of it.
    Sessions(UserId),
    /// One import, for its owner.
    Import(ImportId),
    /// The admins' page of all queues.
    Queues,
    /// The admins' page of one job.
    Job(JobId),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Photo(photo) => write!(f, "photo:{photo}"),
            Self::Hub(hub) => write!(f, "hub:{hub}"),
            Self::Call(call) => write!(f, "call:{call}"),
            Self::Standing(call) => write!(f, "standing:{call}"),
            Self::Comments(photo) => write!(f, "comments:{photo}"),
            Self::Notifications(user) => write!(f, "notifications:{user}"),
            Self::Sessions(user) => write!(f, "sessions:{user}"),
            Self::Import(import) => write!(f, "import:{import}"),
            Self::Queues => f.write_str("queues"),
            Self::Job(job) => write!(f, "job:{job}"),
        }
    }
}

/// A text that names no topic, for example one that only a newer version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

impl FromStr for Topic {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text.split_once(':') {
            Some(("photo", id)) => id.parse().map(Self::Photo).map_err(|_| Unknown),
            Some(("hub", id)) => id.parse().map(Self::Hub).map_err(|_| Unknown),
            Some(("call", id)) => id.parse().map(Self::Call).map_err(|_| Unknown),
            Some(("standing", id)) => id.parse().map(Self::Standing).map_err(|_| Unknown),
            Some(("comments", id)) => id.parse().map(Self::Comments).map_err(|_| Unknown),
            Some(("notifications", id)) => id.parse().map(Self::Notifications).map_err(|_| Unknown),
            Some(("sessions", id)) => id.parse().map(Self::Sessions).map_err(|_| Unknown),
            Some(("import", id)) => id.parse().map(Self::Import).map_err(|_| Unknown),
            Some(("job", id)) => id.parse().map(Self::Job).map_err(|_| Unknown),
            None if text == "queues" => Ok(Self::Queues),
            _ => Err(Unknown),
        }
    }
}

/// What has happened to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It has changed.
    Changed,
    /// A widget of the hub has new data.
    Widget {
        /// The widget.
        id: WidgetId,
        /// The version of its data, below 2^53 so that scripts can hold it. Equal data has equal versions.
        version: u64,
    },
    /// Who may see the hub has changed: somebody's role, or its visibility. Streams of the hub look again whether their
    /// viewers may see it.
    Roles,
}

/// The first version that a script can't hold.
const TOO_LARGE: u64 = 1 << 53;

impl Note {
    /// Whether a later `other` about the same topic makes this one needless.
    pub(super) fn is_replaced_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Widget { id, .. }, Self::Widget { id: other, .. }) => id == other,
            (Self::Changed, Self::Changed) | (Self::Roles, Self::Roles) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("changed"),
            Self::Widget { id, version } => write!(f, "widget:{id}:{version}"),
            Self::Roles => f.write_str("roles"),
        }
    }
}

impl FromStr for Note {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "changed" => return Ok(Self::Changed),
            "roles" => return Ok(Self::Roles),
            _ => {}
        }
        let widget = text.strip_prefix("widget:").and_then(|widget| widget.split_once(':'));
        let (id, version) = widget.ok_or(Unknown)?;
        let version = version.parse().ok().filter(|version| *version < TOO_LARGE).ok_or(Unknown)?;
        Ok(Self::Widget { id: id.parse().map_err(|_| Unknown)?, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_notes_are_read_as_they_were_written() {
        let calls = [Topic::Call(CallId(5)), Topic::Standing(CallId(5))];
        let others = [Topic::Photo(PhotoId(12)), Topic::Hub(HubId(3)), Topic::Queues, Topic::Job(JobId(9))];
        let told =
            [Topic::Comments(PhotoId(12)), Topic::Notifications(UserId(8)), Topic::Sessions(UserId(8))];
        let told = told.into_iter().chain([Topic::Import(ImportId(6))]);
        for topic in calls.into_iter().chain(others).chain(told) {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        for note in [Note::Changed, Note::Roles, Note::Widget { id: WidgetId(4), version: TOO_LARGE - 1 }] {
            assert_eq!(note.to_string().parse(), Ok(note));
        }
    }

    #[test]
    fn what_another_version_wrote_is_unknown() {
        for text in ["", "photo", "photo:", "photo:x", "queues:1", "tag:1", "hub:1:2"] {
            assert_eq!(text.parse::<Topic>(), Err(Unknown), "{text}");
        }
        for text in ["", "widget", "widget:1", "widget:1:-2", "widget:1:9007199254740992", "rolled"] {
            assert_eq!(text.parse::<Note>(), Err(Unknown), "{text}");
        }
    }
}

//! Comments as somebody sees them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::ids::{CommentId, PhotoId, UserId};

/// Who looks at the comments on a photo.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The user; an id that no row has for a visitor without one.
    pub user: UserId,
    /// Whether they may read others' comments: they have rated the photo, own it or moderate.
    pub knows: bool,
    /// Whether they moderate, so that they see what is held, and members whom they have blocked.
    pub moderates: bool,
}

/// The author of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The member.
    pub id: UserId,
    /// The public name.
    pub name: String,
    /// The key of the portrait.
    pub avatar: Option<String>,
}

/// What somebody sees of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentState {
    /// The comment.
    Shown,
    /// The comment, which waits for a moderator. Its author and moderators see that.
    Held,
    /// Only that there was one, because its replies are still there.
    Removed,
}

/// A comment as somebody sees it.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The comment.
    pub id: CommentId,
    /// The photo.
    pub photo: PhotoId,
    /// Who wrote it; `None` if it is removed.
    pub author: Option<Author>,
    /// The text; empty if it is removed.
    pub text: String,
    /// The comment that it answers.
    pub parent: Option<CommentId>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When its author last changed it.
    pub edited_at: Option<DateTime<Utc>>,
    /// What is seen of it.
    pub state: CommentState,
    /// Whether it is the viewer's own.
    pub is_own: bool,
    /// Whether its author can still change it.
    pub is_young: bool,
}

impl Comment {
    /// Its place in the list.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { thread: self.parent.unwrap_or(self.id), id: self.id }
    }
}

/// A place in the list of a photo's comments: the newest threads come first, and in each the oldest comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The first comment of the thread.
    pub thread: CommentId,
    /// The comment.
    pub id: CommentId,
}

impl Position {
    /// Before all comments.
    pub const BEGIN: Self = Self { thread: CommentId(i64::MAX), id: CommentId(0) };
    /// Behind all comments.
    pub const END: Self = Self { thread: CommentId(0), id: CommentId(i64::MAX) };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.thread, self.id)
    }
}

/// A text that names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number).map(CommentId).ok_or(NoPosition)
        };
        let (thread, id) = text.split_once('.').ok_or(NoPosition)?;
        Ok(Self { thread: number(thread)?, id: number(id)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_were_written() {
        for position in [Position::BEGIN, Position::END, Position { thread: CommentId(7), id: CommentId(12) }]
        {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for wrong in ["", "1", "1.", ".1", "-1.2", "1.+2", "1.2.3", "9223372036854775808.1", "a.b"] {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }
}

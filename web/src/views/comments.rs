//! Comments on a photo's page, and a comment's own page.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::photos::Commenters;

use super::{Chrome, Field, Picture, filters};

/// The comments below the picture.
#[derive(Clone, Debug, Template)]
#[template(path = "comments/_section.html")]
pub struct CommentSection {
    /// The photo's id.
    pub photo: i64,
    /// The comments; `None` until the viewer has rated the photo.
    pub list: Option<CommentList>,
    /// Whether the viewer can write.
    pub writing: Writing,
    /// Who may comment, if the viewer is the owner, who can change it.
    pub own: Option<Commenters>,
}

impl CommentSection {
    /// The section for viewers who haven't rated the photo.
    #[must_use]
    pub const fn unknown(photo: i64) -> Self {
        Self { photo, list: None, writing: Writing::NotYet, own: None }
    }

    /// Where it is, for forms that lead back.
    fn address(&self) -> String {
        format!("/photos/{}#comments", self.photo)
    }
}

/// Whether a viewer can write a comment.
#[derive(Clone, Debug)]
pub enum Writing {
    /// Not before rating the photo.
    NotYet,
    /// Not without an account.
    LogIn,
    /// Not before verifying the address.
    Verify,
    /// Nobody can.
    Closed,
    /// Yes.
    May(CommentForm),
}

/// The form of a comment.
#[derive(Clone, Debug)]
pub struct CommentForm {
    /// When it was served, signed.
    pub stamp: String,
    /// The text.
    pub text: Field,
    /// The comment that it answers.
    pub answered: Option<Answered>,
}

/// A comment that is answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its id.
    pub id: i64,
    /// Its author's name.
    pub author: String,
}

/// The list, which a live refresh fetches.
#[derive(Clone, Debug, Template)]
#[template(path = "comments/_list.html")]
pub struct CommentList {
    /// The photo's id.
    pub photo: i64,
    /// How many comments everybody sees.
    pub count: i64,
    /// Whether it begins with the newest comment.
    pub is_first: bool,
    /// The last comment, if there are more behind it.
    pub until: Option<String>,
    /// The comments.
    pub lines: Vec<CommentLine>,
}

/// A comment.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark or a button of its own")]
pub struct CommentLine {
    /// Its id.
    pub id: i64,
    /// Its author's name; `None` if it is removed.
    pub author: Option<String>,
    /// The path of its author's portrait.
    pub portrait: Option<String>,
    /// The text.
    pub text: Vec<TextPiece>,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// When its author last changed it.
    pub edited_at: Option<DateTime<Utc>>,
    /// Whether it waits for a moderator.
    pub is_held: bool,
    /// Whether only its replies are left.
    pub is_gone: bool,
    /// Whether it answers another.
    pub is_reply: bool,
    /// Whether it is the viewer's.
    pub is_own: bool,
    /// Whether the viewer can answer it.
    pub may_reply: bool,
    /// What the link to its own page is called, if the viewer can do something there.
    pub acts: Option<&'static str>,
}

impl CommentLine {
    fn initial(&self) -> String {
        let name = self.author.as_deref().unwrap_or_default();
        name.chars().next().map(|first| first.to_uppercase().collect()).unwrap_or_default()
    }
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub struct TextPiece {
    /// The text.
    pub text: String,
    /// Where it leads, if it is a link.
    pub address: Option<String>,
}

/// `GET /comments/{comment}`
#[derive(Debug, Template)]
#[template(path = "comments/page.html")]
pub struct CommentPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The photo's id.
    pub photo: i64,
    /// Its title.
    pub title: String,
    /// Its picture.
    pub picture: Picture,
    /// The comment that it answers.
    pub answered: Option<CommentLine>,
    /// The comment.
    pub line: CommentLine,
    /// `POST /comments/{comment}/edit`: the text.
    pub text: Field,
    /// `POST /comments/{comment}/review`: why a moderator removes it.
    pub reason: Field,
    /// Whether the viewer can change it.
    pub may_edit: bool,
    /// Whether the viewer can delete it.
    pub may_delete: bool,
    /// Whether the viewer can approve or remove it as a moderator.
    pub moderates: bool,
    /// The author's name, if the viewer can block them.
    pub stranger: Option<String>,
}

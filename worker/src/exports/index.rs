//! The page of an archive, which opens in a browser without a server. It is rendered in parts, because it may be long.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::exports::{CommentEntry, PhotoEntry};

/// Its beginning.
#[derive(Debug, Template)]
#[template(path = "export/begin.html")]
pub(super) struct Begin<'a> {
    pub(super) name: &'a str,
    pub(super) site: &'a str,
    pub(super) at: DateTime<Utc>,
    pub(super) photos: usize,
    pub(super) comments: usize,
    pub(super) ratings: usize,
    pub(super) votes: usize,
}

/// A photo on it.
#[derive(Debug, Template)]
#[template(path = "export/photo.html")]
pub(super) struct PhotoPart<'a> {
    pub(super) photo: &'a PhotoEntry,
}

/// What stands between photos and comments.
#[derive(Debug, Template)]
#[template(path = "export/comments.html")]
pub(super) struct Middle {
    pub(super) comments: usize,
}

/// A comment on it.
#[derive(Debug, Template)]
#[template(path = "export/comment.html")]
pub(super) struct CommentPart<'a> {
    pub(super) comment: &'a CommentEntry,
    /// The photo's page.
    pub(super) link: &'a str,
}

/// Its end.
#[derive(Debug, Template)]
#[template(path = "export/end.html")]
pub(super) struct End;

impl PhotoPart<'_> {
    /// How often the photo was rated.
    fn ratings(&self) -> i32 {
        self.photo.ratings.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let hostile = "\"><script>alert(1)</script>".to_owned();
        let photo = PhotoEntry {
            file: Some("photos/1.jpg".to_owned()),
            title: hostile.clone(),
            alt: hostile.clone(),
            species: "cat".to_owned(),
            tags: vec![hostile.clone()],
            state: "live".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            crop: None,
            comments: "registered".to_owned(),
            remixes: true,
            id: 1,
            parent: None,
            ratings: vec![0; 10],
            views: 0,
            shares: 0,
        };
        let comment = CommentEntry {
            id: 1,
            photo: 1,
            parent: None,
            text: hostile.clone(),
            state: "shown".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            edited_at: None,
        };
        let begin = Begin {
            name: &hostile,
            site: &hostile,
            at: DateTime::UNIX_EPOCH,
            photos: 1,
            comments: 1,
            ratings: 0,
            votes: 0,
        };
        let parts = [
            begin.render(),
            PhotoPart { photo: &photo }.render(),
            CommentPart { comment: &comment, link: &hostile }.render(),
        ];
        for part in parts {
            let html = part.expect("it is rendered");
            assert!(html.contains("&#60;script&#62;") && !html.contains("<script"), "{html}");
        }
    }
}

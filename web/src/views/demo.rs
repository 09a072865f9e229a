//! The demo's mailbox.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Chrome, filters};

/// `GET /demo/mail`.
#[derive(Debug, Template)]
#[template(path = "demo/mailbox.html")]
pub struct MailboxPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// Newest first.
    pub mails: Vec<MailRow>,
}

/// A mail in the list.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// The id in `/demo/mail/{id}`.
    pub id: String,
    /// The recipient's address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it arrived.
    pub at: DateTime<Utc>,
}

/// `GET /demo/mail/{id}`.
#[derive(Debug, Template)]
#[template(path = "demo/mail.html")]
pub struct MailPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The sender's address.
    pub from: String,
    /// The recipient's address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// Its plain text.
    pub text: String,
}

impl MailPage {
    /// The text in pieces; a piece that is a web address becomes a link.
    fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.text.as_str();
        while let Some(start) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
            let (before, from_link) = rest.split_at(start);
            let end =
                from_link.find(|c: char| c.is_whitespace() || "<>\"".contains(c)).unwrap_or(from_link.len());
            let link = from_link[..end].trim_end_matches(['.', ',', ')', ';']);
            pieces.push(Piece { text: before, link: false });
            pieces.push(Piece { text: link, link: true });
            rest = &from_link[link.len()..];
        }
        pieces.push(Piece { text: rest, link: false });
        pieces
    }
}

struct Piece<'a> {
    text: &'a str,
    link: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_the_text_become_links_without_the_full_stop() {
        let mail = MailPage {
            chrome: Chrome::default(),
            from: String::new(),
            to: String::new(),
            subject: String::new(),
            at: DateTime::UNIX_EPOCH,
            text: "Open http://localhost:8080/reset/abc. Or <https://x.test/y> now.".to_owned(),
        };
        let links: Vec<_> = mail.pieces().iter().filter(|piece| piece.link).map(|piece| piece.text).collect();
        assert_eq!(links, ["http://localhost:8080/reset/abc", "https://x.test/y"]);
        let whole: String = mail.pieces().iter().map(|piece| piece.text).collect();
        assert_eq!(whole, mail.text);
    }
}

//! The mails that a site has sent over SMTP.

use std::path::PathBuf;

use mail_parser::MessageParser;

use super::site::Site;
use super::waiting::{SOON, eventually};

/// A received mail.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// The headers for mail programs that stop such mails.
    pub(crate) unsubscribe: Option<(String, String)>,
}

impl Letter {
    /// The path of the link that starts with `prefix`, which must be the same in both parts.
    #[track_caller]
    pub(crate) fn link(&self, site: &Site, prefix: &str) -> String {
        let begin = site.url(prefix);
        let find = |part: &str| {
            let at = part.find(&begin).unwrap_or_else(|| panic!("no link to {begin} in {part}"));
            let end = |c: char| c.is_whitespace() || c == '"' || c == '<';
            part[at..].split(end).next().unwrap_or_default().to_owned()
        };
        let link = find(&self.text);
        assert_eq!(link, find(&self.html), "both parts lead to the same place");
        link[site.base.as_str().len() - 1..].to_owned()
    }
}

impl Site {
    /// Where they are.
    pub(crate) fn mailbox(&self) -> PathBuf {
        self.folder.path().join("mailbox")
    }

    /// All received mails, oldest first.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        let mut files: Vec<_> = std::fs::read_dir(self.mailbox())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        files.sort();
        files.iter().map(|path| read(&std::fs::read(path).expect("a mail can be read"))).collect()
    }

    /// Waits for mails with links to `/reset`.
    pub(crate) async fn reset_letters(&self) -> Vec<Letter> {
        eventually("a reset mail arrives", SOON, async || {
            Some(self.reset_letters_now()).filter(|letters| !letters.is_empty())
        })
        .await
    }

    /// The mails with links to `/reset` so far.
    pub(crate) fn reset_letters_now(&self) -> Vec<Letter> {
        self.letters().into_iter().filter(|letter| letter.text.contains("/reset")).collect()
    }
}

fn read(bytes: &[u8]) -> Letter {
    let mail = MessageParser::default().parse(bytes).expect("it is a mail");
    let header = |name: &'static str| mail.header_raw(name).map(|value| value.trim().to_owned());
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
    Letter {
        to: to.to_owned(),
        subject: mail.subject().unwrap_or_default().to_owned(),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
        html: mail.body_html(0).unwrap_or_default().into_owned(),
        unsubscribe: header("List-Unsubscribe").zip(header("List-Unsubscribe-Post")),
    }
}

//! What the mails say, as text and as HTML.

use askama::Template;
use pawdium_shared::accounts::links::Purpose;
use pawdium_shared::mail::Mail;
use url::Url;

/// What goes into a mail.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    /// The member's public name.
    pub(crate) name: &'a str,
    /// Where it is sent to.
    pub(crate) email: &'a str,
    /// The site's address.
    pub(crate) site: &'a Url,
    /// Where its button leads.
    pub(crate) link: Url,
}

impl Letter<'_> {
    /// The site's host and port, for reading.
    fn host(&self) -> &str {
        &self.site[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

#[derive(Template)]
#[template(path = "mail/reset.txt")]
struct ResetText<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "mail/reset.html")]
struct ResetHtml<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "mail/verify.txt")]
struct VerifyText<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "mail/verify.html")]
struct VerifyHtml<'a> {
    letter: &'a Letter<'a>,
}

/// Renders the mail of a purpose.
pub(crate) fn render(letter: &Letter<'_>, purpose: Purpose) -> askama::Result<Mail> {
    let (subject, text, html) = match purpose {
        Purpose::Reset => (
            "Choose a new password for Pawdium",
            ResetText { letter }.render()?,
            ResetHtml { letter }.render()?,
        ),
        Purpose::Verify => (
            "Confirm your address for Pawdium",
            VerifyText { letter }.render()?,
            VerifyHtml { letter }.render()?,
        ),
    };
    Ok(Mail { to: letter.email.to_owned(), subject: subject.to_owned(), text, html })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(purpose: Purpose) -> Mail {
        let site: Url = "https://paw.example:8443/".parse().expect("a URL");
        let link = site.join("/reset/abc-DEF_1").expect("a URL");
        render(&Letter { name: "ada", email: "ada@example.org", site: &site, link }, purpose)
            .expect("renders")
    }

    #[test]
    fn both_parts_say_who_it_is_for_where_to_go_and_for_how_long() {
        for (purpose, lifetime) in [(Purpose::Reset, "30 minutes"), (Purpose::Verify, "24 hours")] {
            let mail = rendered(purpose);
            for part in [&mail.text, &mail.html] {
                for said in ["ada", "paw.example:8443", "https://paw.example:8443/reset/abc-DEF_1", lifetime]
                {
                    assert!(part.contains(said), "{said:?} is missing in {part}");
                }
            }
        }
    }

    #[test]
    fn lifetimes_in_the_mails_are_those_of_the_links() {
        assert_eq!((Purpose::Reset.minutes(), Purpose::Verify.minutes()), (30, 24 * 60));
    }

    #[test]
    fn no_line_of_text_is_longer_than_mail_programs_show() {
        for purpose in [Purpose::Reset, Purpose::Verify] {
            for line in rendered(purpose).text.lines().filter(|line| !line.contains("https://")) {
                assert!(line.chars().count() <= 76, "{line}");
            }
        }
    }
}

//! The content of mails, as text and HTML.

use askama::Template;
use pawdium_shared::mail::Mail;
use url::Url;

/// Declares the kinds of mails, each with its subject and the templates of its text and its HTML.
macro_rules! matters {
    ($($(#[$about:meta])* $matter:ident: $subject:literal, $text:tt, $html:tt;)*) => {
        /// The kind of a mail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Matter {
            $($(#[$about])* $matter,)*
        }

        /// The subject, the text and the HTML of a mail.
        fn write(letter: &Letter<'_>, matter: Matter) -> askama::Result<(&'static str, String, String)> {
            Ok(match matter {
                $(Matter::$matter => {
                    #[derive(Template)]
                    #[template(path = $text)]
                    struct Text<'a> {
                        letter: &'a Letter<'a>,
                    }
                    #[derive(Template)]
                    #[template(path = $html)]
                    struct Html<'a> {
                        letter: &'a Letter<'a>,
                    }
                    ($subject, Text { letter }.render()?, Html { letter }.render()?)
                })*
            })
        }

        #[cfg(test)]
        const ALL: &[Matter] = &[$(Matter::$matter),*];
    };
}

matters! {
    /// A link for choosing a new password.
    Reset: "Choose a new password for Pawdium", "mail/reset.txt", "mail/reset.html";
    /// A link for verifying an address.
    Verify: "Confirm your address for Pawdium", "mail/verify.txt", "mail/verify.html";
    /// The news that an account has a new address.
    AddressChanged: "Your address for Pawdium was changed", "mail/address_changed.txt", "mail/address_changed.html";
    /// The news that somebody asks to become a member of a hub.
    HubAsked: "Somebody asks to join your hub", "mail/hub_asked.txt", "mail/hub_asked.html";
    /// The news that the recipient is now a member of a hub.
    HubAccepted: "You are a member now", "mail/hub_accepted.txt", "mail/hub_accepted.html";
    /// The news that the recipient doesn't become a member of a hub.
    HubDeclined: "Your request to join a hub", "mail/hub_declined.txt", "mail/hub_declined.html";
    /// The news that drafts of the recipient are about to expire.
    DraftsExpire: "Drafts of yours are about to be deleted", "mail/drafts_expire.txt", "mail/drafts_expire.html";
    /// The news that an archive can be downloaded.
    ExportReady: "The archive of your data is ready", "mail/export_ready.txt", "mail/export_ready.html";
    /// What is unread.
    Digest: "What is new for you on Pawdium", "mail/digest.txt", "mail/digest.html";
    /// The news that something was reported, for moderators.
    NewCase: "A new case waits for you on Pawdium", "mail/new_case.txt", "mail/new_case.html";
    /// What was reported since, for moderators.
    CaseDigest: "Cases wait for you on Pawdium", "mail/case_digest.txt", "mail/case_digest.html";
    /// What was decided about the recipient's account.
    Sanction: "About your account on Pawdium", "mail/sanction.txt", "mail/sanction.html";
    /// The news that a second factor of the account has changed, or a recovery code was used.
    FactorsChanged: "The security of your Pawdium account has changed",
        "mail/factors_changed.txt", "mail/factors_changed.html";
    /// The news of a login from where the account was never used.
    LoginElsewhere: "A login to Pawdium from elsewhere", "mail/login_elsewhere.txt", "mail/login_elsewhere.html";
}

/// The variables of the templates.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    /// The member's public name.
    pub(crate) name: &'a str,
    /// The recipient's address.
    pub(crate) email: &'a str,
    /// The site's URL.
    pub(crate) site: &'a Url,
    /// The URL of the button.
    pub(crate) link: Url,
    /// The name of the hub that the mail is about; empty if it is about none.
    pub(crate) hub: &'a str,
    /// Who asks to become a member: a name, perhaps "and 2 others".
    pub(crate) askers: &'a str,
    /// The drafts that are about to expire; empty if the mail is about something else.
    pub(crate) drafts: &'a [Expiring],
    /// The day until which an archive is kept, as people read it; empty if the mail is about something else.
    pub(crate) until: &'a str,
    /// What is unread, was reported, was decided or has changed, a sentence each; or from where somebody logged in.
    pub(crate) lines: &'a [String],
    /// The URL that stops daily mails.
    pub(crate) stop: &'a Url,
}

/// A draft that is about to expire.
#[derive(Debug)]
pub(crate) struct Expiring {
    /// Its title.
    pub(crate) title: String,
    /// The day of the expiry, as people read it.
    pub(crate) on: String,
}

impl Letter<'_> {
    /// The most drafts that a mail names.
    const NAMED: usize = 10;

    /// The drafts that the mail names.
    fn named(&self) -> &[Expiring] {
        &self.drafts[..self.drafts.len().min(Self::NAMED)]
    }

    /// How many more drafts there are.
    fn unnamed(&self) -> usize {
        self.drafts.len().saturating_sub(Self::NAMED)
    }

    /// The site's host and port, for display.
    fn host(&self) -> &str {
        &self.site[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

/// Renders a mail.
pub(crate) fn render(letter: &Letter<'_>, matter: Matter) -> askama::Result<Mail> {
    let (subject, text, html) = write(letter, matter)?;
    let unsubscribe = (matter == Matter::Digest).then(|| letter.stop.clone());
    Ok(Mail { to: letter.email.to_owned(), subject: subject.to_owned(), text, html, unsubscribe })
}

#[cfg(test)]
mod tests {
    use pawdium_shared::accounts::links::Purpose;

    use super::*;

    fn rendered(matter: Matter) -> Mail {
        let site: Url = "https://paw.example:8443/".parse().expect("a URL");
        let link = site.join("/reset/abc-DEF_1").expect("a URL");
        let letter = Letter {
            name: "ada",
            email: "ada@example.org",
            site: &site,
            link,
            hub: "Cats <in> boxes",
            askers: "bob and 2 others",
            until: "19 May 2026",
            drafts: &[Expiring { title: "Cat <in> a box".to_owned(), on: "12 May 2026".to_owned() }],
            lines: &["bob commented on “<b>Blep”.".to_owned(), "“Blep” has 100 ratings.".to_owned()],
            stop: &site.join("/unsubscribe/st-OP_1").expect("a URL"),
        };
        render(&letter, matter).expect("renders")
    }

    #[test]
    fn both_parts_say_who_it_is_for_where_to_go_and_for_how_long() {
        for (matter, lifetime) in [(Matter::Reset, "30 minutes"), (Matter::Verify, "24 hours")] {
            let mail = rendered(matter);
            for part in [&mail.text, &mail.html] {
                for said in ["ada", "paw.example:8443", "https://paw.example:8443/reset/abc-DEF_1", lifetime]
                {
                    assert!(part.contains(said), "{said:?} is missing in {part}");
                }
            }
        }
    }

    #[test]
    fn the_mail_about_a_changed_address_says_which_and_what_to_do() {
        let mail = rendered(Matter::AddressChanged);
        for part in [&mail.text, &mail.html] {
            // Ignore line breaks.
            let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
            for said in ["ada@example.org", "paw.example:8443", "choose a new password", "operators"] {
                assert!(part.contains(said), "{said:?} is missing in {part}");
            }
        }
    }

    #[test]
    fn mails_about_requests_name_the_hub_and_who_asks() {
        for (matter, says) in [
            (Matter::HubAsked, "bob and 2 others"),
            (Matter::HubAccepted, "accepted"),
            (Matter::HubDeclined, "declined"),
        ] {
            let mail = rendered(matter);
            assert!(mail.text.contains("Cats <in> boxes") && mail.html.contains("Cats &#60;in&#62; boxes"));
            for part in [&mail.text, &mail.html] {
                for said in ["ada", says, "paw.example:8443", "https://paw.example:8443/reset/abc-DEF_1"] {
                    assert!(part.contains(said), "{said:?} is missing in {part}");
                }
            }
        }
    }

    #[test]
    fn the_mail_about_drafts_names_them_and_says_when() {
        let mail = rendered(Matter::DraftsExpire);
        assert!(mail.text.contains("Cat <in> a box") && mail.html.contains("Cat &#60;in&#62; a box"));
        for part in [&mail.text, &mail.html] {
            for said in ["ada", "12 May 2026", "paw.example:8443", "https://paw.example:8443/reset/abc-DEF_1"]
            {
                assert!(part.contains(said), "{said:?} is missing in {part}");
            }
        }
    }

    #[test]
    fn the_mail_about_an_archive_says_until_when_it_is_there() {
        let mail = rendered(Matter::ExportReady);
        for part in [&mail.text, &mail.html] {
            for said in ["ada", "19 May 2026", "paw.example:8443", "https://paw.example:8443/reset/abc-DEF_1"]
            {
                assert!(part.contains(said), "{said:?} is missing in {part}");
            }
        }
    }

    #[test]
    fn the_daily_mail_says_what_is_new_and_how_to_stop_it() {
        let mail = rendered(Matter::Digest);
        let stop = "https://paw.example:8443/unsubscribe/st-OP_1";
        for part in [&mail.text, &mail.html] {
            for said in ["ada", "“Blep” has 100 ratings.", "https://paw.example:8443/reset/abc-DEF_1", stop]
            {
                assert!(part.contains(said), "{said:?} is missing in {part}");
            }
        }
        assert!(mail.text.contains("“<b>Blep”") && !mail.html.contains("<b>Blep"));
        assert_eq!(mail.unsubscribe.as_ref().map(Url::as_str), Some(stop));
        assert_eq!(rendered(Matter::Verify).unsubscribe, None);
    }

    #[test]
    fn mails_about_cases_say_what_happened_and_where_to_look() {
        for matter in [Matter::NewCase, Matter::CaseDigest] {
            let mail = rendered(matter);
            for part in [&mail.text, &mail.html] {
                for said in ["ada", "“Blep” has 100 ratings.", "https://paw.example:8443/reset/abc-DEF_1"]
                {
                    assert!(part.contains(said), "{said:?} is missing in {part}");
                }
            }
            assert_eq!(mail.unsubscribe, None);
        }
    }

    #[test]
    fn the_mail_about_second_factors_says_what_changed_and_what_to_do() {
        let mail = rendered(Matter::FactorsChanged);
        assert!(mail.html.contains("bob commented on “&#60;b&#62;Blep”."), "names are escaped");
        for part in [&mail.text, &mail.html] {
            let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
            for said in
                ["ada", "“Blep” has 100 ratings.", "paw.example:8443", "choose a new password", "operators"]
            {
                assert!(part.contains(said), "{said:?} is missing in {part}");
            }
        }
    }

    #[test]
    fn the_mail_about_a_login_says_from_where_and_leads_to_a_new_password() {
        let mail = rendered(Matter::LoginElsewhere);
        for part in [&mail.text, &mail.html] {
            for said in
                ["ada", "“Blep” has 100 ratings.", "https://paw.example:8443/reset/abc-DEF_1", "30 minutes"]
            {
                assert!(part.contains(said), "{said:?} is missing in {part}");
            }
        }
        assert!(!mail.html.contains("<b>Blep"), "lines are no markup");
    }

    #[test]
    fn lifetimes_in_the_mails_are_those_of_the_links() {
        assert_eq!((Purpose::Reset.minutes(), Purpose::Verify.minutes()), (30, 24 * 60));
    }

    #[test]
    fn no_line_of_text_exceeds_the_width_of_mail_programs() {
        for matter in ALL {
            for line in rendered(*matter).text.lines().filter(|line| !line.contains("https://")) {
                assert!(line.chars().count() <= 76, "{line}");
            }
        }
    }
}

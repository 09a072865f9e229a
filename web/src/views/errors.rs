//! Error pages.

use askama::Template;

use super::{Chrome, filters};

/// An error and what the visitor can do about it.
#[derive(Debug, Template)]
#[template(path = "errors/page.html")]
pub struct ErrorPage {
    /// The layout around the page; `Chrome::default()` if the viewer is unknown.
    pub chrome: Chrome,
    /// The HTTP status.
    pub code: u16,
    /// A sentence about what happened; [`ErrorPage::usual_message`] by default.
    pub message: String,
    /// The id of the error in the log.
    pub id: Option<String>,
    /// Whether trying again later may work.
    pub may_pass: bool,
    /// Whether to offer a password reset.
    pub forgot: bool,
    /// Whether to offer another link that verifies the address.
    pub unverified: bool,
    /// Where to return after logging in; `None` if that wouldn't help.
    pub log_in: Option<String>,
    /// The page of what this one belongs to.
    pub way: Option<WayBack>,
}

/// A page above another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// Its path.
    pub path: String,
    /// What the link to it says.
    pub label: &'static str,
}

impl WayBack {
    /// The page of the hub, profile, photo, call or talk below which a path is.
    #[must_use]
    pub fn from(path: &str) -> Option<Self> {
        let mut parts = path.split('/').skip(1);
        let (kind, name) = (parts.next()?, parts.next().filter(|name| !name.is_empty())?);
        let label = match kind {
            "h" => "Back to the hub",
            "members" => "Back to the profile",
            "photos" => "Back to the photo",
            "calls" => "Back to the call",
            "talks" => "Back to the talk",
            _ => return None,
        };
        parts.next().map(|_| Self { path: format!("/{kind}/{name}"), label })
    }
}

impl ErrorPage {
    /// A page with the usual message.
    #[must_use]
    pub fn new(chrome: Chrome, code: u16) -> Self {
        Self {
            chrome,
            code,
            message: Self::usual_message(code).to_owned(),
            id: None,
            may_pass: false,
            forgot: false,
            unverified: false,
            log_in: None,
            way: None,
        }
    }

    /// Whether another button leads on better than the one to the rating page.
    fn has_better(&self) -> bool {
        self.may_pass || self.forgot || self.unverified || self.log_in.is_some() || self.way.is_some()
    }

    /// The usual message for a status.
    #[must_use]
    pub fn usual_message(code: u16) -> &'static str {
        match code {
            400 => "We couldn't read that request. Go back and try again.",
            401 => "You are logged out. Log in and try again.",
            403 => "You don't have access to this page.",
            404 => "There is nothing here. It may have been deleted, or the link may be mistyped.",
            413 => "That file is too large. Photos may have up to 20 MB.",
            429 => "Too many requests. Take a breath, pet something, come back.",
            507 => "The site is out of space. Try again later.",
            503 => "The site is starting up. Try again in a moment.",
            _ => "Something broke on our side. It isn't your fault, and we logged it.",
        }
    }

    fn heading(&self) -> &'static str {
        match self.code {
            400 => "Come again?",
            401 | 403 => "Not for you",
            404 => "Lost the scent",
            409 => "That doesn't fit",
            413 => "Too big a bite",
            429 => "Easy, tiger",
            503 => "Just a nap",
            507 => "The basket is full",
            _ => "We fell off the sofa",
        }
    }
}

/// A waiting time in words: 40 seconds, 10 minutes, about an hour.
pub(crate) fn wait(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..=1 => "a second".to_owned(),
        2..MINUTE => format!("{seconds} seconds"),
        MINUTE => "a minute".to_owned(),
        61..3300 => format!("{} minutes", seconds.div_ceil(MINUTE)),
        3300..5400 => "about an hour".to_owned(),
        5400..84_600 => format!("about {} hours", (seconds + HOUR / 2) / HOUR),
        84_600..129_600 => "about a day".to_owned(),
        _ => format!("about {} days", (seconds + DAY / 2) / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::{WayBack, wait};

    #[test]
    fn what_is_below_a_page_leads_back_to_it() {
        let way = |path| WayBack::from(path).map(|way| way.path);
        assert_eq!(way("/h/cats/settings").as_deref(), Some("/h/cats"));
        assert_eq!(way("/members/ada/widgets/new").as_deref(), Some("/members/ada"));
        assert_eq!(way("/calls/7/dashboard").as_deref(), Some("/calls/7"));
        for path in ["/", "/h/cats", "/h//settings", "/admin/jobs", "/hubs/new", "/settings/name"] {
            assert_eq!(way(path), None, "{path}");
        }
    }

    #[test]
    fn waits_are_as_precise_as_anybody_waits() {
        let waits = [
            (1, "a second"),
            (40, "40 seconds"),
            (60, "a minute"),
            (61, "2 minutes"),
            (600, "10 minutes"),
            (3599, "about an hour"),
            (7100, "about 2 hours"),
            (86_399, "about a day"),
        ];
        for (seconds, words) in waits {
            assert_eq!(wait(seconds), words);
        }
    }
}

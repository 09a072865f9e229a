/// The layout around every page: the viewer, the theme and a message.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// The viewer.
    pub viewer: Viewer,
    /// The theme from the cookie `theme`, which `theme.js` writes. The server reads it so that pages don't flash.
    pub theme: Theme,
    /// A message above the page, shown once.
    pub flash: Option<Flash>,
    /// The path and query of this page, to return to after logging in.
    pub path: String,
    /// Whether this is the demo, whose footer links to the mailbox.
    pub demo: bool,
    /// The viewer's own hubs, for the bar below the header.
    pub hubs: Vec<HubLink>,
    /// The notifications of a member.
    pub bell: Option<Bell>,
    /// How many cases are open, up to 100; only for moderators.
    pub cases: Option<i64>,
    /// What a member is told who is silenced or was warned.
    pub silence: Option<Silence>,
    /// Whether the page is kept, so that what it says of the time may be old.
    pub is_baked: bool,
}

impl Chrome {
    /// Whether the viewer is registered.
    pub(crate) fn is_member(&self) -> bool {
        matches!(self.viewer, Viewer::Member { .. })
    }

    /// The number of open cases as it is shown; empty if there is none.
    pub(crate) fn open_cases(&self) -> String {
        match self.cases {
            None | Some(..=0) => String::new(),
            Some(cases @ ..=99) => cases.to_string(),
            Some(_) => "99+".to_owned(),
        }
    }

    /// Whether the viewer is anonymous and has rated something.
    pub(crate) fn has_ratings(&self) -> bool {
        matches!(self.viewer, Viewer::Anonymous { ratings } if ratings > 0)
    }

    /// Whether the theme of that name is chosen.
    pub(crate) fn has_theme(&self, name: &str) -> bool {
        self.theme.name() == name
    }

    /// Whether this page is the hub's, or one below it.
    pub(crate) fn is_in(&self, hub: &HubLink) -> bool {
        let rest = self.path.strip_prefix(&hub.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

/// The link to a member's notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bell {
    /// The member's id, by which the page's script watches.
    pub user: i64,
    /// How many entries are unread, up to 100.
    pub unread: i64,
}

impl Bell {
    /// The number as it is shown; empty if there is none.
    #[must_use]
    pub fn shown(self) -> String {
        match self.unread {
            ..=0 => String::new(),
            1..=99 => self.unread.to_string(),
            _ => "99+".to_owned(),
        }
    }
}

/// What a member is told on every page who is silenced or was warned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Until when, and why.
    pub text: String,
    /// The path of the page that says all, where the member can appeal.
    pub path: String,
}

/// A hub to link to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubLink {
    /// Its name.
    pub name: String,
    /// The path of its page.
    pub path: String,
}

/// The viewer of a page.
#[derive(Clone, Debug, Default)]
pub enum Viewer {
    /// A visitor without a user.
    #[default]
    Nobody,
    /// An anonymous user.
    Anonymous {
        /// How many photos they rated.
        ratings: i64,
    },
    /// A registered user.
    Member {
        /// Their name, as in `/members/{name}`.
        name: String,
        /// Whether to show the links to moderation and operations.
        moderates: bool,
    },
}

/// The colour theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The system's setting.
    #[default]
    Auto,
    /// Light, whatever the system says.
    Light,
    /// Dark, whatever the system says.
    Dark,
}

impl Theme {
    /// The value in the cookie and in `data-theme`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The value of the `color-scheme` tag, so that the browser's controls and the first paint match.
    #[must_use]
    pub fn color_scheme(self) -> &'static str {
        match self {
            Self::Auto => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Parses the cookie's value. Unknown values are `Auto`.
    #[must_use]
    pub fn from_cookie(value: &str) -> Self {
        match value {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// A message that is shown once.
#[derive(Clone, Debug)]
pub struct Flash {
    /// The look of the message, and how urgently screen readers announce it.
    pub tone: Tone,
    /// One or two sentences.
    pub text: String,
    /// The talk that it is about, if a page can show it there.
    pub talk: Option<i64>,
}

impl Flash {
    /// A success.
    pub fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into(), talk: None }
    }

    /// A failure.
    pub fn bad(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into(), talk: None }
    }

    /// Information.
    pub fn info(text: impl Into<String>) -> Self {
        Self { tone: Tone::Info, text: text.into(), talk: None }
    }
}

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A success.
    Good,
    /// A failure.
    Bad,
    /// Information.
    Info,
}

impl Tone {
    /// The CSS modifier.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hubs_page_and_those_below_it_are_in_the_hub() {
        let hub = HubLink { name: "Cats".to_owned(), path: "/h/cats".to_owned() };
        let is_in = |path: &str| Chrome { path: path.to_owned(), ..Chrome::default() }.is_in(&hub);
        assert!(["/h/cats", "/h/cats?page=2", "/h/cats/top"].into_iter().all(is_in));
        assert!(!["/h/cats-of-rome", "/h", "/hubs", "/"].into_iter().any(is_in));
    }

    #[test]
    fn every_theme_comes_back_from_its_cookie() {
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            assert_eq!(Theme::from_cookie(theme.name()), theme);
        }
    }
}

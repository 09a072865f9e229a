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
        /// Whether to show the link to the admin pages.
        admin: bool,
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
}

impl Flash {
    /// A success.
    pub fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into() }
    }

    /// A failure.
    pub fn bad(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into() }
    }

    /// Information.
    pub fn info(text: impl Into<String>) -> Self {
        Self { tone: Tone::Info, text: text.into() }
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

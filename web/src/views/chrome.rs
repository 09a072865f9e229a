/// What surrounds every page: who looks at it, in which colours, and what there is to tell them.
#[derive(Clone, Debug, Default)]
pub struct Chrome {
    /// Who is looking.
    pub viewer: Viewer,
    /// From the cookie `theme`, which `theme.js` writes; read on the server so that no page flashes.
    pub theme: Theme,
    /// Said once, above the page.
    pub flash: Option<Flash>,
    /// Path and query of this page, so that logging in can come back to it.
    pub path: String,
    /// In the demo the footer links to the mailbox.
    pub demo: bool,
}

/// Who is looking at a page.
#[derive(Clone, Debug, Default)]
pub enum Viewer {
    /// Nobody we remember.
    #[default]
    Nobody,
    /// A rater without an account.
    Anonymous {
        /// How many photos they rated.
        ratings: i64,
    },
    /// A registered user.
    Member {
        /// Their name, which is also their address under `/members/`.
        name: String,
        /// Shows the link to the admin overview.
        admin: bool,
    },
}

/// Which colours the visitor asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system says.
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

    /// What the browser is told, so that its own controls and the first paint fit.
    #[must_use]
    pub fn color_scheme(self) -> &'static str {
        match self {
            Self::Auto => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the cookie's value; anything unknown is `Auto`.
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
    /// How it looks and how urgently it is read out.
    pub tone: Tone,
    /// One or two sentences.
    pub text: String,
}

impl Flash {
    /// Something worked.
    pub fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into() }
    }

    /// Something did not.
    pub fn bad(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into() }
    }

    /// Something to know.
    pub fn info(text: impl Into<String>) -> Self {
        Self { tone: Tone::Info, text: text.into() }
    }
}

/// How a message looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something worked.
    Good,
    /// Something did not.
    Bad,
    /// Something to know.
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

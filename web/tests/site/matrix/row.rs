//! The rows of the matrix, as they are written in `table/`.

use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use reqwest::Method;
use strum::{IntoStaticStr, VariantArray};

use crate::harness::Answer;

/// Every table: its file and its rows, in the order of `docs/roles.md`.
const TABLES: [(&str, &str); 15] = [
    ("pages.txt", include_str!("table/pages.txt")),
    ("photos.txt", include_str!("table/photos.txt")),
    ("comments.txt", include_str!("table/comments.txt")),
    ("reports.txt", include_str!("table/reports.txt")),
    ("imports.txt", include_str!("table/imports.txt")),
    ("hubs.txt", include_str!("table/hubs.txt")),
    ("talks.txt", include_str!("table/talks.txt")),
    ("accounts.txt", include_str!("table/accounts.txt")),
    ("factors.txt", include_str!("table/factors.txt")),
    ("operators.txt", include_str!("table/operators.txt")),
    ("moderation.txt", include_str!("table/moderation.txt")),
    ("api_photos.txt", include_str!("table/api_photos.txt")),
    ("api_reports.txt", include_str!("table/api_reports.txt")),
    ("api_accounts.txt", include_str!("table/api_accounts.txt")),
    ("api_hubs.txt", include_str!("table/api_hubs.txt")),
];

/// Where the tables are, from the root of the repository.
pub(super) const FOLDER: &str = "web/tests/site/matrix/table";

/// `{photo:live}`, a parameter with what stands for it, `{act=retry}` with its text, or `{:live}` in a body.
pub(super) static PLACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{(\*?[a-z]*)([:=])([a-z0-9.-]+)\}").expect("it is right"));

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, VariantArray, IntoStaticStr)]
pub(super) enum Role {
    /// Without a session or a token.
    #[strum(serialize = "nobody")]
    Nobody,
    /// A user without an account.
    #[strum(serialize = "anonymous")]
    Anonymous,
    /// Registered, without a verified address.
    #[strum(serialize = "member")]
    Member,
    /// Registered, with a verified address, as are all that follow.
    #[strum(serialize = "verified")]
    Verified,
    /// Whose photo, comment, talk or profile it is.
    #[strum(serialize = "owner")]
    Owner,
    #[strum(serialize = "hub member")]
    HubMember,
    #[strum(serialize = "hub owner")]
    HubOwner,
    #[strum(serialize = "moderator")]
    Moderator,
    #[strum(serialize = "admin")]
    Admin,
}

/// The number of roles.
pub(super) const ROLES: usize = Role::VARIANTS.len();

impl Role {
    pub(super) fn name(self) -> &'static str {
        self.into()
    }

    pub(super) fn is_registered(self) -> bool {
        !matches!(self, Self::Nobody | Self::Anonymous)
    }

    pub(super) fn moderates(self) -> bool {
        matches!(self, Self::Moderator | Self::Admin)
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// The visitor is asked to log in.
    LogIn,
    /// It is answered with this status.
    Refused(u16),
}

impl Outcome {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer.status {
            303 if answer.header("location").starts_with("/login?next=") => Self::LogIn,
            200..400 => Self::Done,
            status => Self::Refused(status),
        }
    }

    /// Reads a cell. Only these statuses refuse: with any other one a row would prove nothing. 400 is for what browsers
    /// alone can make.
    fn read(text: &str) -> Option<Self> {
        match text {
            "ok" => Some(Self::Done),
            "in" => Some(Self::LogIn),
            "400" | "401" | "403" | "404" => text.parse().ok().map(Self::Refused),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.pad("ok"),
            Self::LogIn => f.pad("in"),
            Self::Refused(status) => f.pad(&status.to_string()),
        }
    }
}

/// A request, and what becomes of it for each role.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Where it is written.
    pub(super) file: &'static str,
    pub(super) line: usize,
    pub(super) method: Method,
    /// The path, with what stands for its parameters.
    pub(super) path: String,
    pub(super) expected: [Outcome; ROLES],
    /// A form, JSON, or the fields of an upload after `@` or `#`; empty for none.
    pub(super) body: String,
}

impl Row {
    /// All rows.
    pub(super) fn all() -> Vec<Self> {
        TABLES.iter().flat_map(|(file, table)| Self::in_table(file, table)).collect()
    }

    /// The rows of a table.
    fn in_table(file: &'static str, table: &str) -> Vec<Self> {
        let lines = table.lines().enumerate();
        let rows = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        rows.map(|(number, line)| Self::read(file, number + 1, line)).collect()
    }

    fn read(file: &'static str, line: usize, text: &str) -> Self {
        let (request, body) = text.split_once(" < ").unwrap_or((text, ""));
        let words: Vec<_> = request.split_whitespace().collect();
        let read = |cells: &[&str]| -> Option<[Outcome; ROLES]> {
            let read: Option<Vec<_>> = cells.iter().map(|cell| Outcome::read(cell)).collect();
            read?.try_into().ok()
        };
        let expected = words.get(2..).and_then(read).unwrap_or_else(|| {
            panic!("{FOLDER}/{file}:{line}: write a method, a path and {ROLES} times ok, in, 400, 401, 403 or 404")
        });
        let (method, path) = (words[0].parse().expect("a method"), words[1].to_owned());
        Self { file, line, method, path, expected, body: body.trim().to_owned() }
    }

    /// The path as it is written in the table of routes.
    pub(super) fn route(&self) -> String {
        let path = PLACE.replace_all(&self.path, |found: &Captures<'_>| format!("{{{}}}", &found[1]));
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// Whether the request may change something.
    pub(super) fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// The row with these outcomes, as it would be written.
    pub(super) fn written(&self, outcomes: &[Outcome; ROLES]) -> String {
        let cells: Vec<_> = outcomes.iter().map(|outcome| format!("{outcome:<4}")).collect();
        let row = format!("{:<6} {:<58} {}", self.method, self.path, cells.concat());
        if self.body.is_empty() { row.trim_end().to_owned() } else { format!("{row}< {}", self.body) }
    }

    pub(super) fn place(&self) -> String {
        format!("{FOLDER}/{}:{}", self.file, self.line)
    }
}

/// The sections of `docs/roles.md`: the heading of each table, and its rows.
pub(super) fn sections() -> Vec<(String, Vec<Row>)> {
    let heading = |file: &str, table: &str| {
        let first = table.lines().next().and_then(|line| line.strip_prefix("# "));
        first.unwrap_or_else(|| panic!("{FOLDER}/{file}: the first line is `# ` and a heading")).to_owned()
    };
    TABLES.iter().map(|(file, table)| (heading(file, table), Row::in_table(file, table))).collect()
}

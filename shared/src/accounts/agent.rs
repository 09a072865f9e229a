//! What a session's browser calls itself, in words: "Firefox on Linux".
//!
//! Clients choose the header, and what it says is shown on pages and in mails. So only words of these tables are ever
//! stored, and only the beginning of the header is read.

use std::fmt;

/// How much of the header is read, in bytes. Those of browsers are shorter.
const READ: usize = 512;

/// Marks of browsers. The first that occurs counts: most browsers also name those that they are compatible with.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("UCBrowser/", "UC Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Epiphany/", "GNOME Web"),
    ("Safari/", "Safari"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Mozilla/", "A browser"),
];

/// Marks of systems. The first that occurs counts: phones also name the system that theirs is made from.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "a Mac"),
    ("Mac OS X", "a Mac"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// Beginnings of the names of programs, without regard to case.
const PROGRAMS: &[(&str, &str)] = &[
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("httpie/", "HTTPie"),
    ("postmanruntime/", "Postman"),
    ("insomnia/", "Insomnia"),
    ("python", "A Python program"),
    ("aiohttp/", "A Python program"),
    ("go-http-client/", "A Go program"),
    ("okhttp/", "An Android app"),
    ("dalvik/", "An Android app"),
    ("java/", "A Java program"),
    ("node", "A JavaScript program"),
    ("axios/", "A JavaScript program"),
    ("undici", "A JavaScript program"),
    ("deno/", "A JavaScript program"),
    ("bun/", "A JavaScript program"),
    ("ruby", "A Ruby program"),
    ("php", "A PHP program"),
    ("guzzlehttp/", "A PHP program"),
    ("reqwest/", "A Rust program"),
];

/// A browser and its system, or a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    program: &'static str,
    system: Option<&'static str>,
}

impl Agent {
    /// Reads the header `User-Agent`. `None` if it says nothing.
    #[must_use]
    pub fn of(header: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(header.get(..READ).unwrap_or(header));
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let find = |marks: &[(&str, &'static str)]| {
            marks.iter().find(|(mark, _)| text.contains(mark)).map(|(_, words)| *words)
        };
        if let Some(browser) = find(BROWSERS) {
            return Some(Self { program: browser, system: find(SYSTEMS) });
        }
        let starts =
            |mark: &str| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
        let program = PROGRAMS.iter().find(|(mark, _)| starts(mark)).map_or("A program", |(_, words)| *words);
        Some(Self { program, system: None })
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        match self.system {
            Some(system) => write!(f, " on {system}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(header: &str) -> String {
        Agent::of(header.as_bytes()).map(|agent| agent.to_string()).unwrap_or_default()
    }

    #[test]
    fn browsers_are_told_from_those_that_they_are_compatible_with() {
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        const IOS: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (header, said) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                "Firefox on Linux",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"),
                "Chrome on Windows",
            ),
            (
                format!(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
                ),
                "Edge on Windows",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36"),
                "Chrome on Android",
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 14; K) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36"
                ),
                "Samsung Internet on Android",
            ),
            (
                format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {IOS} Version/18.5 Mobile Safari/604.1"
                ),
                "Safari on an iPhone",
            ),
            (
                format!(
                    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {IOS} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1"
                ),
                "Chrome on an iPad",
            ),
            (
                format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {IOS} Version/18.5 Safari/605.1.15"),
                "Safari on a Mac",
            ),
            (
                format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"),
                "Chrome on ChromeOS",
            ),
            ("Mozilla/5.0 (Something)".to_owned(), "A browser"),
        ] {
            assert_eq!(words(&header), said, "{header}");
        }
    }

    #[test]
    fn programs_are_named_by_the_table_alone() {
        for (header, said) in [
            ("curl/8.5.0", "curl"),
            ("Wget/1.21", "Wget"),
            ("python-requests/2.32", "A Python program"),
            ("Go-http-client/2.0", "A Go program"),
            ("Call 0900-123456 at once", "A program"),
            ("  ", ""),
            ("", ""),
        ] {
            assert_eq!(words(header), said, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_client_sends_only_words_of_the_tables_come_out(header in any::<Vec<u8>>()) {
            if let Some(agent) = Agent::of(&header) {
                let known = |table: &[(&str, &str)], word: &str| table.iter().any(|(_, known)| *known == word);
                prop_assert!(agent.to_string().len() <= 60);
                prop_assert!(
                    known(BROWSERS, agent.program) || known(PROGRAMS, agent.program) || agent.program == "A program"
                );
                prop_assert!(agent.system.is_none_or(|system| known(SYSTEMS, system)));
            }
        }
    }

    #[test]
    fn no_words_are_longer_than_their_column() {
        let longest =
            |table: &[(&str, &str)]| table.iter().map(|(_, words)| words.len()).max().unwrap_or_default();
        assert!(longest(BROWSERS) + " on ".len() + longest(SYSTEMS) <= 80 && longest(PROGRAMS) <= 80);
    }

    #[test]
    fn a_long_header_is_read_as_far_as_browsers_write() {
        let header = format!("Mozilla/5.0 ({}) Firefox/140.0", "x".repeat(100_000));
        assert_eq!(words(&header), "A browser");
        // The cut is within a character.
        assert_eq!(words(&format!("{}ä", "x".repeat(READ - 1))), "A program");
    }
}

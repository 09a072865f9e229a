//! Links in plain text.
//!
//! Only what begins with `http://` or `https://` becomes a link. The text around it stays as it is, and the template
//! escapes all of it.

use url::Url;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text.
    Text(&'a str),
    /// A link.
    Link {
        /// Where it leads: an absolute address of the web.
        address: String,
        /// The text of it, as it was written.
        text: &'a str,
    },
}

/// Splits a text into its links and what is between them, in order.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(begin) = find_scheme(text, from) {
        let end = begin + length(&text[begin..]);
        let written = &text[begin..end];
        let Some(address) = address_of(written) else {
            // Past the scheme, in which no other begins.
            from = begin + "http://".len();
            continue;
        };
        if begin > done {
            pieces.push(Piece::Text(&text[done..begin]));
        }
        pieces.push(Piece::Link { address, text: written });
        (done, from) = (end, end);
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// How many links a text has, for limits. Addresses without a scheme count, too: people find them.
#[must_use]
pub fn count(text: &str) -> usize {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Link { .. } => 1,
            Piece::Text(text) => text.to_ascii_lowercase().matches("www.").count(),
        })
        .sum()
}

/// Where the next address begins, at or after `from`: not within a word.
fn find_scheme(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = from + find_ignoring_case(&text[from..], "http")?;
        let rest = &text[at + "http".len()..];
        let rest = rest.strip_prefix(['s', 'S']).unwrap_or(rest);
        let is_in_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        if rest.starts_with("://") && !is_in_word {
            return Some(at);
        }
        from = at + "http".len();
    }
}

fn find_ignoring_case(text: &str, ascii: &str) -> Option<usize> {
    let wanted = ascii.as_bytes();
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

/// How many bytes of `text` belong to the address at its beginning. Punctuation at the end belongs to the sentence, and
/// so does a bracket that isn't opened within the address.
fn length(text: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^')
    };
    let mut address = &text[..text.find(ends).unwrap_or(text.len())];
    while let Some(last) = address.chars().next_back() {
        let is_closing = |open: char| address.matches(last).count() > address.matches(open).count();
        let belongs = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '…' | '”' | '’' | '»' | '*' | '_' => false,
            ')' => !is_closing('('),
            ']' => !is_closing('['),
            _ => true,
        };
        if belongs {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address.len()
}

/// The address of what was written; `None` if it is none of the web, or bears a name and password, which disguise where
/// it leads.
fn address_of(written: &str) -> Option<String> {
    let url = Url::parse(written).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_web =
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    (is_web && is_plain).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(text: &str) -> Vec<(String, &str)> {
        let link = |piece| match piece {
            Piece::Link { address, text } => Some((address, text)),
            Piece::Text(_) => None,
        };
        pieces(text).into_iter().filter_map(link).collect()
    }

    #[test]
    fn addresses_of_the_web_are_links() {
        assert_eq!(
            pieces("See https://paw.example/a?b=1#c, or HTTP://Cats.example."),
            [
                Piece::Text("See "),
                Piece::Link {
                    address: "https://paw.example/a?b=1#c".into(),
                    text: "https://paw.example/a?b=1#c"
                },
                Piece::Text(", or "),
                Piece::Link { address: "http://cats.example/".into(), text: "HTTP://Cats.example" },
                Piece::Text("."),
            ]
        );
        for (text, written) in [
            ("(https://paw.example/x_(y))", "https://paw.example/x_(y)"),
            ("[https://paw.example/x]", "https://paw.example/x"),
            ("“https://paw.example/ä”", "https://paw.example/ä"),
            ("https://paw.example/x?!", "https://paw.example/x"),
            ("https://paw.example/<b>", "https://paw.example/"),
            ("https://paw.example/\"onclick=", "https://paw.example/"),
            ("1.https://paw.example", "https://paw.example"),
        ] {
            assert_eq!(links(text).first().map(|(_, text)| *text), Some(written), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_a_link() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,https",
            "xhttps://paw.example",
            "https://",
            "https:// paw.example",
            "http:/paw.example",
            "ftp://paw.example",
            "https://user:secret@paw.example",
            "https://bank.example@evil.test/",
            "https://%00/",
            "www.paw.example",
            "http",
        ] {
            assert_eq!(links(text), [], "{text}");
        }
    }

    #[test]
    fn links_without_a_scheme_count() {
        assert_eq!(count("www.a.example WWW.b.example https://c.example"), 3);
        assert_eq!(count("a.example"), 0);
        assert_eq!(count("https://www.a.example"), 1);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "(\\PC|http|https|://|[.)(\n]|x\\.example){0,40}") {
            let whole: String = pieces(&text)
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) | Piece::Link { text, .. } => *text,
                })
                .collect();
            prop_assert_eq!(whole, text);
        }

        #[test]
        fn every_link_leads_to_the_web(text in "(\\PC|http|https|://|[.)(\n<>\"]|x\\.example){0,40}") {
            for (address, _) in links(&text) {
                prop_assert!(address.starts_with("http://") || address.starts_with("https://"));
                prop_assert!(!address.contains(['"', '<', '>', '\n']), "{}", address);
            }
        }
    }
}

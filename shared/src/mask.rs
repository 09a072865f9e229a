//! Masks mail addresses and escapes control characters in jobs' payloads and errors and in logs.

use std::borrow::Cow;

use serde_json::Value;

/// Masks the names in mail addresses: `a…@example.org`.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(is_around) {
        mask_word(&rest[..end], &mut masked);
        let next = rest[end..].chars().next().map_or(rest.len(), |c| end + c.len_utf8());
        masked.push_str(&rest[end..next]);
        rest = &rest[next..];
    }
    mask_word(rest, &mut masked);
    Cow::Owned(masked)
}

/// Escapes control characters, so that the text stays on its line and does not affect a terminal.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { printable.extend(c.escape_default()) } else { printable.push(c) }
    }
    Cow::Owned(printable)
}

/// Like [`printable`], but keeps line breaks.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether a character can't be part of an unquoted address (RFC 5322, section 3.2.3).
fn is_around(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c)
}

fn mask_word(word: &str, masked: &mut String) {
    match word.rsplit_once('@') {
        Some((name, domain)) => {
            masked.extend(name.chars().next());
            masked.push_str("…@");
            masked.push_str(domain);
        }
        None => masked.push_str(word),
    }
}

/// Masks all texts in a JSON value. Returns true if something was masked.
pub fn mask_json(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match mask(text) {
            Cow::Owned(masked) => {
                *text = masked;
                true
            }
            Cow::Borrowed(_) => false,
        },
        Value::Array(values) => values.iter_mut().fold(false, |any, value| mask_json(value) | any),
        Value::Object(fields) => fields.values_mut().fold(false, |any, value| mask_json(value) | any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_lose_their_names_and_nothing_else_changes() {
        for (text, masked) in [
            ("550 no mailbox <ada.b+c@example.org>: gone", "550 no mailbox <a…@example.org>: gone"),
            ("zoë@müller.example, bob@b.test", "z…@müller.example, b…@b.test"),
            ("\"ada\"@example.org", "\"ada\"…@example.org"),
            ("mailto:x@y@example.org", "mailto:x…@example.org"),
            ("@", "…@"),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(printable("550 \u{1b}[2Jgone\r\n<3>x\u{9b}"), "550 \\u{1b}[2Jgone\\r\\n<3>x\\u{9b}");
        assert_eq!(printable("größe 🐾"), "größe 🐾");
        assert_eq!(printable_lines("one\u{7}\ntwo\u{1b}\n"), "one\\u{7}\ntwo\\u{1b}\n");
    }

    #[test]
    fn payloads_are_masked_at_any_depth() {
        let mut payload = json!({ "mail": "password_reset", "to": [{ "email": "ada@example.org" }], "n": 3 });
        assert!(mask_json(&mut payload));
        assert_eq!(
            payload,
            json!({ "mail": "password_reset", "to": [{ "email": "a…@example.org" }], "n": 3 })
        );
        assert!(!mask_json(&mut json!({ "photo": 3 })));
    }
}

//! Comma-separated values (RFC 4180) that spreadsheets show and don't run.

/// Characters with which a spreadsheet begins a formula, and those that hide one from a reader.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A part of a document: some of its rows, of which the first names the columns. Text of users that a spreadsheet would
/// take for a formula begins with an apostrophe, as OWASP advises.
pub(crate) fn rows<T: AsRef<str>, const N: usize>(rows: impl IntoIterator<Item = [T; N]>) -> String {
    let mut text = String::new();
    for row in rows {
        push(&mut text, row.iter().map(AsRef::as_ref));
    }
    text
}

fn push<'a>(text: &mut String, fields: impl Iterator<Item = &'a str>) {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            text.push(',');
        }
        quote(text, field);
    }
    text.push_str("\r\n");
}

fn quote(text: &mut String, field: &str) {
    let is_formula = field.trim_start_matches([' ', '\n', '\u{feff}']).starts_with(FORMULA);
    if !is_formula && !field.contains([',', '"', '\r', '\n', ';']) {
        text.push_str(field);
        return;
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    for character in field.chars() {
        if character == '"' {
            text.push('"');
        }
        text.push(character);
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a document as RFC 4180 says.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut is_quoted = false;
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '"' if is_quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => row.push(std::mem::take(&mut field)),
                '\r' if !is_quoted && rest.next_if_eq(&'\n').is_some() => {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
                character => field.push(character),
            }
        }
        assert!(!is_quoted && row.is_empty() && field.is_empty(), "it ends with a row: {text:?}");
        rows
    }

    #[test]
    fn a_formula_becomes_text() {
        for (field, expected) in [
            ("Where Did I Put That Thing?", "Where Did I Put That Thing?"),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            (" =1", "\"' =1\""),
            (
                "=HYPERLINK(\"https://evil.test\",\"x\")",
                "\"'=HYPERLINK(\"\"https://evil.test\"\",\"\"x\"\")\"",
            ),
            ("a;=1", "\"a;=1\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("", ""),
        ] {
            assert_eq!(rows([["title"], [field]]), format!("title\r\n{expected}\r\n"));
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(one in "(?s).{0,20}", two in "[=+@\"',;\r\n\t a-]{0,8}") {
            let document = read(&rows([["one", "two"], [&one, &two]]));
            prop_assert_eq!(document.len(), 2);
            for (read, given) in document[1].iter().zip([one, two]) {
                let text = read.strip_prefix('\'').filter(|text| *text == given).unwrap_or(read);
                prop_assert_eq!(text, given);
                let shown = read.trim_start_matches([' ', '\n', '\u{feff}']);
                prop_assert!(!shown.starts_with(FORMULA), "{:?}", read);
            }
        }
    }
}

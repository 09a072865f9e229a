//! The names of entries. They are only shown and compared, never used as paths.

use super::Problem;

/// The longest name in bytes.
const LONGEST: usize = 1024;

/// The upper half of code page 437, the encoding of names in a zip that doesn't say that they are UTF-8.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// A name as it is shown, and what is wrong with it.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) problem: Option<Problem>,
    /// Whether it is the name of a folder.
    pub(super) is_folder: bool,
}

/// Reads a name. `must_be_utf8` says that the archive claims it to be.
pub(super) fn read(raw: &[u8], must_be_utf8: bool) -> Named {
    let (text, is_wrong) = match std::str::from_utf8(raw) {
        Ok(text) => (text.to_owned(), false),
        Err(_) if must_be_utf8 => (String::from_utf8_lossy(raw).into_owned(), true),
        Err(_) => (raw.iter().map(|byte| of_cp437(*byte)).collect(), false),
    };
    let text = text.replace('\\', "/");
    let mut problem = is_wrong.then_some(Problem::Name).or_else(|| find_problem(&text));
    let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let mut name: String = parts.join("/").chars().map(shown).collect();
    if name.len() > LONGEST {
        name.truncate((0..=LONGEST).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default());
        // Ten thousand long names would keep a gigabyte.
        name.shrink_to_fit();
    }
    if name.is_empty() {
        problem.get_or_insert(Problem::Name);
    }
    Named { name, problem, is_folder: text.ends_with('/') }
}

fn find_problem(text: &str) -> Option<Problem> {
    let has_drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if text.len() > LONGEST || text.chars().any(is_unfit) {
        Some(Problem::Name)
    } else if text.starts_with('/') || has_drive {
        Some(Problem::Absolute)
    } else if text.split('/').any(|part| part == "..") {
        Some(Problem::Climbs)
    } else {
        None
    }
}

/// Characters that make a name look like another one.
fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shown(c: char) -> char {
    if is_unfit(c) { char::REPLACEMENT_CHARACTER } else { c }
}

fn of_cp437(byte: u8) -> char {
    match byte.checked_sub(0x80) {
        None => byte.into(),
        Some(place) => CP437.chars().nth(place.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_paths_within_the_archive_or_refused() {
        for (raw, name, problem) in [
            ("a.jpg", "a.jpg", None),
            ("./cats//a.jpg", "cats/a.jpg", None),
            ("cats\\a.jpg", "cats/a.jpg", None),
            ("/etc/passwd", "etc/passwd", Some(Problem::Absolute)),
            ("\\\\host\\a.jpg", "host/a.jpg", Some(Problem::Absolute)),
            ("C:\\a.jpg", "C:/a.jpg", Some(Problem::Absolute)),
            ("../a.jpg", "../a.jpg", Some(Problem::Climbs)),
            ("cats\\..\\..\\a.jpg", "cats/../../a.jpg", Some(Problem::Climbs)),
            ("..a.jpg", "..a.jpg", None),
            ("a\0.jpg", "a\u{fffd}.jpg", Some(Problem::Name)),
            ("gpj\u{202e}.exe", "gpj\u{fffd}.exe", Some(Problem::Name)),
            ("", "", Some(Problem::Name)),
            (".", "", Some(Problem::Name)),
        ] {
            let named = read(raw.as_bytes(), true);
            assert_eq!((named.name.as_str(), named.problem), (name, problem), "{raw:?}");
        }
        assert!(read(b"cats/", true).is_folder && !read(b"cats", true).is_folder);
    }

    #[test]
    fn names_that_are_not_utf_8_are_of_the_old_code_page() {
        assert_eq!(CP437.chars().count(), 128);
        let named = read(b"K\x84tzchen.jpg", false);
        assert_eq!((named.name.as_str(), named.problem), ("Kätzchen.jpg", None));
        assert_eq!(read(b"K\x84tzchen.jpg", true).problem, Some(Problem::Name));
        assert_eq!(read("Kätzchen.jpg".as_bytes(), false).name, "Kätzchen.jpg");
    }

    #[test]
    fn long_names_are_cut() {
        let named = read("ä".repeat(600).as_bytes(), true);
        assert_eq!((named.name.len(), named.problem), (1024, Some(Problem::Name)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_name_that_can_be_stored(raw in proptest::collection::vec(any::<u8>(), 0..80), utf8 in any::<bool>()) {
            let named = read(&raw, utf8);
            prop_assert!(named.name.len() <= LONGEST && !named.name.contains(char::is_control));
            prop_assert!(!named.name.starts_with('/'));
        }
    }
}

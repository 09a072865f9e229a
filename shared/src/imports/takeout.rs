//! Descriptions beside pictures: JSON files as Google's Takeout writes them.
//!
//! `name.jpg` has `name.jpg.json`, or since 2024 `name.jpg.supplemental-metadata.json`. What is before `.json` is cut
//! at 46 characters, from 2024 on anywhere in `.supplemental-metadata` or in the picture's own name, which is cut at
//! 47. Of pictures with the same name the later ones are called `name(1).jpg`, and their descriptions
//! `name.jpg(1).json` or `name.jpg.supplemental-metadata(1).json`: the number is never cut. `name-edited.jpg` has the
//! description of `name.jpg`.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::About;

/// The largest file with a description, in bytes.
pub const LARGEST: u64 = 256 << 10;

/// How many characters are left before the ending, with the number of a copy in some versions and without it in others.
const CUT: usize = 46;

/// What the newer names have before the ending.
const SUPPLEMENTAL: &str = ".supplemental-metadata";

/// What the names of edited pictures end with, in the languages of those who export them.
const EDITED: [&str; 14] = [
    "-edited",
    "-effects",
    "-editado",
    "-editada",
    "-bearbeitet",
    "-modifié",
    "-modificato",
    "-modificata",
    "-bewerkt",
    "-redigerad",
    "-redigeret",
    "-edytowane",
    "-отредактировано",
    "-編集済み",
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sidecar {
    title: Option<String>,
    description: Option<String>,
    alt: Option<String>,
    tags: Option<Vec<String>>,
    keywords: Option<Vec<String>>,
}

/// Reads a description; `None` if it is none. Whom it names as shown stays out: they haven't asked for it.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<About> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let sidecar: Sidecar = serde_json::from_slice(bytes).ok()?;
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let about = About {
        // It is the name that the file had.
        title: given(sidecar.title)
            .map(|title| super::about::name_of(&title))
            .filter(|title| !title.is_empty()),
        alt: given(sidecar.alt).or(given(sidecar.description)),
        tags: sidecar.tags.or(sidecar.keywords).unwrap_or_default(),
        ..About::default()
    };
    Some(about.bounded())
}

/// The descriptions of an archive, by their paths.
#[derive(Debug, Default)]
pub struct Sidecars {
    /// By folder, name without ending and number, and number.
    known: HashMap<(String, String, Option<u32>), Entry>,
    numbers: HashSet<u32>,
}

#[derive(Debug)]
struct Entry {
    about: About,
    is_used: bool,
    number: u32,
}

impl Sidecars {
    /// Adds one, whose place in the archive is `number`.
    pub fn add(&mut self, path: &str, number: u32, about: About) {
        let (folder, name) = split(path);
        let name = strip_json(name).unwrap_or(name);
        let (name, copy) = split_copy(name);
        self.numbers.insert(number);
        self.known
            .insert((folder.to_owned(), name.to_owned(), copy), Entry { about, is_used: false, number });
    }

    /// What the description of a picture says; `None` if there is none.
    pub fn find(&mut self, picture: &str) -> Option<About> {
        let (folder, name) = split(picture);
        let (stem, ending) = name.rsplit_once('.')?;
        let (plain, copy) = split_copy(stem);
        let mut candidates = vec![(name.to_owned(), None, false)];
        if copy.is_some() {
            candidates.push((format!("{plain}.{ending}"), copy, false));
        }
        if let Some(original) = without_edited(plain) {
            candidates.push((format!("{original}.{ending}"), copy, true));
        }
        candidates.into_iter().find_map(|(name, copy, is_edited)| {
            let about = self.find_named(folder, &name, copy)?;
            let title = about.title.map(|title| if is_edited { format!("{title} (edited)") } else { title });
            Some(About { title, ..about })
        })
    }

    /// Whether the file with this number is one of them.
    pub fn has(&self, number: u32) -> bool {
        self.numbers.contains(&number)
    }

    /// The numbers of those that belong to no picture.
    pub fn unused(&self) -> impl Iterator<Item = u32> {
        self.known.values().filter(|entry| !entry.is_used).map(|entry| entry.number)
    }

    /// Looks for the longest name that a description of this picture may have.
    fn find_named(&mut self, folder: &str, picture: &str, copy: Option<u32>) -> Option<About> {
        let full: Vec<char> = picture.chars().chain(SUPPLEMENTAL.chars()).collect();
        // The number of a copy may be part of what the limit cuts.
        let number = copy.map_or(0, |copy| copy.to_string().len() + 2);
        let shortest = picture.chars().count().min(CUT - number);
        (shortest..=full.len()).rev().find_map(|length| {
            let name: String = full[..length].iter().collect();
            let entry = self.known.get_mut(&(folder.to_owned(), name, copy))?;
            entry.is_used = true;
            Some(entry.about.clone())
        })
    }
}

/// The folder of a path, and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn strip_json(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    ending.eq_ignore_ascii_case("json").then_some(stem)
}

/// Whether a path is that of a description.
#[must_use]
pub fn is_json(path: &str) -> bool {
    strip_json(split(path).1).is_some()
}

/// A name without the number of a copy, and the number: `name(1)`.
fn split_copy(name: &str) -> (&str, Option<u32>) {
    let split = name.strip_suffix(')').and_then(|name| name.rsplit_once('('));
    match split.and_then(|(name, number)| Some((name, number.parse().ok()?))) {
        Some((plain, number)) if !plain.is_empty() => (plain, Some(number)),
        _ => (name, None),
    }
}

/// The name of the original of an edited picture. The end may be cut.
fn without_edited(stem: &str) -> Option<&str> {
    EDITED.iter().find_map(|edited| stem.strip_suffix(edited)).or_else(|| {
        let (original, end) = stem.rsplit_once('-')?;
        let is_cut = stem.chars().count() >= CUT && EDITED.iter().any(|edited| edited[1..].starts_with(end));
        is_cut.then_some(original)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sidecars(paths: &[&str]) -> Sidecars {
        let mut sidecars = Sidecars::default();
        for (number, path) in paths.iter().enumerate() {
            let about = About { alt: Some((*path).to_owned()), ..About::default() };
            sidecars.add(path, u32::try_from(number).expect("few"), about);
        }
        sidecars
    }

    /// Which description a picture gets.
    fn found(picture: &str, paths: &[&str]) -> Option<String> {
        sidecars(paths).find(picture).and_then(|about| about.alt)
    }

    #[test]
    fn descriptions_are_found_by_all_names_that_takeout_gives_them() {
        let long = "Screenshot_20200203-182059_Samsung Internet_0123456789.jpg";
        let cut = &long[..46];
        for (picture, sidecar) in [
            ("a/IMG_1.jpg", "a/IMG_1.jpg.json".to_owned()),
            ("a/IMG_1.jpg", "a/IMG_1.jpg.supplemental-metadata.json".to_owned()),
            ("a/IMG_1.jpg", "a/IMG_1.jpg.supplemental-me.json".to_owned()),
            ("a/IMG_1.jpg", "a/IMG_1.jpg.s.json".to_owned()),
            ("a/IMG_1.jpg", "a/IMG_1.jpg..json".to_owned()),
            ("a/IMG_1(1).jpg", "a/IMG_1.jpg(1).json".to_owned()),
            ("a/IMG_1(1).jpg", "a/IMG_1(1).jpg.json".to_owned()),
            ("a/IMG_1(12).jpg", "a/IMG_1.jpg.supplemental-metadata(12).json".to_owned()),
            ("a/IMG_1-edited.jpg", "a/IMG_1.jpg.supplemental-metadata.json".to_owned()),
            ("a/IMG_1-bearbeitet(1).jpg", "a/IMG_1.jpg(1).json".to_owned()),
            (long, format!("{cut}.json")),
            (&format!("{}.jpg", &long[..47]), format!("{cut}.json")),
            (&format!("{}(2).jpg", &long[..47]), format!("{cut}(2).json")),
            (&format!("{}(2).jpg", &long[..47]), format!("{}(2).json", &cut[..43])),
        ] {
            assert_eq!(found(picture, &[&sidecar]).as_ref(), Some(&sidecar), "{picture}");
        }
    }

    #[test]
    fn descriptions_of_other_pictures_are_not_taken() {
        for (picture, sidecar) in [
            ("a/IMG_1.jpg", "b/IMG_1.jpg.json"),
            ("IMG_1.jpg", "IMG_12.jpg.json"),
            ("IMG_12.jpg", "IMG_1.jpg.json"),
            ("IMG_1(1).jpg", "IMG_1.jpg.json"),
            ("IMG_1.jpg", "IMG_1.jpg(1).json"),
            ("IMG_1.jpg", "IMG_1.png.json"),
            ("IMG_1.jpg", "metadata.json"),
        ] {
            assert_eq!(found(picture, &[sidecar]), None, "{picture} {sidecar}");
        }
        let paths = ["IMG_1.jpg(1).json", "IMG_1.jpg.json"];
        assert_eq!(found("IMG_1.jpg", &paths).as_deref(), Some("IMG_1.jpg.json"));
        let mut known = sidecars(&["IMG_1.jpg.json", "metadata.json"]);
        known.find("IMG_1.jpg");
        assert_eq!(known.unused().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_description_says_what_its_owner_wrote() {
        let about = read(
            br#"{"title": "Tom_at_noon.jpg", "description": "Asleep", "imageViews": "3", "people": [{"name": "Ada"}],
                "photoTakenTime": {"timestamp": "1580754059"}}"#,
        );
        let about = about.expect("it is read");
        assert_eq!((about.title.as_deref(), about.alt.as_deref()), (Some("Tom at noon"), Some("Asleep")));
        assert!(about.tags.is_empty());
        assert_eq!(read(br#"{"title": ".", "description": " "}"#).expect("it is read").alt, None);
        assert!(read(b"[1]").is_none() && read(b"{").is_none());
    }

    #[test]
    fn a_description_keeps_no_more_than_a_draft_has_room_for() {
        let long = "é\0 ".repeat(60_000);
        let tags = vec![long.as_str(); 200];
        let sidecar = serde_json::json!({ "title": long, "description": long, "tags": tags });
        let about = read(sidecar.to_string().as_bytes()).expect("it is read");
        let kept = [about.title.as_deref(), about.alt.as_deref()].into_iter().flatten().map(str::len);
        assert!(kept.chain(about.tags.iter().map(String::len)).sum::<usize>() < 50_000);
        let draft = about.draft("a.jpg", crate::photos::Species::Cat);
        assert_eq!((draft.title.as_str().chars().count(), draft.alt.as_str().chars().count()), (120, 500));
        assert!(draft.alt.as_str().ends_with('…'));
        assert!(!serde_json::to_string(&about).expect("it is JSON").contains("\\u0000"));
    }

    proptest! {
        #[test]
        fn any_names_are_looked_up(picture in "\\PC{0,60}", sidecar in "\\PC{0,60}") {
            let _ = found(&picture, &[&sidecar]);
        }
    }
}

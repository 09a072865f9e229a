//! What is to become of the files of an archive.

use std::collections::BTreeMap;

use pawdium_media::Refusal;

use super::About;
use super::takeout::{Sidecars, is_json};

/// The most characters of a file's name that are kept.
const LONGEST: usize = 300;

/// Why an archive in an archive isn't opened.
pub const NESTED: &str = "It's an archive in the archive. Import it by itself.";

/// Why a description isn't used.
const ALONE: &str = "It's no picture, and there is none that it describes.";

/// Why a photo of an export isn't imported.
const MISSING: &str = "The archive doesn't have this file.";

/// The endings of pictures. Whether a file is one is judged by its content, unless it is too large to be unpacked.
const PICTURES: [&str; 11] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "avif", "heic", "heif"];

/// The endings of archives.
const ARCHIVES: [&str; 12] =
    ["zip", "tar", "gz", "tgz", "bz2", "tbz", "xz", "txz", "zst", "7z", "rar", "jar"];

/// A file of the archive.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its place.
    pub number: u32,
    /// Its path.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Why it can't be read.
    pub problem: Option<String>,
}

/// A file that gets a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its place.
    pub number: u32,
    /// Its path.
    pub name: String,
    /// Why it is refused already.
    pub refusal: Option<String>,
    /// What is known of it.
    pub about: About,
}

/// Plans what becomes of the files, of which those of more than `max` bytes can't be pictures. With the list of an
/// export only the files that it names count. Without one every file gets a receipt, except descriptions that belong to
/// a picture, and what systems leave in folders.
#[must_use]
pub fn plan(
    files: &[Listed],
    exported: Option<BTreeMap<String, About>>,
    mut sidecars: Sidecars,
    max: u64,
) -> Vec<Planned> {
    if let Some(exported) = exported {
        return plan_export(files, exported);
    }
    let mut planned = Vec::with_capacity(files.len());
    for file in files.iter().filter(|file| !is_litter(&file.name)) {
        if is_json(&file.name) && file.problem.is_none() && sidecars.has(file.number) {
            continue;
        }
        let refusal =
            file.problem.clone().or_else(|| (file.size > max).then(|| refusal(&file.name)).flatten());
        let about = sidecars.find(&file.name).unwrap_or_default();
        planned.push(Planned { number: file.number, name: shorten(&file.name), refusal, about });
    }
    let by_number: BTreeMap<_, _> = files.iter().map(|file| (file.number, file)).collect();
    for number in sidecars.unused() {
        if let Some(file) = by_number.get(&number) {
            let refusal = Some(ALONE.to_owned());
            planned.push(Planned { number, name: shorten(&file.name), refusal, about: About::default() });
        }
    }
    planned.sort_by_key(|planned| planned.number);
    planned
}

fn plan_export(files: &[Listed], mut exported: BTreeMap<String, About>) -> Vec<Planned> {
    let mut planned = Vec::with_capacity(exported.len());
    for file in files {
        if let Some(about) = exported.remove(&file.name) {
            let refusal = file.problem.clone();
            planned.push(Planned { number: file.number, name: shorten(&file.name), refusal, about });
        }
    }
    let next = files.iter().map(|file| file.number + 1).max().unwrap_or_default();
    for (number, (name, about)) in (next..).zip(exported) {
        planned.push(Planned { number, name: shorten(&name), refusal: Some(MISSING.to_owned()), about });
    }
    planned
}

/// Why a file is refused that is too large to be unpacked; `None` if it is named like a picture, which its owner can
/// make smaller.
fn refusal(name: &str) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())?;
    if ARCHIVES.contains(&ending.as_str()) {
        return Some(NESTED.to_owned());
    }
    (!PICTURES.contains(&ending.as_str())).then(|| Refusal::NotAPicture.to_string())
}

/// Whether a system has left a file in a folder by itself.
fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.split('/').any(|part| part == "__MACOSX")
        || name.starts_with("._")
        || [".DS_Store", "Thumbs.db", "desktop.ini"].contains(&name)
}

/// A name that can be stored: the end of one that is too long, which has the ending. Control characters are shown as
/// what can't be shown.
fn shorten(name: &str) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let length = name.chars().count();
    if length <= LONGEST {
        return name.chars().map(shown).collect();
    }
    let end: String = name.chars().skip(length - LONGEST + 1).map(shown).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::takeout;

    fn files(names: &[&str]) -> Vec<Listed> {
        let listed = |(number, name): (usize, &&str)| Listed {
            number: u32::try_from(number).expect("few"),
            name: (*name).to_owned(),
            size: 5,
            problem: None,
        };
        names.iter().enumerate().map(listed).collect()
    }

    #[test]
    fn every_file_gets_a_receipt_but_descriptions_and_litter() {
        let names = [
            "a.jpg",
            "a.jpg.json",
            "notes.txt",
            "more.tar.gz",
            "__MACOSX/._a.jpg",
            "b/.DS_Store",
            "metadata.json",
            "raw",
        ];
        let mut listed = files(&names);
        listed[3].size = 500;
        let mut sidecars = Sidecars::default();
        for file in listed.iter().filter(|file| is_json(&file.name)) {
            let about = takeout::read(br#"{"description": "Asleep"}"#).expect("it is read");
            sidecars.add(&file.name, file.number, about);
        }
        let planned = plan(&listed, None, sidecars, 100);
        let short: Vec<_> =
            planned.iter().map(|planned| (planned.name.as_str(), planned.refusal.as_deref())).collect();
        assert_eq!(
            short,
            [
                ("a.jpg", None),
                ("notes.txt", None),
                ("more.tar.gz", Some(NESTED)),
                ("metadata.json", Some(ALONE)),
                ("raw", None)
            ]
        );
        assert_eq!(planned[0].about.alt.as_deref(), Some("Asleep"));
    }

    #[test]
    fn what_is_too_large_is_refused_by_its_name() {
        let mut listed = files(&["movie.mp4", "picture.JPG"]);
        for file in &mut listed {
            file.size = 500;
        }
        let planned = plan(&listed, None, Sidecars::default(), 100);
        assert_eq!(planned[0].refusal, Some(Refusal::NotAPicture.to_string()));
        assert_eq!(planned[1].refusal, None, "its owner reads how large it may be");
    }

    #[test]
    fn of_an_export_the_listed_photos_count() {
        let listed = files(&["pawdium.json", "photos/7.jpg", "comments.csv", "photos/other.jpg"]);
        let about = About { title: Some("Blep".to_owned()), ..About::default() };
        let exported = [("photos/7.jpg", about.clone()), ("photos/8.jpg", About::default())]
            .map(|(file, about)| (file.to_owned(), about));
        let planned = plan(&listed, Some(exported.into()), Sidecars::default(), 100);
        assert_eq!(planned.len(), 2);
        assert_eq!((planned[0].number, &planned[0].refusal, &planned[0].about), (1, &None, &about));
        assert_eq!((planned[1].number, planned[1].refusal.as_deref()), (4, Some(MISSING)));
    }

    #[test]
    fn long_names_keep_their_ending() {
        let short = shorten(&format!("{}.jpg", "ä\u{7}".repeat(400)));
        assert!(short.starts_with('…') && short.strip_suffix(".jpg").is_some() && !short.contains('\u{7}'));
        assert_eq!(short.chars().count(), LONGEST);
    }
}

//! Archives made to hurt, each with what becomes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::ops::ControlFlow;

use pawdium_archive::write::{ZipEntry, gzip, tar, tar_header, tar_of, zip, zip_of};
use pawdium_archive::{Archive, Error, Limits, Problem, Refusal};
use proptest::prelude::*;

/// The most bytes of an entry.
const MAX: u64 = 100_000;

fn open(bytes: &[u8]) -> Result<Archive, Error> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("it is written");
    Archive::open(file, &Limits { entries: 100, ratio: 100, unpacked: 20_000_000 })
}

/// What becomes of each entry: its contents, or its problem.
fn read(bytes: &[u8]) -> Result<BTreeMap<String, Result<Vec<u8>, Problem>>, Refusal> {
    let refused = |error| match error {
        Error::Refused(refusal) => refusal,
        Error::Io(error) => panic!("it is our fault: {error}"),
    };
    let archive = open(bytes).map_err(refused)?;
    let names: BTreeMap<_, _> =
        archive.entries().iter().map(|entry| (entry.number, entry.name.clone())).collect();
    let wanted: BTreeSet<_> = names.keys().copied().collect();
    let mut contents = BTreeMap::new();
    let done = archive.read_each(&wanted, MAX, |number, content| {
        contents.entry(names[&number].clone()).or_insert(content);
        ControlFlow::Continue(())
    });
    done.map_err(refused)?;
    Ok(contents)
}

/// What becomes of the entry `bad` beside one that is fine.
fn fate(entry: ZipEntry) -> Option<Problem> {
    let fine = b"fine".repeat(500);
    let contents = read(&zip(&[ZipEntry::new("good", fine.clone()), entry])).expect("the archive is read");
    assert_eq!(contents["good"], Ok(fine));
    contents.into_iter().find(|(name, _)| name != "good").and_then(|(_, content)| content.err())
}

#[test]
fn what_programs_pack_is_read() {
    let many: Vec<u8> = (0..3000_u32).map(|number| (number * number / 7).to_le_bytes()[0]).collect();
    let files: [(&str, &[u8]); 3] = [("a.jpg", b"one"), ("cats/b.jpg", &many), ("empty", b"")];
    let tar = tar_of(&files);
    let wide: Vec<_> = files.iter().map(|(name, content)| ZipEntry::new(name, *content).wide()).collect();
    let following = ZipEntry::new("a.jpg", "one").deflated().flags(1 << 3);
    for bytes in [zip_of(&files), zip(&wide), gzip(&tar), tar, zip(&[following])] {
        let contents = read(&bytes).expect("it is read");
        assert_eq!(contents["a.jpg"], Ok(b"one".to_vec()));
        assert!(contents.values().all(Result::is_ok));
    }
    let folders = [ZipEntry::new("cats/", ""), ZipEntry::new("dogs", "").mode(0o040_755)];
    assert!(read(&zip(&folders)).expect("it is read").is_empty());
}

#[test]
fn entries_that_lie_are_refused_and_the_others_are_read() {
    let entry = || ZipEntry::new("bad", vec![9; 1000]);
    for (case, entry, problem) in [
        ("absolute", ZipEntry::new("/etc/passwd", "x"), Problem::Absolute),
        ("drive", ZipEntry::new("C:\\a.jpg", "x"), Problem::Absolute),
        ("climbs", ZipEntry::new("a/../../b.jpg", "x"), Problem::Climbs),
        ("nothing as a name", ZipEntry::new("a\0.jpg", "x"), Problem::Name),
        ("not UTF-8", ZipEntry::new(b"K\x84.jpg", "x"), Problem::Name),
        ("link", entry().mode(0o120_777), Problem::Link),
        ("pipe", entry().mode(0o010_644), Problem::Special),
        ("device", entry().mode(0o060_644), Problem::Special),
        ("encrypted", entry().flags(1), Problem::Encrypted),
        ("strongly encrypted", entry().flags(1 << 6 | 1), Problem::Encrypted),
        ("AES", entry().method(99), Problem::Encrypted),
        ("bzip2", entry().method(12), Problem::Method),
        ("stored, larger than it is", entry().size(2000), Problem::Size),
        ("larger than it says", entry().deflated().size(999), Problem::Size),
        ("smaller than it says", entry().deflated().size(1001), Problem::Size),
        ("another checksum", entry().crc(1), Problem::Damaged),
        ("not deflated", entry().method(8), Problem::Damaged),
        ("another name before it", entry().other_name("good.jpg"), Problem::Contradiction),
        ("beyond the end", entry().at(1 << 40).wide(), Problem::Contradiction),
        ("in the directory", entry().at(60), Problem::Contradiction),
        ("too large", ZipEntry::new("bad", vec![1; 100_001]), Problem::TooLarge { max: MAX }),
        ("a bomb", ZipEntry::new("bad", vec![0; 90_000]).deflated(), Problem::TooDense),
        ("nothing becomes something", ZipEntry::new("bad", "").method(8).size(50), Problem::TooDense),
        ("double", ZipEntry::new("good", "other").flags(0), Problem::Double),
    ] {
        let becomes = match problem {
            Problem::Double => {
                let archive = open(&zip(&[ZipEntry::new("good", "fine"), entry])).expect("it is opened");
                archive.entries()[1].problem
            }
            _ => fate(entry),
        };
        assert_eq!(becomes, Some(problem), "{case}");
    }
}

#[test]
fn archives_that_lie_are_refused() {
    let good = zip_of(&[("a.jpg", &[3; 500])]);
    let many: Vec<_> = (0..101).map(|number| ZipEntry::new(format!("{number}"), "")).collect();
    let bomb: Vec<_> =
        (0..9).map(|number| ZipEntry::new(format!("{number}"), vec![0; 500_000]).deflated()).collect();
    let claims: Vec<_> = (0..3).map(|number| ZipEntry::new(format!("{number}"), "").size(1 << 61)).collect();
    let overlapping = [
        ZipEntry::new("a", vec![5; 900]),
        ZipEntry::new("a", vec![5; 900]).at(0),
        ZipEntry::new("a", vec![5; 900]).at(0),
    ];
    let mut more_than_it_says = zip(&[ZipEntry::new("a", "x"), ZipEntry::new("b", "y")]);
    let end = more_than_it_says.len() - 22;
    more_than_it_says[end + 8..end + 12].copy_from_slice(&[1, 0, 1, 0]);
    let mut split = good.clone();
    let end = split.len() - 22;
    split[end + 4] = 1;
    let trailing = [good.as_slice(), &[0; 10]].concat();
    for (case, bytes, refusal) in [
        ("nothing", Vec::new(), Refusal::NotAnArchive),
        ("a picture", b"\xff\xd8\xff\xe0 and more".repeat(100), Refusal::NotAnArchive),
        ("cut off", good[..good.len() - 30].to_vec(), Refusal::Damaged),
        ("cut off at the end", good[..good.len() - 1].to_vec(), Refusal::Damaged),
        ("only its first bytes", good[..4].to_vec(), Refusal::Damaged),
        ("something follows", trailing, Refusal::Damaged),
        ("too many", zip(&many), Refusal::TooManyEntries { max: 100 }),
        ("bombs", zip(&bomb), Refusal::TooDense { max: 100 }),
        ("claims", zip(&claims), Refusal::TooDense { max: 100 }),
        ("overlapping", zip(&overlapping), Refusal::Overlapping),
        ("entries that aren't counted", more_than_it_says, Refusal::Damaged),
        ("split", split, Refusal::Split),
    ] {
        assert_eq!(read(&bytes).expect_err(case), refusal, "{case}");
    }
}

#[test]
fn tapes_that_lie_are_refused() {
    let good = tar_of(&[("a.jpg", &[3; 600])]);
    let mut wrong = good.clone();
    wrong[0] = b'b';
    let claims = [tar_header(b"a", b'0', 0o77_777_777_777).as_slice(), &[0; 1024]].concat();
    let many: Vec<_> = (0..101).map(|number| (number.to_string(), b'0', Vec::new())).collect();
    let many: Vec<_> =
        many.iter().map(|(name, kind, content)| (name.as_str(), *kind, content.as_slice())).collect();
    let record = tar(&[("x", b'x', b"9 path=a\n9999 size=1\n"), ("a", b'0', b"x")]);
    let packed = gzip(&good);
    for (case, bytes, refusal) in [
        ("cut off", good[..700].to_vec(), Refusal::Damaged),
        ("without its end", good[..1536].to_vec(), Refusal::Damaged),
        ("another checksum", wrong, Refusal::NotAnArchive),
        ("larger than the tape", claims, Refusal::Damaged),
        ("too many", tar(&many), Refusal::TooManyEntries { max: 100 }),
        ("a record longer than its header", record, Refusal::Damaged),
        ("gzip that is cut off", packed[..packed.len() / 2].to_vec(), Refusal::Damaged),
        ("gzip of no tar", gzip(&[b'x'; 4096]), Refusal::Damaged),
        ("a bomb", gzip(&tar_of(&[("a", &[0; 3_000_000])])), Refusal::TooDense { max: 100 }),
    ] {
        assert_eq!(read(&bytes).expect_err(case), refusal, "{case}");
    }
}

#[test]
fn entries_of_tapes_that_are_no_files_are_refused() {
    let bytes = tar(&[
        ("good", b'0', b"fine"),
        ("link", b'2', b""),
        ("hard", b'1', b""),
        ("device", b'3', b""),
        ("pipe", b'6', b""),
        ("folder/", b'5', b""),
        ("../climbs", b'0', b"x"),
        ("good", b'0', b"double"),
        ("x", b'x', b"22 GNU.sparse.major=1\n"),
        ("holes", b'0', b"x"),
        ("././@LongLink", b'L', &[&[b'n'; 150][..], b"\0"].concat()),
        ("cut", b'0', b"long"),
        ("x", b'x', "22 path=K\u{e4}tzchen.jpg\n".as_bytes()),
        ("other", b'0', b"named"),
    ]);
    for bytes in [gzip(&bytes), bytes] {
        let contents = read(&bytes).expect("it is read");
        let problem = |name: &str| contents[name].as_ref().err().copied();
        assert_eq!(contents["good"], Ok(b"fine".to_vec()));
        assert_eq!(contents[&"n".repeat(150)], Ok(b"long".to_vec()));
        assert_eq!(contents["K\u{e4}tzchen.jpg"], Ok(b"named".to_vec()));
        assert_eq!(problem("link"), Some(Problem::Link));
        assert_eq!(problem("hard"), Some(Problem::Link));
        assert_eq!(problem("device"), Some(Problem::Special));
        assert_eq!(problem("pipe"), Some(Problem::Special));
        assert_eq!(problem("../climbs"), Some(Problem::Climbs));
        assert_eq!(problem("holes"), Some(Problem::Special));
        assert!(!contents.contains_key("folder"));
    }
}

proptest! {
    /// Whatever is changed in an archive, reading ends with contents that were packed, or says what is wrong.
    #[test]
    fn any_change_is_found_or_harmless(place in any::<prop::sample::Index>(), bits in 1_u8.., kind in 0..3) {
        let files: [(&str, &[u8]); 2] = [("a.jpg", b"the first of both"), ("b/c.jpg", b"the second of both")];
        let mut bytes = match kind {
            0 => zip_of(&files),
            1 => tar_of(&files),
            _ => gzip(&tar_of(&files)),
        };
        let at = place.index(bytes.len());
        bytes[at] ^= bits;
        if let Ok(contents) = read(&bytes) && kind != 1 {
            for content in contents.into_values().flatten() {
                prop_assert!(files.iter().any(|(_, packed)| *packed == content), "{content:?}");
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000), head in 0..4) {
        let head: &[u8] = match head {
            0 => b"PK\x03\x04",
            1 => &[0x1f, 0x8b, 8, 0],
            2 => &tar_header(b"a", b'0', 12),
            _ => b"",
        };
        let _ = read(&[head, &bytes].concat());
    }
}

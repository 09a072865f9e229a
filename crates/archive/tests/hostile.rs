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

/// A tar whose first header was changed, with the right checksum.
fn checked(mut tar: Vec<u8>) -> Vec<u8> {
    tar[148..156].fill(b' ');
    let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar
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
        ("no name", ZipEntry::new("", "x"), Problem::Name),
        ("a name that is read backwards", ZipEntry::new("gpj.\u{202e}exe", "x"), Problem::Name),
        ("a name of 2,000 bytes", ZipEntry::new("n".repeat(2000), "x"), Problem::Name),
        ("a name of 65,535 bytes", ZipEntry::new("n".repeat(0xffff), "x"), Problem::Name),
        ("climbs with backslashes", ZipEntry::new("a\\..\\..\\b.jpg", "x"), Problem::Climbs),
        ("another computer's", ZipEntry::new("\\\\host\\share\\b.jpg", "x"), Problem::Absolute),
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

/// The directory lists an entry, and another one inside its contents.
#[test]
fn an_entry_within_another_is_refused() {
    let inner = ZipEntry::new("b", vec![5; 900]);
    let whole = zip(std::slice::from_ref(&inner));
    let outer = ZipEntry::new("a", &whole[..30 + 1 + 900]);
    assert_eq!(read(&zip(&[outer, inner.at(30 + 1)])).expect_err("it is refused"), Refusal::Overlapping);
}

/// The numbers of 64 bits at the end of a zip, with what becomes of it if one of them lies.
#[test]
fn ends_of_64_bits_that_lie_are_refused() {
    let good = zip(&[ZipEntry::new("a.jpg", vec![3; 500]).wide()]);
    assert!(read(&good).is_ok());
    let locator = good.len() - 22 - 20;
    let end = locator - 56;
    for (case, at, number, refusal) in [
        ("more entries on this disk than there are", end + 24, 2, Refusal::Split),
        ("another disk", end + 16, 1, Refusal::Split),
        ("too long a directory", end + 40, 1 << 62, Refusal::Damaged),
        ("a directory beyond all numbers", end + 48, u64::MAX, Refusal::Damaged),
        ("a directory elsewhere", end + 48, 3, Refusal::Damaged),
        ("an end beyond the end", locator + 8, 1 << 62, Refusal::Damaged),
        ("an end at the end of all numbers", locator + 8, u64::MAX - 3, Refusal::Damaged),
        ("an end elsewhere", locator + 8, 0, Refusal::Damaged),
    ] {
        let mut bytes = good.clone();
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        assert_eq!(read(&bytes).expect_err(case), refusal, "{case}");
    }
    let mut many = good.clone();
    many[end + 24..end + 40].fill(0xff);
    assert_eq!(read(&many).expect_err("too many"), Refusal::Damaged);
    // The field has the two sizes, and not the place that it should have.
    let mut without = good.clone();
    let field = end - 28;
    assert_eq!(without[field..field + 4], [1, 0, 24, 0]);
    without[field + 2] = 16;
    assert_eq!(read(&without).expect_err("a number is missing"), Refusal::Damaged);
    for huge in [1 << 40, u64::MAX] {
        let claims = zip(&[ZipEntry::new("a.jpg", vec![3; 500]).size(huge).wide()]);
        assert_eq!(read(&claims).expect_err("it is refused"), Refusal::TooDense { max: 100 });
    }
}

/// An upload may end anywhere.
#[test]
fn an_archive_that_is_cut_off_anywhere_is_refused() {
    let varied: Vec<u8> = (0..700_u32).map(|number| (number * number / 7).to_le_bytes()[0]).collect();
    let files: [(&str, &[u8]); 3] = [("a.jpg", &varied), ("b/c.jpg", b"two"), ("d.jpg", b"three")];
    let wide: Vec<_> = files.iter().map(|(name, content)| ZipEntry::new(name, *content).wide()).collect();
    let tar = tar_of(&files);
    for (kind, whole) in
        [("zip", zip_of(&files)), ("wide zip", zip(&wide)), ("tar.gz", gzip(&tar)), ("tar", tar.clone())]
    {
        assert_eq!(read(&whole).expect("it is whole").len(), 3, "{kind}");
        // A block of zeros ends a tar. A second one is only customary.
        let needed = if kind == "tar" { whole.len() - 512 } else { whole.len() };
        for length in 0..whole.len() {
            match read(&whole[..length]) {
                Ok(contents) => {
                    assert!(length >= needed, "a {kind} of {length} bytes of {} is read", whole.len());
                    assert!(contents.values().all(Result::is_ok), "{kind}, {length} bytes");
                }
                Err(Refusal::Damaged | Refusal::NotAnArchive) => assert!(length < needed, "{kind}, {length}"),
                Err(other) => panic!("a {kind} of {length} bytes is refused as {other:?}"),
            }
        }
    }
}

/// Nobody may make a reader keep much more than an archive has.
#[test]
fn long_names_are_not_kept() {
    let entries: Vec<_> = (0..100).map(|_| ZipEntry::new("n".repeat(0xffff), "x")).collect();
    let archive = open(&zip(&entries)).expect("it is opened");
    assert!(archive.entries().iter().all(|entry| entry.name.capacity() <= 1024));
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
    let extended = |text: &str| tar(&[("x", b'x', text.as_bytes()), ("a", b'0', &[1; 600])]);
    let mut negative = tar_of(&[("a", b"x")]);
    negative[124] = 0xff;
    let packed = gzip(&good);
    for (case, bytes, refusal) in [
        ("smaller than it is", extended("9 size=0\n"), Refusal::Damaged),
        ("larger than all numbers", extended("29 size=99999999999999999999\n"), Refusal::Damaged),
        ("records without an end", extended("11 path=abc"), Refusal::Damaged),
        ("records of no length", extended("0 path=a\n"), Refusal::Damaged),
        ("a negative size", checked(negative), Refusal::Damaged),
        ("a name of 70 kB", tar(&[("l", b'L', &vec![b'n'; 70_000]), ("a", b'0', b"x")]), Refusal::Damaged),
        ("cut off", good[..700].to_vec(), Refusal::Damaged),
        ("without its end", good[..1536].to_vec(), Refusal::Damaged),
        ("another checksum", wrong, Refusal::NotAnArchive),
        ("larger than the tape", claims, Refusal::Damaged),
        ("too many", tar(&many), Refusal::TooManyEntries { max: 100 }),
        ("a record longer than its header", record, Refusal::Damaged),
        ("gzip that is cut off", packed[..packed.len() / 2].to_vec(), Refusal::Damaged),
        ("gzip of no tar", gzip(&[b'x'; 4096]), Refusal::Damaged),
        ("a bomb", gzip(&tar_of(&[("a", &vec![0; 3_000_000])])), Refusal::TooDense { max: 100 }),
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
        ("old holes", b'S', b""),
        ("x", b'x', b"17 path=../b.jpg\n"),
        ("within.jpg", b'0', b"x"),
        ("x", b'x', b"17 path=/etc/cat\n"),
        ("also within.jpg", b'0', b"x"),
        ("x", b'x', b"16 path=a\0b.jpg\n"),
        ("plain.jpg", b'0', b"x"),
        ("././@LongLink", b'K', b"somewhere else\0"),
        ("long link", b'2', b""),
        ("g", b'g', b"14 path=all.x\n"),
        ("after all", b'0', b"fine"),
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
        assert_eq!(problem("old holes"), Some(Problem::Special));
        assert_eq!(problem("../b.jpg"), Some(Problem::Climbs));
        assert_eq!(problem("etc/cat"), Some(Problem::Absolute));
        assert_eq!(problem("a\u{fffd}b.jpg"), Some(Problem::Name));
        assert_eq!(problem("long link"), Some(Problem::Link));
        assert_eq!(contents["after all"], Ok(b"fine".to_vec()));
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

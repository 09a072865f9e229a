//! Zip archives (APPNOTE.TXT 6.3.10): the directory at the end says what there is, and each entry repeats it before its
//! contents. Only what both agree on is read.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt as _;

use flate2::bufread::DeflateDecoder;

use super::source::Part;
use super::{Entry, Error, Limits, Problem, Refusal, is_damage, name, read_up_to};

/// The length of the record that ends the directory, without its comment.
const END: usize = 22;
/// The longest comment.
const COMMENT: usize = 0xffff;
/// The length of the record that says where the 64-bit one is.
const LOCATOR: usize = 20;
/// The length of the 64-bit record that ends the directory.
const END_64: usize = 56;
/// The length of an entry of the directory, without name, extras and comment.
const ENTRY: usize = 46;
/// The length of a header before contents, without name and extras.
const LOCAL: usize = 30;

/// The flags of encrypted entries: with a key, and with a masked directory.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// The flag of entries whose sizes follow their contents.
const SIZES_FOLLOW: u16 = 1 << 3;
/// The flag of names in UTF-8.
const UTF8: u16 = 1 << 11;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// The method of entries that are encrypted with AES.
const AES: u16 = 99;

/// In the place of a number that a 64-bit field has.
const IN_64: u32 = u32::MAX;

/// Where the contents of an entry are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: u64,
    packed: u64,
    is_deflated: bool,
    crc: u32,
}

/// What the end of an archive says of its directory.
struct Directory {
    entries: u64,
    at: u64,
    length: u64,
}

/// An entry of the directory.
struct Listed {
    entry: Entry,
    /// Its name as it is written; empty if it has a problem.
    raw_name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    at: u64,
}

/// Reads the directory and all headers.
pub(super) fn list(
    file: &File,
    length: u64,
    limits: &Limits,
) -> Result<(Vec<Entry>, Vec<Option<Place>>), Error> {
    let directory = find_directory(file, length)?;
    if directory.entries > limits.entries as u64 {
        return Err(Refusal::TooManyEntries { max: limits.entries }.into());
    }
    let listed = read_directory(file, &directory)?;
    refuse_excess(&listed, length, limits)?;
    let (mut entries, mut places, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for mut listed in listed {
        let place = match listed.entry.problem {
            None => find_contents(file, &directory, &listed, limits)?,
            Some(problem) => Err(problem),
        };
        match place {
            Ok(place) => {
                taken.push((listed.at, place.at + place.packed));
                places.push(Some(place));
            }
            Err(problem) => {
                listed.entry.problem = Some(problem);
                places.push(None);
            }
        }
        entries.push(listed.entry);
    }
    taken.sort_unstable();
    if taken.windows(2).any(|two| two[1].0 < two[0].1) {
        return Err(Refusal::Overlapping.into());
    }
    Ok((entries, places))
}

/// Reads the contents of an entry, and compares them with what the headers say.
pub(super) fn read(file: &File, place: &Place, size: u64, max: u64) -> io::Result<Result<Vec<u8>, Problem>> {
    if size > max {
        return Ok(Err(Problem::TooLarge { max }));
    }
    let mut packed = Part::new(file, place.at, place.packed).buffered();
    let content = if place.is_deflated {
        read_up_to(&mut DeflateDecoder::new(&mut packed), size)
    } else {
        read_up_to(&mut packed, size)
    };
    Ok(match content {
        Ok(content) if content.len() as u64 != size => Err(Problem::Size),
        Ok(content) if crc32fast::hash(&content) != place.crc => Err(Problem::Damaged),
        // What follows the compressed contents belongs to nothing.
        Ok(_) if !packed.fill_buf()?.is_empty() => Err(Problem::Size),
        Ok(content) => Ok(content),
        Err(error) if is_damage(&error) => Err(Problem::Damaged),
        Err(error) => return Err(error),
    })
}

fn find_directory(file: &File, length: u64) -> Result<Directory, Error> {
    let tail_length = length.min((END + COMMENT) as u64);
    let mut tail = vec![0; usize::try_from(tail_length).unwrap_or_default()];
    let tail_at = length - tail_length;
    file.read_exact_at(&mut tail, tail_at)?;
    let ends_here = |at: &usize| {
        tail[*at..].starts_with(b"PK\x05\x06") && usize::from(short(&tail, at + 20)) == tail.len() - at - END
    };
    let last = tail.len().checked_sub(END).ok_or(Refusal::Damaged)?;
    let at = (0..=last).rev().find(ends_here).ok_or(Refusal::Damaged)?;
    let end = &tail[at..];
    let here = tail_at + at as u64;
    let mut directory =
        Directory { entries: short(end, 10).into(), length: long(end, 12).into(), at: long(end, 16).into() };
    let mut is_split = short(end, 4) != 0 || short(end, 6) != 0 || short(end, 8) != short(end, 10);
    let mut before = here;
    let is_64 =
        directory.entries == 0xffff || directory.length == IN_64.into() || directory.at == IN_64.into();
    if is_64 && let Some(end_64) = find_end_64(file, here)? {
        is_split = long(&end_64.1, 16) != 0
            || long(&end_64.1, 20) != 0
            || quad(&end_64.1, 24) != quad(&end_64.1, 32);
        directory =
            Directory { entries: quad(&end_64.1, 32), length: quad(&end_64.1, 40), at: quad(&end_64.1, 48) };
        before = end_64.0;
    }
    if is_split {
        return Err(Refusal::Split.into());
    }
    let ends_at = directory.at.checked_add(directory.length);
    if ends_at.is_none_or(|end| end > before)
        || directory.length < directory.entries.saturating_mul(ENTRY as u64)
    {
        return Err(Refusal::Damaged.into());
    }
    Ok(directory)
}

/// Finds the 64-bit record before the end at `here`; `None` if there is none.
fn find_end_64(file: &File, here: u64) -> Result<Option<(u64, [u8; END_64])>, Error> {
    let Some(locator_at) = here.checked_sub(LOCATOR as u64) else { return Ok(None) };
    let mut locator = [0; LOCATOR];
    file.read_exact_at(&mut locator, locator_at)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    if long(&locator, 4) != 0 || long(&locator, 16) > 1 {
        return Err(Refusal::Split.into());
    }
    let at = quad(&locator, 8);
    if at.checked_add(END_64 as u64).is_none_or(|end| end > locator_at) {
        return Err(Refusal::Damaged.into());
    }
    let mut end = [0; END_64];
    file.read_exact_at(&mut end, at)?;
    if !end.starts_with(b"PK\x06\x06") {
        return Err(Refusal::Damaged.into());
    }
    Ok(Some((at, end)))
}

/// Reads the directory without its folders.
fn read_directory(file: &File, directory: &Directory) -> Result<Vec<Listed>, Error> {
    let mut reader = Part::new(file, directory.at, directory.length).buffered();
    let mut all = Vec::new();
    for number in 0..directory.entries {
        let listed = read_entry(&mut reader, u32::try_from(number).unwrap_or(u32::MAX));
        all.extend(listed.map_err(|error| damaged(error, Refusal::Damaged))??);
    }
    // A directory that goes on has more entries than it says.
    if reader.fill_buf()?.starts_with(b"PK\x01\x02") {
        return Err(Refusal::Damaged.into());
    }
    Ok(all)
}

fn damaged(error: io::Error, refusal: Refusal) -> Error {
    if is_damage(&error) { refusal.into() } else { error.into() }
}

/// Reads an entry of the directory; `None` if it is a folder.
fn read_entry(reader: &mut impl Read, number: u32) -> io::Result<Result<Option<Listed>, Refusal>> {
    let mut head = [0; ENTRY];
    reader.read_exact(&mut head)?;
    if !head.starts_with(b"PK\x01\x02") {
        return Ok(Err(Refusal::Damaged));
    }
    let mut take = |length: u16| {
        let mut bytes = vec![0; length.into()];
        reader.read_exact(&mut bytes).map(|()| bytes)
    };
    let raw_name = take(short(&head, 28))?;
    let extras = take(short(&head, 30))?;
    take(short(&head, 32))?;
    let (flags, method) = (short(&head, 8), short(&head, 10));
    let mut sizes =
        Sizes { size: long(&head, 24).into(), packed: long(&head, 20).into(), at: long(&head, 42).into() };
    let mut named = name::read(&raw_name, flags & UTF8 != 0);
    for (kind, data) in extras_of(&extras) {
        match kind {
            0x0001 if !sizes.widen(data) => return Ok(Err(Refusal::Damaged)),
            // The same name in UTF-8, if it is of this name.
            0x7075 if data.len() > 5 && data[0] == 1 && long(data, 1) == crc32fast::hash(&raw_name) => {
                let is_folder = named.is_folder;
                named = name::read(&data[5..], true);
                named.is_folder |= is_folder;
            }
            _ => {}
        }
    }
    let kind = kind_of(short(&head, 4) >> 8, long(&head, 38));
    if named.is_folder || kind == Kind::Folder {
        return Ok(Ok(None));
    }
    let problem = named.problem.or(match kind {
        Kind::Link => Some(Problem::Link),
        Kind::Special => Some(Problem::Special),
        _ if flags & ENCRYPTED != 0 || method == AES => Some(Problem::Encrypted),
        _ if !matches!(method, STORED | DEFLATED) => Some(Problem::Method),
        _ => None,
    });
    let entry = Entry { number, name: named.name, size: sizes.size, problem };
    let Sizes { packed, at, .. } = sizes;
    let raw_name = if problem.is_none() { raw_name } else { Vec::new() };
    Ok(Ok(Some(Listed { entry, raw_name, flags, method, crc: long(&head, 16), packed, at })))
}

struct Sizes {
    size: u64,
    packed: u64,
    at: u64,
}

impl Sizes {
    /// Takes the numbers that don't fit into 32 bits from the field that has them. Returns false if one is missing.
    fn widen(&mut self, mut data: &[u8]) -> bool {
        for number in [&mut self.size, &mut self.packed, &mut self.at] {
            if *number == IN_64.into() {
                let Some((first, rest)) = data.split_first_chunk() else { return false };
                *number = u64::from_le_bytes(*first);
                data = rest;
            }
        }
        true
    }
}

/// The extra fields, with their kinds.
fn extras_of(mut extras: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = extras.split_first_chunk::<4>()?;
        let (data, rest) = rest.split_at_checked(short(head, 2).into())?;
        extras = rest;
        Some((short(head, 0), data))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    Special,
}

/// What an entry is by its attributes, which depend on the system where it was packed.
fn kind_of(system: u16, attributes: u32) -> Kind {
    /// Unix, and macOS.
    const UNIX: [u16; 2] = [3, 19];
    if !UNIX.contains(&system) {
        return if attributes & 0x10 != 0 { Kind::Folder } else { Kind::File };
    }
    match attributes >> 16 & 0o170_000 {
        0 | 0o100_000 => Kind::File,
        0o040_000 => Kind::Folder,
        0o120_000 => Kind::Link,
        _ => Kind::Special,
    }
}

/// Refuses contents that can't be those of pictures, by what the directory says.
fn refuse_excess(listed: &[Listed], length: u64, limits: &Limits) -> Result<(), Refusal> {
    let total = listed.iter().fold(0_u64, |total, listed| total.saturating_add(listed.entry.size));
    if total > length.saturating_mul(limits.ratio) {
        return Err(Refusal::TooDense { max: limits.ratio });
    }
    if total > limits.unpacked {
        return Err(Refusal::TooMuch { max: limits.unpacked });
    }
    Ok(())
}

/// Finds the contents of an entry by the header before them, which must agree with the directory.
fn find_contents(
    file: &File,
    directory: &Directory,
    listed: &Listed,
    limits: &Limits,
) -> Result<Result<Place, Problem>, Error> {
    let is_deflated = listed.method == DEFLATED;
    let size = listed.entry.size;
    if !is_deflated && listed.packed != size {
        return Ok(Err(Problem::Size));
    }
    if size > listed.packed.saturating_mul(limits.ratio) {
        return Ok(Err(Problem::TooDense));
    }
    if listed.at.checked_add(LOCAL as u64).is_none_or(|end| end > directory.at) {
        return Ok(Err(Problem::Contradiction));
    }
    let mut head = [0; LOCAL];
    file.read_exact_at(&mut head, listed.at)?;
    let name_length = short(&head, 26);
    let at = listed.at + LOCAL as u64 + u64::from(name_length) + u64::from(short(&head, 28));
    if !head.starts_with(b"PK\x03\x04") || at.checked_add(listed.packed).is_none_or(|end| end > directory.at)
    {
        return Ok(Err(Problem::Contradiction));
    }
    if short(&head, 6) & ENCRYPTED != 0 {
        return Ok(Err(Problem::Encrypted));
    }
    let mut raw_name = vec![0; name_length.into()];
    file.read_exact_at(&mut raw_name, listed.at + LOCAL as u64)?;
    let says = |at: usize, number: u64| {
        let here = long(&head, at);
        here == IN_64 || u64::from(here) == number
    };
    let agrees = raw_name == listed.raw_name
        && short(&head, 8) == listed.method
        && (listed.flags & SIZES_FOLLOW != 0
            || (says(18, listed.packed) && says(22, size) && long(&head, 14) == listed.crc));
    if !agrees {
        return Ok(Err(Problem::Contradiction));
    }
    Ok(Ok(Place { at, packed: listed.packed, is_deflated, crc: listed.crc }))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn quad(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

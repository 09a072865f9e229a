//! Tar archives (POSIX.1-1988 and -2001, GNU): headers of 512 bytes, each followed by its contents.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;

use flate2::bufread::MultiGzDecoder;

use super::source::{Bounded, Part, Tape};
use super::{Entry, Error, Format, Limits, Problem, Refusal, is_damage, name, read_up_to};

const BLOCK: usize = 512;

/// The longest extended header, in bytes.
const EXTENDED: u64 = 64 << 10;

/// How many headers there may be for each entry that counts: its own, and its extended ones.
const HEADERS: usize = 4;

type Each<'a> = dyn FnMut(u32, Result<Vec<u8>, Problem>) -> ControlFlow<()> + 'a;

/// Whether a file begins with a header.
pub(super) fn is_header(head: &[u8]) -> bool {
    head.first_chunk::<BLOCK>()
        .is_some_and(|block| block.iter().any(|byte| *byte != 0) && has_checksum(block))
}

/// Reads all headers.
pub(super) fn list(file: &File, length: u64, format: Format, limits: &Limits) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    walk((file, length, format), limits, |entry, _| {
        entries.push(entry);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(entries)
}

/// Reads the contents of these entries.
pub(super) fn read_each(
    archive: (&File, u64, Format),
    limits: &Limits,
    (wanted, problems, max): (&BTreeSet<u32>, &HashMap<u32, Problem>, u64),
    each: &mut Each<'_>,
) -> Result<(), Error> {
    let mut left = wanted.len();
    walk(archive, limits, |entry, tape| {
        if !wanted.contains(&entry.number) {
            return Ok(ControlFlow::Continue(()));
        }
        left -= 1;
        let content = match problems.get(&entry.number).copied().or(entry.problem) {
            Some(problem) => Err(problem),
            None if entry.size > max => Err(Problem::TooLarge { max }),
            None => {
                let content = read_up_to(&mut tape.by_ref().take(entry.size), entry.size)?;
                if (content.len() as u64) < entry.size {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(content)
            }
        };
        Ok(match each(entry.number, content) {
            ControlFlow::Continue(()) if left > 0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        })
    })
}

/// Passes each file to `visit`, with the tape at its contents.
fn walk(
    (file, length, format): (&File, u64, Format),
    limits: &Limits,
    visit: impl FnMut(Entry, &mut Bounded<'_>) -> io::Result<ControlFlow<()>>,
) -> Result<(), Error> {
    let reader = Part::new(file, 0, length).buffered();
    let (tape, most) = match format {
        Format::TarGz => {
            let most = length.saturating_mul(limits.ratio).min(limits.unpacked);
            (Tape::Packed(Box::new(MultiGzDecoder::new(reader))), most)
        }
        _ => (Tape::Plain(reader), u64::MAX),
    };
    let mut tape = Bounded::new(tape, most);
    let walked = walk_tape(&mut tape, limits, visit);
    match walked {
        Err(Error::Io(_)) if tape.is_exceeded && most == limits.unpacked => {
            Err(Refusal::TooMuch { max: limits.unpacked }.into())
        }
        Err(Error::Io(_)) if tape.is_exceeded => Err(Refusal::TooDense { max: limits.ratio }.into()),
        Err(Error::Io(error)) if is_damage(&error) => Err(Refusal::Damaged.into()),
        walked => walked,
    }
}

fn walk_tape(
    tape: &mut Bounded<'_>,
    limits: &Limits,
    mut visit: impl FnMut(Entry, &mut Bounded<'_>) -> io::Result<ControlFlow<()>>,
) -> Result<(), Error> {
    let too_many = || Refusal::TooManyEntries { max: limits.entries };
    let (mut number, mut extended) = (0_usize, Extended::default());
    for _ in 0..limits.entries.saturating_mul(HEADERS) {
        let mut block = [0; BLOCK];
        tape.read_exact(&mut block)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(tape.finish()?);
        }
        if !has_checksum(&block) {
            return Err(Refusal::Damaged.into());
        }
        let kind = block[156];
        let mut size = number_at(&block[124..136]).ok_or(Refusal::Damaged)?;
        if matches!(kind, b'x' | b'g' | b'L' | b'K') {
            if size > EXTENDED {
                return Err(Refusal::Damaged.into());
            }
            let mut data = vec![0; usize::try_from(size).unwrap_or_default()];
            tape.read_exact(&mut data)?;
            tape.skip(padding(size))?;
            extended.take(kind, &data)?;
            continue;
        }
        let said = std::mem::take(&mut extended);
        if number == limits.entries {
            return Err(too_many().into());
        }
        // A link has no contents, whatever size it names.
        size = if matches!(kind, b'1'..=b'6') { 0 } else { said.size.unwrap_or(size) };
        let named = name::read(&said.name.unwrap_or_else(|| name_at(&block)), said.is_utf8);
        let problem = match kind {
            b'0' | 0 | b'7' if said.has_holes => Some(Problem::Special),
            b'0' | 0 | b'7' => None,
            b'1' | b'2' => Some(Problem::Link),
            _ => Some(Problem::Special),
        };
        if kind == b'S' {
            skip_map(tape, &block)?;
        }
        let is_folder = kind == b'5' || (kind == 0 && named.is_folder);
        let before = tape.given();
        if !is_folder {
            let entry = Entry {
                number: u32::try_from(number).unwrap_or(u32::MAX),
                name: named.name,
                size,
                problem: named.problem.or(problem),
            };
            if visit(entry, tape)?.is_break() {
                return Ok(());
            }
        }
        number += 1;
        let read = tape.given() - before;
        tape.skip(size.checked_add(padding(size)).ok_or(Refusal::Damaged)?.saturating_sub(read))?;
    }
    Err(too_many().into())
}

/// What extended headers say of the next entry.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    is_utf8: bool,
    size: Option<u64>,
    has_holes: bool,
}

impl Extended {
    fn take(&mut self, kind: u8, data: &[u8]) -> Result<(), Refusal> {
        match kind {
            b'L' => {
                let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
                self.name = Some(data[..end].to_vec());
            }
            b'x' => {
                for (key, value) in records(data)? {
                    match key {
                        b"path" => (self.name, self.is_utf8) = (Some(value.to_vec()), true),
                        b"size" => {
                            let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                            self.size = Some(size.ok_or(Refusal::Damaged)?);
                        }
                        _ if key.starts_with(b"GNU.sparse.") => self.has_holes = true,
                        _ => {}
                    }
                }
            }
            // Of other links, and of all entries: neither says anything of this entry's contents.
            _ => {}
        }
        Ok(())
    }
}

/// The key and the value of a record in an extended header.
type Record<'a> = (&'a [u8], &'a [u8]);

/// The records of an extended header: `length key=value`, each with its line's end.
fn records(mut data: &[u8]) -> Result<Vec<Record<'_>>, Refusal> {
    let mut records = Vec::new();
    while !data.is_empty() {
        let space = data.iter().position(|byte| *byte == b' ').ok_or(Refusal::Damaged)?;
        let length = std::str::from_utf8(&data[..space]).ok().and_then(|text| text.parse::<usize>().ok());
        let length = length.filter(|length| *length > space + 1 && *length <= data.len());
        let (record, rest) = data.split_at(length.ok_or(Refusal::Damaged)?);
        let record = record[space + 1..].strip_suffix(b"\n").ok_or(Refusal::Damaged)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(Refusal::Damaged)?;
        records.push((&record[..equals], &record[equals + 1..]));
        data = rest;
    }
    Ok(records)
}

/// Skips the blocks with which an old GNU header goes on to say where a file has holes.
fn skip_map(tape: &mut Bounded<'_>, block: &[u8; BLOCK]) -> Result<(), Error> {
    let mut goes_on = block[482] != 0;
    for _ in 0..BLOCK {
        if !goes_on {
            return Ok(());
        }
        let mut more = [0; BLOCK];
        tape.read_exact(&mut more)?;
        goes_on = more[504] != 0;
    }
    Err(Refusal::Damaged.into())
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// The name in a header: with a prefix where the header is POSIX's.
fn name_at(block: &[u8; BLOCK]) -> Vec<u8> {
    let text = |bytes: &[u8]| bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
    let name = text(&block[..100]);
    let prefix = text(&block[345..500]);
    // GNU's own headers have other things there.
    if &block[257..263] != b"ustar\0" || prefix.is_empty() {
        return name;
    }
    [prefix, name].join(&b'/')
}

/// A number in octal digits, or in binary as GNU writes large ones.
fn number_at(field: &[u8]) -> Option<u64> {
    if let Some(first) = field.first().filter(|first| **first & 0x80 != 0) {
        // Negative numbers begin with another byte.
        let rest = &field[1..];
        let (high, low) = rest.split_at(rest.len().checked_sub(8)?);
        let fits = *first == 0x80 && high.iter().all(|byte| *byte == 0);
        return low.first_chunk().filter(|_| fits).map(|bytes| u64::from_be_bytes(*bytes));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// Whether the header's checksum is right: the sum of its bytes, with spaces in the place of the sum itself.
fn has_checksum(block: &[u8; BLOCK]) -> bool {
    let (before, after) = (&block[..148], &block[156..]);
    let spaces = 8 * u64::from(b' ');
    let sum = spaces + before.iter().chain(after).map(|byte| u64::from(*byte)).sum::<u64>();
    number_at(&block[148..156]) == Some(sum)
}

//! Writes small archives in memory, as programs write them and as attackers do.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

/// An entry of a zip. What it says of itself may be wrong.
#[derive(Clone, Debug)]
pub struct ZipEntry {
    name: Vec<u8>,
    content: Vec<u8>,
    packed: Option<Vec<u8>>,
    method: u16,
    flags: u16,
    mode: u32,
    size: Option<u64>,
    crc: Option<u32>,
    other_name: Option<Vec<u8>>,
    at: Option<u64>,
    is_64: bool,
}

impl ZipEntry {
    /// A file that is stored as it is.
    #[must_use]
    pub fn new(name: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            content: content.into(),
            packed: None,
            method: 0,
            flags: 1 << 11,
            mode: 0o100_644,
            size: None,
            crc: None,
            other_name: None,
            at: None,
            is_64: false,
        }
    }

    /// Compresses it.
    #[must_use]
    pub fn deflated(self) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        let packed = encoder.write_all(&self.content).and_then(|()| encoder.finish());
        Self { packed: packed.ok(), method: 8, ..self }
    }

    /// Claims to be compressed with this method.
    #[must_use]
    pub fn method(self, method: u16) -> Self {
        Self { method, ..self }
    }

    /// Has these flags instead of the one that the name is UTF-8.
    #[must_use]
    pub fn flags(self, flags: u16) -> Self {
        Self { flags, ..self }
    }

    /// Has this type and these permissions on Unix.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    /// Claims to have this size.
    #[must_use]
    pub fn size(self, size: u64) -> Self {
        Self { size: Some(size), ..self }
    }

    /// Claims to have this checksum.
    #[must_use]
    pub fn crc(self, crc: u32) -> Self {
        Self { crc: Some(crc), ..self }
    }

    /// Has another name in the header before the contents.
    #[must_use]
    pub fn other_name(self, name: &str) -> Self {
        Self { other_name: Some(name.as_bytes().to_vec()), ..self }
    }

    /// Claims to begin there.
    #[must_use]
    pub fn at(self, at: u64) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Writes sizes and place with 64 bits.
    #[must_use]
    pub fn wide(self) -> Self {
        Self { is_64: true, ..self }
    }
}

/// A zip of these entries.
#[must_use]
pub fn zip(entries: &[ZipEntry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = entry.at.unwrap_or(bytes.len() as u64);
        let packed = entry.packed.as_ref().unwrap_or(&entry.content);
        let crc = entry.crc.unwrap_or_else(|| crc32fast::hash(&entry.content));
        let (packed_size, size) = (packed.len() as u64, entry.size.unwrap_or(entry.content.len() as u64));
        let narrow = |number: u64| if entry.is_64 { u32::MAX } else { low(number) };
        let middle = |wide: &[u64]| {
            let mut extra = Vec::new();
            if entry.is_64 {
                extra.extend([1_u16.to_le_bytes(), short(8 * wide.len()).to_le_bytes()].concat());
                extra.extend(wide.iter().flat_map(|number| number.to_le_bytes()));
            }
            extra
        };
        if entry.at.is_none() {
            let name = entry.other_name.as_ref().unwrap_or(&entry.name);
            let extra = middle(&[size, packed_size]);
            bytes.extend(b"PK\x03\x04");
            shorts(&mut bytes, &[45, entry.flags, entry.method, 0, 0x21]);
            longs(&mut bytes, &[crc, narrow(packed_size), narrow(size)]);
            shorts(&mut bytes, &[short(name.len()), short(extra.len())]);
            bytes.extend([name.as_slice(), &extra, packed].concat());
        }
        let extra = middle(&[size, packed_size, at]);
        directory.extend(b"PK\x01\x02");
        shorts(&mut directory, &[(3 << 8) + 45, 45, entry.flags, entry.method, 0, 0x21]);
        longs(&mut directory, &[crc, narrow(packed_size), narrow(size)]);
        shorts(&mut directory, &[short(entry.name.len()), short(extra.len()), 0, 0, 0]);
        longs(&mut directory, &[entry.mode << 16, narrow(at)]);
        directory.extend([entry.name.as_slice(), &extra].concat());
    }
    let is_64 = entries.iter().any(|entry| entry.is_64);
    end(&mut bytes, &directory, entries.len(), is_64);
    bytes
}

/// A zip of files, compressed.
#[must_use]
pub fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> =
        files.iter().map(|(name, content)| ZipEntry::new(name, *content).deflated()).collect();
    zip(&entries)
}

fn end(bytes: &mut Vec<u8>, directory: &[u8], entries: usize, is_64: bool) {
    let at = bytes.len() as u64;
    bytes.extend(directory);
    if is_64 {
        let end_at = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        quads(bytes, &[44]);
        shorts(bytes, &[45, 45]);
        longs(bytes, &[0, 0]);
        quads(bytes, &[entries as u64, entries as u64, directory.len() as u64, at]);
        bytes.extend(b"PK\x06\x07");
        longs(bytes, &[0]);
        quads(bytes, &[end_at]);
        longs(bytes, &[1]);
    }
    bytes.extend(b"PK\x05\x06");
    let count = if is_64 { u16::MAX } else { short(entries) };
    shorts(bytes, &[0, 0, count, count]);
    longs(bytes, &if is_64 { [u32::MAX; 2] } else { [low(directory.len() as u64), low(at)] });
    shorts(bytes, &[0]);
}

/// A tar of entries, each with its type (`b'0'` is a file).
#[must_use]
pub fn tar(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, content) in entries {
        bytes.extend(tar_header(name.as_bytes(), *kind, content.len() as u64));
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.extend([0; 1024]);
    bytes
}

/// A tar of files.
#[must_use]
pub fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> = files.iter().map(|(name, content)| (*name, b'0', *content)).collect();
    tar(&entries)
}

/// The header of an entry that claims to have this size.
#[must_use]
pub fn tar_header(name: &[u8], kind: u8, size: u64) -> [u8; 512] {
    let mut block = [0; 512];
    let length = name.len().min(100);
    block[..length].copy_from_slice(&name[..length]);
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[136..148].copy_from_slice(b"00000000000\0");
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Compresses a file with gzip.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn short(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn low(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn shorts(bytes: &mut Vec<u8>, numbers: &[u16]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn longs(bytes: &mut Vec<u8>, numbers: &[u32]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn quads(bytes: &mut Vec<u8>, numbers: &[u64]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

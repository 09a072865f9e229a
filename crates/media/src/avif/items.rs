//! The items of a file and their metadata (ISO/IEC 14496-12, 8.11, and 23008-12, 9.3).
//!
//! The tables are kept as bytes and scanned for each item that is needed, so a file with a thousand items allocates
//! little. The size of the tables is bounded. Properties, which can be far more numerous, are indexed once.

use std::io::{BufRead, Seek};

use super::{
    boxes::{Head, Part, read_range},
    properties::Properties,
};
use crate::{MediaError, Refusal};

/// Bytes of all tables together. The largest part is usually a colour profile.
const MAX_TABLES: u64 = 4 << 20;
/// A phone writes about fifty items: tiles, a thumbnail, metadata.
const MAX_ITEMS: u32 = 4_096;
/// Extents of one item. Encoders write one.
const MAX_EXTENTS: u16 = 1_024;
/// Sibling boxes at the top level, in `meta` or in `iprp`. A dozen is usual.
pub(super) const MAX_BOXES: usize = 1_000;

/// A byte range of the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// The tables of a `meta` box, unparsed.
#[derive(Debug, Default)]
pub(super) struct Items {
    primary: Vec<u8>,
    infos: Vec<u8>,
    locations: Vec<u8>,
    references: Vec<u8>,
    properties: Vec<u8>,
    /// The `idat` box, which can hold item data inside `meta`.
    inner: Option<Extent>,
    /// Length of the file in bytes.
    length: u64,
}

impl Items {
    /// Reads the tables of `meta` from a file of `length` bytes.
    pub(super) fn read<R: BufRead + Seek>(
        reader: &mut R,
        meta: Head,
        length: u64,
    ) -> Result<Self, MediaError> {
        let mut items = Self { length, ..Self::default() };
        let mut left = MAX_TABLES;
        // Skip version and flags.
        let mut at = meta.start + 4;
        for _ in 0..MAX_BOXES {
            if at >= meta.end {
                return Ok(items);
            }
            let head = Head::read(reader, at, meta.end)?;
            at = head.end;
            let table = match &head.kind {
                b"pitm" => &mut items.primary,
                b"iinf" => &mut items.infos,
                b"iloc" => &mut items.locations,
                b"iref" => &mut items.references,
                b"iprp" => &mut items.properties,
                b"idat" => {
                    items.inner = Some(Extent { start: head.start, length: head.length() });
                    continue;
                }
                _ => continue,
            };
            left = left.checked_sub(head.length()).ok_or(Refusal::Unsupported)?;
            *table = read_range(reader, head.start, head.length())?;
        }
        Err(Refusal::Damaged.into())
    }

    /// The id of the item to show.
    pub(super) fn primary(&self) -> Result<u32, Refusal> {
        let mut table = Part(&self.primary);
        let (version, _) = table.version_and_flags()?;
        table.short_or_long(version > 0)
    }

    /// The four-character type of an item, such as `av01`.
    pub(super) fn kind(&self, id: u32) -> Result<[u8; 4], Refusal> {
        let mut table = Part(&self.infos);
        let (version, _) = table.version_and_flags()?;
        let count = few(table.short_or_long(version > 0)?)?;
        for _ in 0..count {
            let (kind, mut entry) = table.next_box()?.ok_or(Refusal::Damaged)?;
            let (version, _) = entry.version_and_flags()?;
            // Entries before version 2 have no item type, so they can't be images.
            if kind != *b"infe" || version < 2 || entry.short_or_long(version > 2)? != id {
                continue;
            }
            let is_protected = entry.u16()? != 0;
            return if is_protected { Err(Refusal::Unsupported) } else { entry.array() };
        }
        Err(Refusal::Damaged)
    }

    /// The byte ranges of an item's data. They lie within the file, and their sum is at most its length.
    pub(super) fn extents(&self, id: u32) -> Result<Vec<Extent>, Refusal> {
        let mut table = Part(&self.locations);
        let (version, _) = table.version_and_flags()?;
        let [sizes, more_sizes] = table.array()?;
        let [of_offset, of_length, of_base] = [sizes >> 4, sizes & 0xF, more_sizes >> 4].map(usize::from);
        let of_index = if version == 0 { 0 } else { usize::from(more_sizes & 0xF) };
        if [of_offset, of_length, of_base, of_index].iter().any(|size| ![0, 4, 8].contains(size)) {
            return Err(Refusal::Damaged);
        }
        let count = few(table.short_or_long(version > 1)?)?;
        for _ in 0..count {
            let is_it = table.short_or_long(version > 1)? == id;
            let method = if version == 0 { 0 } else { table.u16()? & 0xF };
            let is_elsewhere = table.u16()? != 0;
            let base = table.number(of_base)?;
            let pieces = table.u16()?;
            let mut rest = Part(table.take(usize::from(pieces) * (of_index + of_offset + of_length))?);
            if !is_it {
                continue;
            }
            if is_elsewhere || pieces > MAX_EXTENTS {
                return Err(Refusal::Unsupported);
            }
            let mut extents = Vec::with_capacity(pieces.into());
            for _ in 0..pieces {
                rest.take(of_index)?;
                let offset = base.checked_add(rest.number(of_offset)?).ok_or(Refusal::Damaged)?;
                extents.push(self.extent(method, offset, rest.number(of_length)?)?);
            }
            let all: u64 = extents.iter().map(|extent| extent.length).sum();
            return if all > 0 && all <= self.length { Ok(extents) } else { Err(Refusal::Damaged) };
        }
        Err(Refusal::Damaged)
    }

    /// Resolves a range in the file (construction method 0) or in `idat` (1). Length 0 means "to the end".
    fn extent(&self, method: u16, offset: u64, length: u64) -> Result<Extent, Refusal> {
        let whole = match method {
            0 => Extent { start: 0, length: self.length },
            1 => self.inner.ok_or(Refusal::Damaged)?,
            _ => return Err(Refusal::Unsupported),
        };
        let most = whole.length.checked_sub(offset).ok_or(Refusal::Damaged)?;
        let length = if length == 0 { most } else { length };
        if length > most { Err(Refusal::Damaged) } else { Ok(Extent { start: whole.start + offset, length }) }
    }

    /// The properties of all items.
    pub(super) fn properties(&self) -> Result<Properties<'_>, Refusal> {
        Properties::read(&self.properties)
    }

    /// The items that `from` refers to, in order. More than `most` are an error.
    pub(super) fn referred(&self, kind: [u8; 4], from: u32, most: u16) -> Result<Vec<u32>, Refusal> {
        let mut found = Vec::new();
        self.each_reference(kind, |its_from, to, count, is_long| {
            if its_from != from || !found.is_empty() {
                return Ok(());
            }
            if count > most {
                return Err(Refusal::Damaged);
            }
            found = (0..count).map(|_| to.short_or_long(is_long)).collect::<Result<_, _>>()?;
            Ok(())
        })?;
        Ok(found)
    }

    /// The items that refer to `to`; at most `most` of them.
    pub(super) fn referring(&self, kind: [u8; 4], to: u32, most: usize) -> Result<Vec<u32>, Refusal> {
        let mut found = Vec::new();
        self.each_reference(kind, |from, its_to, count, is_long| {
            for _ in 0..count {
                if its_to.short_or_long(is_long)? == to && found.len() < most {
                    found.push(from);
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `act` with source, targets, number of targets and id width for each reference of this type.
    fn each_reference(
        &self,
        kind: [u8; 4],
        mut act: impl FnMut(u32, &mut Part<'_>, u16, bool) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self.references.is_empty() {
            return Ok(());
        }
        let mut table = Part(&self.references);
        let (version, _) = table.version_and_flags()?;
        let is_long = version > 0;
        while let Some((its_kind, mut entry)) = table.next_box()? {
            if its_kind == kind {
                let from = entry.short_or_long(is_long)?;
                let count = entry.u16()?;
                act(from, &mut entry, count, is_long)?;
            }
        }
        Ok(())
    }
}

pub(super) fn few(count: u32) -> Result<u32, Refusal> {
    if count <= MAX_ITEMS { Ok(count) } else { Err(Refusal::Unsupported) }
}

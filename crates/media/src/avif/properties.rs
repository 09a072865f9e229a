//! Item properties (ISO/IEC 23008-12, 9.3).

use std::collections::BTreeMap;

use super::{
    boxes::Part,
    items::{MAX_BOXES, few},
};
use crate::Refusal;

/// The largest property index that an item can name.
const MAX_PROPERTIES: usize = 0x7FFF;

/// Index of properties and of each item's associations. A grid looks these up for a thousand tiles, so the tables
/// are scanned only once.
pub(super) struct Properties<'a> {
    known: Vec<([u8; 4], Part<'a>)>,
    named: BTreeMap<u32, Names<'a>>,
}

/// The associations of each item, unparsed.
#[derive(Clone, Copy)]
struct Names<'a> {
    entries: Part<'a>,
    are_long: bool,
}

impl<'a> Properties<'a> {
    /// Indexes the content of an `iprp` box.
    pub(super) fn read(table: &'a [u8]) -> Result<Self, Refusal> {
        let mut found = Self { known: Vec::new(), named: BTreeMap::new() };
        let mut boxes = Part(table);
        for _ in 0..MAX_BOXES {
            let Some((kind, content)) = boxes.next_box()? else { return Ok(found) };
            match &kind {
                b"ipco" if found.known.is_empty() => found.know(content)?,
                b"ipma" => found.name(content)?,
                _ => {}
            }
        }
        Err(Refusal::Damaged)
    }

    /// Indexes `ipco`, whose properties are numbered from 1.
    fn know(&mut self, mut content: Part<'a>) -> Result<(), Refusal> {
        while let Some(property) = content.next_box()? {
            if self.known.len() >= MAX_PROPERTIES {
                return Err(Refusal::Unsupported);
            }
            self.known.push(property);
        }
        Ok(())
    }

    /// Indexes `ipma`, which associates items with properties. The first entry for an item wins.
    fn name(&mut self, mut table: Part<'a>) -> Result<(), Refusal> {
        let (version, flags) = table.version_and_flags()?;
        let are_long = flags & 1 == 1;
        let count = few(table.u32()?)?;
        for _ in 0..count {
            let id = table.short_or_long(version > 0)?;
            let properties = usize::from(table.u8()?);
            let entries = Part(table.take(properties * if are_long { 2 } else { 1 })?);
            self.named.entry(id).or_insert(Names { entries, are_long });
        }
        few(u32::try_from(self.named.len()).unwrap_or(u32::MAX))?;
        Ok(())
    }

    /// An item's properties in the order in which they apply, each with its essential flag.
    pub(super) fn of(&self, id: u32) -> Result<Vec<(bool, [u8; 4], Part<'a>)>, Refusal> {
        let mut properties = Vec::new();
        let Some(&Names { mut entries, are_long }) = self.named.get(&id) else { return Ok(properties) };
        while !entries.is_empty() {
            let (is_essential, number) = if are_long {
                let entry = entries.u16()?;
                (entry >> 15 == 1, usize::from(entry & 0x7FFF))
            } else {
                let entry = entries.u8()?;
                (entry >> 7 == 1, usize::from(entry & 0x7F))
            };
            // Index 0 means "no property".
            let Some(place) = number.checked_sub(1) else { continue };
            let (kind, content) = *self.known.get(place).ok_or(Refusal::Damaged)?;
            properties.push((is_essential, kind, content));
        }
        Ok(properties)
    }
}

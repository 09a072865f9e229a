//! Writes the container (ISO/IEC 14496-12, 23008-12, AV1 Image File Format 1.1).

use crate::Still;

/// A box of this type and content.
pub fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).expect("is short");
    [&length.to_be_bytes()[..], kind, content].concat()
}

/// A full box of this type, version, flags and content.
pub fn full_boxed(kind: &[u8; 4], version: u8, flags: u8, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, flags][..], content].concat())
}

/// An item property: a box, and whether readers that don't know it must ignore the item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Property {
    /// The box as stored in `ipco`.
    pub bytes: Vec<u8>,
    /// Whether it is essential.
    pub essential: bool,
}

impl Property {
    /// A property of this type and content.
    pub fn new(kind: &[u8; 4], content: &[u8]) -> Self {
        Self { bytes: boxed(kind, content), essential: false }
    }

    /// Marks it as essential.
    #[must_use]
    pub fn essential(self) -> Self {
        Self { essential: true, ..self }
    }

    /// `ispe`: width and height.
    pub fn size(width: u32, height: u32) -> Self {
        let content = [width.to_be_bytes(), height.to_be_bytes()].concat();
        Self { bytes: full_boxed(b"ispe", 0, 0, &content), essential: false }
    }

    /// `av1C`: the decoder configuration.
    pub fn configuration(still: &Still) -> Self {
        Self::new(b"av1C", &still.configuration()).essential()
    }

    /// `irot`: counter-clockwise quarter turns.
    pub fn turned(quarters: u8) -> Self {
        Self::new(b"irot", &[quarters]).essential()
    }

    /// `imir`: swaps top and bottom (0), or left and right (1).
    pub fn mirrored(axis: u8) -> Self {
        Self::new(b"imir", &[axis]).essential()
    }

    /// `colr`: colour primaries, transfer characteristics, matrix coefficients, and the full-range flag.
    pub fn colours(codes: [u8; 3], full_range: bool) -> Self {
        let codes: Vec<u8> = codes.into_iter().flat_map(|code| u16::from(code).to_be_bytes()).collect();
        Self::new(b"colr", &[&b"nclx"[..], &codes, &[u8::from(full_range) << 7]].concat())
    }

    /// `colr`: an ICC profile.
    pub fn profile(icc: &[u8]) -> Self {
        Self::new(b"colr", &[b"prof", icc].concat())
    }

    /// `auxC`: the type of an auxiliary image.
    pub fn auxiliary(urn: &str) -> Self {
        Self { bytes: full_boxed(b"auxC", 0, 0, &[urn.as_bytes(), &[0]].concat()), essential: false }
    }

    /// `auxC` for alpha.
    pub fn alpha() -> Self {
        Self::auxiliary("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
    }
}

/// Where an item's data are stored.
#[derive(Clone, Debug)]
pub enum Place {
    /// In `mdat`.
    File,
    /// In `mdat`, in this many extents, the last one first.
    Pieces(usize),
    /// In `idat`.
    Meta,
    /// A false location: a construction method, then offsets and lengths. The data are left out.
    At(u16, Vec<[u64; 2]>),
}

/// An item and its data.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: u16,
    /// Its type; `av01` for an AV1 image.
    pub kind: [u8; 4],
    /// Properties in the order in which they apply.
    pub properties: Vec<Property>,
    /// The data.
    pub data: Vec<u8>,
    /// Where they are stored.
    pub place: Place,
}

impl Item {
    /// An AV1 image with this content.
    pub fn picture(id: u16, still: &Still, data: Vec<u8>) -> Self {
        let properties = vec![Property::size(still.width, still.height), Property::configuration(still)];
        Self { id, kind: *b"av01", properties, data, place: Place::File }
    }

    /// A grid of equal tiles in row order that make up a picture of this size (ISO/IEC 23008-12, 6.6.2.3).
    pub fn grid(id: u16, [columns, rows]: [u8; 2], [width, height]: [u32; 2]) -> Self {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let data = [&[0, 1, rows.wrapping_sub(1), columns.wrapping_sub(1)][..], &size].concat();
        Self { id, kind: *b"grid", properties: vec![Property::size(width, height)], data, place: Place::Meta }
    }

    /// Adds a property.
    #[must_use]
    pub fn with(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }

    /// Moves the data.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// A file of items.
#[derive(Clone, Debug)]
pub struct Avif {
    /// The major brand, then the compatible ones.
    pub brands: Vec<[u8; 4]>,
    /// The id of the primary item.
    pub primary: u16,
    /// All items.
    pub items: Vec<Item>,
    /// References: type, from, to.
    pub references: Vec<([u8; 4], u16, Vec<u16>)>,
    /// Boxes at the start of `meta`.
    pub before: Vec<u8>,
    /// Whether offsets and lengths have eight bytes.
    pub wide: bool,
}

impl Avif {
    /// A file with one image of this content.
    pub fn of(still: &Still, data: Vec<u8>) -> Self {
        Self::of_item(Item::picture(1, still, data))
    }

    /// A file with one item.
    pub fn of_item(item: Item) -> Self {
        Self {
            brands: [*b"avif", *b"mif1", *b"miaf"].into(),
            primary: item.id,
            items: vec![item],
            references: Vec::new(),
            before: Vec::new(),
            wide: false,
        }
    }

    /// Adds a property to the first item.
    #[must_use]
    pub fn with(mut self, property: Property) -> Self {
        self.items[0].properties.push(property);
        self
    }

    /// Adds an alpha image with this id.
    #[must_use]
    pub fn with_alpha(mut self, id: u16, still: &Still, data: Vec<u8>) -> Self {
        self.references.push((*b"auxl", id, vec![self.primary]));
        self.items.push(Item::picture(id, still, data).with(Property::alpha()));
        self
    }

    /// A grid of these tiles, which are items from id 2 on.
    pub fn grid(columns_rows: [u8; 2], size: [u32; 2], still: &Still, tiles: Vec<Vec<u8>>) -> Self {
        let mut avif = Self::of_item(Item::grid(1, columns_rows, size));
        let tiles: Vec<Item> = (2..).zip(tiles).map(|(id, data)| Item::picture(id, still, data)).collect();
        avif.references.push((*b"dimg", 1, tiles.iter().map(|tile| tile.id).collect()));
        avif.items.extend(tiles);
        avif
    }

    /// The bytes of the file.
    pub fn file(&self) -> Vec<u8> {
        let brands: Vec<u8> = self.brands.iter().skip(1).flatten().copied().collect();
        let head = boxed(b"ftyp", &[&self.brands[0][..], &[0; 4], &brands].concat());
        // The length of `meta` doesn't depend on the offsets' values.
        let start = head.len() + self.meta(0).len() + 8;
        let data: Vec<u8> = self.data(|place| matches!(place, Place::File | Place::Pieces(_)));
        [head, self.meta(start as u64), boxed(b"mdat", &data)].concat()
    }

    fn data(&self, is_there: impl Fn(&Place) -> bool) -> Vec<u8> {
        self.items.iter().filter(|item| is_there(&item.place)).flat_map(Item::stored).collect()
    }

    fn meta(&self, start: u64) -> Vec<u8> {
        let handler = [&[0; 4][..], b"pict", &[0; 13]].concat();
        let mut content = [self.before.clone(), full_boxed(b"hdlr", 0, 0, &handler)].concat();
        content.extend(full_boxed(b"pitm", 0, 0, &self.primary.to_be_bytes()));
        content.extend(self.locations(start));
        let mut infos = count(self.items.len());
        for item in &self.items {
            let entry = [&item.id.to_be_bytes()[..], &[0, 0], &item.kind, &[0]].concat();
            infos.extend(full_boxed(b"infe", 2, 0, &entry));
        }
        content.extend(full_boxed(b"iinf", 0, 0, &infos));
        if !self.references.is_empty() {
            let reference = |(kind, from, to): &([u8; 4], u16, Vec<u16>)| {
                let to_bytes: Vec<u8> = to.iter().flat_map(|id| id.to_be_bytes()).collect();
                boxed(kind, &[&from.to_be_bytes()[..], &count(to.len()), &to_bytes].concat())
            };
            let references: Vec<u8> = self.references.iter().flat_map(reference).collect();
            content.extend(full_boxed(b"iref", 0, 0, &references));
        }
        content.extend(self.properties());
        let idat = self.data(|place| matches!(place, Place::Meta));
        if !idat.is_empty() {
            content.extend(boxed(b"idat", &idat));
        }
        full_boxed(b"meta", 0, 0, &content)
    }

    /// `iprp`: each property once, and the associations.
    fn properties(&self) -> Vec<u8> {
        let mut known: Vec<&Property> = Vec::new();
        let mut entries = u32::try_from(self.items.len()).expect("are few").to_be_bytes().to_vec();
        for item in &self.items {
            entries.extend(item.id.to_be_bytes());
            entries.push(u8::try_from(item.properties.len()).expect("are few"));
            for property in &item.properties {
                let place = known.iter().position(|other| other.bytes == property.bytes);
                let place = place.unwrap_or_else(|| {
                    known.push(property);
                    known.len() - 1
                });
                let number = u16::try_from(place + 1).expect("are few");
                entries.extend((number | u16::from(property.essential) << 15).to_be_bytes());
            }
        }
        let boxes: Vec<u8> = known.iter().flat_map(|property| property.bytes.clone()).collect();
        boxed(b"iprp", &[boxed(b"ipco", &boxes), full_boxed(b"ipma", 0, 1, &entries)].concat())
    }

    /// `iloc`.
    fn locations(&self, start: u64) -> Vec<u8> {
        let mut content = vec![if self.wide { 0x88 } else { 0x44 }, 0];
        content.extend(count(self.items.len()));
        let (mut in_file, mut in_meta) = (start, 0);
        for item in &self.items {
            let length = item.data.len() as u64;
            let (method, extents) = match &item.place {
                Place::File => (0, vec![[take(&mut in_file, length), length]]),
                Place::Meta => (1, vec![[take(&mut in_meta, length), length]]),
                Place::Pieces(_) => {
                    let at = take(&mut in_file, length);
                    (0, item.pieces().into_iter().map(|[offset, length]| [at + offset, length]).collect())
                }
                Place::At(method, extents) => (*method, extents.clone()),
            };
            content.extend([item.id.to_be_bytes(), method.to_be_bytes(), [0; 2]].concat());
            content.extend(count(extents.len()));
            for number in extents.into_iter().flatten() {
                let kept = if self.wide { 8 } else { 4 };
                content.extend(&number.to_be_bytes()[8 - kept..]);
            }
        }
        full_boxed(b"iloc", 1, 0, &content)
    }
}

impl Item {
    /// Offset (relative to the data's start) and length of each extent, in reading order.
    fn pieces(&self) -> Vec<[u64; 2]> {
        let Place::Pieces(count) = self.place else { return Vec::new() };
        let lengths =
            self.data.chunks(self.data.len().div_ceil(count).max(1)).map(|piece| piece.len() as u64);
        let mut left = self.data.len() as u64;
        lengths
            .map(|length| {
                left -= length;
                [left, length]
            })
            .collect()
    }

    /// The data as stored in the file.
    fn stored(&self) -> Vec<u8> {
        match self.place {
            Place::Pieces(count) => {
                let pieces: Vec<&[u8]> = self.data.chunks(self.data.len().div_ceil(count).max(1)).collect();
                pieces.into_iter().rev().flatten().copied().collect()
            }
            _ => self.data.clone(),
        }
    }
}

fn take(next: &mut u64, length: u64) -> u64 {
    *next += length;
    *next - length
}

fn count(number: usize) -> Vec<u8> {
    u16::try_from(number).expect("are few").to_be_bytes().to_vec()
}

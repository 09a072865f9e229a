//! AVIF containers: AV1 images in boxes, read without decoding (AV1 Image File Format 1.1; ISO/IEC 23008-12 and
//! 23000-22).
//!
//! The primary item is the picture: an AV1 image or a grid of them. Rotation, alpha and colour are separate items
//! and properties. EXIF does not affect the orientation.

mod boxes;
mod items;
mod pixels;
mod properties;
#[cfg(test)]
mod tests;

use std::io::{BufRead, Cursor, Seek};

use pawdium_av1::Colours;

use self::{
    boxes::{Head, Part, read_range},
    items::{Extent, Items, MAX_BOXES},
    properties::Properties,
};
use super::{Limits, MediaError, Orientation, Refusal};

/// Tiles of a grid. 512-pixel tiles make 200 for 50 megapixels.
const MAX_TILES: u16 = 1_024;
/// Auxiliary images of one item. One may be alpha; the others are depth or gain maps.
const MAX_AUXILIARIES: usize = 16;

/// A picture and the location of its data.
#[derive(Debug)]
pub(super) struct Avif {
    pub(super) orientation: Orientation,
    colour: Image,
    alpha: Option<Image>,
    /// Whether the colours are premultiplied with alpha.
    is_premultiplied: bool,
    profile: Option<Vec<u8>>,
    /// Colour description from the container. It overrides the one in the bitstream.
    colours: Option<Colours>,
}

/// A grid of equal tiles. Most pictures have a single tile.
#[derive(Debug)]
struct Image {
    width: u32,
    height: u32,
    tile: (u32, u32),
    columns: u32,
    /// In row order.
    tiles: Vec<Vec<Extent>>,
}

impl Avif {
    /// Width and height before orientation is applied.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.colour.width, self.colour.height)
    }
}

/// Reads the metadata of a file of `length` bytes and checks that all image data lie within the file.
pub(super) fn read<R: BufRead + Seek>(
    reader: &mut R,
    length: u64,
    limits: &Limits,
) -> Result<Avif, MediaError> {
    let brands = Brands::read(reader, length)?;
    let picture = find(reader, length, limits);
    match picture {
        // HEIC has to be exported in another format anyway, so other defects don't matter to the owner.
        Err(MediaError::Refused(Refusal::Damaged | Refusal::Unsupported)) if brands.is_heic => {
            Err(Refusal::Heif.into())
        }
        picture => picture,
    }
}

/// Like [`read`], for a file in memory.
pub(super) fn read_slice(file: &[u8], limits: &Limits) -> Result<Avif, Refusal> {
    read(&mut Cursor::new(file), file.len() as u64, limits).map_err(|error| match error {
        MediaError::Refused(refusal) => refusal,
        // Reading from memory can't fail.
        MediaError::Io(_) => Refusal::Damaged,
    })
}

fn find<R: BufRead + Seek>(reader: &mut R, length: u64, limits: &Limits) -> Result<Avif, MediaError> {
    let mut at = 0;
    let mut is_film = false;
    for _ in 0..MAX_BOXES {
        if at >= length {
            break;
        }
        let head = Head::read(reader, at, length)?;
        match &head.kind {
            // Damage after the last box needed matters only if it affects image data, which is checked separately.
            b"meta" => {
                let items = Items::read(reader, head, length)?;
                return describe(reader, &items, limits);
            }
            b"moov" => is_film = true,
            _ => {}
        }
        at = head.end;
    }
    // An image sequence without a still picture has no representative frame.
    Err(if is_film { Refusal::Unsupported } else { Refusal::Damaged }.into())
}

/// The brands of the `ftyp` box (ISO/IEC 14496-12, 4.3).
struct Brands {
    is_heic: bool,
}

impl Brands {
    /// Refuses files without an HEIF brand. The item types are checked later.
    fn read<R: BufRead + Seek>(reader: &mut R, length: u64) -> Result<Self, MediaError> {
        const HEIC: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"];
        const OTHERS: [&[u8]; 5] = [b"avif", b"avis", b"mif1", b"mif2", b"msf1"];
        const MAX: u64 = 1 << 10;
        // If `ftyp` is truncated, the remaining brands decide.
        let end = Head::read(reader, 0, length).map_or(length, |head| head.end).min(MAX);
        let head = read_range(reader, 0, end)?;
        let names = |brands: &[&[u8]]| {
            head.get(8..).is_some_and(|names| names.chunks_exact(4).any(|name| brands.contains(&name)))
        };
        let is_heic = names(&HEIC);
        if is_heic || names(&OTHERS) { Ok(Self { is_heic }) } else { Err(Refusal::NotAPicture.into()) }
    }
}

fn describe<R: BufRead + Seek>(reader: &mut R, items: &Items, limits: &Limits) -> Result<Avif, MediaError> {
    let primary = items.primary()?;
    let properties = items.properties()?;
    let about = About::item(&properties, primary)?;
    let colour = image(reader, items, &properties, primary, limits)?;
    // All tiles have the same properties, so the first stands for the grid.
    let mut colours = about.colours;
    let mut profile = about.profile.map(<[u8]>::to_vec);
    if let Some(&tile) = items.referred(*b"dimg", primary, MAX_TILES)?.first()
        && colours.is_none()
        && profile.is_none()
    {
        let tile = About::item(&properties, tile)?;
        colours = tile.colours;
        profile = tile.profile.map(<[u8]>::to_vec);
    }
    let mut alpha = None;
    let mut is_premultiplied = false;
    for id in items.referring(*b"auxl", primary, MAX_AUXILIARIES)? {
        let about = About::item(&properties, id)?;
        if about.is_alpha {
            if about.size != Some((colour.width, colour.height)) {
                return Err(Refusal::Damaged.into());
            }
            alpha = Some(image(reader, items, &properties, id, limits)?);
            is_premultiplied = items.referred(*b"prem", primary, MAX_TILES)?.contains(&id);
            break;
        }
    }
    Ok(Avif { orientation: about.orientation, colour, alpha, is_premultiplied, profile, colours })
}

/// The properties of one item.
#[derive(Default)]
struct About<'a> {
    size: Option<(u32, u32)>,
    is_configured: bool,
    orientation: Orientation,
    profile: Option<&'a [u8]>,
    colours: Option<Colours>,
    is_alpha: bool,
    /// Whether an essential property is unknown.
    is_foreign: bool,
}

impl<'a> About<'a> {
    fn item(properties: &Properties<'a>, id: u32) -> Result<Self, Refusal> {
        let mut about = Self::default();
        for (is_essential, kind, mut content) in properties.of(id)? {
            match &kind {
                b"ispe" => {
                    content.version_and_flags()?;
                    about.size = Some((content.u32()?, content.u32()?));
                }
                b"av1C" => about.is_configured = content.u8()? == 0x81,
                b"colr" => about.colour(content)?,
                b"irot" => {
                    let turn = match content.u8()? & 3 {
                        0 => Orientation::Upright,
                        1 => Orientation::CounterClockwise,
                        2 => Orientation::UpsideDown,
                        _ => Orientation::Clockwise,
                    };
                    about.orientation = about.orientation.then(turn);
                }
                b"imir" => {
                    let is_sideways = content.u8()? & 1 == 1;
                    let turn = if is_sideways { Orientation::Mirrored } else { Orientation::Flipped };
                    about.orientation = about.orientation.then(turn);
                }
                b"auxC" => about.is_alpha = is_alpha(content)?,
                // Ignoring a clean aperture would show what its author cropped away.
                b"clap" => about.is_foreign = true,
                b"pixi" | b"pasp" | b"clli" | b"mdcv" | b"cclv" | b"amve" | b"a1lx" => {}
                _ => about.is_foreign |= is_essential,
            }
        }
        Ok(about)
    }

    /// The size of an image that can be shown.
    fn size(&self) -> Result<(u32, u32), Refusal> {
        if self.is_foreign { Err(Refusal::Unsupported) } else { self.size.ok_or(Refusal::Damaged) }
    }

    /// The size of an item of type `kind`, which must be an AV1 image that can be shown.
    fn size_of_av1(&self, kind: [u8; 4]) -> Result<(u32, u32), Refusal> {
        match &kind {
            b"av01" => {}
            b"hvc1" | b"hev1" => return Err(Refusal::Heif),
            _ => return Err(Refusal::Unsupported),
        }
        let size = self.size()?;
        if self.is_configured { Ok(size) } else { Err(Refusal::Damaged) }
    }

    /// Reads `colr` (ISO/IEC 14496-12, 12.1.5): a profile, code points, or both in separate boxes.
    fn colour(&mut self, mut content: Part<'a>) -> Result<(), Refusal> {
        match &content.array()? {
            b"prof" | b"rICC" if self.profile.is_none() => self.profile = Some(content.0),
            b"nclx" if self.colours.is_none() => {
                let mut code = || Ok::<u8, Refusal>(content.u16()?.try_into().unwrap_or(2));
                let (primaries, transfer, matrix) = (code()?, code()?, code()?);
                let full_range = content.u8()? >> 7 == 1;
                self.colours = Some(Colours { primaries, transfer, matrix, full_range });
            }
            _ => {}
        }
        Ok(())
    }
}

fn is_alpha(mut content: Part<'_>) -> Result<bool, Refusal> {
    const NAMES: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];
    content.version_and_flags()?;
    Ok(content.0.split(|&byte| byte == 0).next().is_some_and(|name| NAMES.contains(&name)))
}

fn image<R: BufRead + Seek>(
    reader: &mut R,
    items: &Items,
    properties: &Properties<'_>,
    id: u32,
    limits: &Limits,
) -> Result<Image, MediaError> {
    let kind = items.kind(id)?;
    if kind == *b"grid" {
        return grid(reader, items, properties, id, limits);
    }
    let about = About::item(properties, id)?;
    let (width, height) = about.size_of_av1(kind)?;
    limits.check_size(width, height)?;
    let tiles = vec![items.extents(id)?];
    Ok(Image { width, height, tile: (width, height), columns: 1, tiles })
}

/// ISO/IEC 23008-12, 6.6.2.3
fn grid<R: BufRead + Seek>(
    reader: &mut R,
    items: &Items,
    properties: &Properties<'_>,
    id: u32,
    limits: &Limits,
) -> Result<Image, MediaError> {
    /// Fields of four bytes instead of two.
    const LENGTH: u64 = 12;
    let mut data = Vec::new();
    for extent in items.extents(id)? {
        let wanted = extent.length.min(LENGTH - data.len() as u64);
        data.extend(read_range(reader, extent.start, wanted)?);
    }
    let mut data = Part(&data);
    let [version, flags, rows, columns] = data.array()?;
    let (rows, columns) = (u32::from(rows) + 1, u32::from(columns) + 1);
    let mut side = || data.short_or_long(flags & 1 == 1);
    let (width, height) = (side()?, side()?);
    if version != 0 || About::item(properties, id)?.size()? != (width, height) {
        return Err(Refusal::Damaged.into());
    }
    limits.check_size(width, height)?;
    let ids = items.referred(*b"dimg", id, MAX_TILES)?;
    let first = *ids.first().ok_or(Refusal::Damaged)?;
    if ids.len() as u64 != u64::from(rows) * u64::from(columns) {
        return Err(Refusal::Damaged.into());
    }
    let tile = About::item(properties, first)?.size()?;
    check_tiles((width, height), tile, (columns, rows), limits)?;
    let mut tiles = Vec::with_capacity(ids.len());
    for id in ids {
        let about = About::item(properties, id)?;
        if about.size_of_av1(items.kind(id)?)? != tile {
            return Err(Refusal::Damaged.into());
        }
        // Transforms apply only to the whole grid (ISO/IEC 23000-22, 7.3.11.4).
        if about.orientation != Orientation::Upright {
            return Err(Refusal::Unsupported.into());
        }
        tiles.push(items.extents(id)?);
    }
    Ok(Image { width, height, tile, columns, tiles })
}

/// Refuses a grid whose tiles don't cover it, lie partly outside it, or cost far more than it shows.
fn check_tiles(
    whole: (u32, u32),
    tile: (u32, u32),
    count: (u32, u32),
    limits: &Limits,
) -> Result<(), Refusal> {
    let fits = |whole: u32, tile: u32, count: u32| {
        let (whole, tile, count) = (u64::from(whole), u64::from(tile), u64::from(count));
        tile * count >= whole && tile * (count - 1) < whole
    };
    let pixels = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let all = pixels(tile).saturating_mul(pixels(count));
    let covers = fits(whole.0, tile.0, count.0) && fits(whole.1, tile.1, count.1);
    let is_bounded = pixels(tile) <= limits.max_pixels && all <= limits.max_pixels.saturating_mul(2);
    if covers && is_bounded { Ok(()) } else { Err(Refusal::Damaged) }
}

//! Animated PNGs whose first frame differs from the default image.
//!
//! The IDAT chunks hold the default image. If an fcTL chunk precedes them, the default image is also the first
//! frame. Otherwise it is only for decoders without animation support, and the first frame is in fdAT chunks (PNG,
//! third edition, 4.9 and 11.3.6). A file that breaks these rules is shown as its default image.

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The first frame of an animation. It may be smaller than the canvas.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Frame {
    /// The frame as a standalone PNG, with the original's palette, profile and other colour chunks.
    pub(super) png: Vec<u8>,
    /// Position on the canvas: left, top, width, height in pixels.
    pub(super) area: [u32; 4],
}

/// Returns the first frame, or `None` if the default image should be shown.
pub(super) fn first_frame(source: &[u8]) -> Option<Frame> {
    let mut chunks = Chunks { rest: source.strip_prefix(SIGNATURE)? };
    let header = chunks.next().filter(|chunk| chunk.kind == *b"IHDR")?;
    let mut before = Vec::new();
    let mut frames = 0;
    loop {
        let chunk = chunks.next()?;
        match &chunk.kind {
            b"acTL" => frames = number(chunk.data, 0)?,
            b"fcTL" => return None,
            b"IDAT" => break,
            _ => before.push(chunk),
        }
    }
    if frames == 0 {
        return None;
    }
    let control = chunks.find(|chunk| chunk.kind == *b"fcTL")?;
    let area = area(&control, &header)?;
    // The chunks of an animation are numbered.
    let mut data = Vec::new();
    loop {
        let chunk = chunks.next()?;
        match &chunk.kind {
            b"fdAT" if number(chunk.data, 0)? as usize == data.len() + 1 => data.push(chunk.data.get(4..)?),
            b"fdAT" => return None,
            b"fcTL" | b"IEND" => break,
            _ => {}
        }
    }
    if data.is_empty() {
        return None;
    }

    let mut png = SIGNATURE.to_vec();
    let [_, _, width, height] = area;
    let size = [width, height].map(u32::to_be_bytes);
    write(&mut png, *b"IHDR", &[size.as_flattened(), header.data.get(8..)?].concat())?;
    for Chunk { kind, data, .. } in before {
        write(&mut png, kind, data)?;
    }
    for part in data {
        write(&mut png, *b"IDAT", part)?;
    }
    write(&mut png, *b"IEND", &[])?;
    Some(Frame { png, area })
}

impl Frame {
    /// Places the frame on a white canvas of `width` by `height` pixels with `channels` bytes each.
    pub(super) fn place(&self, pixels: Vec<u8>, channels: usize, (width, height): (u32, u32)) -> Vec<u8> {
        let [left, top, wide, high] = self.area;
        if (wide, high) == (width, height) {
            return pixels;
        }
        let [left, top, wide, width, height] = [left, top, wide, width, height].map(|length| length as usize);
        let mut picture = vec![u8::MAX; width * height * channels];
        let rows = picture.chunks_exact_mut(width * channels).skip(top);
        for (row, own) in rows.zip(pixels.chunks_exact(wide * channels)) {
            row[left * channels..][..own.len()].copy_from_slice(own);
        }
        picture
    }
}

/// Returns the frame's area if `control` is the first fcTL chunk and the area lies on the canvas.
fn area(control: &Chunk<'_>, header: &Chunk<'_>) -> Option<[u32; 4]> {
    if control.data.len() != 26 || number(control.data, 0)? != 0 {
        return None;
    }
    let [width, height] = [number(header.data, 0)?, number(header.data, 4)?];
    let [wide, high] = [number(control.data, 4)?, number(control.data, 8)?];
    let [left, top] = [number(control.data, 12)?, number(control.data, 16)?];
    let fits = |from: u32, length: u32, whole| {
        length > 0 && from.checked_add(length).is_some_and(|end| end <= whole)
    };
    (fits(left, wide, width) && fits(top, high, height)).then_some([left, top, wide, high])
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

fn write(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) -> Option<()> {
    png.extend(u32::try_from(data.len()).ok()?.to_be_bytes());
    png.extend(kind);
    png.extend(data);
    png.extend(checksum(kind, data).to_be_bytes());
    Some(())
}

fn checksum(kind: [u8; 4], data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&kind);
    hasher.update(data);
    hasher.finalize()
}

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

/// The chunks of a file, up to IEND or the first damaged chunk.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        let (data, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let (sum, rest) = rest.split_first_chunk()?;
        self.rest = if kind == b"IEND" { &[] } else { rest };
        (checksum(*kind, data) == u32::from_be_bytes(*sum)).then_some(Chunk { kind: *kind, data })
    }
}

//! Checks the structure of rendered squares with code independent of the worker's.

use pawdium_media::Rendered;

use crate::jpeg_file::{APP0, DHT, DQT, DRI, EOI, SOF0, SOF2, SOS};

/// What a file contains that decoding doesn't need, or what it lacks.
pub(crate) fn fault(rendered: &Rendered) -> Option<String> {
    rendered.pictures.iter().find_map(|picture| {
        let fault = walk(&picture.jpeg, picture.width).err()?;
        Some(format!("its square of {} pixels {fault}", picture.edge))
    })
}

/// Walks a JPEG of this edge length, in which each byte must belong to its start, a needed segment, a scan, or its
/// end (ITU-T T.81, annex B).
fn walk(file: &[u8], side: u32) -> Result<(), String> {
    let mut rest = file.strip_prefix(b"\xFF\xD8").ok_or("begins with something else than its start")?;
    let mut seen = Vec::new();
    while rest != [0xFF, EOI] {
        let at = file.len() - rest.len();
        let [0xFF, marker, high, low, ref behind @ ..] = *rest else {
            return Err(format!("has neither a segment nor its end at byte {at}"));
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (payload, behind) = length
            .checked_sub(2)
            .and_then(|length| behind.split_at_checked(length))
            .ok_or_else(|| format!("has a segment of {length} bytes at byte {at}"))?;
        let is_needed = match marker {
            APP0 => seen.is_empty() && is_jfif(payload),
            SOF0 | SOF2 => is_frame(payload, side),
            DQT | DHT | DRI | SOS => true,
            _ => false,
        };
        if !is_needed {
            return Err(format!("has a segment {marker:02X} of {length} bytes at byte {at}"));
        }
        seen.push(marker);
        rest = if marker == SOS { behind_scan(behind) } else { behind };
    }
    let frames = seen.iter().filter(|&&marker| matches!(marker, SOF0 | SOF2)).count();
    if frames == 1 && seen.contains(&SOS) { Ok(()) } else { Err("has not one frame and its scan".to_owned()) }
}

/// A JFIF header without a thumbnail.
fn is_jfif(payload: &[u8]) -> bool {
    payload.len() == 14 && payload.starts_with(b"JFIF\0") && payload.ends_with(&[0, 0])
}

/// 8 bits, this edge length, and luma alone or with chroma at half width and height (4:2:0).
fn is_frame(payload: &[u8], side: u32) -> bool {
    let [8, h1, h0, w1, w0, count, ref components @ ..] = *payload else { return false };
    let sides = [[w1, w0], [h1, h0]].map(|bytes| u32::from(u16::from_be_bytes(bytes)));
    let (components, rest) = components.as_chunks::<3>();
    let is_whole = rest.is_empty() && components.len() == usize::from(count);
    let sampling: Vec<u8> = components.iter().map(|component| component[1]).collect();
    sides == [side; 2] && is_whole && (count == 1 || sampling == [0x22, 0x11, 0x11])
}

/// Skips entropy-coded data, in which only stuffed zeros and restart markers may follow 0xFF.
fn behind_scan(data: &[u8]) -> &[u8] {
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7);
    let end = data.windows(2).position(is_marker).unwrap_or(data.len());
    &data[end..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg_file::{APP1, APP2, COMMENT, Jpeg, Segment, plain};

    const SIDE: u32 = 160;

    #[test]
    fn a_minimal_jpeg_passes() {
        for jpeg in [Jpeg::sized(SIDE, SIDE), Jpeg::progressive_of(SIDE, SIDE), plain(160, 160)] {
            assert_eq!(walk(&jpeg.file(), SIDE), Ok(()));
        }
    }

    #[test]
    fn anything_else_is_reported() {
        let jpeg = || Jpeg::sized(SIDE, SIDE);
        let file = jpeg().file();
        let with = |marker, payload: &[u8]| jpeg().before(DQT, [Segment::new(marker, payload)]);
        // After the JFIF header.
        let between = |bytes: &[u8]| [&file[..20], bytes, &file[20..]].concat();
        for (what, file) in [
            ("a comment", with(COMMENT, b"hello")),
            ("EXIF", with(APP1, b"Exif\0\0II*\0\x08\0\0\0\0\0")),
            ("XMP", with(APP1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")),
            ("a profile", with(APP2, b"ICC_PROFILE\0\x01\x01")),
            ("what Photoshop writes", with(0xED, b"Photoshop 3.0\0")),
            ("what Adobe's encoders write", with(0xEE, b"Adobe\0\x64\0\0\0\0\x01")),
            ("JFIF's header again", with(APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")),
            ("JFIF's header with more", jpeg().with(APP0, |header| header.payload.extend([0; 9]))),
            ("another header", jpeg().with(APP0, |header| header.payload[..4].copy_from_slice(b"JFXX"))),
            ("a fill byte", between(b"\xFF")),
            ("text between segments", between(b"<script>")),
            ("a restart marker between segments", between(b"\xFF\xD0")),
            ("something before", [&b" "[..], &file].concat()),
            ("something behind", [&file[..], b"PK"].concat()),
            ("no end", file[..file.len() - 2].to_vec()),
            ("no frame", jpeg().without(SOF0)),
            ("two frames", jpeg().before(SOS, [jpeg().first(SOF0).clone()])),
            ("no scan", jpeg().without(SOS)),
            ("another size", Jpeg::sized(SIDE, SIDE + 1).file()),
            ("chroma of full height", jpeg().with(SOF0, |frame| frame.payload[7] = 0x21)),
            ("chroma of full size", jpeg().with(SOF0, |frame| frame.payload[7] = 0x11)),
        ] {
            assert!(walk(&file, SIDE).is_err(), "{what}");
        }
    }
}

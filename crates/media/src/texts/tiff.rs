//! EXIF: the description, and the fields of Windows.

use super::Texts;

const DESCRIPTION: u16 = 0x010E;
const TITLE_OF_WINDOWS: u16 = 0x9C9B;
const COMMENT_OF_WINDOWS: u16 = 0x9C9C;
const KEYWORDS_OF_WINDOWS: u16 = 0x9C9E;

/// Types of fields.
const BYTE: u16 = 1;
const ASCII: u16 = 2;

/// Reads the first directory of EXIF data, which begin with the TIFF header. Other directories are not followed.
pub(super) fn read(tiff: &[u8]) -> Texts {
    read_directory(tiff).unwrap_or_default()
}

fn read_directory(tiff: &[u8]) -> Option<Texts> {
    let is_big_endian = tiff.starts_with(b"MM");
    if !is_big_endian && !tiff.starts_with(b"II") {
        return None;
    }
    let short = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk()?;
        Some(if is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk()?;
        let number = if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        usize::try_from(number).ok()
    };
    let first = long(4)?;
    let mut texts = Texts::default();
    let mut comment = None;
    for number in 0..usize::from(short(first)?) {
        let at = first.checked_add(2 + 12 * number)?;
        let (Some(tag), Some(kind), Some(count)) = (short(at), short(at + 2), long(at + 4)) else { break };
        if !matches!(kind, BYTE | ASCII) {
            continue;
        }
        let place = if count <= 4 { Some(at + 8) } else { long(at + 8) };
        let Some(data) = place.and_then(|place| tiff.get(place..place.checked_add(count)?)) else { continue };
        match (tag, kind) {
            (DESCRIPTION, ASCII) => texts.description = Some(of_bytes(data)),
            (TITLE_OF_WINDOWS, BYTE) => texts.title = Some(of_utf16(data)),
            (COMMENT_OF_WINDOWS, BYTE) => comment = Some(of_utf16(data)),
            (KEYWORDS_OF_WINDOWS, BYTE) => {
                texts.keywords = of_utf16(data).split(';').map(str::to_owned).collect();
            }
            _ => {}
        }
    }
    texts.description = texts.description.or(comment);
    Some(texts)
}

/// Text up to its zero. Programs write UTF-8 where the standard says ASCII.
fn of_bytes(data: &[u8]) -> String {
    String::from_utf8_lossy(data.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

fn of_utf16(data: &[u8]) -> String {
    let units = data.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

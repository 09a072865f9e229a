//! PNG's chunks of text (PNG, third edition, 11.3.3). Compressed ones are left out.

use super::{Found, LONGEST, MOST, tiff, xmp};

pub(super) fn read(picture: &[u8], found: &mut Found) {
    let mut rest = picture.get(8..).unwrap_or_default();
    for _ in 0..MOST {
        let Some((head, after)) = rest.split_first_chunk::<8>() else { return };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((data, next)) = after.split_at_checked(length) else { return };
        if length <= LONGEST {
            match &head[4..] {
                b"tEXt" => take_text(data, found),
                b"iTXt" => take_international(data, found),
                b"eXIf" => found.exif = tiff::read(data),
                _ => {}
            }
        }
        // The checksum.
        rest = next.get(4..).unwrap_or_default();
    }
}

/// A keyword and a text in Latin-1.
fn take_text(data: &[u8], found: &mut Found) {
    let Some((keyword, text)) = split(data) else { return };
    keep(keyword, text.iter().map(|byte| char::from(*byte)).collect(), found);
}

/// A keyword, whether it is compressed and how, a language, the keyword in it, and a text in UTF-8.
fn take_international(data: &[u8], found: &mut Found) {
    let Some((keyword, rest)) = split(data) else { return };
    let [0, _, rest @ ..] = rest else { return };
    let Some(text) = split(rest).and_then(|(_, rest)| split(rest)).map(|(_, text)| text) else { return };
    if keyword == b"XML:com.adobe.xmp" {
        found.xmp = xmp::read(text);
    } else {
        keep(keyword, String::from_utf8_lossy(text).into_owned(), found);
    }
}

/// What is before the first zero, and what is after it.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..zero], &data[zero + 1..]))
}

fn keep(keyword: &[u8], text: String, found: &mut Found) {
    match keyword {
        b"Title" => found.png.title = Some(text),
        b"Description" => found.png.description = Some(text),
        b"Comment" => {
            found.png.description.get_or_insert(text);
        }
        b"Keywords" => found.png.keywords = text.split([',', ';']).map(str::to_owned).collect(),
        _ => {}
    }
}

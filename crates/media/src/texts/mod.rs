//! What programs write into pictures to describe them: title, description and keywords from XMP, IPTC, EXIF and PNG's
//! texts. Nothing is decoded, and what is malformed is left out.

mod iptc;
mod png;
mod tiff;
mod xmp;

use super::Format;

/// The most segments or chunks that are looked at.
const MOST: usize = 10_000;

/// The longest block of metadata that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// The most keywords.
const KEYWORDS: usize = 50;

/// The longest text, in characters.
const CHARACTERS: usize = 2000;

/// The texts of a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Its title.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Its keywords.
    pub keywords: Vec<String>,
}

impl Texts {
    /// Reads the texts of a picture. Where several standards say something, XMP comes first, then IPTC, EXIF and PNG's
    /// own, as the Metadata Working Group advises.
    #[must_use]
    pub fn of(picture: &[u8]) -> Self {
        let mut found = Found::default();
        match Format::of(picture) {
            Some(Format::Jpeg) => read_jpeg(picture, &mut found),
            Some(Format::Png) => png::read(picture, &mut found),
            Some(Format::WebP) => read_webp(picture, &mut found),
            Some(Format::Gif | Format::Avif) | None => {}
        }
        let Found { xmp, iptc, exif, png } = found;
        [iptc, exif, png].into_iter().fold(xmp.tidied(), |found, next| found.or(next.tidied()))
    }

    /// These texts, and the other's where there are none.
    fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            description: self.description.or(other.description),
            keywords: if self.keywords.is_empty() { other.keywords } else { self.keywords },
        }
    }

    fn tidied(self) -> Self {
        Self {
            title: self.title.and_then(|text| tidy(&text)),
            description: self.description.and_then(|text| tidy(&text)).filter(|text| !is_of_camera(text)),
            keywords: self.keywords.iter().filter_map(|text| tidy(text)).take(KEYWORDS).collect(),
        }
    }
}

/// What each standard says.
#[derive(Default)]
struct Found {
    xmp: Texts,
    iptc: Texts,
    exif: Texts,
    png: Texts,
}

fn tidy(text: &str) -> Option<String> {
    let text: String =
        text.chars().filter(|c| !c.is_control() || c.is_whitespace()).take(CHARACTERS).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Texts that cameras write into all of their pictures.
fn is_of_camera(text: &str) -> bool {
    const OF_CAMERAS: [&str; 7] = [
        "OLYMPUS DIGITAL CAMERA",
        "SONY DSC",
        "SAMSUNG CAMERA PICTURES",
        "KONICA MINOLTA DIGITAL CAMERA",
        "MINOLTA DIGITAL CAMERA",
        "DIGITAL CAMERA",
        "DEFAULT",
    ];
    OF_CAMERAS.iter().any(|camera| text.eq_ignore_ascii_case(camera))
}

/// Reads the segments before the first scan.
fn read_jpeg(picture: &[u8], found: &mut Found) {
    let mut rest = &picture[2..];
    for _ in 0..MOST {
        let Some(([0xFF, marker, high, low], after)) =
            rest.split_first_chunk::<4>().map(|(head, rest)| (*head, rest))
        else {
            return;
        };
        if marker == 0xFF {
            rest = &rest[1..];
            continue;
        }
        // The pixels, or the end.
        if matches!(marker, 0xDA | 0xD9) {
            return;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((payload, next)) = length.checked_sub(2).and_then(|length| after.split_at_checked(length))
        else {
            return;
        };
        match marker {
            0xE1 => {
                if let Some(tiff) = payload.strip_prefix(b"Exif\0\0") {
                    found.exif = std::mem::take(&mut found.exif).or(tiff::read(tiff));
                } else if let Some(xmp) = payload.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                    found.xmp = std::mem::take(&mut found.xmp).or(xmp::read(xmp));
                }
            }
            0xED => {
                if let Some(resources) = payload.strip_prefix(b"Photoshop 3.0\0") {
                    found.iptc = std::mem::take(&mut found.iptc).or(iptc::read(resources));
                }
            }
            _ => {}
        }
        rest = next;
    }
}

/// Reads the chunks of a RIFF file.
fn read_webp(picture: &[u8], found: &mut Found) {
    let mut rest = picture.get(12..).unwrap_or_default();
    for _ in 0..MOST {
        let Some((head, after)) = rest.split_first_chunk::<8>() else { return };
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((payload, next)) = after.split_at_checked(length) else { return };
        if length <= LONGEST {
            match &head[..4] {
                b"EXIF" => found.exif = tiff::read(payload.strip_prefix(b"Exif\0\0").unwrap_or(payload)),
                b"XMP " => found.xmp = xmp::read(payload),
                _ => {}
            }
        }
        rest = next.get(length % 2..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;

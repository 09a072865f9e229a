//! The protocol between parent and child.
//!
//! The limits are JSON in an environment variable. A request is one JSON packet on the socket that is the child's
//! standard input, with the picture's file descriptor attached. The reply is a sequence of messages: one for each
//! completed stage, then the outcome. A message is a frame ([`MAGIC`], the lengths of the JSON header and of all
//! files together as 32-bit big-endian numbers), the header, then the concatenated files. The parent checks every
//! field.

use std::io::{self, Cursor, Write};

use bytes::{Buf, Bytes};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::{Crop, EDGES, Fingerprint, Limits, Picture, Refusal, Rendered, Stage, jpeg};

/// Passes the [`Limits`] to the child, whose environment is otherwise nearly empty.
pub(super) const LIMITS_VAR: &str = "PAWDIUM_DECODE_LIMITS";

/// Maximum length of a request in bytes.
pub(super) const MAX_REQUEST: usize = 1 << 10;

/// Exit status of a child that couldn't confine itself. The picture isn't at fault.
pub(super) const NO_SANDBOX: u8 = 71;

/// Exit status of a child that couldn't read its request or file, or write its reply. The picture isn't at fault.
pub(super) const IO_FAILED: u8 = 74;

/// Maximum bytes of all files of a reply. Three squares of pure noise take less than half.
const MAX_FILES: usize = 8 << 20;

/// Ends with the version. Parent and child are the same program, except during an upgrade.
pub(super) const MAGIC: &[u8; 8] = b"pawdium\x04";

/// Bytes of a message before its header.
pub(super) const FRAME: usize = MAGIC.len() + 8;

const MAX_HEADER: usize = 16 << 10;

/// A request to the child.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Request {
    pub(super) crop: Option<Crop>,
    /// Length of the file in bytes.
    pub(super) bytes: u64,
}

/// A reply that breaks the protocol: the child is broken, or under a picture's control.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("the decoder's reply is wrong: {0}")]
pub(super) struct Lie(pub(super) &'static str);

/// A message from the child that passed every check.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Message {
    /// The child completed this stage, which took so many milliseconds. More messages follow.
    Reached(Stage, u32),
    /// The last message.
    Ended(Result<Rendered, Refusal>),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Header {
    Reached { stage: Stage, ms: u32 },
    Rendered(RenderedHeader),
    Refused(Refusal),
}

#[derive(Deserialize, Serialize)]
struct RenderedHeader {
    width: u32,
    height: u32,
    crop: Crop,
    pictures: Vec<PictureHeader>,
    placeholder: String,
    fingerprint: Option<Fingerprint>,
}

#[derive(Deserialize, Serialize)]
struct PictureHeader {
    edge: u32,
    width: u32,
    height: u32,
    bytes: usize,
}

/// Writes a stage message.
pub(super) fn write_stage(out: &mut impl Write, stage: Stage, ms: u32) -> io::Result<()> {
    write_message(out, &Header::Reached { stage, ms }, &[])
}

/// Writes the outcome.
pub(super) fn write_reply(out: &mut impl Write, result: Result<Rendered, Refusal>) -> io::Result<()> {
    let Rendered { width, height, crop, pictures, placeholder, fingerprint } = match result {
        Err(refusal) => return write_message(out, &Header::Refused(refusal), &[]),
        Ok(rendered) => rendered,
    };
    let headers = pictures.iter().map(|picture| PictureHeader {
        edge: picture.edge,
        width: picture.width,
        height: picture.height,
        bytes: picture.jpeg.len(),
    });
    let header =
        RenderedHeader { width, height, crop, pictures: headers.collect(), placeholder, fingerprint };
    write_message(out, &Header::Rendered(header), &pictures)
}

fn write_message(out: &mut impl Write, header: &Header, pictures: &[Picture]) -> io::Result<()> {
    let header = serde_json::to_vec(header)?;
    let files: usize = pictures.iter().map(|picture| picture.jpeg.len()).sum();
    out.write_all(MAGIC)?;
    for length in [header.len(), files] {
        out.write_all(&u32::try_from(length).map_err(io::Error::other)?.to_be_bytes())?;
    }
    out.write_all(&header)?;
    for picture in pictures {
        out.write_all(&picture.jpeg)?;
    }
    Ok(())
}

/// The number of bytes that follow a frame: header and files.
pub(super) fn rest_of_message(frame: &[u8]) -> Result<usize, Lie> {
    let (header, files) = lengths(frame)?;
    Ok(header + files)
}

fn lengths(mut frame: &[u8]) -> Result<(usize, usize), Lie> {
    if frame.len() < FRAME || !frame.starts_with(MAGIC) {
        return Err(Lie("no magic bytes"));
    }
    frame.advance(MAGIC.len());
    match (frame.get_u32() as usize, frame.get_u32() as usize) {
        (header, _) if header > MAX_HEADER => Err(Lie("the header's length")),
        (_, files) if files > MAX_FILES => Err(Lie("the files' length")),
        lengths => Ok(lengths),
    }
}

/// Parses a message and accepts it only if it fits the request.
pub(super) fn read_message(mut message: Bytes, request: &Request, limits: &Limits) -> Result<Message, Lie> {
    let (length, files) = lengths(&message)?;
    message.advance(FRAME);
    if message.len() != length + files {
        return Err(Lie("its length"));
    }
    let header = serde_json::from_slice(&message.split_to(length)).map_err(|_| Lie("the header's syntax"))?;
    match header {
        Header::Reached { stage, ms } if message.is_empty() => Ok(Message::Reached(stage, ms)),
        Header::Refused(refusal) if message.is_empty() => Ok(Message::Ended(Err(refusal))),
        Header::Reached { .. } | Header::Refused(_) => Err(Lie("files without a picture")),
        Header::Rendered(header) => {
            let rendered = read_rendered(header, message)?;
            check(&rendered, request, limits)?;
            Ok(Message::Ended(Ok(rendered)))
        }
    }
}

/// Splits the concatenated files.
fn read_rendered(header: RenderedHeader, mut files: Bytes) -> Result<Rendered, Lie> {
    let RenderedHeader { width, height, crop, pictures: headers, placeholder, fingerprint } = header;
    let mut pictures = Vec::new();
    for PictureHeader { edge, width, height, bytes } in headers {
        if bytes > files.len() {
            return Err(Lie("a file's length"));
        }
        pictures.push(Picture { edge, width, height, jpeg: files.split_to(bytes) });
    }
    if !files.is_empty() {
        return Err(Lie("bytes after the files"));
    }
    Ok(Rendered { width, height, crop, pictures, placeholder, fingerprint })
}

fn check(rendered: &Rendered, request: &Request, limits: &Limits) -> Result<(), Lie> {
    let Rendered { width, height, crop, .. } = *rendered;
    limits.check_size(width, height).map_err(|_| Lie("the picture's size"))?;
    crop.check(width, height, limits).map_err(|_| Lie("the crop"))?;
    if request.crop.is_some_and(|asked| asked != crop) {
        return Err(Lie("a crop that was not requested"));
    }
    if !rendered.pictures.iter().map(|picture| picture.edge).eq(EDGES) {
        return Err(Lie("the list of sizes"));
    }
    for picture in &rendered.pictures {
        let side = picture.edge.min(crop.side);
        if (picture.width, picture.height) != (side, side) {
            return Err(Lie("a size in pixels"));
        }
        check_jpeg(&picture.jpeg, side)?;
    }
    if !BASE64.decode(rendered.placeholder.as_bytes()).is_ok_and(|hash| (5..=40).contains(&hash.len())) {
        return Err(Lie("the placeholder"));
    }
    if rendered.fingerprint.is_some_and(|print| !print.is_plausible()) {
        return Err(Lie("the fingerprint"));
    }
    Ok(())
}

/// Accepts a grey or colour JPEG of this size that contains only the JFIF header and segments needed for decoding.
fn check_jpeg(file: &[u8], side: u32) -> Result<(), Lie> {
    const TABLES: [u8; 3] = [0xC4, 0xDB, 0xDD];
    const FRAME_AND_SCAN: [u8; 3] = [jpeg::BASELINE, jpeg::PROGRESSIVE, 0xDA];
    let anatomy = jpeg::walk(&mut Cursor::new(file)).map_err(|_| Lie("a file that isn't a JPEG"))?;
    if (anatomy.width, anatomy.height) != (side, side) || !matches!(anatomy.components, 1 | 3) {
        return Err(Lie("a file of another size"));
    }
    if anatomy.end != file.len() as u64 {
        return Err(Lie("bytes after an image"));
    }
    if anatomy.stray {
        return Err(Lie("bytes between segments"));
    }
    let plain = anatomy.segments.iter().enumerate().all(|(at, segment)| match segment.marker {
        jpeg::APP0 => at == 0 && segment.head == *b"JFIF\0" && segment.length == 14,
        marker => TABLES.contains(&marker) || FRAME_AND_SCAN.contains(&marker),
    });
    if plain { Ok(()) } else { Err(Lie("a file with metadata")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Orientation, fixtures, fixtures::JpegWith, render::render};

    fn request() -> Request {
        Request { crop: None, bytes: 0 }
    }

    fn read(reply: Bytes) -> Result<Message, Lie> {
        read_message(reply, &request(), &Limits::default())
    }

    fn honest() -> Rendered {
        let file = fixtures::jpeg(&fixtures::quarters(600, 300), &JpegWith::default());
        render(file, None, &Limits::default(), |_, _| ()).expect("is rendered")
    }

    fn reply(result: Result<Rendered, Refusal>) -> Bytes {
        let mut reply = Vec::new();
        write_reply(&mut reply, result).expect("memory can be written");
        reply.into()
    }

    /// The parent's error for a valid reply with one field changed.
    fn caught(change: impl FnOnce(&mut Rendered)) -> &'static str {
        let mut rendered = honest();
        change(&mut rendered);
        read(reply(Ok(rendered))).expect_err("is a lie").0
    }

    /// Inserts bytes after the first segment of the smallest file.
    fn insert(rendered: &mut Rendered, bytes: &[u8]) {
        let file = &rendered.pictures[2].jpeg;
        // Start of image, then JFIF's marker and 16 bytes.
        let (head, rest) = file.split_at(2 + 2 + 16);
        rendered.pictures[2].jpeg = [head, bytes, rest].concat().into();
    }

    #[test]
    fn a_reply_round_trips() {
        let rendered = honest();
        assert_eq!(read(reply(Ok(rendered.clone()))), Ok(Message::Ended(Ok(rendered))));
        let refusal = Refusal::TooSmall { width: 1, height: 2, min: 200 };
        assert_eq!(read(reply(Err(refusal.clone()))), Ok(Message::Ended(Err(refusal))));
        for stage in Stage::ALL {
            let mut message = Vec::new();
            write_stage(&mut message, stage, 7).expect("memory can be written");
            assert_eq!(read(message.into()), Ok(Message::Reached(stage, 7)));
        }
    }

    #[test]
    fn lies_about_sizes_and_crops_are_caught() {
        assert_eq!(caught(|rendered| rendered.width = 60_000), "the picture's size");
        assert_eq!(caught(|rendered| rendered.crop.x = 400), "the crop");
        assert_eq!(caught(|rendered| rendered.pictures[0].width = 1080), "a size in pixels");
        assert_eq!(caught(|rendered| rendered.pictures.truncate(2)), "the list of sizes");
        assert_eq!(caught(|rendered| rendered.pictures[2].edge = 540), "the list of sizes");
        assert_eq!(caught(|rendered| rendered.placeholder = "<script>".repeat(9)), "the placeholder");
        let all_set = serde_json::from_value(u64::MAX.into()).expect("is 64 bits");
        assert_eq!(caught(|rendered| rendered.fingerprint = Some(all_set)), "the fingerprint");
        let asked = Request { crop: Some(Crop { x: 0, y: 0, side: 300 }), ..request() };
        let other = read_message(reply(Ok(honest())), &asked, &Limits::default());
        assert_eq!(other, Err(Lie("a crop that was not requested")));
    }

    #[test]
    fn files_other_than_plain_jpegs_are_caught() {
        let with_exif = JpegWith {
            exif: Some(fixtures::exif(Orientation::Upright)),
            progressive: true,
            ..JpegWith::default()
        };
        let tagged = fixtures::jpeg(&fixtures::quarters(160, 160), &with_exif);
        assert_eq!(caught(|rendered| rendered.pictures[2].jpeg = tagged.into()), "a file with metadata");
        // A comment, a profile, and what Photoshop writes.
        for marker in [0xFE, 0xE2, 0xED] {
            let segment = [0xFF, marker, 0, 4, b'h', b'i'];
            assert_eq!(caught(|rendered| insert(rendered, &segment)), "a file with metadata", "{marker:x}");
        }
        for between in [&b"<script>"[..], &[0xFF, 0xD0]] {
            assert_eq!(caught(|rendered| insert(rendered, between)), "bytes between segments");
        }
        let other = |rendered: &mut Rendered| rendered.pictures[2].jpeg = rendered.pictures[0].jpeg.clone();
        assert_eq!(caught(other), "a file of another size");
        let page = Bytes::from_static(b"<html>");
        assert_eq!(caught(|rendered| rendered.pictures[1].jpeg = page), "a file that isn't a JPEG");
        let longer = |rendered: &mut Rendered| {
            rendered.pictures[1].jpeg = [&rendered.pictures[1].jpeg, &b"PK"[..]].concat().into();
        };
        assert_eq!(caught(longer), "bytes after an image");
    }

    #[test]
    fn a_truncated_or_overlong_reply_is_caught() {
        let whole = reply(Ok(honest()));
        for kept in [0, 7, 11, 40, whole.len() / 2, whole.len() - 1] {
            assert!(read(whole.slice(..kept)).is_err(), "{kept} bytes");
        }
        let longer = Bytes::from([&whole[..], b"x"].concat());
        assert_eq!(read(longer), Err(Lie("its length")));
    }

    proptest! {
        #[test]
        fn any_reply_is_read_without_a_panic(length: u32, rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read([&MAGIC[..], &length.to_be_bytes(), &rest].concat().into());
            let _ = read(rest.into());
        }
    }
}

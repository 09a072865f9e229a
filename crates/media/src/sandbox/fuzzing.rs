//! The parent's reply parser, for fuzzing.

use bytes::Bytes;

use super::protocol::{MAGIC, Message, Request, read_message};
use crate::{Limits, Rendered};

/// Reads a child's raw message for a request without a crop, and returns the rendered picture if it passes all
/// checks.
pub fn reply(reply: &[u8]) -> Option<Rendered> {
    let request = Request { crop: None, bytes: 0 };
    match read_message(Bytes::copy_from_slice(reply), &request, &Limits::default()).ok()? {
        Message::Ended(result) => result.ok(),
        Message::Reached(..) => None,
    }
}

/// Reads a reply with this header and these files, framed as a child would frame it.
pub fn framed_reply(header: &[u8], files: &[u8]) -> Option<Rendered> {
    let length = |part: &[u8]| Some(u32::try_from(part.len()).ok()?.to_be_bytes());
    reply(&[&MAGIC[..], &length(header)?, &length(files)?, header, files].concat())
}

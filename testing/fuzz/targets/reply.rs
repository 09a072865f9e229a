//! Replies of a compromised decoder process.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pawdium_media::{EDGES, fuzzing};

fuzz_target!(|reply: &[u8]| {
    // A correct length is hard to guess, so the input is also framed, with the header up to its first zero.
    let (header, files) = reply.split_at(reply.iter().position(|&byte| byte == 0).unwrap_or(reply.len()));
    for rendered in [fuzzing::reply(reply), fuzzing::framed_reply(header, files)].into_iter().flatten() {
        assert!(rendered.pictures.iter().map(|picture| picture.edge).eq(EDGES));
        let files: usize = rendered.pictures.iter().map(|picture| picture.jpeg.len()).sum();
        assert!(files < reply.len());
    }
});

//! What a decoder process that is no longer ours may answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pawdium_media::{EDGES, fuzzing};

fuzz_target!(|reply: &[u8]| {
    // A length that is right is hard to guess, so the header also comes framed, up to its first zero.
    let (header, files) = reply.split_at(reply.iter().position(|&byte| byte == 0).unwrap_or(reply.len()));
    for rendered in [fuzzing::reply(reply), fuzzing::framed_reply(header, files)].into_iter().flatten() {
        assert!(rendered.pictures.iter().map(|picture| picture.edge).eq(EDGES));
        let files: usize = rendered.pictures.iter().map(|picture| picture.jpeg.len()).sum();
        assert!(files < reply.len());
    }
});

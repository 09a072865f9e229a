//! What the worker does with an upload before a decoder sees it.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use pawdium_media::{Limits, MediaError, probe};

fuzz_target!(|file: &[u8]| {
    let limits = Limits::default();
    match probe(&mut Cursor::new(file), &limits) {
        Ok(found) => {
            assert_eq!(limits.check_size(found.width, found.height), Ok(()));
            let (width, height) = found.upright_size();
            assert_eq!(found.width * found.height, width * height);
        }
        Err(MediaError::Refused(refusal)) => assert!(refusal.to_string().ends_with('.')),
        // A cursor refuses offsets that overflow.
        Err(MediaError::Io(_)) => {}
    }
});

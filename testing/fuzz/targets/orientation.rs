//! EXIF data, which the worker itself parses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pawdium_media::fuzzing;

fuzz_target!(|tiff: &[u8]| {
    fuzzing::orientation(tiff);
});

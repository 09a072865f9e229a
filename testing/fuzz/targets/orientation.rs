//! EXIF data, which are read in the worker itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pawdium_media::fuzzing;

fuzz_target!(|tiff: &[u8]| {
    fuzzing::orientation(tiff);
});

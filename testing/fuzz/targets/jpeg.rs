//! The JPEG decoder, which only the decoder process runs: it decodes or refuses any file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pawdium_jpeg::{Decoder, Region, Scale};

/// Pixels of the largest picture to try; many small ones find more.
const MAX_PIXELS: u32 = 1 << 20;

fuzz_target!(|file: &[u8]| {
    let Ok(decoder) = Decoder::new(file) else { return };
    let (width, height) = (decoder.header().width, decoder.header().height);
    if width.saturating_mul(height) > MAX_PIXELS {
        return;
    }
    let whole = Region { x: 0, y: 0, width, height };
    let part = Region { x: width / 3, y: height / 3, width: width.div_ceil(3), height: height.div_ceil(3) };
    for (region, scale) in
        [(whole, Scale::Full), (part, Scale::Half), (whole, Scale::Quarter), (part, Scale::Eighth)]
    {
        let Ok(components) = decoder.decode(region, scale) else { continue };
        assert_eq!(components.len(), decoder.header().components.len());
        for component in components {
            let plane = component.plane;
            assert_eq!(plane.samples.len(), plane.width * plane.height);
            let [left, top, width, height] = component.crop;
            assert!(left >= 0.0 && top >= 0.0 && width > 0.0 && height > 0.0);
            assert!(left + width <= plane.width as f64 + 1e-6 && top + height <= plane.height as f64 + 1e-6);
        }
    }
});

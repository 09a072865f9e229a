//! Regions of a picture.

use std::sync::LazyLock;

use pawdium_jpeg::{Component, Decoder, Error, Region, Scale};
use proptest::prelude::*;

use super::pictures::{SCALES, cjpeg, cut, decode};

const SIZE: (u32, u32) = (157, 121);

struct Sample {
    name: String,
    source: Vec<u8>,
    whole: Vec<Vec<Component>>,
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let mut samples = Vec::new();
    for sampling in ["1x1", "2x2", "4x1", "1x2", "1x1,2x2,1x1"] {
        for extra in [&["-baseline"][..], &["-progressive"], &["-restart", "4B"], &["-grayscale"]] {
            let arguments = [&["-quality", "92", "-sample", sampling][..], extra].concat();
            let source = cjpeg(&arguments, (SIZE.0 as usize, SIZE.1 as usize));
            let whole = SCALES.map(|scale| decode(&source, scale).unwrap()).into();
            samples.push(Sample { name: format!("{arguments:?}"), source, whole });
        }
    }
    samples
});

fn region() -> impl Strategy<Value = Region> {
    (0..SIZE.0, 0..SIZE.1).prop_flat_map(|(x, y)| {
        (1..=SIZE.0 - x, 1..=SIZE.1 - y).prop_map(move |(width, height)| Region { x, y, width, height })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]
    #[test]
    fn a_region_equals_that_part_of_the_whole(region in region(), sample in 0..20_usize, scale in 0..4_usize) {
        let sample = &SAMPLES[sample];
        let decoder = Decoder::new(&sample.source).unwrap();
        let parts = decoder.decode(region, SCALES[scale]).unwrap();
        let header = decoder.header();
        for ((part, whole), info) in parts.iter().zip(&sample.whole[scale]).zip(&header.components) {
            let side = SCALES[scale].side() as f64;
            let across = f64::from(info.horizontal) / f64::from(header.horizontal()) * side / 8.0;
            let down = f64::from(info.vertical) / f64::from(header.vertical()) * side / 8.0;
            // The plane's offset within the whole plane.
            let left = f64::from(region.x) * across - part.crop[0];
            let top = f64::from(region.y) * down - part.crop[1];
            prop_assert!((left % side).abs() < 1e-9);
            prop_assert!((top % side).abs() < 1e-9);
            prop_assert!(part.crop[0] >= 0.0 && part.crop[0] < side);
            prop_assert!(part.crop[0] + part.crop[2] <= part.plane.width as f64);
            prop_assert!(part.crop[1] + part.crop[3] <= part.plane.height as f64);
            prop_assert!((part.crop[2] - f64::from(region.width) * across).abs() < 1e-9);
            let size = (part.plane.width, part.plane.height);
            let expected = cut(whole, (left as usize, top as usize), size);
            prop_assert!(part.plane.samples == expected, "{}", sample.name);
        }
    }
}

#[test]
fn an_outside_or_empty_region_is_refused() {
    let source = &SAMPLES[0].source;
    let decoder = Decoder::new(source).unwrap();
    let (width, height) = SIZE;
    for region in [
        Region { x: 0, y: 0, width: 0, height: 1 },
        Region { x: 0, y: 0, width: width + 1, height },
        Region { x: 1, y: 0, width, height },
        Region { x: 0, y: height, width, height: 1 },
        Region { x: u32::MAX, y: 0, width: 2, height: 1 },
    ] {
        assert_eq!(decoder.decode(region, Scale::Full).err(), Some(Error::Region), "{region:?}");
    }
}

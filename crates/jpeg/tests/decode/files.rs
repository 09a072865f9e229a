//! Files from other encoders, compared with the output of other decoders.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use pawdium_jpeg::{Colour, Component, Decoder, Error, Scale};

use super::pictures::{SCALES, cjpeg, cut, decode, difference, djpeg, photo, whole};

const SIZE: (usize, usize) = (203, 149);

/// Compares luma with libjpeg-turbo's: nearly equal at full size and at an eighth.
fn agrees_with_djpeg(source: &[u8], name: &str) {
    for (scale, argument) in [(Scale::Full, "1/1"), (Scale::Eighth, "1/8")] {
        let components = decode(source, scale).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (width, height, expected) = djpeg(&["-scale", argument], source);
        let luma = cut(&components[0], (0, 0), (width, height));
        assert!(difference(&luma, &expected) <= 1, "{name} at {argument}");
    }
    // libjpeg averages pixels here; this decoder keeps more of an edge, so single samples differ.
    let (width, height, expected) = djpeg(&["-scale", "1/2"], source);
    let luma = cut(&decode(source, Scale::Half).unwrap()[0], (0, 0), (width, height));
    let total: u32 = luma.iter().zip(&expected).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    assert!(f64::from(total) / (luma.len() as f64) < 5.0, "{name} at half");
}

#[test]
fn luma_matches_libjpeg_for_every_sampling() {
    for sampling in ["1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "2x2,1x2,2x1", "1x4"] {
        for extra in [&[][..], &["-progressive"], &["-restart", "1"], &["-restart", "7B"], &["-optimize"]] {
            let arguments = [&["-quality", "85", "-sample", sampling][..], extra].concat();
            agrees_with_djpeg(&cjpeg(&arguments, SIZE), &format!("{arguments:?}"));
        }
    }
}

#[test]
fn luma_matches_libjpeg_at_every_quality() {
    for quality in ["1", "10", "50", "75", "95", "100"] {
        for extra in [&["-baseline"][..], &["-progressive"], &["-grayscale"], &["-grayscale", "-progressive"]]
        {
            let arguments = [&["-quality", quality][..], extra].concat();
            agrees_with_djpeg(&cjpeg(&arguments, SIZE), &format!("{arguments:?}"));
        }
    }
}

#[test]
fn tables_of_16_bits_are_read() {
    let source = cjpeg(&["-quality", "1"], SIZE);
    assert!(source.windows(5).any(|bytes| matches!(bytes, [0xFF, 0xDB, _, _, 0x10..=0xFF])), "a wide table");
    agrees_with_djpeg(&source, "quality 1");
}

#[test]
fn scans_can_come_in_any_order() {
    let scripts = [
        "0;\n1;\n2;\n",
        "2;\n0,1;\n",
        "0,1,2: 0-0, 0, 1;\n0: 1-9, 0, 3;\n2: 1-63, 0, 2;\n1: 1-63, 0, 0;\n0: 10-63, 0, 3;\n0: 1-63, 3, 2;\n\
         0: 1-63, 2, 1;\n0: 1-63, 1, 0;\n2: 1-63, 2, 1;\n2: 1-63, 1, 0;\n0,1,2: 0-0, 1, 0;\n",
        "0: 0-0, 0, 0;\n1: 0-0, 0, 0;\n2: 0-0, 0, 0;\n0: 1-1, 0, 0;\n0: 2-63, 0, 0;\n1: 1-63, 0, 1;\n1: 1-63, 1, 0;\n\
         2: 1-63, 0, 0;\n",
    ];
    for script in scripts {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), script).unwrap();
        let path = file.path().to_str().unwrap();
        for sampling in ["1x1", "2x2", "2x1"] {
            for restart in [&[][..], &["-restart", "5B"]] {
                let arguments =
                    [&["-quality", "90", "-sample", sampling, "-scans", path][..], restart].concat();
                agrees_with_djpeg(&cjpeg(&arguments, SIZE), script);
            }
        }
    }
}

#[test]
fn arithmetic_coding_is_refused() {
    let source = cjpeg(&["-arithmetic"], SIZE);
    assert_eq!(Decoder::new(&source).err(), Some(Error::Unsupported("arithmetic coding")));
}

#[test]
fn a_picture_of_one_pixel_is_decoded() {
    for extra in [&["-baseline"][..], &["-progressive"]] {
        let source = cjpeg(extra, (1, 1));
        for scale in SCALES {
            let components = decode(&source, scale).unwrap();
            assert_eq!(components.len(), 3);
            assert_eq!(components[0].plane.width, scale.side());
        }
    }
}

/// The value of a soft picture at a place. It is linear, so the mean of samples is the value at their centre.
fn soft_at(x: f64, y: f64, channel: usize) -> f64 {
    30.0 + x * (channel + 1) as f64 * 0.3 + y * 0.4
}

fn soft(width: usize, height: usize, channels: usize) -> Vec<u8> {
    let value =
        |i: usize| soft_at((i / channels % width) as f64, (i / channels / width) as f64, i % channels);
    (0..width * height * channels).map(|i| value(i).round() as u8).collect()
}

/// Compares a component of a soft picture that has one sample per `across` × `down` pixels at full size.
fn is_soft(component: &Component, scale: Scale, channel: usize, (across, down): (usize, usize), name: &str) {
    let step = 8.0 / scale.side() as f64;
    let (across, down) = (across as f64 * step, down as f64 * step);
    let [_, _, width, height] = component.crop;
    for y in 0..height as usize {
        for x in 0..width as usize {
            let middle = ((x as f64 + 0.5) * across - 0.5, (y as f64 + 0.5) * down - 0.5);
            let expected = soft_at(middle.0, middle.1, channel);
            let sample = f64::from(component.plane.samples[y * component.plane.width + x]);
            let error = (sample - expected).abs();
            assert!(error <= 3.0, "{name}: {sample} for {expected} at {x}, {y} of {channel} at {scale:?}");
        }
    }
}

#[test]
fn all_planes_are_decoded_for_every_sampling_of_another_encoder() {
    let (width, height) = (120, 88);
    let samplings = [
        (SamplingFactor::R_4_4_4, (1, 1)),
        (SamplingFactor::R_4_4_0, (1, 2)),
        (SamplingFactor::R_4_4_1, (1, 4)),
        (SamplingFactor::R_4_2_2, (2, 1)),
        (SamplingFactor::R_4_2_0, (2, 2)),
        (SamplingFactor::R_4_1_1, (4, 1)),
        (SamplingFactor::R_4_1_0, (4, 2)),
    ];
    let formats = [(ColorType::Ycbcr, 3), (ColorType::Ycck, 4), (ColorType::Luma, 1)];
    for (sampling, subsampling) in samplings {
        for ((format, channels), progressive) in formats.into_iter().flat_map(|f| [(f, false), (f, true)]) {
            let mut source = Vec::new();
            let mut encoder = Encoder::new(&mut source, 98);
            encoder.set_sampling_factor(sampling);
            encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(3);
            encoder.encode(&soft(width, height, channels), width as u16, height as u16, format).unwrap();
            for scale in SCALES {
                let components = decode(&source, scale).unwrap();
                assert_eq!(components.len(), channels);
                for (channel, component) in components.iter().enumerate() {
                    let subsampling = if channel == 1 || channel == 2 { subsampling } else { (1, 1) };
                    let name = format!("{sampling:?} {format:?} progressive: {progressive}");
                    is_soft(component, scale, channel, subsampling, &name);
                }
            }
        }
    }
}

#[test]
fn inks_are_returned_as_stored() {
    let pixels = soft(32, 24, 4);
    let mut source = Vec::new();
    Encoder::new(&mut source, 98).encode(&pixels, 32, 24, ColorType::Cmyk).unwrap();
    let components = decode(&source, Scale::Full).unwrap();
    for (channel, component) in components.iter().enumerate() {
        // The encoder inverts inks, as Adobe does.
        let expected: Vec<u8> = pixels.chunks(4).map(|pixel| 255 - pixel[channel]).collect();
        assert!(difference(&cut(component, (0, 0), (32, 24)), &expected) <= 2, "{channel}");
    }
}

#[test]
fn each_component_can_have_its_own_scale() {
    let source = cjpeg(&["-sample", "1x1"], SIZE);
    let decoder = Decoder::new(&source).unwrap();
    let region = whole(decoder.header());
    let mixed = decoder.decode_at(region, &[Scale::Full, Scale::Half, Scale::Eighth]).unwrap();
    assert_eq!(mixed[0], decoder.decode(region, Scale::Full).unwrap()[0]);
    assert_eq!(mixed[1], decoder.decode(region, Scale::Half).unwrap()[1]);
    assert_eq!(mixed[2], decoder.decode(region, Scale::Eighth).unwrap()[2]);
    assert_eq!(decoder.decode_at(region, &[Scale::Full]).err(), Some(Error::Region));
}

#[test]
fn the_colour_space_is_detected_like_libjpeg() {
    let (width, height) = (16_u16, 16_u16);
    let colour = |format, channels| {
        let mut source = Vec::new();
        let pixels = soft(16, 16, channels);
        Encoder::new(&mut source, 80).encode(&pixels, width, height, format).unwrap();
        let header = Decoder::new(&source).unwrap().header().clone();
        (header.colour, header.inverted)
    };
    assert_eq!(colour(ColorType::Luma, 1), (Colour::Grey, false));
    assert_eq!(colour(ColorType::Rgb, 3), (Colour::YCbCr, false));
    assert_eq!(colour(ColorType::Cmyk, 4), (Colour::Cmyk, true));
    assert_eq!(colour(ColorType::CmykAsYcck, 4), (Colour::Ycck, true));
    let rgb = cjpeg(&["-rgb"], SIZE);
    assert_eq!(Decoder::new(&rgb).unwrap().header().colour, Colour::Rgb);
    // The green plane of an RGB file is unchanged.
    let pixels = photo(SIZE.0, SIZE.1);
    let green: Vec<u8> = pixels.chunks(3).map(|pixel| pixel[1]).collect();
    let decoded = decode(&cjpeg(&["-rgb", "-quality", "100"], SIZE), Scale::Full).unwrap();
    assert!(difference(&cut(&decoded[1], (0, 0), SIZE), &green) <= 2);
}

#[test]
fn profiles_are_assembled_and_exif_is_found() {
    let profile: Vec<u8> = (0..150_000_u32).map(|i| (i % 251) as u8).collect();
    let mut source = Vec::new();
    let mut encoder = Encoder::new(&mut source, 80);
    encoder.add_icc_profile(&profile).unwrap();
    encoder.add_exif_metadata(b"MM\0*picture").unwrap();
    encoder.encode(&soft(16, 16, 3), 16, 16, ColorType::Rgb).unwrap();
    let decoder = Decoder::new(&source).unwrap();
    assert_eq!(decoder.header().icc.as_deref(), Some(&profile[..]));
    assert!(decoder.header().exif.is_some_and(|exif| exif.starts_with(b"MM\0*picture")));

    // Without its second chunk there is no profile.
    let at = source.windows(14).position(|bytes| bytes.starts_with(b"ICC_PROFILE\0\x02")).unwrap();
    let mut damaged = source.clone();
    damaged[at..at + 3].copy_from_slice(b"???");
    assert_eq!(Decoder::new(&damaged).unwrap().header().icc, None);
}

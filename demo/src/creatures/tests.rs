use std::collections::BTreeSet;

use ::exif::{In, Reader, Tag, Value};
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

use super::exif::Shot;
use super::plan::Plan;
use super::species::ORDER;
use super::{DemoPhoto, Options, compose, draw_with, names};

const FIRST: u64 = 60;

fn small(seed: u64, species: &'static str, orientation: u8) -> DemoPhoto {
    draw_with(Options { seed, species, width: 360, height: 240, orientation })
}

fn stored_pixels(photo: &DemoPhoto) -> (usize, usize, Vec<u8>) {
    let mut decoder = JpegDecoder::new(ZCursor::new(&photo.jpeg));
    let pixels = decoder.decode().expect("the file is a JPEG");
    let info = decoder.info().expect("a decoded file has a header");
    (usize::from(info.width), usize::from(info.height), pixels)
}

/// Turns stored pixels upright, pixel by pixel, like a viewer.
fn upright(photo: &DemoPhoto) -> Vec<u8> {
    let (w, h, stored) = stored_pixels(photo);
    let across = photo.width as usize;
    let mut out = vec![0; stored.len()];
    for (i, pixel) in stored.chunks_exact(3).enumerate() {
        let (x, y) = (i % w, i / w);
        let (ux, uy) = match photo.orientation {
            1 => (x, y),
            2 => (w - 1 - x, y),
            3 => (w - 1 - x, h - 1 - y),
            4 => (x, h - 1 - y),
            5 => (y, x),
            6 => (h - 1 - y, x),
            7 => (h - 1 - y, w - 1 - x),
            _ => (y, w - 1 - x),
        };
        out[(uy * across + ux) * 3..][..3].copy_from_slice(pixel);
    }
    out
}

#[test]
fn equal_seeds_give_equal_bytes_and_different_seeds_differ() {
    let first = small(7, "cat", 1);
    assert_eq!(first.jpeg, small(7, "cat", 1).jpeg);
    assert_ne!(first.jpeg, small(8, "cat", 1).jpeg);
}

#[test]
fn the_first_sixty_show_every_species_orientation_and_shape() {
    let plans: Vec<Plan> = (0..FIRST).map(Plan::nth).collect();
    let species: BTreeSet<_> = plans.iter().map(|p| p.breed.species).collect();
    assert_eq!(species, ["bird", "cat", "dog", "horse", "other", "rabbit", "reptile", "rodent"].into());
    let orientations: BTreeSet<_> = plans.iter().map(|p| p.orientation).collect();
    assert_eq!(orientations, (1..=8).collect());
    let shapes: BTreeSet<_> = plans.iter().map(|p| p.size.0.cmp(&p.size.1)).collect();
    assert_eq!(shapes.len(), 3, "landscape, portrait and square");
    assert!(plans.iter().any(|p| p.flash));
    for plan in plans {
        let pixels = plan.size.0 * plan.size.1;
        assert!((2_000_000..=12_200_000).contains(&pixels), "{:?}", plan.size);
    }
}

#[test]
fn the_first_sixty_have_different_titles_and_descriptions() {
    let plans: Vec<Plan> = (0..FIRST).map(Plan::nth).collect();
    let titles: BTreeSet<_> = plans.iter().map(|p| names::title(p.breed.species, p.turn)).collect();
    assert_eq!(titles.len() as u64, FIRST);
    let looks: BTreeSet<_> = plans.iter().map(|p| (p.breed.noun, p.scene.words())).collect();
    assert!(looks.len() as u64 > FIRST - 6, "{} of {FIRST} pairs of breed and place differ", looks.len());
}

#[test]
fn chosen_crops_lie_inside_their_photos() {
    let crops: Vec<_> =
        (0..300).map(Plan::nth).filter_map(|p| compose::chosen_crop(&p).map(|c| (p.size, c))).collect();
    assert!(crops.len() > 10);
    for ((width, height), (left, top, side)) in crops {
        assert!(side >= height / 2 && left + side <= width && top + side <= height);
    }
}

#[test]
fn every_species_can_be_chosen_and_files_are_as_large_as_photos() {
    for species in ORDER.into_iter().collect::<BTreeSet<_>>() {
        let photo = small(3, species, 1);
        assert_eq!(photo.species, species);
        assert_eq!((photo.width, photo.height), (360, 240));
        let bits = photo.jpeg.len() as f64 * 8.0 / (360.0 * 240.0);
        assert!((0.8..5.0).contains(&bits), "{species}: {bits} bits a pixel");
    }
}

#[test]
fn applying_the_stored_orientation_shows_the_photo_upright() {
    let reference = upright(&small(5, "dog", 1));
    for orientation in 2..=8 {
        let photo = small(5, "dog", orientation);
        let exif =
            Reader::new().read_from_container(&mut std::io::Cursor::new(&photo.jpeg)).expect("it has EXIF");
        let field = exif.get_field(Tag::Orientation, In::PRIMARY).expect("it has an orientation");
        assert_eq!(field.value.get_uint(0), Some(u32::from(orientation)));
        let (width, height, _) = stored_pixels(&photo);
        assert_eq!((width, height), if orientation >= 5 { (240, 360) } else { (360, 240) });
        let turned = upright(&photo);
        let apart: u64 = reference.iter().zip(&turned).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = apart as f64 / reference.len() as f64;
        assert!(mean < 7.0, "orientation {orientation} is {mean} levels off");
    }
}

#[test]
fn the_camera_writes_its_name_the_time_and_the_place() {
    for big_endian in [false, true] {
        let shot = Shot {
            make: "Bleptar",
            model: "Compact Mk II",
            taken: "2024:05:06 07:08:09".into(),
            place: Some((-1.5, 2.25)),
            orientation: 6,
            big_endian,
        };
        let exif = Reader::new().read_raw(shot.tiff()).expect("it is a TIFF structure");
        let text = |tag| exif.get_field(tag, In::PRIMARY).map(|f| f.display_value().to_string());
        assert_eq!(text(Tag::Make).as_deref(), Some("\"Bleptar\""));
        assert_eq!(text(Tag::Model).as_deref(), Some("\"Compact Mk II\""));
        assert_eq!(text(Tag::DateTimeOriginal).as_deref(), Some("2024-05-06 07:08:09"));
        assert_eq!(text(Tag::GPSLatitudeRef).as_deref(), Some("S"));
        let east = exif.get_field(Tag::GPSLongitude, In::PRIMARY).map(|f| f.value.clone());
        let Some(Value::Rational(parts)) = east else { panic!("the longitude is three fractions") };
        let parts: Vec<f64> = parts.iter().map(::exif::Rational::to_f64).collect();
        assert_eq!(parts, [2.0, 15.0, 0.0]);
    }
}

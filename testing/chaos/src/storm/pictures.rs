//! The files that people submit: a few pictures of several sizes, and some broken files.

use pawdium_demo::creatures::{self, Options};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

/// A JPEG file. With other bytes after its end it is another file with the same picture.
#[derive(Clone, Debug)]
pub(super) struct Picture(Vec<u8>);

/// The upright sizes, in pixels.
const SIZES: [(u32, u32); 6] = [(240, 240), (480, 360), (360, 640), (800, 600), (1280, 960), (64, 64)];

/// Draws a picture of each size.
pub(super) fn draw() -> Vec<Picture> {
    let orientations = [1_u8, 3, 6].into_iter().cycle();
    let numbered = (1_u64..).zip(SIZES).zip(orientations);
    let drawn = numbered.map(|((seed, (width, height)), orientation)| {
        creatures::draw_with(Options { seed, species: "cat", width, height, orientation })
    });
    drawn.map(|photo| Picture(photo.jpeg)).collect()
}

/// A file to submit, sometimes a broken one.
pub(super) fn a_file(pictures: &[Picture], dice: &mut ChaCha8Rng) -> Vec<u8> {
    let Some(Picture(jpeg)) = pictures.choose(dice) else { return Vec::new() };
    let mut file = jpeg.clone();
    match dice.random_range(0..20) {
        0 => file.truncate(file.len() / 2),
        1 => file = b"Dear diary, today the cat fell off the sofa again.".to_vec(),
        2 => file.clear(),
        3 => {
            let from = file.len() / 3;
            file[from..].fill(0x55);
        }
        // The same file as in other uploads.
        4..8 => {}
        _ => file.extend(dice.random::<u64>().to_le_bytes()),
    }
    file
}

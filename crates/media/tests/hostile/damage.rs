//! Valid files damaged in transit: truncated anywhere, or with flipped bits.

use pawdium_avif_samples::{Layout, Still};

use crate::{
    avif::noise,
    bytes::{MIB, Random, photo},
    case::{Case, case, run, run_recorded},
    expected::{DAMAGED, Expected, NOT_A_PICTURE},
    gif_file::Gif,
    jpeg_file::{Jpeg, encoded},
    png_file::Png,
    webp_file::{WebP, frame, lossless_plain},
};

const SIDE: u32 = 200;
const CUTS: usize = 64;
const FLIPS: usize = 120;
/// For headers that claim more than the file has, within the limits.
const MEMORY: u64 = 600 * MIB;
const SECONDS: u64 = 10;

/// A valid file of each kind.
fn good() -> [(&'static str, Vec<u8>); 11] {
    let side = u16::try_from(SIDE).expect("is short");
    let pixels = vec![3; (SIDE as usize + 1) * SIDE as usize + 400];
    let animated =
        frame([0, 0], [SIDE, SIDE], &crate::webp_file::chunk(*b"VP8L", &lossless_plain(SIDE, SIDE)));
    let mut animation = WebP { chunks: vec![(*b"ANIM", vec![0; 6])] }.extended(SIDE, SIDE, 0x02);
    animation.chunks.extend([animated.clone(), animated]);
    let still = Still::new(SIDE, SIDE);
    let grey = Still { layout: Layout::Grey, ..still };
    [
        ("baseline JPEG", Jpeg::sized(SIDE, SIDE).file()),
        ("progressive JPEG", Jpeg::progressive_of(SIDE, SIDE).file()),
        ("JPEG with restarts", encoded(&photo(SIDE, SIDE), |encoder| encoder.set_restart_interval(3))),
        ("PNG", Png::sized(SIDE, SIDE).file()),
        ("interlaced PNG", Png::of(SIDE, SIDE, 8, 0, 1, &pixels).file()),
        ("lossless WebP", WebP::lossless_of(SIDE, SIDE).file()),
        ("lossy WebP", WebP::lossy_noise(side, side).file()),
        ("animated WebP", animation.file()),
        ("GIF", Gif::plain(side, side).file()),
        ("AVIF", noise(&still).file()),
        ("AVIF with opacity", noise(&still).with_alpha(2, &grey, noise(&grey).items.remove(0).data).file()),
    ]
}

/// Each valid file truncated at 64 points, the first within the magic bytes and the last just before the end.
fn cuts() -> Vec<Case> {
    let cut = |(name, file): (&'static str, Vec<u8>)| {
        // A GIF is complete after its first frame; the trailer is one byte later.
        let needed = if name == "GIF" { file.len() - 1 } else { file.len() };
        let magic = match &file[..1] {
            b"\xFF" => 3,
            b"G" => 6,
            b"R" | b"\0" => 12,
            _ => 8,
        };
        (0..CUTS).map(move |at| {
            let kept = 2 + (needed - 3) * at / (CUTS - 1);
            let expected = if kept < magic { NOT_A_PICTURE } else { DAMAGED };
            case(format!("{kept} of {} bytes of a {name}", file.len()), &file[..kept], expected)
        })
    };
    good().into_iter().flat_map(cut).collect()
}

/// Each valid file with one to eight flipped bits.
fn flips() -> Vec<Case> {
    let mut random = Random::seeded(20_26);
    let mut cases = Vec::new();
    for (name, file) in good() {
        for number in 0..FLIPS {
            let mut damaged = file.clone();
            let bits = 1 + random.below(8);
            // Half of them hit the headers, where they matter most.
            let within = if number % 2 == 0 { file.len() } else { file.len().min(700) };
            for _ in 0..bits {
                damaged[random.below(within)] ^= 1 << random.below(8);
            }
            let flipped = case(format!("flips of a {name}"), damaged, Expected::Survived).number(number);
            cases.push(flipped.memory(MEMORY).seconds(SECONDS));
        }
    }
    cases
}

#[tokio::test]
async fn a_truncated_file_is_refused_as_damaged() {
    run(cuts()).await;
}

#[tokio::test]
async fn flipped_bits_never_crash_a_decoder() {
    run_recorded("flips", flips()).await;
}

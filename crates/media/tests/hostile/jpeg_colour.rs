//! JPEG: colour profiles that are broken, split, or for other colour spaces.

use crate::{
    case::{Case, case, run},
    expected::Expected,
    jpeg_file::{APP2, Jpeg, Segment},
};

const WHOLE: Expected = Expected::Rendered(320, 240);

/// A chunk of a profile (ICC.1:2022, annex B.4).
fn piece(number: u8, of: u8, data: &[u8]) -> Segment {
    Segment::new(APP2, [b"ICC_PROFILE\0", &[number, of][..], data].concat())
}

fn with(pieces: impl IntoIterator<Item = Segment>) -> Vec<u8> {
    Jpeg::photo().led_by(pieces)
}

/// A profile header for this colour space that claims a length, and its tag table (ICC.1:2022, 7.2).
fn profile(space: [u8; 4], claimed: u32, tags: &[[u32; 3]]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[0..4].copy_from_slice(&claimed.to_be_bytes());
    profile[8..12].copy_from_slice(&[4, 0x40, 0, 0]);
    profile[12..16].copy_from_slice(b"mntr");
    profile[16..20].copy_from_slice(&space);
    profile[20..24].copy_from_slice(b"XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile.extend(u32::try_from(tags.len()).expect("are few").to_be_bytes());
    profile.extend(tags.iter().flatten().flat_map(|word| word.to_be_bytes()));
    profile
}

fn profiles() -> Vec<Case> {
    let tag = |name: &[u8; 4], offset, size| [u32::from_be_bytes(*name), offset, size];
    let empty = profile(*b"RGB ", 132, &[]);
    let mut claims_tags = empty.clone();
    claims_tags[128..132].copy_from_slice(&u32::MAX.to_be_bytes());
    let far = profile(*b"RGB ", 4_000_000_000, &[tag(b"rXYZ", 0xFFFF_FFF0, 0xFFFF_FFFF)]);
    let on_itself =
        profile(*b"RGB ", 168, &[tag(b"A2B0", 128, 40), tag(b"rTRC", 128, 40), tag(b"rXYZ", 128, 40)]);
    let whole = |profile: &[u8]| with([piece(1, 1, profile)]);
    vec![
        case("no profile at all in its segment", whole(b""), WHOLE),
        case("noise for a profile", whole(&crate::bytes::Random::seeded(9).bytes(3_000)), WHOLE),
        case("a profile of no tags", whole(&empty), WHOLE),
        case("4,294,967,295 tags", whole(&claims_tags), WHOLE),
        case("tags 4 GiB away", whole(&far), WHOLE),
        case("tags that lie on the table of tags", whole(&on_itself), WHOLE),
        case("huge curves and tables", whole(&huge_tables()), WHOLE),
        case("a profile for CMYK", whole(&profile(*b"CMYK", 132, &[])), WHOLE),
        case("a profile for grey", whole(&profile(*b"GRAY", 132, &[])), WHOLE),
        case("pieces out of order", with([piece(2, 2, &empty[60..]), piece(1, 2, &empty[..60])]), WHOLE),
        case("255 pieces of a byte", with((0..255).map(|at| piece(at + 1, 255, &[at]))), WHOLE),
        case("255 pieces of 64 kB", with((1..=255).map(|at| piece(at, 255, &[at; 65_519]))), WHOLE)
            .memory(56 * crate::bytes::MIB),
        case("a piece twice", with([piece(1, 2, &empty), piece(1, 2, &empty)]), WHOLE),
        case("a piece missing", with([piece(1, 3, &empty[..60]), piece(3, 3, &empty[60..])]), WHOLE),
        case("piece 0 of 0", with([piece(0, 0, &empty)]), WHOLE),
        case("piece 9 of 2", with([piece(9, 2, &empty)]), WHOLE),
        case(
            "pieces that disagree on how many there are",
            with([piece(1, 2, &empty), piece(2, 200, &empty)]),
            WHOLE,
        ),
        case("a piece without its number", with([Segment::new(APP2, &b"ICC_PROFILE\0"[..])]), WHOLE),
    ]
}

/// Tags that announce a curve of four thousand million points and a table of 255 to the power of 15 points.
fn huge_tables() -> Vec<u8> {
    let names = [*b"rTRC", *b"gTRC", *b"bTRC", *b"A2B0", *b"B2A0"];
    let curve_at = 132 + 12 * 5;
    let table_at = curve_at + 12;
    let places = [curve_at, curve_at, curve_at, table_at, table_at];
    let tags: Vec<[u32; 3]> =
        names.iter().zip(places).map(|(name, at)| [u32::from_be_bytes(*name), at, 4_000]).collect();
    let mut profile = profile(*b"RGB ", table_at + 4_000, &tags);
    profile.extend(*b"curv\0\0\0\0\xFF\xFF\xFF\xFF");
    profile.extend(*b"mft2\0\0\0\0\x0F\x0F\xFF\0");
    profile.resize(usize::try_from(table_at + 4_000).expect("is short"), 0xFF);
    profile
}

#[tokio::test]
async fn unusable_profiles_are_ignored() {
    run(profiles()).await;
}

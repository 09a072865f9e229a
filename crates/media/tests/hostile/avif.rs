//! AVIF: false sizes, missing data, endless tables, runaway grids and references.

use pawdium_avif_samples::{Avif, Item, Layout, Place, Property, Still, boxed, full_boxed};
use pawdium_media::Refusal;

use crate::{
    bytes::{MIB, Random},
    case::{Case, case, run},
    expected::{DAMAGED, Expected, UNSUPPORTED, too_many_pixels, too_small},
};

const WHOLE: Expected = Expected::Rendered(320, 240);

fn still() -> Still {
    Still::new(320, 240)
}

/// A noise picture: any bits after a real header decode to something.
pub(crate) fn noise(still: &Still) -> Avif {
    let bytes = still.width as usize * still.height as usize;
    Avif::of(still, still.of(&Random::seeded(9).bytes(bytes)))
}

fn photo() -> Avif {
    noise(&still())
}

fn sized(width: u32, height: u32) -> Avif {
    let mut avif = photo();
    avif.items[0].properties[0] = Property::size(width, height);
    avif
}

fn sizes() -> Vec<Case> {
    let huge = Still::new(11_968, 4_160);
    let hidden = |width, height| {
        let mut avif = sized(320, 240);
        avif.items[0].data = Still::new(width, height).of(&vec![9; 40_000]);
        avif.file()
    };
    vec![
        case("whole", photo().file(), WHOLE),
        case("65,535 × 65,535", sized(65_535, 65_535).file(), too_many_pixels(65_535, 65_535)),
        case("4,294,967,295 squared", sized(u32::MAX, u32::MAX).file(), too_many_pixels(u32::MAX, u32::MAX)),
        case("no pixels", sized(0, 0).file(), too_small(0, 0)),
        case("no columns", sized(0, 240).file(), too_small(0, 240)),
        case("12,000 × 4,000 that aren't there", sized(12_000, 4_000).file(), DAMAGED),
        case(
            "content that ends before the picture",
            Avif::of(&still(), still().of(&[0x55; 30])).file(),
            DAMAGED,
        ),
        case("one column more", sized(321, 240).file(), DAMAGED),
        case("one row less", sized(320, 239).file(), DAMAGED),
        case("a hidden picture of 65,536 × 65,536", hidden(65_536, 65_536), DAMAGED),
        case("a hidden picture of 320 × 65,536", hidden(320, 65_536), DAMAGED),
        case("a hidden picture of one pixel", hidden(1, 1), DAMAGED),
        case(
            "50 megapixels in 30 KB",
            Avif::of(&huge, huge.grey()).file(),
            Expected::Rendered(huge.width, huge.height),
        )
        .memory(240 * MIB)
        .seconds(20),
        case(
            "50 megapixels of three times twelve bits",
            {
                let deep = Still { depth: 12, layout: Layout::Full, ..huge };
                Avif::of(&deep, deep.grey()).file()
            },
            Expected::Rendered(huge.width, huge.height),
        )
        .memory(600 * MIB)
        .seconds(20),
    ]
}

fn placed(method: u16, extents: Vec<[u64; 2]>) -> Vec<u8> {
    let mut avif = Avif { wide: true, ..photo() };
    avif.items[0].place = Place::At(method, extents);
    avif.file()
}

fn places() -> Vec<Case> {
    let pieces = |count| {
        let mut avif = photo();
        avif.items[0].place = Place::Pieces(count);
        avif.file()
    };
    let mut in_meta = photo();
    in_meta.items[0].place = Place::Meta;
    vec![
        case("data in meta", in_meta.file(), WHOLE),
        case("data in 1,000 pieces", pieces(1_000), WHOLE),
        case("data in 10,000 pieces", pieces(10_000), UNSUPPORTED),
        case("data 4 GiB away", placed(0, vec![[1 << 32, 100]]), DAMAGED),
        case("data at the end of all numbers", placed(0, vec![[u64::MAX, u64::MAX]]), DAMAGED),
        case("4 GiB of data", placed(0, vec![[0, 1 << 32]]), DAMAGED),
        case("all that follows, which are boxes", placed(0, vec![[0, 0]]), DAMAGED),
        case("nothing, behind the end", placed(0, vec![[9_999_999, 0]]), DAMAGED),
        case("the same data 1,000 times", placed(0, vec![[0, 300]; 1_000]), DAMAGED),
        case("no pieces", placed(0, Vec::new()), DAMAGED),
        case("data in a meta that has none", placed(1, vec![[0, 10]]), DAMAGED),
        case("data made of other items", placed(2, vec![[0, 10]]), UNSUPPORTED),
        case("data of no known kind", placed(15, vec![[0, 10]]), UNSUPPORTED),
    ]
}

/// A file with one table replaced.
fn replaced(kind: [u8; 4], table: &[u8]) -> Vec<u8> {
    let file = photo().file();
    let at = file.windows(4).position(|bytes| *bytes == kind).expect("has one") - 4;
    let old = u32::from_be_bytes(file[at..at + 4].try_into().expect("are four")) as usize;
    let meta = file.windows(4).position(|bytes| bytes == b"meta").expect("has one") - 4;
    let length = u32::from_be_bytes(file[meta..meta + 4].try_into().expect("are four")) as usize;
    let longer = u32::try_from(length + table.len() - old).expect("is short");
    [&file[..meta], &longer.to_be_bytes(), &file[meta + 4..at], table, &file[at + old..]].concat()
}

/// Appends bytes to the innermost of these nested boxes. The item data are in `meta`, so their offsets stay valid.
fn lengthened(mut avif: Avif, kinds: &[[u8; 4]], more: &[u8]) -> Vec<u8> {
    for item in &mut avif.items {
        item.place = Place::Meta;
    }
    let mut file = avif.file();
    let (mut at, mut end) = (0, 0);
    for kind in kinds {
        at += file[at..].windows(4).position(|bytes| bytes == kind).expect("has one") - 4;
        let length = u32::from_be_bytes(file[at..at + 4].try_into().expect("are four"));
        end = at + length as usize;
        let longer = length + u32::try_from(more.len()).expect("is short");
        file[at..at + 4].copy_from_slice(&longer.to_be_bytes());
        at += 8;
    }
    file.splice(end..end, more.iter().copied());
    file
}

fn tables() -> Vec<Case> {
    let before = |before: Vec<u8>| Avif { before, ..photo() }.file();
    let nested =
        |count: usize| (0..count / 2).fold(Vec::new(), |inner, _| boxed(b"iprp", &boxed(b"ipco", &inner)));
    let info = full_boxed(b"infe", 2, 0, &[0, 7, 0, 0, b'a', b'v', b'0', b'1', 0]);
    let infos = |count: u32| {
        full_boxed(b"iinf", 1, 0, &[&count.to_be_bytes()[..], &info.repeat(count as usize)].concat())
    };
    let properties = |count: usize| boxed(b"iprp", &boxed(b"ipco", &boxed(b"free", b"").repeat(count)));
    let locations = full_boxed(b"iloc", 1, 0, &[0, 0, 0xFF, 0xFF]);
    let many_empty = [&[0, 0, 0, 1, 0, 1, 0, 0, 0, 0][..], &[0xFF, 0xFF]].concat();
    let mut many = photo();
    many.items.extend((2..4_000).map(|id| Item {
        id,
        kind: *b"Exif",
        properties: Vec::new(),
        data: vec![0],
        place: Place::File,
    }));
    let mut too_many = many.clone();
    too_many.items.extend(many.items[1..].iter().cloned().map(|item| Item { id: item.id + 4_000, ..item }));
    vec![
        case("4,000 items", many.file(), WHOLE),
        case("8,000 items", too_many.file(), UNSUPPORTED),
        case("1,000,000 items that are said", replaced(*b"iinf", &said(1_000_000)), UNSUPPORTED),
        case("100,000 items that are there", replaced(*b"iinf", &infos(100_000)), UNSUPPORTED)
            .memory(12 * MIB),
        case("4,000 items, none of which it is", replaced(*b"iinf", &infos(4_000)), DAMAGED),
        case("100,000 properties", replaced(*b"iprp", &properties(100_000)), UNSUPPORTED).memory(12 * MIB),
        case("5 MB of properties", replaced(*b"iprp", &properties(625_000)), UNSUPPORTED).memory(12 * MIB),
        case(
            "1,300,000 lists of its properties",
            {
                let list = full_boxed(
                    b"ipma",
                    0,
                    0,
                    &[&4_000_u32.to_be_bytes()[..], &[0, 1, 0].repeat(4_000)].concat(),
                );
                lengthened(photo(), &[*b"meta", *b"iprp"], &list.repeat(330))
            },
            WHOLE,
        )
        .memory(16 * MIB),
        case("65,535 places that aren't there", replaced(*b"iloc", &locations), UNSUPPORTED),
        case(
            "65,535 pieces of no bytes",
            replaced(*b"iloc", &full_boxed(b"iloc", 1, 0, &many_empty)),
            UNSUPPORTED,
        ),
        case("boxes in boxes, 10,000 deep", before(nested(10_000)), WHOLE),
        case("999 boxes beside each other", before(boxed(b"free", b"").repeat(990)), WHOLE),
        case("100,000 boxes beside each other", before(boxed(b"free", b"").repeat(100_000)), DAMAGED),
        case("a box of 10 MB that nobody reads", before(boxed(b"free", &vec![7; 10_000_000])), WHOLE)
            .memory(24 * MIB),
        case("no tables", before_all(&full_boxed(b"meta", 0, 0, b"")), DAMAGED),
        case("a meta of 4 GiB", before_all(b"\xFF\xFF\xFF\xFFmeta\0\0\0\0"), DAMAGED),
        case("a meta of 2^64 bytes", before_all(&[&b"\0\0\0\x01meta"[..], &[0xFF; 8]].concat()), DAMAGED),
        case("a box of no bytes", before_all(b"\0\0\0\x04free"), DAMAGED),
    ]
}

/// An `iinf` that claims `count` items and contains none.
fn said(count: u32) -> Vec<u8> {
    full_boxed(b"iinf", 1, 0, &count.to_be_bytes())
}

/// A valid file with bytes inserted before its `meta`.
fn before_all(bytes: &[u8]) -> Vec<u8> {
    let file = photo().file();
    let head = u32::from_be_bytes(file[..4].try_into().expect("are four")) as usize;
    [&file[..head], bytes, &file[head..]].concat()
}

fn properties() -> Vec<Case> {
    let with = |property: Property| photo().with(property).file();
    let profile = |length: usize| with(Property::profile(&vec![9; length]));
    let twice = |property: Property| vec![property; 200].into_iter().fold(photo(), Avif::with).file();
    let mut foreign = photo();
    foreign.items[0].kind = *b"hvc1";
    let hdr = Still { colours: Some([9, 16, 9]), ..still() };
    vec![
        case("a profile of noise", profile(5_000), WHOLE),
        case("a profile of 3 MB", profile(3_000_000), WHOLE).memory(24 * MIB),
        case("a profile of 10 MB", profile(10_000_000), UNSUPPORTED).memory(24 * MIB),
        case("a profile of no bytes", profile(0), WHOLE),
        case("200 turns", twice(Property::turned(2)), WHOLE),
        case("200 mirrors", twice(Property::mirrored(1)), WHOLE),
        case("a turn of no bytes", with(Property::new(b"irot", b"")), DAMAGED),
        case("a turn by 255", with(Property::turned(255)), Expected::Rendered(240, 320)),
        case("a size of no bytes", with(Property::new(b"ispe", b"")), DAMAGED),
        case("colours of no bytes", with(Property::new(b"colr", b"")), DAMAGED),
        case("numbers that are cut", with(Property::new(b"colr", b"nclx\0\x01")), DAMAGED),
        case("numbers out of range", with(Property::colours([255, 255, 255], true)), UNSUPPORTED),
        case("HDR", noise(&hdr).file(), Expected::Refused(Refusal::HighDynamicRange)),
        case("a crop", with(Property::new(b"clap", &[0xFF; 32])), UNSUPPORTED),
        case("something that must be known", with(Property::new(b"none", b"").essential()), UNSUPPORTED),
        case("HEVC under AVIF's brands", foreign.file(), Expected::Refused(Refusal::Heif)),
    ]
}

fn grid(count: [u8; 2], size: [u32; 2], tile: &Still, tiles: usize) -> Avif {
    Avif::grid(count, size, tile, vec![tile.grey(); tiles])
}

fn grids() -> Vec<Case> {
    let tile = Still::new(256, 192);
    let whole = grid([2, 2], [400, 300], &tile, 4);
    let mut itself = whole.clone();
    itself.references[0].2 = vec![1; 4];
    let mut of_grids = whole.clone();
    for item in &mut of_grids.items[1..] {
        item.kind = *b"grid";
    }
    let mut one_tile = whole.clone();
    one_tile.references[0].2 = vec![2; 4];
    let mut missing = whole.clone();
    missing.references[0].2 = vec![2, 3, 4, 99];
    let mut cut = whole.clone();
    cut.items[0].data.truncate(7);
    let big = Still::new(11_968, 4_160);
    let mut many = grid([64, 16], [4_096, 1_024], &Still::new(64, 64), 1);
    many.references[0].2 = vec![2; 1_024];
    let taken = Expected::Rendered(400, 300);
    vec![
        case("a grid", whole.file(), taken.clone()),
        case("a grid of one tile, four times", one_tile.file(), taken),
        case("1,024 tiles", many.file(), Expected::Rendered(4_096, 1_024)).memory(24 * MIB),
        case(
            "1,024 tiles, and 32,000 properties",
            lengthened(many.clone(), &[*b"meta", *b"iprp", *b"ipco"], &boxed(b"free", b"").repeat(32_000)),
            Expected::Rendered(4_096, 1_024),
        )
        .memory(24 * MIB),
        case(
            "1,024 tiles, and 500,000 boxes beside their properties",
            lengthened(many, &[*b"meta", *b"iprp"], &boxed(b"free", b"").repeat(500_000)),
            DAMAGED,
        )
        .memory(16 * MIB)
        .seconds(5),
        case("a grid of itself", itself.file(), DAMAGED),
        case("a grid of grids", of_grids.file(), UNSUPPORTED),
        case("a tile that isn't there", missing.file(), DAMAGED),
        case("a grid that is cut", cut.file(), DAMAGED),
        case("65,536 tiles", grid([0, 0], [400, 300], &tile, 4).file(), DAMAGED),
        case("three of four tiles", grid([2, 2], [400, 300], &tile, 3).file(), DAMAGED),
        case("tiles beside the picture", grid([2, 2], [250, 150], &tile, 4).file(), too_small(250, 150)),
        case("tiles far larger than the picture", grid([1, 1], [320, 240], &big, 1).file(), WHOLE)
            .memory(160 * MIB)
            .seconds(20),
        case(
            "tiles of 65,535 squared",
            {
                let mut avif = grid([1, 1], [320, 240], &tile, 1);
                avif.items[1].properties[0] = Property::size(65_535, 65_535);
                avif.file()
            },
            DAMAGED,
        ),
        case(
            "a grid of 65,535 squared",
            grid([255, 255], [65_535, 65_535], &tile, 1).file(),
            too_many_pixels(65_535, 65_535),
        ),
        case("four tiles of 50 megapixels", grid([2, 2], [11_969, 4_161], &big, 4).file(), DAMAGED),
    ]
}

fn opacities() -> Vec<Case> {
    let grey = Still { layout: Layout::Grey, ..still() };
    let alpha = || photo().with_alpha(2, &grey, noise(&grey).items.remove(0).data);
    let of_size = |width, height| {
        let mut avif = alpha();
        avif.items[1].properties[0] = Property::size(width, height);
        avif.file()
    };
    let mut of_itself = alpha();
    of_itself.references = vec![(*b"auxl", 1, vec![1])];
    of_itself.items[0].properties.push(Property::alpha());
    let mut circle = alpha();
    circle.references.push((*b"auxl", 1, vec![2]));
    let mut a_thousand = alpha();
    a_thousand.references = (10..1_010).map(|id| (*b"auxl", id, vec![1])).collect();
    let mut broken = alpha();
    broken.items[1].data.truncate(200);
    let mut coloured = alpha();
    coloured.items[1].data = photo().items.remove(0).data;
    let long = "urn:".repeat(100_000);
    vec![
        case("opacity", alpha().file(), WHOLE),
        case("opacity with colours", coloured.file(), WHOLE),
        case("opacity of another size", of_size(160, 120), DAMAGED),
        case("opacity of no size", of_size(0, 0), DAMAGED),
        case("opacity of 65,535 squared", of_size(65_535, 65_535), DAMAGED),
        case("opacity that is cut", broken.file(), DAMAGED),
        case("opacity that is the picture", of_itself.file(), WHOLE),
        case("opacity of the opacity", circle.file(), WHOLE),
        case("1,000 opacities that aren't there", a_thousand.file(), WHOLE),
        case(
            "something beside it with a name of 400 KB",
            {
                let mut avif = alpha();
                avif.items[1].properties.pop();
                avif.items[1].properties.push(Property::auxiliary(&long));
                avif.file()
            },
            WHOLE,
        ),
        case(
            "60,000 references",
            {
                let mut avif = photo();
                avif.references.push((*b"auxl", 9, vec![1; 60_000]));
                avif.file()
            },
            WHOLE,
        ),
    ]
}

#[tokio::test]
async fn false_sizes_are_detected() {
    run(sizes()).await;
}

#[tokio::test]
async fn data_are_found_or_reported_missing() {
    run(places()).await;
}

#[tokio::test]
async fn endless_tables_are_not_read() {
    run(tables()).await;
}

#[tokio::test]
async fn invalid_properties_are_refused_or_ignored() {
    run(properties()).await;
}

#[tokio::test]
async fn runaway_grids_are_stopped() {
    run(grids()).await;
}

#[tokio::test]
async fn unsuitable_alpha_is_refused() {
    run(opacities()).await;
}

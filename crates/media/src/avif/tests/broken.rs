//! Damaged files, and files of other formats.

use pawdium_avif_samples::{boxed, full_boxed};

use super::*;

fn plain() -> Avif {
    Avif::of(&still(), quarters(&still()))
}

#[test]
fn size_and_turn_are_read_from_the_properties() {
    let expected =
        Probe { format: Format::Avif, width: WIDTH, height: HEIGHT, orientation: Orientation::Upright };
    assert_eq!(probed(&plain().file()), Ok(expected));
    let turned = plain().with(Property::turned(3)).with(Property::mirrored(1));
    assert_eq!(probed(&turned.file()), Ok(Probe { orientation: Orientation::Transposed, ..expected }));
    assert_eq!(probed(&turned.file()).map(|probe| probe.upright_size()), Ok((HEIGHT, WIDTH)));
}

#[test]
fn item_types_decide_not_brands() {
    for brands in [&[*b"mif1"][..], &[*b"heic", *b"mif1"], &[*b"avis", *b"msf1"], &[*b"isom", *b"avif"]] {
        assert_shows_quarters(&format!("{brands:?}"), &Avif { brands: brands.into(), ..plain() }.file());
    }
    for brands in [&[*b"avif", *b"mif1"][..], &[*b"heic"], &[*b"mif1", *b"avis"]] {
        for kind in [*b"hvc1", *b"hev1"] {
            let mut heic = Avif { brands: brands.into(), ..plain() };
            heic.items[0].kind = kind;
            assert_eq!(probed(&heic.file()), Err(Refusal::Heif));
        }
    }
    let mut tiles = Avif::grid([1, 1], [WIDTH, HEIGHT], &still(), vec![vec![0; 99]]);
    tiles.items[1].kind = *b"hvc1";
    assert_eq!(probed(&tiles.file()), Err(Refusal::Heif));
    for kind in [*b"jpeg", *b"avc1", *b"iovl", *b"iden", *b"vvc1"] {
        let mut other = plain();
        other.items[0].kind = kind;
        assert_eq!(probed(&other.file()), Err(Refusal::Unsupported), "{kind:?}");
    }
    assert_eq!(
        probed(&Avif { brands: vec![*b"isom", *b"mp42"], ..plain() }.file()),
        Err(Refusal::NotAPicture)
    );
}

#[test]
fn an_image_sequence_without_a_still_picture_is_refused() {
    let film = |brand: &[u8; 4]| {
        [boxed(b"ftyp", &[brand, &[0; 4][..], brand].concat()), boxed(b"moov", &[0; 99])].concat()
    };
    assert_eq!(probed(&film(b"avis")), Err(Refusal::Unsupported));
    assert_eq!(probed(&film(b"hevc")), Err(Refusal::Heif));
}

#[test]
fn a_file_truncated_anywhere_is_damaged() {
    let (opacity, data) = (Still { layout: Layout::Grey, ..still() }, still().grey());
    for avif in [plain(), plain().with_alpha(2, &opacity, data)] {
        let file = avif.file();
        for kept in 12..file.len() {
            assert_eq!(probed(&file[..kept]), Err(Refusal::Damaged), "{kept} of {} bytes", file.len());
        }
        assert!(probed(&[&file[..], b"and more"].concat()).is_ok());
    }
}

#[test]
fn a_picture_that_contradicts_its_container_is_damaged() {
    let refused = |avif: &Avif| rendered(&avif.file()).err();
    for (width, height) in [(HEIGHT, WIDTH), (WIDTH - 1, HEIGHT), (WIDTH, HEIGHT + 64), (2_000, 2_000)] {
        let mut avif = plain();
        avif.items[0].properties[0] = Property::size(width, height);
        assert_eq!(probed(&avif.file()).map(|probe| (probe.width, probe.height)), Ok((width, height)));
        assert_eq!(refused(&avif), Some(Refusal::Damaged));
    }
    let mut claims = plain();
    claims.items[0].properties[0] = Property::size(65_535, 65_535);
    let expected = Refusal::TooManyPixels { width: 65_535, height: 65_535, max: 50_000_000 };
    assert_eq!(probed(&claims.file()), Err(expected));
}

#[test]
fn unequal_tiles_are_damaged() {
    let still = Still::new(256, 192);
    let full = Still { layout: Layout::Full, ..still };
    let deep = Still { depth: 10, ..still };
    for other in [full, deep] {
        let tiles = vec![still.grey(), other.grey(), still.grey(), still.grey()];
        let avif = Avif::grid([2, 2], [512, 384], &still, tiles);
        assert_eq!(rendered(&avif.file()).err(), Some(Refusal::Damaged));
    }
    let odd = Still::new(255, 256);
    let avif = Avif::grid([2, 1], [509, 256], &odd, vec![odd.grey(); 2]);
    assert_eq!(rendered(&avif.file()).err(), Some(Refusal::Unsupported));
}

#[test]
fn inconsistent_grids_are_damaged() {
    let still = Still::new(256, 192);
    let of = |count: [u8; 2], size: [u32; 2], tiles| {
        Avif::grid(count, size, &still, (0..tiles).map(|_| still.grey()).collect()).file()
    };
    assert!(probed(&of([2, 2], [512, 384], 4)).is_ok());
    for (count, size, tiles) in [
        ([2, 2], [512, 384], 3),
        ([2, 2], [512, 384], 5),
        ([2, 2], [512, 384], 0),
        ([2, 2], [513, 384], 4),
        ([2, 2], [512, 385], 4),
        ([3, 2], [512, 384], 6),
        ([2, 2], [256, 384], 4),
    ] {
        assert_eq!(probed(&of(count, size, tiles)), Err(Refusal::Damaged), "{count:?}, {size:?}, {tiles}");
    }
    let mut itself = Avif::grid([1, 1], [256, 256], &still, Vec::new());
    itself.references = vec![(*b"dimg", 1, vec![1])];
    assert_eq!(probed(&itself.file()), Err(Refusal::Unsupported));
}

#[test]
fn an_unknown_essential_property_refuses_the_picture() {
    let unknown = Property::new(b"xyzw", &[1, 2, 3]);
    assert_shows_quarters("a property that nobody knows", &plain().with(unknown.clone()).file());
    assert_eq!(probed(&plain().with(unknown.essential()).file()), Err(Refusal::Unsupported));
    let cropped = Property::new(b"clap", &[0; 32]).essential();
    assert_eq!(probed(&plain().with(cropped.clone()).file()), Err(Refusal::Unsupported));
    let mut beside = plain().with_alpha(2, &still(), Vec::new());
    beside.items[1].properties[2] = cropped;
    assert_shows_quarters("a crop of what isn't shown", &beside.file());
}

#[test]
fn missing_boxes_and_data_are_damaged() {
    let mut no_size = plain();
    no_size.items[0].properties.remove(0);
    let mut no_configuration = plain();
    no_configuration.items[0].properties.remove(1);
    let mut other_alpha = plain().with_alpha(2, &Still::new(WIDTH, HEIGHT), Vec::new());
    other_alpha.items[1].properties[0] = Property::size(WIDTH / 2, HEIGHT);
    for avif in [no_size, no_configuration, other_alpha, Avif { primary: 7, ..plain() }] {
        assert_eq!(probed(&avif.file()), Err(Refusal::Damaged));
    }
    let length = plain().file().len() as u64;
    for (method, extents) in [
        (0, vec![[length, 1]]),
        (0, vec![[length - 9, 10]]),
        (0, vec![[u64::MAX, 1]]),
        (0, vec![[1, u64::MAX]]),
        (0, vec![]),
        (1, vec![[0, 10]]),
        (0, vec![[0, length]; 2]),
    ] {
        let mut avif = Avif { wide: true, ..plain() };
        avif.items[0].place = Place::At(method, extents.clone());
        assert_eq!(probed(&avif.file()), Err(Refusal::Damaged), "{method}, {extents:?}");
    }
    let mut made = plain();
    made.items[0].place = Place::At(2, vec![[0, 10]]);
    assert_eq!(probed(&made.file()), Err(Refusal::Unsupported));
}

#[test]
fn boxes_with_wrong_lengths_are_damaged() {
    let brands = boxed(b"ftyp", b"avif\0\0\0\0avif");
    for meta in [
        b"\xFF\xFF\xFF\xFFmeta".to_vec(),
        b"\0\0\0\x07meta".to_vec(),
        b"\0\0\0\x01meta\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF".to_vec(),
        b"\0\0\0\x01meta\0\0\0\0\0\0\0\x09".to_vec(),
        full_boxed(b"meta", 0, 0, b"\0\0\0\xFFpitm\0\0\0\0\0\x01"),
        full_boxed(b"meta", 0, 0, &boxed(b"pitm", b"")),
        full_boxed(b"meta", 0, 0, b""),
        boxed(b"meta", b""),
        boxed(b"free", b"").repeat(5_000),
    ] {
        assert_eq!(probed(&[&brands[..], &meta].concat()), Err(Refusal::Damaged), "{:?}", &meta[..8]);
    }
}

//! Pixels of rendered pictures for every way to store them.

use super::*;

#[test]
fn colours_survive_every_layout_depth_matrix_and_range() {
    let layouts = [Layout::Quarter, Layout::Half, Layout::Full];
    for (layout, depth) in layouts.iter().flat_map(|&layout| [8, 10, 12].map(|depth| (layout, depth))) {
        for (matrix, full_range) in
            [(6, true), (6, false), (1, false), (1, true), (9, false), (8, true), (0, true)]
        {
            if matrix == 0 && layout != Layout::Full {
                continue;
            }
            let still = Still { layout, depth, full_range, colours: Some([1, 1, matrix]), ..still() };
            let file = Avif::of(&still, quarters(&still)).file();
            assert_shows_quarters(&format!("{layout:?}, {depth} bits, {matrix}, {full_range}"), &file);
        }
    }
}

#[test]
fn container_colours_override_the_bitstreams() {
    let limited = Still { full_range: false, colours: Some([1, 1, 1]), ..still() };
    let content = quarters(&limited);
    let told_otherwise = Still { full_range: true, colours: Some([9, 16, 9]), ..still() };
    let lying =
        [told_otherwise.sequence_header(), content[told_otherwise.sequence_header().len()..].to_vec()];
    let file = Avif::of(&still(), lying.concat()).with(Property::colours([1, 1, 1], false)).file();
    assert_shows_quarters("colours of the file", &file);
    let untold = Still { colours: None, ..still() };
    assert_shows_quarters("no colours at all", &Avif::of(&untold, quarters(&untold)).file());
}

#[test]
fn grey_is_grey() {
    let greys = [[0; 3], [100; 3], [180; 3], [255; 3]];
    for (depth, full_range) in [(8, true), (8, false), (10, true), (12, false)] {
        let still = Still { layout: Layout::Grey, depth, full_range, ..still() };
        let file = Avif::of(&still, still.quarters(coded(&still, 6, greys))).file();
        assert_near("grey", shown(&rendered(&file).expect("is rendered")), greys, 4);
    }
}

#[test]
fn odd_sizes_are_shown_whole() {
    for layout in [Layout::Grey, Layout::Quarter, Layout::Half, Layout::Full] {
        let still = Still { layout, ..Still::new(301, 233) };
        let file = Avif::of(&still, still.quarters([[200, 90, 90]; 4])).file();
        let rendered = rendered(&file).expect("is rendered");
        assert_eq!((rendered.width, rendered.height), (301, 233));
        let found = shown(&rendered);
        assert_near("one colour", found, [found[0]; 4], 3);
    }
}

/// The alpha of the four quarters.
fn alpha(still: &Still, opacity: [u16; 4]) -> (Still, Vec<u8>) {
    let still = Still { layout: Layout::Grey, colours: None, ..*still };
    (still, still.quarters(opacity.map(|opacity| [opacity, 0, 0])))
}

#[test]
fn transparency_is_composited_over_white() {
    const WHITE: [u8; 3] = [255; 3];
    let half = |colour: [u8; 3]| colour.map(|sample| u8::midpoint(sample, 255));
    let [_, green, blue, yellow] = QUARTERS;
    for layout in [Layout::Quarter, Layout::Half, Layout::Full] {
        let still = Still { layout, ..still() };
        let (opacity, data) = alpha(&still, [0, 255, 128, 255]);
        let file = Avif::of(&still, quarters(&still)).with_alpha(2, &opacity, data).file();
        let found = shown(&rendered(&file).expect("is rendered"));
        assert_near("alpha", found, [WHITE, green, half(blue), yellow], 8);
    }
    let (opacity, data) = alpha(&still(), [255; 4]);
    let file = Avif::of(&still(), quarters(&still())).with_alpha(2, &opacity, data).file();
    assert_shows_quarters("opaque", &file);

    // Colours premultiplied with their alpha.
    let darkened = coded(&still(), 6, [[0; 3], green, blue.map(|sample| sample / 2), yellow]);
    let (opacity, data) = alpha(&still(), [0, 255, 128, 255]);
    let mut premultiplied = Avif::of(&still(), still().quarters(darkened)).with_alpha(2, &opacity, data);
    premultiplied.references.push((*b"prem", 1, vec![2]));
    let found = shown(&rendered(&premultiplied.file()).expect("is rendered"));
    assert_near("premultiplied", found, [WHITE, green, half(blue), yellow], 8);

    let (opacity, data) = alpha(&Still { depth: 10, full_range: false, ..still() }, [64, 940, 502, 940]);
    let file = Avif::of(&still(), quarters(&still())).with_alpha(2, &opacity, data).file();
    let found = shown(&rendered(&file).expect("is rendered"));
    assert_near("alpha of ten bits", found, [WHITE, green, half(blue), yellow], 8);
}

#[test]
fn transparent_grey_is_composited_over_white() {
    let grey = Still { layout: Layout::Grey, ..still() };
    let (opacity, data) = alpha(&still(), [0, 255, 128, 255]);
    let content = grey.quarters([[0; 3], [100, 0, 0], [55, 0, 0], [0; 3]]);
    let file = Avif::of(&grey, content).with_alpha(2, &opacity, data).file();
    let found = shown(&rendered(&file).expect("is rendered"));
    assert_near("grey", found, [[255; 3], [100; 3], [155; 3], [0; 3]], 4);
}

#[test]
fn auxiliary_images_other_than_alpha_are_ignored() {
    let (depth, data) = alpha(&still(), [0; 4]);
    let mut avif = Avif::of(&still(), quarters(&still())).with_alpha(2, &depth, data);
    *avif.items[1].properties.last_mut().expect("has some") =
        Property::auxiliary("urn:mpeg:mpegB:cicp:systems:auxiliary:depth");
    assert_shows_quarters("a map of depth", &avif.file());
}

/// Item transforms as pixel operations (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
#[test]
fn every_turn_and_mirror_is_undone_in_its_order() {
    let turns = (0..4).map(|turn| (Property::turned(turn), format!("turned {turn}")));
    let mirrors = || (0..2).map(|axis| (Property::mirrored(axis), format!("mirrored {axis}")));
    let turns: Vec<_> = turns.collect();
    let mut ways: Vec<Vec<(Property, String)>> = vec![Vec::new()];
    ways.extend(turns.iter().cloned().chain(mirrors()).map(|one| vec![one]));
    for turn in &turns {
        ways.extend(mirrors().map(|mirror| vec![turn.clone(), mirror]));
        ways.extend(mirrors().map(|mirror| vec![mirror, turn.clone()]));
    }
    for way in ways {
        let mut expected = RgbImage::from_fn(2, 2, |x, y| image::Rgb(QUARTERS[(x + 2 * y) as usize]));
        let mut avif = Avif::of(&still(), quarters(&still()));
        let mut size = (WIDTH, HEIGHT);
        for (property, name) in &way {
            expected = match name.as_str() {
                "turned 0" => expected,
                "turned 1" => imageops::rotate270(&expected),
                "turned 2" => imageops::rotate180(&expected),
                "turned 3" => imageops::rotate90(&expected),
                "mirrored 0" => imageops::flip_vertical(&expected),
                _ => imageops::flip_horizontal(&expected),
            };
            if matches!(name.as_str(), "turned 1" | "turned 3") {
                size = (size.1, size.0);
            }
            avif = avif.with(property.clone());
        }
        let names: Vec<&str> = way.iter().map(|(_, name)| name.as_str()).collect();
        let rendered = rendered(&avif.file()).expect("is rendered");
        assert_eq!((rendered.width, rendered.height), size, "{names:?}");
        let expected: Vec<[u8; 3]> = expected.pixels().map(|pixel| pixel.0).collect();
        assert_near(&names.join(", "), shown(&rendered), expected.try_into().expect("are four"), 8);
    }
}

#[test]
fn exif_does_not_affect_the_orientation() {
    let mut avif = Avif::of(&still(), quarters(&still()));
    let exif = [&[0; 4][..], &crate::fixtures::exif(Orientation::UpsideDown)].concat();
    avif.items.push(Item { id: 9, kind: *b"Exif", properties: Vec::new(), data: exif, place: Place::File });
    avif.references.push((*b"cdsc", 9, vec![1]));
    assert_shows_quarters("with EXIF", &avif.file());
}

#[test]
fn wide_gamuts_are_converted_to_srgb() {
    let bytes_of = |profile: ColorProfile| profile.encode().expect("is encoded");
    let (adobe, p3) = (bytes_of(ColorProfile::new_adobe_rgb()), bytes_of(ColorProfile::new_display_p3()));
    let (in_adobe, in_p3) = ([51, 201, 116], [94, 202, 111]);
    let (of_adobe, of_p3) = (Property::profile(&adobe), Property::profile(&p3));
    let numbers = |primaries| Property::colours([primaries, 13, 6], true);
    for (what, properties, expected) in [
        ("Adobe's profile", vec![of_adobe.clone()], in_adobe),
        ("P3's profile", vec![of_p3], in_p3),
        ("P3's number", vec![numbers(12)], in_p3),
        ("both, the profile first", vec![of_adobe.clone(), numbers(12)], in_adobe),
        ("both, the number first", vec![numbers(12), of_adobe], in_adobe),
        ("sRGB's number", vec![numbers(1)], [120, 200, 120]),
        ("a number that stands for nothing", vec![numbers(3)], [120, 200, 120]),
    ] {
        for full_range in [true, false] {
            let still = Still { full_range, layout: Layout::Full, ..still() };
            let mut avif = Avif::of(&still, still.quarters(coded(&still, 6, [[120, 200, 120]; 4])));
            for property in &properties {
                let is_limited_number = !full_range && property.bytes[8..12] == *b"nclx";
                let mut property = property.clone();
                if is_limited_number {
                    *property.bytes.last_mut().expect("has some") = 0;
                }
                avif = avif.with(property);
            }
            assert_near(what, shown(&rendered(&avif.file()).expect("is rendered")), [expected; 4], 5);
        }
    }
}

#[test]
fn hdr_without_a_profile_is_refused() {
    for transfer in [16, 18] {
        let still = Still { depth: 10, colours: Some([9, transfer, 9]), ..still() };
        let avif = Avif::of(&still, quarters(&still));
        assert_eq!(rendered(&avif.file()).err(), Some(Refusal::HighDynamicRange));
        let numbers = Property::colours([9, transfer, 9], true);
        let untold = Still { colours: None, ..still };
        let avif = Avif::of(&untold, quarters(&still)).with(numbers);
        assert_eq!(rendered(&avif.file()).err(), Some(Refusal::HighDynamicRange));
        let profile = ColorProfile::new_display_p3().encode().expect("is encoded");
        assert!(rendered(&avif.with(Property::profile(&profile)).file()).is_ok());
    }
}

/// A 2 by 2 grid of 256 by 192 tiles, each of one colour.
fn tiled(size: [u32; 2], layout: Layout) -> Avif {
    let still = Still { layout, ..Still::new(256, 192) };
    let tiles = coded(&still, 6, QUARTERS).map(|colour| still.quarters([colour; 4]));
    Avif::grid([2, 2], size, &still, tiles.into())
}

#[test]
fn tiles_make_up_one_picture() {
    for layout in [Layout::Quarter, Layout::Half, Layout::Full] {
        for size in [[512, 384], [511, 383], [400, 301]] {
            let rendered = rendered(&tiled(size, layout).file()).expect("is rendered");
            assert_eq!([rendered.width, rendered.height], size);
        }
        assert_shows_quarters("tiles", &tiled([512, 384], layout).file());
    }
    let rendered = rendered(&tiled([512, 384], Layout::Quarter).with(Property::turned(2)).file());
    let [a, b, c, d] = QUARTERS;
    assert_near("turned tiles", shown(&rendered.expect("is rendered")), [d, c, b, a], 8);
}

#[test]
fn a_grid_has_its_tiles_colours_unless_it_has_its_own() {
    let limited = Still { full_range: false, ..Still::new(256, 192) };
    let tiles = coded(&limited, 1, QUARTERS).map(|colour| limited.quarters([colour; 4]));
    let numbers = Property::colours([1, 1, 1], false);
    let mut avif = Avif::grid([2, 2], [512, 384], &limited, tiles.into());
    avif.items[1].properties.push(numbers.clone());
    assert_shows_quarters("the first tile's", &avif.file());
    avif.items[1].properties.pop();
    assert_shows_quarters("the grid's", &avif.with(numbers).file());
}

#[test]
fn alpha_can_be_tiled() {
    let mut avif = tiled([512, 384], Layout::Quarter);
    let still = Still { layout: Layout::Grey, ..Still::new(512, 192) };
    let grid = Item::grid(10, [1, 2], [512, 384]).with(Property::alpha());
    let tiles = [[[0, 0, 0]; 4], [[255, 0, 0]; 4]].map(|opacity| still.quarters(opacity));
    avif.items.push(grid);
    avif.items.extend((11..).zip(tiles).map(|(id, data)| Item::picture(id, &still, data)));
    avif.references.extend([(*b"auxl", 10, vec![1]), (*b"dimg", 10, vec![11, 12])]);
    let found = shown(&rendered(&avif.file()).expect("is rendered"));
    assert_near("opacity in tiles", found, [[255; 3], [255; 3], QUARTERS[2], QUARTERS[3]], 8);
}

#[test]
fn data_can_be_anywhere_in_the_file() {
    let plain = Avif::of(&still(), quarters(&still()));
    for wide in [false, true] {
        for place in [Place::File, Place::Meta, Place::Pieces(1), Place::Pieces(2), Place::Pieces(9)] {
            let mut avif = Avif { wide, ..plain.clone() };
            avif.items[0].place = place.clone();
            assert_shows_quarters(&format!("{place:?}"), &avif.file());
        }
    }
}

use pawdium_avif_samples::{Layout, Still};

use crate::{Chroma, Colours, Decoder, Error, Picture, Samples};

const QUARTERS: [[u16; 3]; 4] = [[50, 90, 240], [140, 54, 34], [255, 255, 0], [0, 0, 255]];

fn sample(picture: &Picture<'_>, plane: usize, [x, y]: [usize; 2]) -> Option<u16> {
    match picture.row(plane, y)? {
        Samples::Bytes(row) => row.get(x).copied().map(u16::from),
        Samples::Words(row) => row.get(x).copied(),
    }
}

fn size_of(still: &Still) -> (usize, usize) {
    (still.width as usize, still.height as usize)
}

fn assert_quarters(picture: &Picture<'_>, still: &Still, colours: [[u16; 3]; 4]) {
    let planes = if picture.chroma() == Chroma::None { 1 } else { 3 };
    for plane in 0..planes {
        let (width, height) = picture.plane_size(plane);
        let corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]];
        for (corner, colour) in corners.into_iter().zip(colours) {
            assert_eq!(
                sample(picture, plane, corner),
                Some(colour[plane]),
                "{still:?}, plane {plane}, {corner:?}"
            );
        }
        assert_eq!(picture.row(plane, height), None);
        assert_eq!(sample(picture, plane, [width, 0]), None);
    }
    assert_eq!(picture.plane_size(3), (0, 0));
    assert_eq!(picture.row(3, 0), None);
}

#[test]
fn every_layout_and_depth_is_decoded_to_the_sample() {
    for depth in [8, 10, 12] {
        let layouts = [
            (Layout::Grey, Chroma::None),
            (Layout::Quarter, Chroma::Quarter),
            (Layout::Half, Chroma::Half),
            (Layout::Full, Chroma::Full),
        ];
        for (layout, chroma) in layouts {
            for (width, height) in [(256, 128), (301, 233), (98, 99)] {
                let still = Still { depth, layout, ..Still::new(width, height) };
                let colours = QUARTERS.map(|colour| colour.map(|value| value << (depth - 8)));
                let mut decoder = Decoder::new(width, height).expect("opens");
                let picture = decoder.decode(&still.quarters(colours)).expect("is a picture");
                assert_eq!((picture.depth(), picture.chroma()), (depth, chroma));
                assert_eq!(picture.plane_size(0), size_of(&still));
                assert_quarters(&picture, &still, colours);
            }
        }
    }
}

#[test]
fn the_colour_description_is_returned() {
    for (colours, full_range) in [([1, 13, 6], true), ([9, 16, 9], false), ([12, 13, 0], true)] {
        let still = Still { colours: Some(colours), full_range, layout: Layout::Full, ..Still::new(128, 64) };
        let mut decoder = Decoder::new(128, 64).expect("opens");
        let told = decoder.decode(&still.grey()).expect("is a picture").colours();
        let [primaries, transfer, matrix] = colours;
        assert_eq!(told, Colours { primaries, transfer, matrix, full_range });
    }
    let mut decoder = Decoder::new(128, 64).expect("opens");
    let told = decoder.decode(&Still::new(128, 64).grey()).expect("is a picture").colours();
    assert_eq!(told, Colours { primaries: 2, transfer: 2, matrix: 2, full_range: true });
}

#[test]
fn a_decoder_can_be_reused() {
    let still = Still::new(128, 128);
    let mut decoder = Decoder::new(128, 128).expect("opens");
    for number in 0..20 {
        let colours = QUARTERS.map(|[y, u, v]| [y ^ number, u, v]);
        let picture = decoder.decode(&still.quarters(colours)).expect("is a picture");
        assert_quarters(&picture, &still, colours);
        drop(picture);
        assert_eq!(decoder.decode(b"\x12\0nonsense").err(), Some(Error::Damaged));
    }
    // The first of two pictures.
    let two = [still.quarters(QUARTERS), still.grey()].concat();
    assert_quarters(&decoder.decode(&two).expect("is a picture"), &still, QUARTERS);
    assert_quarters(&decoder.decode(&still.quarters(QUARTERS)).expect("is a picture"), &still, QUARTERS);
}

#[test]
fn a_picture_of_another_size_is_refused() {
    for (width, height) in [(64, 128), (192, 128), (128, 64), (65_536, 65_536), (64, 256)] {
        let mut decoder = Decoder::new(128, 128).expect("opens");
        let still = Still::new(width, height);
        let obus = if width > 1_000 { still.of(&[7; 9_999]) } else { still.grey() };
        assert_eq!(decoder.decode(&obus).err(), Some(Error::Size), "{width} × {height}");
    }
    for (width, height) in [(0, 0), (0, 9), (9, 0), (65_536, 65_536), (u32::MAX, u32::MAX)] {
        assert_eq!(Decoder::new(width, height).err(), Some(Error::Size), "{width} × {height}");
    }
}

#[test]
fn data_without_a_picture_are_damaged() {
    let still = Still::new(128, 128);
    let whole = still.quarters(QUARTERS);
    let mut decoder = Decoder::new(128, 128).expect("opens");
    for obus in [&b""[..], b"\0", &[0xFF; 40], b"<html>", &still.sequence_header()] {
        assert_eq!(decoder.decode(obus).err(), Some(Error::Damaged), "{obus:?}");
    }
    for kept in 1..whole.len() {
        assert_eq!(decoder.decode(&whole[..kept]).err(), Some(Error::Damaged), "{kept} of {}", whole.len());
    }
}

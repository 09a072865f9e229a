//! Orientation: EXIF's tag 0x0112 and the geometry of its eight values.

use pawdium_jpeg::Plane;

use super::{Crop, exif};

/// The transform that makes the stored picture upright, numbered as in EXIF (EXIF 2.32, 4.6.4 A).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(u8)]
pub enum Orientation {
    /// No change.
    #[default]
    Upright = 1,
    /// Mirror left to right.
    Mirrored = 2,
    /// Rotate by 180°.
    UpsideDown = 3,
    /// Mirror top to bottom.
    Flipped = 4,
    /// Mirror along the diagonal from the top left.
    Transposed = 5,
    /// Rotate clockwise by 90°.
    Clockwise = 6,
    /// Mirror along the diagonal from the top right.
    Transversed = 7,
    /// Rotate counter-clockwise by 90°.
    CounterClockwise = 8,
}

impl Orientation {
    /// The orientation with this EXIF number, 1 to 8.
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Upright,
            2 => Self::Mirrored,
            3 => Self::UpsideDown,
            4 => Self::Flipped,
            5 => Self::Transposed,
            6 => Self::Clockwise,
            7 => Self::Transversed,
            8 => Self::CounterClockwise,
            _ => return None,
        })
    }

    /// Reads the orientation from EXIF data that start with the TIFF header. Broken data count as upright.
    pub(super) fn from_exif(tiff: &[u8]) -> Self {
        exif::orientation(tiff).and_then(|number| Self::from_number(number.into())).unwrap_or_default()
    }

    /// Whether width and height are swapped.
    fn swaps_axes(self) -> bool {
        matches!(self, Self::Transposed | Self::Clockwise | Self::Transversed | Self::CounterClockwise)
    }

    /// Whether columns and rows of the stored picture run backwards in the upright one.
    fn reverses(self) -> (bool, bool) {
        let columns =
            matches!(self, Self::Mirrored | Self::UpsideDown | Self::Transversed | Self::CounterClockwise);
        let rows = matches!(self, Self::UpsideDown | Self::Flipped | Self::Clockwise | Self::Transversed);
        (columns, rows)
    }

    /// The orientation equivalent to applying `self`, then `next`.
    pub(super) fn then(self, next: Self) -> Self {
        let (columns, rows) = self.reverses();
        let (next_columns, next_rows) = next.reverses();
        // If axes are swapped first, the columns of the next orientation were rows.
        let (next_columns, next_rows) =
            if self.swaps_axes() { (next_rows, next_columns) } else { (next_columns, next_rows) };
        let swaps_axes = self.swaps_axes() != next.swaps_axes();
        let reverses = (columns != next_columns, rows != next_rows);
        let is_it = |turn: &Self| turn.swaps_axes() == swaps_axes && turn.reverses() == reverses;
        // Each combination of the three flags is one orientation, so one is found.
        (1..=8).filter_map(Self::from_number).find(is_it).unwrap_or(self)
    }

    /// Converts between the sizes of the stored and the upright picture, in either direction.
    pub fn turn_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_axes() { (height, width) } else { (width, height) }
    }

    /// The part of the stored picture (`width` by `height`) that `crop` shows of the upright one.
    ///
    /// The crop must lie inside the upright picture ([`Crop::check`]).
    pub(super) fn stored_crop(self, crop: Crop, width: u32, height: u32) -> Crop {
        let (x, y) = if self.swaps_axes() { (crop.y, crop.x) } else { (crop.x, crop.y) };
        let (columns, rows) = self.reverses();
        Crop {
            x: if columns { width - crop.side - x } else { x },
            y: if rows { height - crop.side - y } else { y },
            side: crop.side,
        }
    }

    /// Turns a square plane upright.
    pub(super) fn turn_square(self, plane: Plane) -> Plane {
        if self == Self::Upright {
            return plane;
        }
        let side = plane.width;
        let last = side.saturating_sub(1);
        let (columns, rows) = self.reverses();
        let mut samples = Vec::with_capacity(plane.samples.len());
        for y in 0..side {
            // Upright rows are stored rows, or stored columns if axes are swapped.
            let line = |reversed| if reversed { last - y } else { y };
            if self.swaps_axes() {
                let column = plane.samples.iter().skip(line(columns)).step_by(side);
                if rows { samples.extend(column.rev()) } else { samples.extend(column) }
            } else {
                let row = plane.samples.iter().skip(line(rows) * side).take(side);
                if columns { samples.extend(row.rev()) } else { samples.extend(row) }
            }
        }
        Plane { samples, ..plane }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The stored 2 by 2 picture of each orientation for the upright `1 2 / 3 4`.
    const STORED: [[u8; 4]; 8] = [
        [1, 2, 3, 4],
        [2, 1, 4, 3],
        [4, 3, 2, 1],
        [3, 4, 1, 2],
        [1, 3, 2, 4],
        [2, 4, 1, 3],
        [4, 2, 3, 1],
        [3, 1, 4, 2],
    ];

    #[test]
    fn each_orientation_is_turned_upright() {
        for (number, stored) in (1..).zip(STORED) {
            let orientation = Orientation::from_number(number).expect("is one of the eight");
            let stored = Plane { width: 2, height: 2, samples: stored.to_vec() };
            assert_eq!(orientation.turn_square(stored).samples, [1, 2, 3, 4], "{orientation:?}");
        }
    }

    #[test]
    fn then_composes_two_orientations() {
        let all = || (1..=8).filter_map(Orientation::from_number);
        for (first, second) in all().flat_map(|first| all().map(move |second| (first, second))) {
            let square = || Plane { width: 3, height: 3, samples: (0..9).collect() };
            let one_by_one = second.turn_square(first.turn_square(square())).samples;
            let at_once = first.then(second).turn_square(square()).samples;
            assert_eq!(at_once, one_by_one, "{first:?}, then {second:?}");
        }
    }

    #[test]
    fn unknown_exif_numbers_are_none() {
        assert_eq!(Orientation::from_number(0), None);
        assert_eq!(Orientation::from_number(9), None);
    }

    #[test]
    fn broken_exif_is_upright() {
        for data in [&b""[..], b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"Exif"] {
            assert_eq!(Orientation::from_exif(data), Orientation::Upright);
        }
    }

    proptest! {
        #[test]
        fn the_stored_crop_lies_in_the_stored_picture_and_covers_the_same_pixels(
            number in 1_u32..=8, width in 1_u32..60, height in 1_u32..60, seed: (u32, u32, u32, u32, u32),
        ) {
            let orientation = Orientation::from_number(number).expect("is one of the eight");
            let (upright_width, upright_height) = orientation.turn_size(width, height);
            let side = 1 + seed.0 % width.min(height);
            let crop = Crop {
                x: seed.1 % (upright_width - side + 1), y: seed.2 % (upright_height - side + 1), side,
            };
            let stored = orientation.stored_crop(crop, width, height);
            prop_assert!(stored.x + side <= width && stored.y + side <= height);

            let pixel = Crop { x: crop.x + seed.3 % side, y: crop.y + seed.4 % side, side: 1 };
            let at = orientation.stored_crop(pixel, width, height);
            prop_assert!((stored.x..stored.x + side).contains(&at.x) && (stored.y..stored.y + side).contains(&at.y));

            let inside = Crop { x: pixel.x - crop.x, y: pixel.y - crop.y, side: 1 };
            let turned = orientation.stored_crop(inside, side, side);
            prop_assert_eq!((stored.x + turned.x, stored.y + turned.y), (at.x, at.y));
        }

        #[test]
        fn reading_any_exif_never_panics(data in proptest::collection::vec(any::<u8>(), 0..400)) {
            Orientation::from_exif(&data);
        }
    }
}

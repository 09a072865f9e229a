//! The square that is cut out of a picture. Pure geometry.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Limits, Refusal};

/// A square region of the upright picture, in pixels from its top left corner.
///
/// Written and parsed as `x,y,side`. [`Crop::check`] tells whether it lies inside a given picture.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Crop {
    /// Pixels from the left edge.
    pub x: u32,
    /// Pixels from the top edge.
    pub y: u32,
    /// Width and height in pixels.
    pub side: u32,
}

/// The text isn't three whole numbers with a positive side.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("Write the crop as three whole numbers, x,y,side, with a side above 0.")]
pub struct CropSyntax;

impl Crop {
    /// The largest centred square of a picture of this size.
    pub fn centred(width: u32, height: u32) -> Self {
        let side = width.min(height);
        Self { x: (width - side) / 2, y: (height - side) / 2, side }
    }

    /// Refuses a crop that reaches outside an upright picture of this size or is too small to show.
    pub fn check(self, width: u32, height: u32, limits: &Limits) -> Result<(), Refusal> {
        let fits = |from: u32, length: u32| from.checked_add(self.side).is_some_and(|end| end <= length);
        if !fits(self.x, width) || !fits(self.y, height) {
            return Err(Refusal::CropOutside { width, height });
        }
        if self.side < limits.min_side {
            return Err(Refusal::CropTooSmall { min: limits.min_side });
        }
        Ok(())
    }
}

impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.x, self.y, self.side)
    }
}

impl FromStr for Crop {
    type Err = CropSyntax;

    fn from_str(text: &str) -> Result<Self, CropSyntax> {
        let mut numbers = text.split(',').map(|part| part.trim().parse::<u32>());
        let mut next = || numbers.next().and_then(Result::ok).ok_or(CropSyntax);
        let crop = Self { x: next()?, y: next()?, side: next()? };
        (numbers.next().is_none() && crop.side > 0).then_some(crop).ok_or(CropSyntax)
    }
}

impl TryFrom<String> for Crop {
    type Error = CropSyntax;

    fn try_from(text: String) -> Result<Self, CropSyntax> {
        text.parse()
    }
}

impl From<Crop> for String {
    fn from(crop: Crop) -> Self {
        crop.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_crop_round_trips_through_text() {
        let crop = Crop { x: 10, y: 0, side: 400 };
        assert_eq!(crop.to_string(), "10,0,400");
        assert_eq!("10,0,400".parse(), Ok(crop));
        assert_eq!(" 10, 0 ,400".parse(), Ok(crop));
    }

    #[test]
    fn anything_but_three_whole_numbers_is_refused() {
        for text in
            ["", "1,2", "1,2,3,4", "1,2,x", "-1,0,300", "1.5,0,300", "0,0,4294967296", "1,,2", "5,5,0"]
        {
            assert_eq!(text.parse::<Crop>(), Err(CropSyntax), "{text}");
        }
    }

    #[test]
    fn a_crop_outside_the_picture_is_refused_even_on_overflow() {
        let limits = Limits::default();
        for crop in ["1,0,400", "0,101,400", "4294967295,0,400", "0,0,4294967295"] {
            let crop: Crop = crop.parse().expect("is a crop");
            assert_eq!(crop.check(400, 500, &limits), Err(Refusal::CropOutside { width: 400, height: 500 }));
        }
        assert_eq!(Crop { x: 0, y: 100, side: 400 }.check(400, 500, &limits), Ok(()));
    }

    #[test]
    fn a_crop_too_small_to_be_shown_is_refused() {
        let refusal = Crop { x: 0, y: 0, side: 199 }.check(400, 500, &Limits::default());
        assert_eq!(refusal, Err(Refusal::CropTooSmall { min: 200 }));
    }

    proptest! {
        #[test]
        fn the_centred_square_is_the_largest_and_in_the_middle(width in 200_u32..=12_000, height in 200_u32..=12_000) {
            let crop = Crop::centred(width, height);
            prop_assert_eq!(crop.check(width, height, &Limits::default()), Ok(()));
            prop_assert_eq!(crop.side, width.min(height));
            let (left, right) = (crop.x, width - crop.x - crop.side);
            let (above, below) = (crop.y, height - crop.y - crop.side);
            prop_assert!(right - left <= 1 && below - above <= 1);
        }

        #[test]
        fn any_crop_survives_being_written_and_read(x: u32, y: u32, side: u32) {
            let crop = Crop { x, y, side };
            prop_assert_eq!(crop.to_string().parse(), Ok(crop));
        }

        #[test]
        fn reading_any_text_never_panics(text in ".{0,40}") {
            let _ = text.parse::<Crop>();
        }
    }
}

//! The rating page: one photo, ten keys, and what the others thought of the one before.

use askama::Template;

use super::picture::described;
use super::{Chrome, Picture, filters};

/// `GET /`.
#[derive(Debug, Template)]
#[template(path = "rate/page.html")]
pub struct RatePage {
    /// Around the page.
    pub chrome: Chrome,
    /// What `rate.js` swaps after each rating.
    pub stage: RateStage,
}

/// The part of the rating page that changes with each rating. `POST /photos/{id}/rating` answers with it when the
/// request bears the header `Pawdium-Part: rate`, and else redirects to `/`.
#[derive(Debug, Template)]
#[template(path = "rate/_stage.html")]
pub struct RateStage {
    /// The photo to rate; none when this rater has rated all of them.
    pub photo: Option<RatePhoto>,
    /// About the photo rated just now. Without JavaScript the redirect can name it: `/?rated=<id>`.
    pub feedback: Option<RateFeedback>,
    /// How far this rater has come.
    pub progress: RateProgress,
    /// Why the last rating did not count, when it did not: a sentence.
    pub error: Option<String>,
}

/// The photo to rate. The others' opinion is not in it, so it can't be shown.
#[derive(Clone, Debug)]
pub struct RatePhoto {
    /// The photo's id.
    pub id: i64,
    /// As its owner wrote it.
    pub title: String,
    /// Describes the picture; the title stands in when it is empty.
    pub alt: String,
    /// The species' key.
    pub species: String,
    /// The owner's name; none when they have no account.
    pub owner: Option<String>,
    /// The picture.
    pub picture: Picture,
    /// The signed permission to rate it.
    pub ballot: String,
}

impl RatePhoto {
    fn keys(&self) -> RatingKeys<'_> {
        RatingKeys { photo: self.id, ballot: Some(&self.ballot), from: "rate", chosen: None }
    }

    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}

/// What became of the rating given just now.
#[derive(Clone, Debug)]
pub struct RateFeedback {
    /// The photo that was rated.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its picture, shown as a thumbnail.
    pub picture: Picture,
    /// What this rater gave, 1 to 10.
    pub value: u8,
    /// The raw mean with this rating in it.
    pub mean: f64,
    /// How many ratings the mean is of, this one included.
    pub count: i64,
}

impl RateFeedback {
    fn scale(&self) -> Scale {
        Scale { own: self.value, mean: self.mean }
    }

    /// A line about how the rating compares.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        let difference = f64::from(self.value) - self.mean;
        if self.count <= 1 {
            "First one here. The bar is yours."
        } else if difference.abs() < 0.75 {
            "Exactly what the crowd thinks."
        } else if difference >= 3.0 {
            "You saw something the others missed."
        } else if difference > 0.0 {
            "Derpier than most would say."
        } else if difference <= -3.0 {
            "Tough crowd of one."
        } else {
            "A little stricter than most."
        }
    }
}

/// How many of the photos that this rater may rate are rated.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateProgress {
    /// Rated by them.
    pub rated: i64,
    /// Live and not their own.
    pub total: i64,
}

/// The ten keys for one photo, on the rating page and on the photo's own.
#[derive(Debug, Template)]
#[template(path = "rate/_keys.html")]
pub struct RatingKeys<'a> {
    /// The photo's id.
    pub photo: i64,
    /// The signed permission; none where the rater has rated this photo before.
    pub ballot: Option<&'a str>,
    /// The page to come back to, sent as `from`: `rate` or `photo`.
    pub from: &'static str,
    /// What they gave before.
    pub chosen: Option<u8>,
}

impl RatingKeys<'_> {
    fn is_chosen(&self, value: u8) -> bool {
        self.chosen == Some(value)
    }
}

/// Two places on the scale from 1 to 10: the rater's and everybody's.
#[derive(Debug, Template)]
#[template(path = "rate/_scale.html")]
pub struct Scale {
    /// The rater's, 1 to 10.
    pub own: u8,
    /// The mean.
    pub mean: f64,
}

impl Scale {
    /// Where a value stands on a line from 10 to 290.
    fn place(value: f64) -> String {
        format!("{:.1}", 10.0 + (value.clamp(1.0, 10.0) - 1.0) / 9.0 * 280.0)
    }

    fn own_place(&self) -> String {
        Self::place(f64::from(self.own))
    }

    fn mean_place(&self) -> String {
        Self::place(self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scale_are_the_ends_of_the_line() {
        assert_eq!([1.0, 5.5, 10.0, 99.0].map(Scale::place), ["10.0", "150.0", "290.0", "290.0"]);
    }
}

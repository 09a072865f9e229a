//! The rating page: one photo, ten keys, and feedback on the previous rating.

use askama::Template;

use super::picture::described;
use super::{Chrome, Picture, filters};

/// `GET /`, and `GET /h/{slug}/rate`.
#[derive(Debug, Template)]
#[template(path = "rate/page.html")]
pub struct RatePage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The rendered [`RateStage`], which `rate.js` swaps after each rating.
    pub stage: RateStage,
}

/// The part of the rating page that changes with each rating. `POST /photos/{id}/rating` returns it if the request has
/// the header `Pawdium-Part: rate`, and redirects otherwise.
#[derive(Debug, Template)]
#[template(path = "rate/_stage.html")]
pub struct RateStage {
    /// The photo to rate; `None` if the rater has rated all of them.
    pub photo: Option<RatePhoto>,
    /// Feedback on the rating just given. Without JavaScript the redirect names the photo: `/?rated=<id>`.
    pub feedback: Option<RateFeedback>,
    /// The rater's progress.
    pub progress: RateProgress,
    /// The hub whose photos are rated; `None` for all photos.
    pub hub: Option<RateHub>,
    /// If the last rating didn't count, a sentence that says why.
    pub error: Option<String>,
}

impl RateStage {
    fn keys<'a>(&'a self, photo: &'a RatePhoto) -> RatingKeys<'a> {
        let hub = self.hub.as_ref().map(|hub| hub.slug.as_str());
        RatingKeys {
            photo: photo.id,
            ballot: Some(&photo.ballot),
            from: "rate",
            list: None,
            hub,
            chosen: None,
        }
    }
}

/// The hub of a rating page.
#[derive(Clone, Debug)]
pub struct RateHub {
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// The photo to rate. It has no ratings, so that none can be shown.
#[derive(Clone, Debug)]
pub struct RatePhoto {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture; if it is empty, the title is used.
    pub alt: String,
    /// The species' key.
    pub species: String,
    /// The owner's name; `None` for an anonymous user.
    pub owner: Option<String>,
    /// The picture.
    pub picture: Picture,
    /// The ballot.
    pub ballot: String,
}

impl RatePhoto {
    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}

/// Feedback on the rating just given.
#[derive(Clone, Debug)]
pub struct RateFeedback {
    /// The photo that was rated.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its picture, shown as a thumbnail.
    pub picture: Picture,
    /// The rater's value, 1 to 10.
    pub value: u8,
    /// The plain mean, including this rating.
    pub mean: f64,
    /// The number of ratings, including this one.
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

/// How many of the photos that the rater may rate are rated.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateProgress {
    /// Photos that the rater has rated.
    pub rated: i64,
    /// Live photos that are not the rater's own.
    pub total: i64,
}

/// The ten keys for one photo, on the rating page and on the photo's page.
#[derive(Debug, Template)]
#[template(path = "rate/_keys.html")]
pub struct RatingKeys<'a> {
    /// The photo's id.
    pub photo: i64,
    /// The ballot; `None` if the rater has already rated this photo.
    pub ballot: Option<&'a str>,
    /// The page to return to, sent as `from`: `rate` or `photo`.
    pub from: &'static str,
    /// The slug of the hub whose next photo follows; `None` for the site's.
    pub hub: Option<&'a str>,
    /// The list that the rater came from, to return to the same page.
    pub list: Option<String>,
    /// The rater's current value.
    pub chosen: Option<u8>,
}

impl RatingKeys<'_> {
    fn is_chosen(&self, value: u8) -> bool {
        self.chosen == Some(value)
    }
}

/// A scale from 1 to 10 with the rater's value and the mean.
#[derive(Debug, Template)]
#[template(path = "rate/_scale.html")]
pub struct Scale {
    /// The rater's value, 1 to 10.
    pub own: u8,
    /// The mean.
    pub mean: f64,
}

impl Scale {
    /// The position of a value on a line from 10 to 290.
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

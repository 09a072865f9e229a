//! The first page: a photo to rate, for somebody whom the site doesn't know.

use pawdium_shared::ratings::Shown;

use super::{Baked, Gap, PlainChrome};
use crate::views::rate::{RatePage, RatePhoto, RateProgress, RateStage};

/// `GET /`
#[derive(Debug)]
pub struct BakedRate {
    /// The photo; `None` if there is none yet.
    pub photo: Option<FirstPhoto>,
    /// How many photos there are.
    pub total: i64,
}

/// A photo with a gap in place of its ballot.
#[derive(Debug)]
pub struct FirstPhoto {
    photo: RatePhoto,
    gap: Gap,
}

impl FirstPhoto {
    /// The photo. `shown` makes it with what stands in place of the ballot.
    #[must_use]
    pub fn new(what: Shown, shown: impl FnOnce(String) -> RatePhoto) -> Self {
        let gap = Gap::of(what);
        Self { photo: shown(gap.mark().to_owned()), gap }
    }
}

impl Baked for BakedRate {
    type Page = RatePage;

    fn page(self, chrome: PlainChrome) -> RatePage {
        let stage = RateStage {
            photo: self.photo.map(|first| first.photo),
            feedback: None,
            progress: RateProgress { rated: 0, total: self.total },
            hub: None,
            error: None,
        };
        RatePage { chrome: chrome.into_chrome(), stage }
    }

    fn gap(&self) -> Option<Gap> {
        self.photo.as_ref().map(|first| first.gap.clone())
    }
}

//! The public numbers of moderation.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Baked, PlainChrome};
use crate::views::Chrome;
use crate::views::moderation::transparency::{Month, TransparencyPage};

/// `GET /transparency`
#[derive(Debug)]
pub struct BakedTransparency {
    /// The kinds of acts, in words.
    pub kinds: Vec<&'static str>,
    /// The months with acts, the latest first.
    pub months: Vec<Month>,
    /// When they were counted.
    pub counted_at: DateTime<Utc>,
}

impl BakedTransparency {
    /// The page with this layout.
    #[must_use]
    pub fn within(self, chrome: Chrome) -> TransparencyPage {
        let Self { kinds, months, .. } = self;
        TransparencyPage { chrome, kinds, months }
    }
}

impl Baked for BakedTransparency {
    type Page = TransparencyPage;

    fn page(self, chrome: PlainChrome) -> TransparencyPage {
        self.within(chrome.into_chrome())
    }

    /// No event tells of acts. The numbers may be a minute old.
    fn until(&self) -> Option<DateTime<Utc>> {
        Some(self.counted_at + TimeDelta::minutes(1))
    }
}

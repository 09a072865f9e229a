//! The pages of moderation.

use askama::Template;
use pawdium_web::views::Paging;
use pawdium_web::views::moderation::{
    BlockedLine, BlockedPage, DoubtfulPage, DoubtfulPhoto, NewestPage, Thumbnail,
};

use super::{Sample, Samples, moment, page, picture};

impl Samples {
    pub(super) fn moderation_pages(&self) -> askama::Result<Vec<Sample>> {
        Ok(vec![
            page("/moderation", self.newest(30).render()?),
            page("/moderation-none", self.newest(0).render()?),
            page("/moderation/doubtful", self.doubtful(3).render()?),
            page("/moderation/doubtful-none", self.doubtful(0).render()?),
            page("/moderation/blocked", self.blocked(2).render()?),
            page("/moderation/blocked-none", self.blocked(0).render()?),
        ])
    }

    fn newest(&self, count: i64) -> NewestPage {
        let thumbnail = |id: i64| Thumbnail {
            id,
            title: self.title(id),
            alt: String::new(),
            owner: (id != 5).then(|| self.owner(id)),
            picture: picture(id),
        };
        NewestPage {
            chrome: self.member(),
            photos: (1..=count).map(thumbnail).collect(),
            paging: Paging { page: 1, last_page: 5, base: "/moderation".to_owned() },
        }
    }

    /// Photos whose votes came all at once.
    fn doubtful(&self, count: i64) -> DoubtfulPage {
        let photo = |id: i64| DoubtfulPhoto {
            id,
            title: self.title(id),
            ratings: 62,
            weight: 3.5,
            links: 60,
            crowd: 60,
            at: moment(),
        };
        DoubtfulPage { chrome: self.member(), photos: (1..=count).map(photo).collect() }
    }

    fn blocked(&self, count: i64) -> BlockedPage {
        let line = |id: i64| BlockedLine {
            id,
            original: Some("5a8fd6f2fb7c1c0f3a1b0f4f4b16e8a0c5a8fd6f2fb7c1c0f3a1b0f4f4b16e8a".to_owned()),
            look: (id == 1).then(|| "a3c1f00e9b27d541".to_owned()),
            reason: self
                .text
                .clone()
                .unwrap_or_else(|| "Not an animal, and somebody who did not want to be shown.".to_owned()),
            photo: Some(12),
            blocker: self.owner(1),
            at: moment(),
            refused: id * 7,
        };
        BlockedPage {
            chrome: self.member(),
            lines: (0..count).map(line).collect(),
            older: (count > 0).then(|| "/moderation/blocked?before=1".to_owned()),
            later: false,
            may_act: true,
        }
    }
}

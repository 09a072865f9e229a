//! Topics.

use pawdium_shared::topics::{Leader, Order, Sort};

use super::{Baked, PlainChrome};
use crate::views::topics::{RelatedTopic, TopicChip, TopicGroup, TopicPage, TopicsPage, WithTopic};
use crate::views::{Chrome, Paging, PhotoCard};

/// `GET /topics`
#[derive(Debug)]
pub struct BakedTopics {
    /// The order of the list.
    pub sort: Sort,
    /// The moderators' sections.
    pub sections: Vec<TopicGroup>,
    /// All topics.
    pub topics: Vec<TopicChip>,
    /// The position in the list.
    pub paging: Paging,
}

impl BakedTopics {
    /// The page with this layout.
    #[must_use]
    pub fn within(self, chrome: Chrome) -> TopicsPage {
        let Self { sort, sections, topics, paging } = self;
        TopicsPage { chrome, sort, sections, topics, paging }
    }
}

impl Baked for BakedTopics {
    type Page = TopicsPage;

    fn page(self, chrome: PlainChrome) -> TopicsPage {
        self.within(chrome.into_chrome())
    }
}

/// `GET /topics/{tag}`
#[derive(Debug)]
pub struct BakedTopic {
    /// The word in its URL.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Which photos come first.
    pub order: Order,
    /// Other topics that the photos have.
    pub with: Vec<WithTopic>,
    /// How many photos there are.
    pub count: i64,
    /// Whether there may be more.
    pub is_more: bool,
    /// Topics that belong to it.
    pub related: Vec<RelatedTopic>,
    /// The members with most photos in it.
    pub leaders: Vec<Leader>,
    /// The photos.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl BakedTopic {
    /// The page with this layout.
    #[must_use]
    pub fn within(self, chrome: Chrome) -> TopicPage {
        TopicPage {
            chrome,
            key: self.key,
            name: self.name,
            order: self.order,
            with: self.with,
            count: self.count,
            is_more: self.is_more,
            related: self.related,
            leaders: self.leaders,
            photos: self.photos,
            paging: self.paging,
        }
    }
}

impl Baked for BakedTopic {
    type Page = TopicPage;

    fn page(self, chrome: PlainChrome) -> TopicPage {
        self.within(chrome.into_chrome())
    }
}

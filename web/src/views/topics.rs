//! Pages of topics.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::topics::{Leader, Order, Sort, Topic, path};
use strum::VariantArray;

use super::hubs::HubHead;
use super::picture::described;
use super::{Chrome, Flash, Paging, PhotoCard, PhotoGrid, Picture, filters};

/// A topic to link to.
#[derive(Clone, Debug)]
pub struct TopicChip {
    /// Its name.
    pub name: String,
    /// How many live photos have it.
    pub photos: i64,
}

impl TopicChip {
    /// That topic.
    #[must_use]
    pub fn of(topic: &Topic) -> Self {
        Self { name: topic.name.clone(), photos: topic.photos }
    }
}

/// Topics under a heading.
#[derive(Clone, Debug)]
pub struct TopicGroup {
    /// The heading.
    pub name: String,
    /// The topics.
    pub topics: Vec<TopicChip>,
}

/// `GET /topics`.
#[derive(Debug, Template)]
#[template(path = "topics/list.html")]
pub struct TopicsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The order of the list.
    pub sort: Sort,
    /// The moderators' sections.
    pub sections: Vec<TopicGroup>,
    /// All topics.
    pub topics: Vec<TopicChip>,
    /// The position in the list.
    pub paging: Paging,
}

/// `GET /h/{slug}/topics`.
#[derive(Debug, Template)]
#[template(path = "topics/hub.html")]
pub struct HubTopicsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head.
    pub head: HubHead,
    /// The hub's name.
    pub name: String,
    /// The path of the hub's page.
    pub path: String,
    /// The topics of its photos.
    pub topics: Vec<TopicLink>,
    /// The chosen topic and the hub's photos that have it.
    pub chosen: Option<ChosenTopic>,
}

/// A topic to choose.
#[derive(Clone, Debug)]
pub struct TopicLink {
    /// The topic, with the number of photos here.
    pub topic: TopicChip,
    /// Where choosing it leads, and leaving it if it is chosen.
    pub href: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A chosen topic of a hub.
#[derive(Clone, Debug)]
pub struct ChosenTopic {
    /// Its name.
    pub name: String,
    /// The hub's photos that have it, the latest first.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl ChosenTopic {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 8 }
    }
}

/// The URL of the list of topics, without its page.
#[must_use]
pub fn list_address(sort: Sort) -> String {
    match sort {
        Sort::Most => "/topics".to_owned(),
        sort => format!("/topics?sort={}", sort.name()),
    }
}

const fn sort_label(sort: Sort) -> &'static str {
    match sort {
        Sort::Most => "Most photos",
        Sort::New => "New",
        Sort::Name => "A to Z",
    }
}

/// The URL of a topic's page, without its page number. `with` are the keys of other topics.
#[must_use]
pub fn address(key: &str, with: &[String], order: Order) -> String {
    let mut query = Vec::new();
    if !with.is_empty() {
        let words: Vec<_> = with.iter().map(|key| path(key)["/topics/".len()..].to_owned()).collect();
        query.push(format!("with={}", words.join(",")));
    }
    if order == Order::Top {
        query.push("sort=top".to_owned());
    }
    if query.is_empty() { path(key) } else { format!("{}?{}", path(key), query.join("&")) }
}

/// Another topic of the photos on the page, to be left out.
#[derive(Clone, Debug)]
pub struct WithTopic {
    /// Its name.
    pub name: String,
    /// The URL without it.
    pub without: String,
}

/// A topic that belongs to the one on the page.
#[derive(Clone, Debug)]
pub struct RelatedTopic {
    /// Its name.
    pub name: String,
    /// The URL of the photos that also have this topic.
    pub added: String,
}

impl RelatedTopic {
    /// A topic to add to those of a page.
    #[must_use]
    pub fn of(topic: &Topic, key: &str, with: &[String]) -> Self {
        let with = [with, std::slice::from_ref(&topic.key)].concat();
        Self { name: topic.name.clone(), added: address(key, &with, Order::New) }
    }
}

/// `GET /topics/{tag}`.
#[derive(Debug, Template)]
#[template(path = "topics/topic.html")]
pub struct TopicPage {
    /// The layout around the page.
    pub chrome: Chrome,
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

impl TopicPage {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 4 }
    }

    fn feed(&self) -> String {
        format!("{}/feed.atom", path(&self.key))
    }

    fn order_address(&self, order: Order) -> String {
        address(&self.key, &[], order)
    }

    const fn order_label(order: Order) -> &'static str {
        match order {
            Order::New => "Newest",
            Order::Top => "Top",
        }
    }

    fn count_text(&self) -> String {
        match (self.count, self.is_more) {
            (1, _) => "1 photo".to_owned(),
            (count, true) => format!("{} photos or more", super::grouped(count)),
            (count, false) => format!("{} photos", super::grouped(count)),
        }
    }
}

/// The page where there is no such topic.
#[derive(Debug, Template)]
#[template(path = "topics/missing.html")]
pub struct MissingTopicPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The word, if it could be a topic.
    pub word: Option<String>,
    /// Topics that are called nearly so.
    pub nearest: Vec<TopicChip>,
}

/// The content of a feed's entry about a photo.
#[derive(Debug, Template)]
#[template(path = "topics/_entry_content.html")]
pub struct PhotoContent {
    /// The address of the site, because readers show the entry elsewhere.
    pub base: String,
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture; if it is empty, the title is used.
    pub alt: String,
    /// The picture.
    pub picture: Picture,
}

impl PhotoContent {
    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }
}

/// `GET /moderation/topics`.
#[derive(Debug, Template)]
#[template(path = "moderation/topics.html")]
pub struct TopicModerationPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What was entered and refused.
    pub entered: Entered,
    /// The sections.
    pub sections: Vec<SectionForm>,
    /// What was done, the latest first.
    pub acts: Vec<ActLine>,
}

/// What a moderator has entered.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// The act.
    pub act: String,
    /// The topic.
    pub topic: String,
    /// The other name or topic.
    pub to: String,
}

/// The form of a section.
#[derive(Clone, Debug)]
pub struct SectionForm {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The names of its topics, separated by commas.
    pub topics: String,
}

/// What a moderator did.
#[derive(Clone, Debug)]
pub struct ActLine {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub about: String,
    /// Who took it back.
    pub undone_by: Option<String>,
}

/// A field of a form.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"<div class="field"><label for="{{ act }}-{{ name }}">{{ label }}</label>
      <input id="{{ act }}-{{ name }}" name="{{ name }}" type="text" required maxlength="60" value="{{ value }}" autocomplete="off"></div>"#
)]
struct WordField<'a> {
    act: &'a str,
    name: &'a str,
    label: &'a str,
    value: &'a str,
}

impl TopicModerationPage {
    fn field<'a>(&'a self, act: &'a str, name: &'a str, label: &'a str) -> WordField<'a> {
        let is_entered = self.entered.act == act;
        let value = if name == "topic" { self.entered.topic.as_str() } else { self.entered.to.as_str() };
        WordField { act, name, label, value: if is_entered { value } else { "" } }
    }

    /// The page with why an act was refused.
    #[must_use]
    pub fn refused(mut self, message: String, entered: Entered) -> Self {
        self.chrome.flash = Some(Flash::bad(message));
        self.entered = entered;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_other_topics_and_the_order() {
        assert_eq!(address("cat", &[], Order::New), "/topics/cat");
        assert_eq!(address("cat", &[], Order::Top), "/topics/cat?sort=top");
        let with = ["sofa".to_owned(), "zwölf".to_owned()];
        assert_eq!(address("cat", &with, Order::New), "/topics/cat?with=sofa,zw%C3%B6lf");
        assert_eq!(list_address(Sort::Name), "/topics?sort=name");
    }
}

//! What other sites show of a link: OpenGraph (<https://ogp.me>), Twitter's cards, and where to ask for more (oEmbed).

use askama::Template;
use pawdium_shared::photos::Photo;

use super::Picture;
use super::picture::described;

/// The tags of a page. All URLs are absolute.
#[derive(Clone, Debug, Template)]
#[template(path = "chrome/_card.html")]
pub struct LinkCard {
    /// OpenGraph's type of the page.
    pub kind: &'static str,
    /// The URL of the page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// A picture.
    pub picture: Option<CardPicture>,
    /// The URL of its oEmbed document.
    pub oembed: Option<String>,
}

/// A square picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPicture {
    /// Its URL.
    pub url: String,
    /// The width and height in pixels.
    pub edge: u32,
    /// What it shows.
    pub alt: String,
}

impl CardPicture {
    /// The picture of a photo. `absolute` makes URLs of paths.
    #[must_use]
    pub fn of(photo: &Photo, absolute: impl Fn(&str) -> String) -> Option<Self> {
        let picture = Picture::of(photo);
        let size = picture.largest()?;
        Some(Self {
            url: absolute(&size.url),
            edge: size.edge,
            alt: described(&photo.alt, &photo.title).to_owned(),
        })
    }
}

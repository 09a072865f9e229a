//! Pages that are the same for everybody whom the site doesn't know, rendered once for all of them.
//!
//! A type that is [`Baked`] holds what such a page shows, and nothing about who looks at it: no name, no message, no
//! ballot, no form that a viewer has filled in. Only such a type becomes [`BakedHtml`], and nothing else is kept.

mod hubs;
mod lists;
mod photo;

use askama::Template;

pub use hubs::{BakedHead, BakedHub, BakedHubs, BakedMember};
pub use lists::{BakedNewest, BakedTop, BakedTrending};
pub use photo::BakedPhoto;

use super::{Chrome, Theme, Viewer};

/// What a page shows to everybody whom the site doesn't know.
pub trait Baked {
    /// The page, which also shows things to others.
    type Page: Template;

    /// The page as nobody sees it.
    fn page(self, chrome: PlainChrome) -> Self::Page;

    /// Whether everything on it could be loaded. What is not whole is not kept.
    fn is_whole(&self) -> bool {
        true
    }
}

/// The layout around a page for somebody whom the site doesn't know.
#[derive(Clone, Debug)]
pub struct PlainChrome(Chrome);

impl PlainChrome {
    /// The layout of the page at `path`.
    #[must_use]
    pub fn new(theme: Theme, path: String, demo: bool) -> Self {
        Self(Chrome { viewer: Viewer::Nobody, theme, flash: None, path, demo, hubs: Vec::new(), bell: None })
    }

    fn into_chrome(self) -> Chrome {
        self.0
    }
}

/// A rendered page that may be kept and sent to everybody whom the site doesn't know.
#[derive(Debug)]
pub struct BakedHtml {
    html: String,
    is_whole: bool,
}

impl BakedHtml {
    /// Renders the page.
    ///
    /// # Errors
    /// Formatting fails.
    pub fn of<B: Baked>(baked: B, chrome: PlainChrome) -> askama::Result<Self> {
        let is_whole = baked.is_whole();
        Ok(Self { html: baked.page(chrome).render()?, is_whole })
    }

    /// Whether everything on it could be loaded.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The page.
    #[must_use]
    pub fn into_html(self) -> String {
        self.html
    }
}

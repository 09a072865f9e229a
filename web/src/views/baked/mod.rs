//! Pages that are the same for everybody whom the site doesn't know, rendered once for all of them.
//!
//! A type that is [`Baked`] holds what such a page shows, and nothing about who looks at it: no name, no message, no
//! ballot, no form that a viewer has filled in. Only such a type becomes [`BakedHtml`], and nothing else is kept. The
//! first page has a [`Gap`] for a ballot, which is filled in each answer and never in what is kept.

mod hubs;
mod lists;
mod photo;
mod rate;
mod talks;
mod topics;
mod transparency;

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::ratings::Shown;

pub use hubs::{BakedHead, BakedHub, BakedHubs, BakedMember};
pub use lists::{BakedNewest, BakedTop, BakedTrending};
pub use photo::{BakedPhoto, PublicLineage};
pub use rate::{BakedRate, FirstPhoto};
pub use talks::{BakedCall, BakedCallHead, BakedCalls, BakedOneTalk, BakedResults, BakedTalk, TalkSheet};
pub use topics::{BakedTopic, BakedTopics};
pub use transparency::BakedTransparency;

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

    /// When the clock changes what it says.
    fn until(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// The place where each answer has a ballot of its own.
    fn gap(&self) -> Option<Gap> {
        None
    }
}

/// A place in a page that is filled when it is sent, with a ballot that is issued for nobody known. What is kept has a
/// mark there.
#[derive(Clone, Debug)]
pub struct Gap {
    mark: String,
    shown: Shown,
}

impl Gap {
    /// A gap for a ballot for this photo. Nobody can guess the mark, so nothing else on the page contains it.
    #[must_use]
    pub fn of(shown: Shown) -> Self {
        Self { mark: format!("ballot-{:032x}", rand::random::<u128>()), shown }
    }

    /// What stands in the page in place of the ballot.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.mark
    }
}

/// The layout around a page for somebody whom the site doesn't know.
#[derive(Clone, Debug)]
pub struct PlainChrome(Chrome);

impl PlainChrome {
    /// The layout of the page at `path`.
    #[must_use]
    pub fn new(theme: Theme, path: String, demo: bool) -> Self {
        Self(Chrome {
            viewer: Viewer::Nobody,
            theme,
            flash: None,
            path,
            demo,
            hubs: Vec::new(),
            bell: None,
            cases: None,
            silence: None,
            is_baked: true,
        })
    }

    fn into_chrome(self) -> Chrome {
        self.0
    }
}

/// A rendered page that may be kept and sent to everybody whom the site doesn't know.
#[derive(Debug)]
pub struct BakedHtml {
    parts: Parts,
    is_whole: bool,
    until: Option<DateTime<Utc>>,
}

/// What is kept of a page.
#[derive(Debug)]
pub enum Parts {
    /// All of it.
    Whole(String),
    /// What stands before and after the ballot for a photo.
    Served {
        /// Before it.
        before: String,
        /// After it.
        after: String,
        /// The photo and its picture.
        shown: Shown,
    },
}

impl BakedHtml {
    /// Renders the page.
    ///
    /// # Errors
    /// Formatting fails.
    pub fn of<B: Baked>(baked: B, chrome: PlainChrome) -> askama::Result<Self> {
        let (is_whole, until, gap) = (baked.is_whole(), baked.until(), baked.gap());
        let html = baked.page(chrome).render()?;
        let parts = match gap {
            None => Parts::Whole(html),
            Some(gap) => {
                let (before, after) = html.split_once(gap.mark()).ok_or(askama::Error::Fmt)?;
                Parts::Served { before: before.to_owned(), after: after.to_owned(), shown: gap.shown }
            }
        };
        Ok(Self { parts, is_whole, until })
    }

    /// Whether everything on it could be loaded.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// When the clock changes what it says.
    #[must_use]
    pub const fn until(&self) -> Option<DateTime<Utc>> {
        self.until
    }

    /// The page.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        self.parts
    }
}

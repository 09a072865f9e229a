//! Parts of hubs on other sites.

use askama::Template;

use super::filters;
use super::hub_page::WidgetBody;

/// `GET /embed/h/{slug}/{widget}`. It has neither the site's layout nor anything of a viewer.
#[derive(Debug, Template)]
#[template(path = "embed/page.html")]
pub struct EmbedPage {
    /// The hub's slug, under which the page watches it.
    pub slug: String,
    /// The hub's name.
    pub hub: String,
    /// Whether the hub is read-only.
    pub is_archived: bool,
    /// The absolute URL of the hub's page, at the widget.
    pub home: String,
    /// The path of this page.
    pub path: String,
    /// The widget's id.
    pub id: i64,
    /// The name of its kind.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// The version of what it shows.
    pub version: u64,
    /// What it shows. Its links open in new tabs.
    pub body: WidgetBody,
}

/// What a frame shows instead of a widget.
#[derive(Debug, Template)]
#[template(path = "embed/refused.html")]
pub struct EmbedRefused {
    /// Why.
    pub message: String,
    /// The absolute URL of the site.
    pub home: String,
}

/// The HTML that shows a frame on another site.
#[derive(Debug, Template)]
#[template(path = "embed/_frame.html")]
pub struct Frame {
    /// The absolute URL.
    pub url: String,
    /// What it shows, for screen readers.
    pub title: String,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
}

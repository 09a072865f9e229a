//! The pages on which owners add and configure widgets.

use askama::Template;

use super::hub_page::{WidgetBody, WidgetFrame};
use super::hubs::HubHead;
use super::{Chrome, filters};

/// `GET /h/{slug}/widgets/new`.
#[derive(Debug, Template)]
#[template(path = "hubs/gallery.html")]
pub struct GalleryPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head.
    pub head: HubHead,
    /// The version of its layout.
    pub layout_version: i64,
    /// The kinds.
    pub kinds: Vec<KindCard>,
}

/// A kind of widget in the gallery.
#[derive(Clone, Debug)]
pub struct KindCard {
    /// Its name.
    pub kind: &'static str,
    /// Its title.
    pub title: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// How it would look here.
    pub preview: WidgetFrame,
    /// Whether it may stand in the left column.
    pub allows_left: bool,
    /// Whether it may stand in the right column.
    pub allows_right: bool,
}

/// `GET /h/{slug}/widgets/{widget}`, and the answer to refused settings.
#[derive(Debug, Template)]
#[template(path = "hubs/configure.html")]
pub struct ConfigurePage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The hub's head.
    pub head: HubHead,
    /// The widget's id.
    pub id: i64,
    /// The title of its kind.
    pub title: String,
    /// What the kind shows.
    pub about: String,
    /// The version of the hub's layout.
    pub layout_version: i64,
    /// The settings.
    pub fields: Vec<ConfigField>,
    /// Why the settings as a whole were refused.
    pub error: Option<String>,
}

/// A setting of a widget.
#[derive(Clone, Debug)]
pub struct ConfigField {
    /// Its key.
    pub key: String,
    /// What it sets.
    pub help: String,
    /// Its value.
    pub value: String,
    /// Its input.
    pub input: ConfigInput,
    /// Why the value was refused.
    pub error: Option<String>,
}

/// The input of a setting.
#[derive(Clone, Debug)]
pub enum ConfigInput {
    /// One line.
    Line {
        /// The longest text, in characters.
        longest: u64,
    },
    /// Several lines.
    Text {
        /// The longest text, in characters.
        longest: u64,
    },
    /// A whole number.
    Number {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// Yes or no.
    Check,
    /// One of these.
    Choice(Vec<String>),
}

/// A key or a choice as people read it: `show_names` is "Show names".
fn label(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

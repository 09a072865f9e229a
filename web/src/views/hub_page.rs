//! A hub's page of widgets.

use askama::Template;
use chrono::{DateTime, Utc};

use super::Fragment;
use super::card::LinkCard;
use super::hubs::HubHead;
use super::{Chrome, filters};

/// `GET /h/{slug}` and `GET /members/{name}`.
#[derive(Debug, Template)]
#[template(path = "hubs/page.html")]
pub struct HubPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What other sites show of a link to it.
    pub card: Option<LinkCard>,
    /// The hub's head.
    pub head: HubHead,
    /// What its stream is asked for: `hub=<slug>` or `member=<name>`.
    pub topic: String,
    /// The version of its layout.
    pub layout_version: i64,
    /// The left column.
    pub left: Vec<ColumnPart>,
    /// The right column.
    pub right: Vec<ColumnPart>,
    /// Whether the viewer may edit the page.
    pub may_edit: bool,
    /// Whether the viewer is editing it.
    pub is_editing: bool,
    /// Where moderators see why its widgets refresh.
    pub cache: Option<String>,
}

impl HubPage {
    /// Whether there is nothing on it, not even what takes no room.
    fn is_bare(&self) -> bool {
        self.left.is_empty() && self.right.is_empty()
    }
}

/// A part of a column.
#[derive(Clone, Debug)]
pub enum ColumnPart {
    /// A widget.
    Widget(Box<WidgetFrame>),
    /// The place of a widget that was just removed.
    Removed(RemovedWidget),
}

/// A widget that can be put back. It has its place in the column until the next change.
#[derive(Clone, Debug, Template)]
#[template(path = "hubs/_removed.html")]
pub struct RemovedWidget {
    /// Its id.
    pub id: i64,
    /// The path of the hub's page.
    pub hub: String,
    /// Its title.
    pub title: String,
}

/// A widget with its frame. Also sent alone, when it has changed.
#[derive(Clone, Debug, Template)]
#[template(path = "hubs/_widget.html")]
pub struct WidgetFrame {
    /// The widget's id.
    pub id: i64,
    /// The path of the hub's page.
    pub hub: String,
    /// The name of its kind.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// The version of what it shows.
    pub version: u64,
    /// What it shows.
    pub body: WidgetBody,
    /// The HTML that shows it on another site, if other sites can.
    pub snippet: Option<String>,
    /// Its controls, if the viewer is editing the page.
    pub controls: Option<WidgetControls>,
}

/// What a widget shows.
#[derive(Clone, Debug)]
pub enum WidgetBody {
    /// Its data.
    Fresh(Fragment),
    /// Its last good data, because it couldn't be loaded again.
    Old {
        /// The data.
        body: Fragment,
        /// When it was loaded.
        as_of: DateTime<Utc>,
    },
    /// Nothing, because there is nothing to show: not even a frame.
    Empty,
    /// It couldn't be loaded.
    Failed,
}

/// How an owner moves and changes a widget.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what the buttons can do, each by itself")]
pub struct WidgetControls {
    /// The version of the layout that the viewer sees.
    pub layout_version: i64,
    /// The place in the column.
    pub position: i32,
    /// Whether it is in the left column.
    pub is_left: bool,
    /// Whether it is the last in its column.
    pub is_last: bool,
    /// Whether it may stand in the other column.
    pub may_cross: bool,
    /// Whether it has settings.
    pub has_settings: bool,
    /// The act whose button has the focus, because it was pressed before.
    pub focus: Option<&'static str>,
}

impl WidgetControls {
    fn has_focus(&self, act: &str) -> bool {
        self.focus == Some(act)
    }
}

impl WidgetFrame {
    /// Whether it takes no room. Editors see the frame all the same.
    fn is_hidden(&self) -> bool {
        matches!(self.body, WidgetBody::Empty) && self.controls.is_none()
    }

    /// The columns in which it may stand, for `move.js`.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn allowed(&self, controls: &WidgetControls) -> &'static str {
        match (controls.may_cross, controls.is_left) {
            (true, _) => "left right",
            (false, true) => "left",
            (false, false) => "right",
        }
    }
}

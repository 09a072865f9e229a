//! The shapes of widgets in the API's answers. Fields may be added, never renamed or removed.

use chrono::{DateTime, Utc};
use pawdium_widgets::find_kind;
use pawdium_widgets::layout::Placed;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A kind of widget.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindShape {
    /// Its name.
    #[schema(example = "newest-photos")]
    pub kind: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Where it may stand: left, right or either.
    pub columns: &'static str,
    /// The pages to which it can be added: hubs, profiles or all.
    pub pages: &'static str,
    /// The JSON Schema of its settings.
    #[schema(value_type = Object)]
    pub config: Value,
}

/// A widget of a hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct WidgetShape {
    /// Its id.
    pub id: i64,
    /// Its kind.
    #[schema(example = "newest-photos")]
    pub kind: String,
    /// Its title.
    pub title: String,
    /// left or right.
    #[schema(example = "left")]
    pub column: &'static str,
    /// Its place in the column, from 0.
    pub position: i32,
    /// Its settings.
    #[schema(value_type = Object)]
    pub config: Value,
    /// The version of its data as the caller sees it. Equal data has equal versions; 0 if it can't be loaded.
    pub version: u64,
}

/// A widget with its data.
#[derive(Debug, Serialize, ToSchema)]
pub struct WidgetDataShape {
    /// The widget.
    #[serde(flatten)]
    pub widget: WidgetShape,
    /// What it shows; null if it couldn't be loaded.
    #[schema(value_type = Object)]
    pub data: Value,
    /// When that was loaded.
    pub as_of: Option<DateTime<Utc>>,
    /// Why it couldn't be loaded again; null if it was.
    pub failed: Option<&'static str>,
}

/// The layout as it is, beside the refusal of a change of an older one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictShape {
    /// 409.
    pub code: u16,
    /// What to do about it.
    pub message: String,
    /// The current version of the layout.
    pub layout_version: i64,
    /// The current widgets.
    pub widgets: Vec<WidgetShape>,
}

impl WidgetShape {
    /// A widget that shows this version of its data.
    pub(super) fn of(placed: Placed, version: u64) -> Self {
        let kind = find_kind(&placed.kind);
        let config = kind.and_then(|kind| kind.check(&placed.config).ok());
        Self {
            id: placed.id.0,
            title: kind.map_or_else(|| placed.kind.clone(), |kind| kind.title_of(&placed.config)),
            kind: placed.kind,
            column: placed.side.into(),
            position: placed.position,
            config: config.unwrap_or(placed.config),
            version,
        }
    }
}

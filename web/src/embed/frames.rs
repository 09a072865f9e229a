//! The HTML that shows a widget on another site.

use askama::Template as _;
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::WidgetId;

use crate::state::App;
use crate::views::embed::Frame;

/// The size of a frame in pixels, as the hub's page offers it.
pub(super) const SIZE: (u32, u32) = (420, 480);

/// The snippet for a widget with this title.
///
/// # Errors
/// Formatting fails.
pub fn snippet(app: &App, hub: &Hub, widget: WidgetId, title: &str) -> askama::Result<String> {
    frame(app, hub, widget, title, SIZE)
}

/// The same in another size.
pub(super) fn frame(
    app: &App,
    hub: &Hub,
    widget: WidgetId,
    title: &str,
    (width, height): (u32, u32),
) -> askama::Result<String> {
    let title = format!("{title} · {}", hub.name);
    Frame { url: app.url(&path(hub, widget)), title, width, height }.render()
}

/// The path of a widget in a frame.
pub(super) fn path(hub: &Hub, widget: WidgetId) -> String {
    format!("/embed{}/{widget}", hub.path())
}

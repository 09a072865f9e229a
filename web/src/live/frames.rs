//! The frames of a stream (server-sent events, WHATWG HTML 9.2).

use std::fmt::Write as _;

use pawdium_shared::ids::WidgetId;
use pawdium_shared::live::Position;
use serde_json::{Value, json};

/// At most so long clients wait until they load a changed part, in milliseconds.
const WIDEST: usize = 2000;

/// Within how many milliseconds clients load what has changed, each after a random share of it, so that not all load
/// it at once: 10,000 a second, until the audience needs more than two seconds. A process answers them with the bytes that
/// it keeps.
pub(super) fn spread(audience: usize) -> usize {
    (audience / 10).min(WIDEST)
}

/// The first frame: when to come back after the connection breaks, and from where to resume.
pub(super) fn begin(text: &mut String, retry: u64, position: Option<Position>) {
    let _ = writeln!(text, "retry: {retry}");
    end(text, position);
}

/// The last frame of a stopping process.
pub(super) fn stop(retry: u64) -> String {
    format!("retry: {retry}\n\n")
}

/// A frame that says only that the line is alive, and from where to resume. `EventSource` shows it to nobody.
pub(super) fn ping(position: Option<Position>) -> String {
    let mut text = String::from(": ping\n");
    end(&mut text, position);
    text
}

/// A widget's new version. `name` is the hub's, as in `hub=cats`.
pub(super) fn widget(
    text: &mut String,
    position: Option<Position>,
    name: &str,
    widget: WidgetId,
    version: u64,
    spread: usize,
) {
    let mut data = json!({ "widget": widget, "version": version, "spread": spread });
    if let Some((kind, value)) = name.split_once('=') {
        data[kind] = value.into();
    }
    event(text, position, "widget", &data);
}

/// A topic has changed.
pub(super) fn changed(text: &mut String, position: Option<Position>, name: &str, spread: usize) {
    event(text, position, "changed", &json!({ "topic": name, "spread": spread }));
}

/// Anything may have changed.
pub(super) fn reset(text: &mut String, position: Option<Position>) {
    event(text, position, "reset", &json!({}));
}

/// A topic that isn't there, for this viewer.
pub(super) fn gone(text: &mut String, name: &str) {
    event(text, None, "gone", &json!({ "topic": name }));
}

fn event(text: &mut String, position: Option<Position>, event: &str, data: &Value) {
    // JSON has no line breaks of its own.
    let _ = writeln!(text, "event: {event}\ndata: {data}");
    end(text, position);
}

fn end(text: &mut String, position: Option<Position>) {
    if let Some(position) = position {
        let _ = writeln!(text, "id: {position}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_few_lines_whatever_the_name() {
        let position = "17-3".parse().ok();
        let mut text = String::new();
        widget(&mut text, position, "hub=cats", WidgetId(42), 17, 400);
        gone(&mut text, "hub=a\n\ndata: {}");
        let expected = "event: widget\n\
                        data: {\"widget\":42,\"version\":17,\"spread\":400,\"hub\":\"cats\"}\nid: 17-3\n\n\
                        event: gone\ndata: {\"topic\":\"hub=a\\n\\ndata: {}\"}\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_small_audience_loads_at_once_and_a_large_one_within_two_seconds() {
        assert_eq!([1, 2, 100, 1000, 5000, 100_000].map(spread), [0, 0, 10, 100, 500, 2000]);
    }
}

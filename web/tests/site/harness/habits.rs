//! How visitors differ: they have fingers or only a keyboard, or run no scripts.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use serde_json::{Value, json};

use super::browser::Browser;

impl Browser {
    /// Presses a key together with the shift key.
    pub(crate) async fn press_shifted(&self, key: char) {
        let shift = '\u{e008}';
        let keys = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: shift })
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key })
            .then(KeyAction::Up { value: shift });
        self.page.perform_actions(keys).await.expect("they are pressed");
    }

    /// Removes all cookies.
    pub(crate) async fn forget(&self) {
        self.devtools("Network.clearBrowserCookies", json!({})).await;
    }

    /// From now on pages run no scripts.
    pub(crate) async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// From now on the visitor's clocks are those of that zone.
    pub(crate) async fn in_time_zone(&self, zone: &str) {
        self.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })).await;
    }

    /// Puts a finger onto the middle of an element and lifts it.
    pub(crate) async fn tap(&self, css: &str) {
        self.find(css).await;
        let place = "const target = document.querySelector(arguments[0]);
                     target.scrollIntoView({ block: 'center' });
                     const { left, top, width, height } = target.getBoundingClientRect();
                     return [left + width / 2, top + height / 2];";
        let place = self.run_with(place, json!(css)).await;
        let number = |axis: usize| place[axis].as_f64().expect("a number");
        self.swipe(&[(number(0), number(1))]).await;
    }

    /// Puts a finger down, and moves it from point to point.
    pub(crate) async fn touch(&self, points: &[(f64, f64)]) {
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await;
        for (place, (x, y)) in points.iter().enumerate() {
            let kind = if place == 0 { "touchStart" } else { "touchMove" };
            self.finger(kind, json!([{ "x": x, "y": y }])).await;
        }
    }

    /// Lifts the finger.
    pub(crate) async fn lift(&self) {
        self.finger("touchEnd", json!([])).await;
    }

    /// Moves a finger from point to point and lifts it.
    pub(crate) async fn swipe(&self, points: &[(f64, f64)]) {
        self.touch(points).await;
        self.lift().await;
    }

    async fn finger(&self, kind: &str, points: Value) {
        self.devtools("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
    }
}

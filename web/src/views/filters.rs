//! Template filters of pages: those of widgets, and those that know the site's static files.
#![expect(
    clippy::unnecessary_wraps,
    clippy::inline_always,
    clippy::unused_self,
    unreachable_pub,
    reason = "askama's macro asks for a Result and turns each function into a public, inlined method"
)]

use askama::{Result, Values, filter_fn};

pub(super) use pawdium_widgets::filters::*;

/// The URL of a static file: `{{ "app.css"|asset }}`.
#[filter_fn]
pub(super) fn asset(path: &str, _: &dyn Values) -> Result<String> {
    Ok(crate::assets::asset(path))
}

/// The script tag of an ES module and preloads of its imports: `{{ "app.js"|module|safe }}`.
#[filter_fn]
pub(super) fn module(path: &str, _: &dyn Values) -> Result<String> {
    let preload =
        |module: &String| format!(r#"<link rel="modulepreload" href="{}">"#, crate::assets::asset(module));
    let needed: String = crate::assets::modules_of(path).iter().map(preload).collect();
    Ok(format!(r#"{needed}<script type="module" src="{}"></script>"#, crate::assets::asset(path)))
}

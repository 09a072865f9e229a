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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    /// Pages of operators show UTC, as logs do; a call's pages show the time zone of its hub.
    const OTHER_CLOCKS: [&str; 5] = ["admin", "demo", "talks", "macros/voter.html", "moderation"];

    fn templates_in(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { templates_in(&path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn times_are_told_by_the_readers_clocks() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut templates = Vec::new();
        templates_in(&root, &mut templates);
        let is_readers =
            |path: &PathBuf| !OTHER_CLOCKS.iter().any(|folder| path.starts_with(root.join(folder)));
        templates.retain(is_readers);
        assert!(templates.len() > 40, "{templates:?}");
        for path in templates {
            let text = std::fs::read_to_string(&path).expect("a template");
            // `|ago`, `|day`, `|hour` and `|clock` write the element.
            assert!(!text.contains("<time"), "{} writes a time of its own", path.display());
        }
    }
}

//! The data of pages: a struct for each page or part, filled by handlers and rendered by `web/templates`.
//!
//! The structs hold plain data and know neither the database nor HTTP. A part (`templates/<feature>/_part.html`) has
//! its own struct, because live refreshes and caches send it without the page.

pub mod account;
pub mod accounts;
pub mod admin;
pub mod api;
pub mod atom;
pub mod baked;
pub mod card;
mod chrome;
pub mod comments;
pub mod demo;
pub mod drafts;
pub mod edit;
pub mod embed;
pub mod errors;
pub mod explore;
pub mod feed;
mod filters;
mod form;
mod fragment;
pub mod hub_edit;
pub mod hub_page;
pub mod hub_photos;
pub mod hub_settings;
pub mod hubs;
pub mod imports;
pub mod lineage;
mod listing;
pub mod members;
pub mod moderation;
pub mod newest;
pub mod notifications;
pub mod photo;
pub mod rate;
pub mod ratings;
pub mod reports;
pub mod review;
pub mod revisions;
pub mod sanctions;
pub mod search;
pub mod security;
pub mod sessions;
pub mod settings;
pub mod submit;
pub mod talks;
pub mod top;
pub mod topics;
pub mod trending;

pub use chrome::{Bell, Chrome, Flash, HubLink, Silence, Theme, Tone, Viewer};
pub use form::Field;
pub use fragment::Fragment;
pub(crate) use listing::photo_path;
pub use listing::{Paging, PhotoCard, PhotoGrid};
pub(crate) use pawdium_widgets::filters::grouped;
pub use pawdium_widgets::people::Face;
pub use pawdium_widgets::picture::{Picture, PictureSize};
use pawdium_widgets::{picture, species};

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    fn templates(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                templates(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                found.push(path);
            }
        }
    }

    #[test]
    fn template_lines_have_at_most_160_characters() {
        let mut found = Vec::new();
        for folder in ["templates", "../widgets/templates"] {
            templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
        }
        assert!(!found.is_empty(), "no templates found");
        for path in found {
            let text = fs::read_to_string(&path).expect("templates are UTF-8");
            for (number, line) in text.lines().enumerate() {
                assert!(line.chars().count() <= 160, "{}:{}", path.display(), number + 1);
            }
        }
    }
}

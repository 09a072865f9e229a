//! The reference of the JSON API.

use askama::Template;

use super::{Chrome, filters};

/// `GET /api`. `api.js` fills it from `/api/v1/openapi.json`; without JavaScript it links to that document.
#[derive(Debug, Template)]
#[template(path = "api/page.html")]
pub struct ApiPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The site's own address without a trailing slash, for the examples.
    pub origin: String,
}

//! The reference of the JSON API.

use askama::Template;

use super::{Chrome, filters};

/// `GET /api`: `api.js` fills it from `/api/v1/openapi.json`; without JavaScript it says where that document is.
#[derive(Debug, Template)]
#[template(path = "api/page.html")]
pub struct ApiPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The site's own address without a trailing slash, for the examples.
    pub origin: String,
}

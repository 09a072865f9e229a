//! What a photo was before.

use askama::Template;
use chrono::{DateTime, Utc};

use super::edit::Line;
use super::{Chrome, Picture, filters};

/// `GET /photos/{id}/revisions`
#[derive(Debug, Template)]
#[template(path = "photo/revisions.html")]
pub struct RevisionsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The photo's id.
    pub id: i64,
    /// Its title as it is stored.
    pub name: String,
    /// Whether the viewer is the owner, who can restore revisions.
    pub own: bool,
    /// Two revisions side by side.
    pub compared: Option<Compared>,
    /// The revisions, the present one first.
    pub revisions: Vec<RevisionRow>,
}

/// A revision in the list.
#[derive(Debug)]
pub struct RevisionRow {
    /// Its number, from 1.
    pub number: i32,
    /// Whether it is the present one.
    pub is_current: bool,
    /// The title.
    pub title: String,
    /// The picture.
    pub picture: Picture,
    /// When it began.
    pub since: DateTime<Utc>,
    /// The mean of the ratings of its picture.
    pub mean: Option<f64>,
    /// How many ratings its picture has.
    pub count: i64,
}

/// An earlier revision beside the present one.
#[derive(Debug)]
pub struct Compared {
    /// The number of the earlier one.
    pub number: i32,
    /// The fields of both.
    pub lines: Vec<Line>,
    /// The present picture.
    pub now: Picture,
    /// The picture of the earlier one.
    pub then: Picture,
    /// Whether they show different pictures.
    pub is_other_picture: bool,
}

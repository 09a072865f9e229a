//! The photos on a member's profile.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::photos::PhotoState;

use super::hubs::HubHead;
use super::{Chrome, Paging, PhotoCard, PhotoGrid, filters};

/// `GET /members/{name}/photos`.
#[derive(Debug, Template)]
#[template(path = "members/page.html")]
pub struct MemberPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The head of the profile.
    pub head: HubHead,
    /// The member's name.
    pub name: String,
    /// When they registered.
    pub since: DateTime<Utc>,
    /// How many photos they rated.
    pub ratings_cast: i64,
    /// How many live photos they have.
    pub photo_count: i64,
    /// Their live photos, newest first.
    pub photos: Vec<PhotoCard>,
    /// The position in the list.
    pub paging: Paging,
    /// Whether the viewer is this member.
    pub own: bool,
    /// Whether the viewer can remove the portrait and the line about the member.
    pub may_moderate: bool,
    /// The photos that are not live; empty unless the viewer is their owner.
    pub pending: Vec<PendingPhoto>,
}

impl MemberPage {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 8 }
    }
}

/// A photo that only its owner sees.
#[derive(Clone, Debug)]
pub struct PendingPhoto {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// Its state.
    pub state: PhotoState,
    /// If it has failed, a sentence about what the owner can do.
    pub reason: Option<String>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
}

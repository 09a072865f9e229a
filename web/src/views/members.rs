//! A member's public profile.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Chrome, Paging, PhotoCard, PhotoGrid, filters};
use pawdium_shared::photos::PhotoState;

/// `GET /members/{name}`.
#[derive(Debug, Template)]
#[template(path = "members/page.html")]
pub struct MemberPage {
    /// Around the page.
    pub chrome: Chrome,
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
    /// Where in the list this is.
    pub paging: Paging,
    /// The viewer is this member.
    pub own: bool,
    /// Photos that are not live; filled only for their owner.
    pub pending: Vec<PendingPhoto>,
}

impl MemberPage {
    fn grid(&self) -> PhotoGrid<'_> {
        PhotoGrid { photos: &self.photos, eager: 8 }
    }

    /// The first letter, for the avatar.
    fn initial(&self) -> String {
        self.name.chars().next().map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().to_string())
    }

    /// One of ten colours, always the same for the same name.
    fn hue(&self) -> u32 {
        self.name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 10 + 1
    }
}

/// A photo of one's own that the others don't see.
#[derive(Clone, Debug)]
pub struct PendingPhoto {
    /// The photo's id.
    pub id: i64,
    /// As its owner wrote it.
    pub title: String,
    /// Where it stands.
    pub state: PhotoState,
    /// What its owner can do about it, a sentence, where it has failed.
    pub reason: Option<String>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
}

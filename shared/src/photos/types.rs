//! Photos and their states.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::Histogram;
use crate::ids::{PhotoId, UserId};

/// The kinds of animals, in display order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Deserialize,
    IntoStaticStr,
    Serialize,
    VariantArray,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Species {
    /// Cats.
    Cat,
    /// Dogs.
    Dog,
    /// Birds.
    Bird,
    /// Rabbits and hares.
    Rabbit,
    /// Mice, hamsters, guinea pigs and so on.
    Rodent,
    /// Lizards, snakes, turtles and so on.
    Reptile,
    /// Horses, ponies, donkeys.
    Horse,
    /// Everything else.
    Other,
}

impl Species {
    /// The name in the database, in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Species {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of a species.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("Choose one of cat, dog, bird, rabbit, rodent, reptile, horse and other.")]
pub struct UnknownSpecies;

impl FromStr for Species {
    type Err = UnknownSpecies;

    fn from_str(text: &str) -> Result<Self, UnknownSpecies> {
        Self::VARIANTS.iter().copied().find(|species| species.name() == text).ok_or(UnknownSpecies)
    }
}

/// The state of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr, Serialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum PhotoState {
    /// Saved by its owner, not published.
    Draft,
    /// Published; its sizes are being made.
    Processing,
    /// In rotation.
    Live,
    /// Its picture could not be used. The reason tells its owner what to do.
    Failed,
    /// Hidden by a moderator.
    Hidden,
    /// Deleted for good, with its files.
    Deleted,
}

impl PhotoState {
    /// The name in the database, in the API and on badges.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Who may comment on a photo.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, EnumString, IntoStaticStr, Serialize, sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Commenters {
    /// Everybody who is registered.
    #[default]
    Registered,
    /// Nobody.
    Nobody,
}

impl Commenters {
    /// The name in the database, in forms and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One of the square JPEGs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Its key in the media store.
    pub key: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// File size in bytes.
    pub bytes: u32,
}

/// The pictures by nominal edge in pixels: 1080, 540 and 160. Empty until the photo is processed; the draft of a remix
/// has those of its parent.
pub type Sizes = BTreeMap<u16, Picture>;

/// A photo with everything that its page, a list or the API shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Photo {
    /// Its id.
    pub id: PhotoId,
    /// Its title.
    pub title: String,
    /// A description for people who can't see the picture.
    pub alt: String,
    /// What animal it is.
    pub species: Species,
    /// The names of its topics, as pages show them.
    pub tags: Vec<String>,
    /// The user who submitted it.
    pub owner: UserId,
    /// The owner's public name; `None` while the owner is anonymous.
    pub owner_name: Option<String>,
    /// Its state.
    pub state: PhotoState,
    /// Why it failed and what its owner can do.
    pub reason: Option<String>,
    /// The square JPEGs.
    pub sizes: Sizes,
    /// A thumbhash in base64, shown until the picture has loaded.
    pub placeholder: Option<String>,
    /// Its ratings.
    pub histogram: Histogram,
    /// Bayesian mean as of the last ranking.
    pub score: Option<f64>,
    /// Rank by score among live photos as of the last ranking. Equal scores share a rank.
    pub rank: Option<i32>,
    /// log2 of the decaying sum of shares, link views and link ratings: see [`crate::ranking::virality`].
    pub virality: Option<f64>,
    /// The number of visits.
    pub views: i64,
    /// The number of shares.
    pub shares: i64,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When its owner last did something with it or looked at the draft, from which its expiry counts.
    pub touched_at: DateTime<Utc>,
    /// Counts the owner's changes.
    pub version: i32,
    /// The number of this revision, from 1.
    pub revision: i32,
    /// The number of the picture, from 1.
    pub picture: i16,
    /// The revision since which the picture is shown.
    pub picture_since: i32,
    /// The photo that it was made from; `None` if it is no remix, or if that photo's row is gone.
    pub parent: Option<PhotoId>,
    /// How many remixes lie between it and a photo that is none; 0 for no remix.
    pub depth: i16,
    /// Whether others may remix it.
    pub remixes: bool,
    /// Who may comment.
    pub comments: Commenters,
    /// How often visitors have remixed it, each counted once a day.
    pub remixed: i64,
    /// How often visitors have commented, each counted once a day.
    pub commented: i64,
}

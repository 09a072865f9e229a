//! The shapes that the API answers with. Fields may be added, never renamed or removed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pawdium_shared::photos::Photo;
use pawdium_shared::photos::steps::TimelineEntry;
use pawdium_shared::ranking::lists::Page;
use pawdium_shared::ranking::virality;
use serde::Serialize;
use utoipa::ToSchema;

use crate::photos::present::media_path;
use crate::state::App;

/// A photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotoShape {
    /// Its id.
    pub id: i64,
    /// What its owner calls it.
    pub title: String,
    /// What it shows, for those who can't see it.
    pub alt: String,
    /// cat, dog, bird, rabbit, rodent, reptile, horse or other.
    #[schema(example = "cat")]
    pub species: String,
    /// Free words.
    pub tags: Vec<String>,
    /// Who submitted it.
    pub owner: OwnerShape,
    /// draft, processing, live, failed or hidden.
    #[schema(example = "live")]
    pub state: &'static str,
    /// Why it failed and what its owner can do; null unless it failed.
    pub reason: Option<String>,
    /// The square JPEGs by nominal edge in pixels; empty until the photo is live.
    pub sizes: BTreeMap<String, SizeShape>,
    /// A thumbhash in base64, to paint before the picture is there.
    pub placeholder: Option<String>,
    /// What everybody thinks; left out of `rate/next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<RatingShape>,
    /// The decaying sum of shares, link views and link ratings, as of now.
    pub virality: f64,
    /// Counted visits.
    pub views: i64,
    /// Counted shares.
    pub shares: i64,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// The caller's own earlier photo of the same picture, if there is one; for its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<i64>,
    /// What happened to it; for its owner and moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<StepShape>>,
    /// How large the upload was, in bytes; for its owner and moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<u64>,
}

/// Who submitted a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnerShape {
    /// The user's id.
    pub id: i64,
    /// The public name; null while anonymous.
    pub name: Option<String>,
}

/// One file of a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct SizeShape {
    /// Where it is.
    pub url: String,
    /// Pixels across: what the name says, or the side of the chosen square where that is less. Nothing is enlarged.
    pub width: u32,
    /// Pixels down, as many as across.
    pub height: u32,
    /// File size in bytes.
    pub bytes: u32,
}

/// What everybody thinks of a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatingShape {
    /// What the caller gave; only in the answer to rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i16>,
    /// The plain mean, 1 to 10; null without ratings.
    pub mean: Option<f64>,
    /// How many ratings.
    pub count: i64,
    /// The Bayesian mean of the last ranking, by which photos are ordered; null until then.
    pub score: Option<f64>,
    /// The place by score among live photos; null until the next ranking.
    pub rank: Option<i32>,
    /// How many ratings of 1, 2, … 10.
    pub histogram: [i32; 10],
}

/// One line of a photo's timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepShape {
    /// received, checked, decoded, cropped, stored, live or failed.
    pub step: &'static str,
    /// When it was finished.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds, where that was measured.
    pub ms: Option<i32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListShape {
    /// The photos, in order.
    pub data: Vec<PhotoShape>,
    /// Where in the list this is.
    pub paging: PagingShape,
}

/// Where in a list a page is.
#[derive(Debug, Serialize, ToSchema)]
pub struct PagingShape {
    /// This page, from 1.
    pub page: i64,
    /// The last page, at least 1.
    pub last_page: i64,
}

/// An error: the HTTP status again, and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorShape {
    /// The HTTP status.
    #[schema(example = 400)]
    pub code: u16,
    /// What to do about it.
    pub message: String,
    /// The field that was refused, if it was one.
    pub field: Option<String>,
    /// Names the error in the log; only with 500.
    pub id: Option<String>,
}

impl RatingShape {
    /// The opinions on a photo.
    #[must_use]
    pub fn of(photo: &Photo) -> Self {
        Self {
            value: None,
            mean: photo.histogram.mean(),
            count: photo.histogram.count(),
            score: photo.score,
            rank: photo.rank,
            histogram: photo.histogram.bars(),
        }
    }
}

impl PhotoShape {
    /// A photo with everybody's opinion.
    #[must_use]
    pub fn of(app: &App, photo: Photo) -> Self {
        let rating = Some(RatingShape::of(&photo));
        Self { rating, ..Self::unrated(app, photo) }
    }

    /// A photo for somebody who is to rate it.
    #[must_use]
    pub fn unrated(app: &App, photo: Photo) -> Self {
        let size = |(edge, file): (&u16, &pawdium_shared::photos::Picture)| {
            let url = app.url(&media_path(&file.key));
            (edge.to_string(), SizeShape { url, width: file.width, height: file.height, bytes: file.bytes })
        };
        Self {
            id: photo.id.0,
            species: photo.species.name().to_owned(),
            owner: OwnerShape { id: photo.owner.0, name: photo.owner_name },
            state: photo.state.name(),
            sizes: photo.sizes.iter().map(size).collect(),
            placeholder: photo.placeholder,
            rating: None,
            virality: virality::present(photo.virality, Utc::now()),
            title: photo.title,
            alt: photo.alt,
            tags: photo.tags,
            reason: photo.reason,
            views: photo.views,
            shares: photo.shares,
            created_at: photo.created_at,
            same_as: None,
            timeline: None,
            source_bytes: None,
        }
    }

    /// With what only its owner and moderators are told: what happened to it, and how large the upload was.
    #[must_use]
    pub fn for_owner(mut self, entries: Vec<TimelineEntry>, source_bytes: Option<u64>) -> Self {
        let step = |entry: TimelineEntry| StepShape { step: entry.step.name(), at: entry.at, ms: entry.ms };
        self.timeline = Some(entries.into_iter().map(step).collect());
        self.source_bytes = source_bytes;
        self
    }
}

impl ListShape {
    /// A page of photos.
    #[must_use]
    pub fn of(app: &App, list: Page<Photo>) -> Self {
        Self {
            data: list.photos.into_iter().map(|photo| PhotoShape::of(app, photo)).collect(),
            paging: PagingShape { page: list.page, last_page: list.last_page },
        }
    }
}

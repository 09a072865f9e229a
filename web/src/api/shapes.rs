//! The shapes of the API's answers. Fields may be added, never renamed or removed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pawdium_shared::photos::remixes::Credit;
use pawdium_shared::photos::steps::TimelineEntry;
use pawdium_shared::photos::{Photo, PhotoState, expiry};
use pawdium_shared::ranking::lists::Page;
use pawdium_shared::ranking::virality;
use serde::Serialize;
use utoipa::ToSchema;

use crate::photos::present::media_path;
use crate::state::App;

/// A photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotoShape {
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// A description for people who can't see the picture.
    pub alt: String,
    /// cat, dog, bird, rabbit, rodent, reptile, horse or other.
    #[schema(example = "cat")]
    pub species: String,
    /// The owner's tags.
    pub tags: Vec<String>,
    /// Who submitted it.
    pub owner: OwnerShape,
    /// draft, processing, live, failed or hidden.
    #[schema(example = "live")]
    pub state: &'static str,
    /// Why it failed and what the owner can do about it; null unless it failed.
    pub reason: Option<String>,
    /// The square JPEGs by nominal edge in pixels; empty until the photo is live.
    pub sizes: BTreeMap<String, SizeShape>,
    /// A ThumbHash in base64, to show while the picture loads.
    pub placeholder: Option<String>,
    /// The ratings; left out of `rate/next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<RatingShape>,
    /// The decaying sum of shares, link views and link ratings, as of now.
    pub virality: f64,
    /// The number of counted visits.
    pub views: i64,
    /// The number of counted shares.
    pub shares: i64,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// The owner's earlier photo of the same picture; only for the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<i64>,
    /// Counts the owner's changes, for `If-Match`.
    pub version: i32,
    /// The number of this revision, from 1.
    pub revision: i32,
    /// The revision since which the picture is shown. The ratings are of that picture.
    pub picture_since: i32,
    /// The photo that it was made from; null if it is no remix, or if that photo went with its owner's account.
    pub parent: Option<i64>,
    /// Whether others may remix it.
    pub remixes: bool,
    /// registered or nobody: who may comment.
    pub comments: &'static str,
    /// What visitors did, each counted once a day.
    pub stats: StatsShape,
    /// How it credits the photo that it was made from; only where one photo is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remix_of: Option<CreditShape>,
    /// When the draft is deleted unless its owner opens or changes it; only for drafts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The crop that is being made, as x,y,side; only for the owner and moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_crop: Option<String>,
    /// The processing steps; only for the owner and moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<StepShape>>,
    /// The size of the original in bytes; only for the owner and moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<u64>,
}

/// What visitors did with a photo, each counted once a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatsShape {
    /// Looked at it.
    pub views: i64,
    /// Shared it.
    pub shares: i64,
    /// Remixed it.
    pub remixes: i64,
    /// Commented on it.
    pub comments: i64,
}

/// The photo that a remix was made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditShape {
    /// Its id; null if it is gone.
    pub id: Option<i64>,
    /// Its title; null if it was hidden, or went with its owner's account.
    pub title: Option<String>,
    /// Its owner's name; null if it was hidden, went with the account, or while the owner is anonymous.
    pub owner: Option<String>,
    /// live, deleted, hidden or lost (with its owner's account).
    pub state: &'static str,
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
    /// Its URL.
    pub url: String,
    /// The width in pixels: the nominal edge, or the side of the crop if that is smaller. Pictures are never enlarged.
    pub width: u32,
    /// The height in pixels, equal to the width.
    pub height: u32,
    /// File size in bytes.
    pub bytes: u32,
}

/// The ratings of a photo.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatingShape {
    /// The caller's rating; only in the answer to rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i16>,
    /// The plain mean, 1 to 10; null without ratings.
    pub mean: Option<f64>,
    /// The number of ratings.
    pub count: i64,
    /// The Bayesian mean, which orders the photos; null until the next ranking.
    pub score: Option<f64>,
    /// The rank by score among live photos; null until the next ranking.
    pub rank: Option<i32>,
    /// The number of ratings of 1, 2, … 10.
    pub histogram: [i32; 10],
}

/// One line of a photo's timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepShape {
    /// received, checked, decoded, cropped, stored, live or failed.
    pub step: &'static str,
    /// When the step finished.
    pub at: DateTime<Utc>,
    /// The duration in milliseconds, if it was measured.
    pub ms: Option<i32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListShape {
    /// The photos, in order.
    pub data: Vec<PhotoShape>,
    /// The position in the list.
    pub paging: PagingShape,
}

/// The position of a page in a list.
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
    /// The refused field, if the error is about one.
    pub field: Option<String>,
    /// The URL of what exists already, if the error is about that.
    pub url: Option<String>,
    /// The error's id in the log; only with 500.
    pub id: Option<String>,
}

impl RatingShape {
    /// The ratings of a photo.
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
    /// A photo with its ratings.
    #[must_use]
    pub fn of(app: &App, photo: Photo) -> Self {
        let rating = Some(RatingShape::of(&photo));
        Self { rating, ..Self::unrated(app, photo) }
    }

    /// A photo without its ratings, for a caller who is about to rate it.
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
            version: photo.version,
            revision: photo.revision,
            picture_since: photo.picture_since,
            parent: photo.parent.map(|parent| parent.0),
            remixes: photo.remixes,
            comments: photo.comments.name(),
            stats: StatsShape {
                views: photo.views,
                shares: photo.shares,
                remixes: photo.remixed,
                comments: photo.commented,
            },
            remix_of: None,
            expires_at: (photo.state == PhotoState::Draft)
                .then(|| expiry::expires_at(photo.touched_at, app.config.upkeep.draft_days)),
            next_crop: None,
            same_as: None,
            timeline: None,
            source_bytes: None,
        }
    }

    /// Adds what only the owner and moderators see: the timeline and the size of the original.
    #[must_use]
    pub fn for_owner(mut self, entries: Vec<TimelineEntry>, source_bytes: Option<u64>) -> Self {
        let step = |entry: TimelineEntry| StepShape { step: entry.step.name(), at: entry.at, ms: entry.ms };
        self.timeline = Some(entries.into_iter().map(step).collect());
        self.source_bytes = source_bytes;
        self
    }
}

impl From<Credit> for CreditShape {
    fn from(credit: Credit) -> Self {
        match credit {
            Credit::Live { photo, title, owner } => {
                Self { id: Some(photo.0), title: Some(title), owner, state: "live" }
            }
            Credit::Deleted { title, owner } => {
                Self { id: None, title: Some(title), owner, state: "deleted" }
            }
            Credit::Hidden => Self { id: None, title: None, owner: None, state: "hidden" },
            Credit::Lost => Self { id: None, title: None, owner: None, state: "lost" },
        }
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

/// How a list goes on that has no numbered pages.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextShape {
    /// The `after` or `before` of the next page; null on the last one.
    pub next: Option<String>,
}

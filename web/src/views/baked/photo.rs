//! A live photo's page, for somebody to whom it was not served.

use chrono::{DateTime, Utc};
use pawdium_shared::photos::PhotoState;

use super::{Baked, PlainChrome};
use crate::views::card::LinkCard;
use crate::views::comments::CommentSection;
use crate::views::hub_photos::{PhotoHub, PhotoHubs};
use crate::views::photo::{ListPlace, PhotoPage, PhotoStatus, RatingControl};
use crate::views::{Fragment, HubLink, Picture};

/// `GET /photos/{id}`
#[derive(Debug)]
pub struct BakedPhoto {
    /// What other sites show of a link to it.
    pub card: Option<LinkCard>,
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture.
    pub alt: String,
    /// The species' key.
    pub species: String,
    /// The tags.
    pub tags: Vec<String>,
    /// The owner's name; `None` for an anonymous user.
    pub owner: Option<String>,
    /// The list that leads here.
    pub place: Option<ListPlace>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// The picture.
    pub picture: Picture,
    /// The rendered hubs: [`BakedPhoto::hubs`].
    pub posting: PublicHubs,
    /// Whether everybody may remix it.
    pub remixable: bool,
    /// What it was made from, and what was made from it.
    pub lineage: PublicLineage,
}

/// The rendered parts about remixes, which are the same for every viewer.
#[derive(Debug)]
pub struct PublicLineage {
    /// How it credits its parent.
    pub credit: Option<Fragment>,
    /// The remixes, if there are any.
    pub remixes: Option<Fragment>,
}

/// The public hubs that show a photo, rendered.
#[derive(Debug)]
pub struct PublicHubs(Fragment);

impl BakedPhoto {
    /// The public hubs that show the photo, each with its slug as the path.
    ///
    /// # Errors
    /// Formatting fails.
    pub fn hubs(id: i64, showing: Vec<HubLink>) -> askama::Result<PublicHubs> {
        let hub = |HubLink { name, path: slug }| PhotoHub {
            slug,
            name,
            is_private: false,
            may_visit: true,
            may_remove: false,
        };
        let hubs = PhotoHubs { id, showing: showing.into_iter().map(hub).collect(), others: Vec::new() };
        Fragment::render(&hubs).map(PublicHubs)
    }
}

impl Baked for BakedPhoto {
    type Page = PhotoPage;

    fn page(self, chrome: PlainChrome) -> PhotoPage {
        let status = PhotoStatus {
            id: self.id,
            state: PhotoState::Live,
            reason: None,
            steps: Vec::new(),
            why: None,
            saved: None,
            picture: Picture::default(),
            alt: self.alt.clone(),
            title: self.title.clone(),
            expires_at: None,
            may_publish: false,
            is_quarantined: false,
        };
        PhotoPage {
            chrome: chrome.into_chrome(),
            card: self.card,
            id: self.id,
            title: self.title,
            alt: self.alt,
            species: self.species,
            tags: self.tags,
            owner: self.owner,
            place: self.place,
            created_at: self.created_at,
            picture: self.picture,
            original: None,
            status,
            opinion: None,
            rating: RatingControl::NotServed,
            share_url: None,
            own: false,
            earlier: None,
            can_delete: false,
            can_edit: false,
            can_remix: self.remixable,
            revisions: None,
            credit: self.lineage.credit,
            remixes: self.lineage.remixes,
            crop: None,
            moderates: false,
            posting: self.posting.0,
            alike: Vec::new(),
            act: None,
            comments: Some(CommentSection::unknown(self.id)),
        }
    }
}

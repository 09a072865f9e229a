//! Hubs and profiles.

use chrono::{DateTime, Utc};
use pawdium_shared::hubs::Joining;
use pawdium_shared::hubs::lists::HubSort;

use super::{Baked, PlainChrome};
use crate::views::card::LinkCard;
use crate::views::hub_page::{ColumnPart, HubPage, WidgetBody, WidgetFrame};
use crate::views::hubs::{HubCard, HubHead, HubTab, HubsPage, Standing};
use crate::views::members::MemberPage;
use crate::views::{Paging, PhotoCard};

/// The head of a public hub's page, or of a profile.
#[derive(Clone, Debug)]
pub struct BakedHead {
    /// The path of the hub's page.
    pub path: String,
    /// The path of this page.
    pub here: String,
    /// The number of its colour.
    pub hue: i64,
    /// The name.
    pub name: String,
    /// One sentence; may be empty.
    pub summary: String,
    /// The path of the portrait of the member whose profile it is.
    pub portrait: Option<String>,
    /// How many members it has.
    pub members: i64,
    /// How many users have starred it.
    pub stars: i64,
    /// Who may become a member.
    pub joining: Joining,
    /// Since when nothing in it can change.
    pub archived_at: Option<DateTime<Utc>>,
    /// Whether nothing has happened for long.
    pub is_idle: bool,
}

impl BakedHead {
    pub(super) fn on(self, tab: HubTab) -> HubHead {
        HubHead {
            path: self.path,
            here: self.here,
            hue: self.hue,
            name: self.name,
            summary: self.summary,
            portrait: self.portrait,
            members: self.members,
            stars: self.stars,
            joining: self.joining,
            is_private: false,
            archived_at: self.archived_at,
            is_idle: self.is_idle,
            is_subscribed: false,
            is_starred: false,
            has_settings: false,
            standing: Standing::Nobody,
            tab,
        }
    }
}

/// `GET /h/{slug}` and `GET /members/{name}`
#[derive(Debug)]
pub struct BakedHub {
    /// What other sites show of a link to it.
    pub card: Option<LinkCard>,
    /// The head.
    pub head: BakedHead,
    /// What its stream is asked for.
    pub topic: String,
    /// The version of its layout.
    pub layout_version: i64,
    /// The widgets of the left column, loaded for nobody.
    pub left: Vec<WidgetFrame>,
    /// Those of the right column.
    pub right: Vec<WidgetFrame>,
}

impl Baked for BakedHub {
    type Page = HubPage;

    fn page(self, chrome: PlainChrome) -> HubPage {
        let part = |frame| ColumnPart::Widget(Box::new(WidgetFrame { controls: None, ..frame }));
        HubPage {
            chrome: chrome.into_chrome(),
            card: self.card,
            head: self.head.on(HubTab::Home),
            topic: self.topic,
            layout_version: self.layout_version,
            left: self.left.into_iter().map(part).collect(),
            right: self.right.into_iter().map(part).collect(),
            may_edit: false,
            is_editing: false,
            cache: None,
        }
    }

    fn is_whole(&self) -> bool {
        let is_whole =
            |frame: &WidgetFrame| !matches!(frame.body, WidgetBody::Old { .. } | WidgetBody::Failed);
        self.left.iter().chain(&self.right).all(is_whole)
    }
}

/// `GET /hubs`
#[derive(Debug)]
pub struct BakedHubs {
    /// The order.
    pub sort: HubSort,
    /// The public hubs.
    pub hubs: Vec<HubCard>,
    /// The position in the list.
    pub paging: Paging,
}

impl Baked for BakedHubs {
    type Page = HubsPage;

    fn page(self, chrome: PlainChrome) -> HubsPage {
        HubsPage {
            chrome: chrome.into_chrome(),
            sort: self.sort,
            text: String::new(),
            hubs: self.hubs,
            paging: self.paging,
            may_make: false,
        }
    }
}

/// `GET /members/{name}/photos`
#[derive(Debug)]
pub struct BakedMember {
    /// The head of the profile.
    pub head: BakedHead,
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
}

impl Baked for BakedMember {
    type Page = MemberPage;

    fn page(self, chrome: PlainChrome) -> MemberPage {
        MemberPage {
            chrome: chrome.into_chrome(),
            head: self.head.on(HubTab::Photos),
            name: self.name,
            since: self.since,
            ratings_cast: self.ratings_cast,
            photo_count: self.photo_count,
            photos: self.photos,
            paging: self.paging,
            own: false,
            may_moderate: false,
            pending: Vec::new(),
        }
    }
}

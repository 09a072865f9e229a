//! Topics as pages and the API show them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::ids::{SectionId, TopicActId, TopicId};

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// The word in its URL.
    pub key: String,
    /// The name that pages show.
    pub name: String,
    /// How many live photos have it.
    pub photos: i64,
}

/// A topic that a key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTopic {
    /// The topic.
    pub topic: Topic,
    /// Whether the key is its own, and not a former one, an alias or that of a merged topic.
    pub is_own: bool,
}

/// A section of topics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Section {
    /// Its id.
    pub id: SectionId,
    /// Its name.
    pub name: String,
    /// Its topics, in the moderators' order.
    pub topics: Vec<Topic>,
}

/// A member among those with most photos in a topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Leader {
    /// The place, from 1. Members with as many photos share one.
    pub place: i64,
    /// The member's name.
    pub name: String,
    /// How many of the topic's photos are theirs.
    pub photos: i64,
}

/// The orders of the list of topics, as pages offer them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Sort {
    /// Those with most photos first.
    #[default]
    Most,
    /// The latest first.
    New,
    /// By name.
    Name,
}

impl Sort {
    /// The name in URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The orders of a topic's photos, as pages offer them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Order {
    /// The latest first.
    #[default]
    New,
    /// By score.
    Top,
}

impl Order {
    /// The name in URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Something that a moderator did to a topic or a section.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its id.
    pub id: TopicActId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// A sentence about it.
    pub about: String,
    /// Who took it back.
    pub undone_by: Option<String>,
}

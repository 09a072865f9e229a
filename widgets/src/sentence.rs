//! What happened, in sentences.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pawdium_shared::hubs::Hub;
use pawdium_shared::hubs::activity::Verb;
use pawdium_shared::hubs::feed::Entry;
use pawdium_shared::ids::HubId;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::tile::{Tile, tiles};

/// The most names in a sentence.
const NAMES: usize = 2;

/// The most pictures of an entry.
const PICTURES: usize = 4;

/// An entry in words.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sentence {
    pub(crate) at: DateTime<Utc>,
    /// The first of those who did it.
    pub(crate) names: Vec<String>,
    /// How many others did.
    pub(crate) others: usize,
    /// What they did.
    pub(crate) did: String,
    /// Where, if that isn't here.
    pub(crate) place: Option<Place>,
    pub(crate) pictures: Vec<Tile>,
}

/// A hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) path: String,
}

/// What was done, in words that follow the names. `away` if the name of a hub follows.
fn words(verb: Verb, actors: usize, photos: usize, away: bool) -> String {
    let text = match (verb, away) {
        (Verb::Created, true) => "started",
        (Verb::Created, false) => "started this hub",
        (Verb::Renamed, true) => "renamed",
        (Verb::Renamed, false) => "renamed this hub",
        (Verb::Archived, true) => "archived",
        (Verb::Archived, false) => "archived this hub",
        (Verb::Reopened, true) => "reopened",
        (Verb::Reopened, false) => "opened this hub again",
        (Verb::Joined, _) => "joined",
        (Verb::BecameOwner, true) => "became an owner of",
        (Verb::BecameOwner, false) if actors > 1 => "became owners",
        (Verb::BecameOwner, false) => "became an owner",
        (Verb::Posted, away) => {
            let to = if away { " to" } else { "" };
            return if photos > 1 {
                format!("posted {photos} photos{to}")
            } else {
                format!("posted a photo{to}")
            };
        }
    };
    text.to_owned()
}

impl Place {
    /// A hub; `None` for a profile, which is whose name the sentence begins with.
    pub(crate) fn of(hub: &Hub) -> Option<Self> {
        hub.slug.as_ref().map(|slug| Self::new(hub.name.clone(), slug))
    }

    /// The hub of this name and slug.
    pub(crate) fn new(name: String, slug: &str) -> Self {
        Self { name, path: format!("/h/{slug}") }
    }
}

/// The entries as sentences, with their pictures. A hub that isn't among the places is the one in which they are read.
pub(crate) async fn tell(
    db: &mut PgConnection,
    entries: &[Entry],
    places: &HashMap<HubId, Place>,
) -> sqlx::Result<Vec<Sentence>> {
    let shown: Vec<_> =
        entries.iter().flat_map(|entry| entry.photos.iter().take(PICTURES).copied()).collect();
    let tiles: HashMap<_, _> = tiles(db, &shown).await?.into_iter().map(|tile| (tile.id, tile)).collect();
    Ok(entries.iter().map(|entry| Sentence::of(entry, &tiles, places)).collect())
}

impl Sentence {
    fn of(entry: &Entry, tiles: &HashMap<i64, Tile>, places: &HashMap<HubId, Place>) -> Self {
        let place = places.get(&entry.hub).cloned();
        let pictures = entry.photos.iter().take(PICTURES).filter_map(|photo| tiles.get(&photo.0));
        Self {
            at: entry.at,
            names: entry.actors.iter().take(NAMES).cloned().collect(),
            others: entry.actors.len().saturating_sub(NAMES),
            did: words(entry.verb, entry.actors.len(), entry.photos.len(), place.is_some()),
            place,
            pictures: pictures.cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn sentences_count() {
        assert_eq!(words(Verb::Posted, 1, 1, false), "posted a photo");
        assert_eq!(words(Verb::Posted, 2, 3, true), "posted 3 photos to");
        assert_eq!(words(Verb::BecameOwner, 2, 0, false), "became owners");
    }

    #[test]
    fn every_verb_has_words() {
        for verb in Verb::VARIANTS {
            assert!(!words(*verb, 1, 0, true).is_empty() && !words(*verb, 1, 0, false).is_empty());
        }
    }
}

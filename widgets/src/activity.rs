//! What happened, the latest first. On a profile: what its member did in public hubs.

use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::hubs::activity::Verb;
use pawdium_shared::hubs::feed::{self, Activity as Did, Entry};
use pawdium_shared::ids::{HubId, PhotoId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::tile::{self, Tile, tiles};
use crate::widget::{Everyone, Widget};

/// How many activities to read for the entries. Of a longer burst only the latest count.
const READ: i64 = 200;

/// The most names in a sentence.
const NAMES: usize = 2;

/// The most pictures of an entry.
const PICTURES: usize = 4;

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Activity {
    /// How many entries are shown. What several people do within an hour is one entry.
    #[schemars(range(min = 1, max = 20))]
    limit: u8,
}

impl Default for Activity {
    fn default() -> Self {
        Self { limit: 8 }
    }
}

/// The entries.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "activity.html")]
pub(crate) struct Data {
    entries: Vec<Sentence>,
}

/// An entry in words.
#[derive(Debug, Deserialize, Serialize)]
struct Sentence {
    at: DateTime<Utc>,
    /// The first of those who did it.
    names: Vec<String>,
    /// How many others did.
    others: usize,
    /// What they did.
    did: String,
    /// Where, if that isn't here.
    place: Option<Place>,
    pictures: Vec<Tile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Place {
    name: String,
    path: String,
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

/// A row of `activity`. Its verb may be one of a later version.
struct Row {
    id: i64,
    at: DateTime<Utc>,
    hub: HubId,
    verb: String,
    actor: Option<String>,
    photo: Option<PhotoId>,
    name: String,
    slug: Option<String>,
}

/// Lists what happened in a hub. What was posted and is not live is left out.
async fn list_of_hub(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select activity.id, at, hub_id as "hub: HubId", verb, users.name as "actor?",
                  photo_id as "photo: PhotoId", hubs.name, slug
           from activity join hubs on hubs.id = hub_id
                         left join users on users.id = actor_id
                         left join photos on photos.id = photo_id
           where hub_id = $1 and (photo_id is null or state = 'live')
           order by activity.id desc limit $2"#,
        hub.0,
        READ,
    )
    .fetch_all(db)
    .await
}

/// Lists what a member did in public hubs.
async fn list_of_member(db: &mut PgConnection, member: UserId) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select activity.id, at, hub_id as "hub: HubId", verb, users.name as "actor?",
                  photo_id as "photo: PhotoId", hubs.name, slug
           from activity join hubs on hubs.id = hub_id
                         join users on users.id = actor_id
                         left join photos on photos.id = photo_id
           where actor_id = $1 and slug is not null and visibility = 'public'
             and (photo_id is null or state = 'live')
           order by activity.id desc limit $2"#,
        member.0,
        READ,
    )
    .fetch_all(db)
    .await
}

impl Widget for Activity {
    const KIND: &'static str = "activity";
    const TITLE: &'static str = "Activity";
    const ABOUT: &'static str = "Who joined, what was posted and what else happened.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::MemberChanged,
        EventKind::HubRolesChanged,
        EventKind::HubChanged,
        EventKind::HubListed,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let rows = match hub.profile_of {
            Some(member) => list_of_member(db, member).await?,
            None => list_of_hub(db, hub.id).await?,
        };
        let mut places = HashMap::new();
        let mut done = Vec::with_capacity(rows.len());
        for Row { id, at, hub: at_hub, verb, actor, photo, name, slug } in rows {
            let Ok(verb) = verb.parse() else { continue };
            done.push(Did { id, at, hub: at_hub, verb, actor, photo });
            if let Some(slug) = slug.filter(|_| at_hub != hub.id) {
                places.insert(at_hub, Place { name, path: format!("/h/{slug}") });
            }
        }
        let mut entries = feed::collapse(done);
        entries.truncate(self.limit.into());
        let shown: Vec<_> =
            entries.iter().flat_map(|entry| entry.photos.iter().take(PICTURES).copied()).collect();
        let tiles: HashMap<_, _> = tiles(db, &shown).await?.into_iter().map(|tile| (tile.id, tile)).collect();
        Ok(Data { entries: entries.iter().map(|entry| Sentence::of(entry, &tiles, &places)).collect() })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            Event::HubRolesChanged { hub: changed, user, .. } => {
                event.changes_members_of(*changed) && (*changed == hub.id || hub.profile_of == Some(*user))
            }
            Event::PhotoPosted { hub: posted, .. } => *posted == hub.id || hub.profile_of.is_some(),
            Event::HubListed { .. } => hub.profile_of.is_some(),
            Event::HubChanged { .. } => true,
            _ => tile::changes_which(hub, event),
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

//! What happened, the latest first. On a profile: what its member did in public hubs.

use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::hubs::feed::{self, Activity as Did};
use pawdium_shared::ids::{HubId, PhotoId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::filters;
use crate::sentence::{Place, Sentence, tell};
use crate::tile;
use crate::widget::{Everyone, Widget};

/// How many activities to read for the entries. Of a longer burst only the latest count.
const READ: i64 = 200;

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
                places.insert(at_hub, Place::new(name, &slug));
            }
        }
        let mut entries = feed::collapse(done);
        entries.truncate(self.limit.into());
        Ok(Data { entries: tell(db, &entries, &places).await? })
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

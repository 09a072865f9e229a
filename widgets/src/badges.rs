//! Who leads: in posting photos with a tag, and in rating.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::people::Face;
use crate::widget::{Everyone, Widget};
use crate::{filters, tile};

/// How many of the members who rate most are shown.
const RATERS: i64 = 3;

/// The configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Badges {
    /// How many tags have a badge, the most used first.
    #[schemars(range(min = 0, max = 12))]
    tags: u8,
}

impl Default for Badges {
    fn default() -> Self {
        Self { tags: 4 }
    }
}

/// The badges.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "badges.html")]
pub(crate) struct Data {
    tags: Vec<OfTag>,
    raters: Vec<Rater>,
}

#[derive(Debug, Deserialize, Serialize)]
struct OfTag {
    tag: String,
    face: Face,
    photos: i64,
}

#[derive(Debug, Deserialize, Serialize)]
struct Rater {
    face: Face,
    ratings: i64,
}

/// For each of the most used tags, who posted most photos with it.
async fn list_tags(db: &mut PgConnection, hub: &Hub, limit: i64) -> sqlx::Result<Vec<OfTag>> {
    let rows = sqlx::query!(
        r#"with counted as (
               select topics.name as tag, users.name, users.avatar, count(*) as photos
               from hub_photos join photos on photos.id = hub_photos.photo_id join users on users.id = owner_id
                               join taggings on taggings.photo_id = photos.id join topics on topics.id = topic_id
               where hub_id = $1 and live and not doubled and banned_at is null and users.name is not null
               group by topics.id, users.id
           )
           select tag as "tag!", name as "name!", avatar, photos as "photos!"
           from (select tag, name, avatar, photos, sum(photos) over (partition by tag) as total,
                        row_number() over (partition by tag order by photos desc, lower(name)) as place
                 from counted) as ranked
           where place = 1 order by total desc, tag limit $2"#,
        hub.id.0,
        limit,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| OfTag { tag: row.tag, face: Face::of(row.name, row.avatar), photos: row.photos })
        .collect())
}

/// The members who rated most photos. Others aren't named, because they may not want to be known here.
async fn list_raters(db: &mut PgConnection, hub: &Hub) -> sqlx::Result<Vec<Rater>> {
    let rows = sqlx::query!(
        r#"select name as "name!", avatar, count(*) as "ratings!"
           from hub_roles join users on users.id = hub_roles.user_id
                          join ratings on rater_id = users.id
                          join hub_photos on hub_photos.hub_id = $1 and hub_photos.photo_id = ratings.photo_id
                          join photos on photos.id = ratings.photo_id
           where hub_roles.hub_id = $1 and hub_roles.role in ('member', 'owner') and name is not null
             and state = 'live'
           group by users.id order by count(*) desc, lower(name) limit $2"#,
        hub.id.0,
        RATERS,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| Rater { face: Face::of(row.name, row.avatar), ratings: row.ratings }).collect())
}

impl Widget for Badges {
    const KIND: &'static str = "badges";
    const TITLE: &'static str = "Badges";
    const ABOUT: &'static str = "Who posted most photos with each tag, and which members rate most.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::PhotoRated,
        EventKind::MemberChanged,
        EventKind::HubRolesChanged,
        EventKind::PhotoTagged,
        EventKind::TopicsChanged,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let tags = list_tags(db, hub, self.tags.into()).await?;
        Ok(Data { tags, raters: list_raters(db, hub).await? })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            Event::PhotoRated { .. } => true,
            Event::HubRolesChanged { .. } => event.changes_members_of(hub.id),
            _ => tile::changes_topics(hub, event),
        }
    }

    fn is_empty(data: &Data) -> bool {
        data.tags.is_empty() && data.raters.is_empty()
    }
}

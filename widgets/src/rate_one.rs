//! A photo to rate, with its ten keys, right there.

use askama::Template;
use chrono::Utc;
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::ids::{HubId, PhotoId, UserId};
use pawdium_shared::ratings::{Lane, Shown};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::tile::{self, Tile, list_live};
use crate::widget::{Viewer, Widget};

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RateOne {}

/// The viewer's next photo.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "rate_one.html")]
pub(crate) struct Data {
    next: Option<Next>,
    /// The hub's page of ratings; profiles have none.
    page: Option<String>,
    slug: String,
    is_archived: bool,
}

#[derive(Debug, Deserialize, Serialize)]
struct Next {
    tile: Tile,
    /// The permission to rate it; without one the widget only links to where there is one.
    ballot: Option<String>,
}

/// Finds the photo that this viewer should rate in a hub: the one on their rating page there, or else the first ratable
/// one from a place on that their key determines. So it usually stays the same until it is rated or gone, and different
/// viewers are shown different photos.
async fn find_next(
    db: &mut PgConnection,
    hub: HubId,
    user: UserId,
    key: RaterKey,
) -> sqlx::Result<Option<(PhotoId, Lane)>> {
    // A position is one row by its key. The others are read in the order of the index on hub and slot: from the place
    // on, and then from the start, until one is ratable.
    let next = sqlx::query!(
        r#"with start as (
               select $3::bigint & (2 ^ floor(log(2, greatest(next_slot, 1))))::bigint - 1 as slot from hubs where id = $1
           ), ratable as (
               select 0 as turn, hub_positions.photo_id, lane, 0::bigint as slot
               from hub_positions where hub_id = $1 and rater_id = $2 and photo_id is not null
               union all
               (select 1, hub_photos.photo_id, 'random', hub_photos.slot
                from hub_photos join photos on photos.id = photo_id
                where hub_id = $1 and hub_photos.slot >= (select slot from start) and state = 'live' and owner_id <> $2
                  and not coalesce((select true from ratings
                                    where ratings.photo_id = photos.id and rater_id = $2), false)
                order by hub_photos.slot limit 1)
               union all
               (select 2, hub_photos.photo_id, 'random', hub_photos.slot
                from hub_photos join photos on photos.id = photo_id
                where hub_id = $1 and hub_photos.slot < (select slot from start) and state = 'live' and owner_id <> $2
                  and not coalesce((select true from ratings
                                    where ratings.photo_id = photos.id and rater_id = $2), false)
                order by hub_photos.slot limit 1)
           )
           select photos.id as "photo: PhotoId", coalesce(lane, 'random') as "lane!: Lane"
           from ratable join photos on photos.id = ratable.photo_id
                        join hub_photos on hub_photos.hub_id = $1 and hub_photos.photo_id = photos.id
           where state = 'live' and owner_id <> $2
             and not coalesce((select true from ratings where ratings.photo_id = photos.id and rater_id = $2), false)
           order by turn limit 1"#,
        hub.0,
        user.0,
        key.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(next.map(|next| (next.photo, next.lane)))
}

impl Widget for RateOne {
    const KIND: &'static str = "rate-one";
    const TITLE: &'static str = "How derpy is it?";
    const ABOUT: &'static str = "A photo from here to rate, with the ten keys right there.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::MemberChanged,
        EventKind::HubChanged,
    ];
    /// Without a ballot there is a link to the rating page.
    const EMBEDS: bool = true;
    type For = Viewer;
    type Data = Data;

    async fn load(&self, hub: &Hub, viewer: &Viewer, db: &mut PgConnection) -> anyhow::Result<Data> {
        // Nobody's ratings have the id 0.
        let user = viewer.user.unwrap_or(UserId(0));
        let served = find_next(db, hub.id, user, viewer.key).await?;
        let next = match served {
            Some((photo, lane)) => list_live(db, &[photo]).await?.pop().map(|photo| Next {
                tile: Tile::of(&photo),
                ballot: viewer
                    .ballots
                    .as_ref()
                    .map(|ballots| ballots.issue(Shown::of(&photo), viewer.key, lane, Utc::now())),
            }),
            None => None,
        };
        let page = hub.slug.as_ref().map(|_| format!("{}/rate", hub.path()));
        Ok(Data { next, page, slug: hub.slug.clone().unwrap_or_default(), is_archived: hub.is_archived() })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        tile::changes_which(hub, event) || matches!(event, Event::HubChanged { .. })
    }
}

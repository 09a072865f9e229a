//! Where widgets stand and how they are configured.
//!
//! ```text
//! widgets: id, hub_id, kind, side ('left' | 'right'), position (from 0 in its column), config (JSON)
//! ```
//!
//! Every change of a hub's layout locks the hub's row, compares and increments its `layout_version`, and renumbers the
//! positions, so two owners who edit at once never overwrite each other's work.

mod change;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pawdium_shared::events::Event;
use pawdium_shared::hubs::{Hub, Joining, Visibility};
use pawdium_shared::ids::{HubId, UserId, WidgetId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

use crate::Side;
pub use change::{Change, MOST, NotChanged, Spot, change};

/// A widget on a hub's page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// Its id.
    pub id: WidgetId,
    /// The name of its kind.
    pub kind: String,
    /// Its column.
    pub side: Side,
    /// Its place in the column, from 0.
    pub position: i32,
    /// Its configuration.
    pub config: Value,
}

/// Lists a hub's widgets in reading order: the left column, then the right one.
pub async fn list(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<Placed>> {
    sqlx::query_as!(
        Placed,
        r#"select id as "id: WidgetId", kind, side as "side: Side", position, config
           from widgets where hub_id = $1 order by side, position"#,
        hub.0,
    )
    .fetch_all(db)
    .await
}

/// Finds one widget of a hub.
pub async fn find(db: &mut PgConnection, hub: HubId, widget: WidgetId) -> sqlx::Result<Option<Placed>> {
    sqlx::query_as!(
        Placed,
        r#"select id as "id: WidgetId", kind, side as "side: Side", position, config
           from widgets where hub_id = $1 and id = $2"#,
        hub.0,
        widget.0,
    )
    .fetch_optional(db)
    .await
}

/// Finds widgets with their hubs.
pub async fn find_each(db: &mut PgConnection, widgets: &[WidgetId]) -> sqlx::Result<Vec<(Arc<Hub>, Placed)>> {
    let ids: Vec<_> = widgets.iter().map(|widget| widget.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select widgets.id as "widget: WidgetId", kind, side as "side: Side", position, config,
                  hubs.id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from widgets join hubs on hubs.id = hub_id
           where widgets.id = any($1)"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(with_hubs(rows))
}

/// Lists the widgets of some kinds, in one hub or in all: the hub, the widget and its kind.
pub async fn list_of_kinds(
    db: &mut PgConnection,
    hub: Option<HubId>,
    kinds: &[String],
) -> sqlx::Result<Vec<(HubId, WidgetId, String)>> {
    let rows = sqlx::query!(
        r#"select hub_id as "hub: HubId", id as "id: WidgetId", kind
           from widgets where kind = any($1) and ($2::bigint is null or hub_id = $2) order by hub_id, id"#,
        kinds,
        hub.map(|hub| hub.0),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.hub, row.id, row.kind)).collect())
}

/// Lists the widgets of some kinds in the hubs that an event concerns: those that it names, those that show its photos,
/// also as pictures of talks, and the profiles of its users.
///
/// The inner select reads `hubs_pkey`, `hub_photos_photo`, `talks_photo` and `hubs_profile_of_key`; the outer one the
/// widgets of these hubs through their unique key.
pub async fn list_concerned(
    db: &mut PgConnection,
    event: &Event,
    kinds: &[String],
) -> sqlx::Result<Vec<(Arc<Hub>, Placed)>> {
    let hubs: Vec<_> = event.hubs().iter().map(|hub| hub.0).collect();
    let photos: Vec<_> = event.photos().iter().map(|photo| photo.0).collect();
    let users: Vec<_> = event.users().iter().map(|user| user.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select widgets.id as "widget: WidgetId", kind, side as "side: Side", position, config,
                  hubs.id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from widgets join hubs on hubs.id = hub_id
           where kind = any($1) and hub_id in (
               select unnest($2::bigint[])
               union
               select hub_photos.hub_id from hub_photos where photo_id = any($3)
               union
               select calls.hub_id from talks join calls on calls.id = call_id where photo_id = any($3)
               union
               select profile.id from hubs as profile where profile.profile_of = any($4)
           )"#,
        kinds,
        &hubs,
        &photos,
        &users,
    )
    .fetch_all(db)
    .await?;
    Ok(with_hubs(rows))
}

/// The most followers of whom an event tells their profiles. The others see what has happened when they look.
const FOLLOWERS: i64 = 1000;

/// Lists the widgets of some kinds on the profiles of members who follow what an event concerns: the hubs as in
/// [`list_concerned`], and the profiles of its people.
///
/// Followers come from the primary key of `hub_roles`, their profiles from `hubs_profile_of_key`, and the widgets from
/// their unique key.
pub async fn list_following(
    db: &mut PgConnection,
    event: &Event,
    kinds: &[String],
) -> sqlx::Result<Vec<(Arc<Hub>, Placed)>> {
    let hubs: Vec<_> = event.hubs().iter().map(|hub| hub.0).collect();
    let photos: Vec<_> = event.photos().iter().map(|photo| photo.0).collect();
    let users: Vec<_> = event.users().iter().map(|user| user.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"with followed as (
               select unnest($2::bigint[]) as hub_id
               union
               select hub_photos.hub_id from hub_photos where photo_id = any($3)
               union
               select profile.id from photos join hubs as profile on profile.profile_of = owner_id
               where photos.id = any($3)
               union
               select profile.id from hubs as profile where profile.profile_of = any($4)
           )
           select widgets.id as "widget: WidgetId", kind, side as "side: Side", position, config,
                  hubs.id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from (select distinct user_id from followed join hub_roles using (hub_id)
                 where role in ('subscriber', 'member', 'owner') limit $5) as followers
           join hubs on hubs.profile_of = followers.user_id
           join widgets on widgets.hub_id = hubs.id
           where kind = any($1)"#,
        kinds,
        &hubs,
        &photos,
        &users,
        FOLLOWERS,
    )
    .fetch_all(db)
    .await?;
    Ok(with_hubs(rows))
}

struct Row {
    widget: WidgetId,
    kind: String,
    side: Side,
    position: i32,
    config: Value,
    id: HubId,
    slug: Option<String>,
    profile_of: Option<UserId>,
    name: String,
    summary: String,
    joining: Joining,
    visibility: Visibility,
    layout_version: i64,
    archived_at: Option<DateTime<Utc>>,
    active_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    time_zone: String,
}

/// Widgets of one hub share it.
fn with_hubs(rows: Vec<Row>) -> Vec<(Arc<Hub>, Placed)> {
    let mut hubs: HashMap<HubId, Arc<Hub>> = HashMap::new();
    let with_hub = |row: Row| {
        let placed = Placed {
            id: row.widget,
            kind: row.kind,
            side: row.side,
            position: row.position,
            config: row.config,
        };
        let hub = hubs.entry(row.id).or_insert_with(|| {
            Arc::new(Hub {
                id: row.id,
                slug: row.slug,
                profile_of: row.profile_of,
                name: row.name,
                summary: row.summary,
                joining: row.joining,
                visibility: row.visibility,
                layout_version: row.layout_version,
                archived_at: row.archived_at,
                active_at: row.active_at,
                created_at: row.created_at,
                time_zone: row.time_zone,
            })
        });
        (Arc::clone(hub), placed)
    };
    rows.into_iter().map(with_hub).collect()
}

/// A widget that was removed and can be put back.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What it was and where it stood.
    pub placed: Placed,
    /// When it was removed.
    pub removed_at: DateTime<Utc>,
}

/// Finds a widget that was removed from a hub.
pub async fn find_removed(
    db: &mut PgConnection,
    hub: HubId,
    widget: WidgetId,
) -> sqlx::Result<Option<Removed>> {
    let row = sqlx::query!(
        r#"select id as "id: WidgetId", kind, side as "side: Side", position, config, removed_at
           from removed_widgets where hub_id = $1 and id = $2"#,
        hub.0,
        widget.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Removed {
        placed: Placed {
            id: row.id,
            kind: row.kind,
            side: row.side,
            position: row.position,
            config: row.config,
        },
        removed_at: row.removed_at,
    }))
}

/// Deletes what was removed more than a day ago. Returns how many.
pub async fn purge_removed(db: &mut PgConnection) -> sqlx::Result<u64> {
    let purged = sqlx::query!("delete from removed_widgets where removed_at < now() - interval '1 day'");
    Ok(purged.execute(db).await?.rows_affected())
}

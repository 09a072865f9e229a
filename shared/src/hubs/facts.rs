//! What is counted in hubs. A hub may have a hundred thousand subscribers, so it is counted once for all viewers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::types::HubRole;
use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::{HubId, PhotoId, UserId};

/// What is counted in a hub, and its owners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct HubFacts {
    /// The owners' names, the first owner first.
    pub owners: Vec<String>,
    /// How many members it has, owners included.
    pub members: i64,
    /// How many live photos it has.
    pub photos: i64,
    /// How many subscribers it has.
    pub subscribers: i64,
    /// How many users have starred it.
    pub stars: i64,
}

/// The facts of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CachedFacts(pub HubId);

impl Cached for CachedFacts {
    const KIND: &'static str = "hub-facts";
    const ASKS: bool = true;
    type Part = Whole;
    type Data = HubFacts;

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        let hubs = match event {
            Event::HubRolesChanged { hub, .. } => vec![*hub],
            _ => changed_hubs(event, lookup).await?,
        };
        Ok(hubs.into_iter().map(Self).collect())
    }

    async fn load(these: &[Self], _: Whole, db: &Db) -> sqlx::Result<Vec<(Self, HubFacts)>> {
        let ids: Vec<_> = these.iter().map(|one| one.0.0).collect();
        count(&mut *db.acquire().await?, &ids).await
    }
}

/// The hubs and profiles that an event may leave with other live photos, or with people of other names.
pub(crate) async fn changed_hubs(event: &Event, lookup: &mut Lookup<'_>) -> sqlx::Result<Vec<HubId>> {
    match event {
        Event::PhotoPosted { hub, .. } => Ok(vec![*hub]),
        Event::MemberChanged { hubs, .. } => Ok(hubs.clone()),
        Event::PhotoPublished { photo, .. }
        | Event::PhotoChanged { photo, .. }
        | Event::PhotoRemoved { photo, .. } => list_showing(lookup.db().await?, *photo).await,
        _ => Ok(Vec::new()),
    }
}

/// Lists the hubs and profiles to which a photo is posted.
async fn list_showing(db: &mut PgConnection, photo: PhotoId) -> sqlx::Result<Vec<HubId>> {
    sqlx::query_scalar!(r#"select hub_id as "hub: HubId" from hub_photos where photo_id = $1"#, photo.0)
        .fetch_all(db)
        .await
}

/// Counts what is in hubs, in one query.
async fn count(db: &mut PgConnection, hubs: &[i64]) -> sqlx::Result<Vec<(CachedFacts, HubFacts)>> {
    let rows = sqlx::query!(
        r#"select wanted.id as "id!: HubId", people.members as "members!", people.subscribers as "subscribers!",
                  people.stars as "stars!", people.owners as "owners!", shown.photos as "photos!"
           from unnest($1::bigint[]) as wanted (id)
           cross join lateral (
               select count(*) filter (where hub_roles.role in ('member', 'owner')) as members,
                      count(*) filter (where hub_roles.role = 'subscriber') as subscribers,
                      count(*) filter (where hub_roles.role = 'stargazer') as stars,
                      coalesce(array_agg(name order by since, user_id)
                                   filter (where hub_roles.role = 'owner' and name is not null), '{}') as owners
               from hub_roles
               left join users on users.id = user_id and hub_roles.role = 'owner'
               where hub_id = wanted.id) as people
           cross join lateral (
               select count(*) as photos from hub_photos join photos on photos.id = photo_id
               where hub_id = wanted.id and state = 'live') as shown"#,
        hubs,
    )
    .fetch_all(db)
    .await?;
    let facts = rows.into_iter().map(|row| {
        let facts = HubFacts {
            owners: row.owners,
            members: row.members,
            photos: row.photos,
            subscribers: row.subscribers,
            stars: row.stars,
        };
        (CachedFacts(row.id), facts)
    });
    Ok(facts.collect())
}

/// Lists a user's roles in hubs, each in the order of [`HubRole`], by the primary key.
pub async fn list_roles(
    db: &mut PgConnection,
    hubs: &[HubId],
    user: UserId,
) -> sqlx::Result<HashMap<HubId, Vec<HubRole>>> {
    let ids: Vec<i64> = hubs.iter().map(|hub| hub.0).collect();
    let rows = sqlx::query!(
        r#"select hub_id as "hub: HubId", role as "role: HubRole" from hub_roles
           where hub_id = any($1) and user_id = $2"#,
        &ids,
        user.0,
    )
    .fetch_all(db)
    .await?;
    let mut roles: HashMap<HubId, Vec<HubRole>> = HashMap::new();
    for row in rows {
        roles.entry(row.hub).or_default().push(row.role);
    }
    for roles in roles.values_mut() {
        roles.sort();
    }
    Ok(roles)
}

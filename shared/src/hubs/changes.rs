//! Creating, changing and deleting hubs. A change commits with its events.

use sqlx::PgConnection;

use super::activity::{self, Verb};
use super::fields::{HubName, Summary};
use super::locks::{hold_users, lock, membership, require_owner};
use super::quarantine;
use super::queries;
use super::refusal::Refusal;
use super::removal;
use super::slug::Slug;
use super::time_zones;
use super::types::{Hub, HubRole, Joining, Visibility};
use crate::accounts::User;
use crate::db::{Tx, violates};
use crate::events::Event;
use crate::ids::{HubId, UserId};

/// The unique constraint that is violated if another hub has the slug.
const SLUG_KEY: &str = "hubs_slug_key";

/// For how many days nobody gets the slugs of a deleted hub, so that links to it don't lead to a stranger's.
const KEPT_DAYS: i32 = 30;

/// The most users in one event about what their profiles show, which bounds its payload and the work of its job.
const LISTED: usize = 500;

/// The kinds of the widgets that a new hub begins with, by column.
const FIRST_WIDGETS: [(&str, &[&str]); 2] = [
    ("left", &["about", "newest-photos", "top-photos", "activity"]),
    ("right", &["members", "numbers", "rules", "rate-one"]),
];

/// A hub to create.
#[derive(Clone, Debug)]
pub struct NewHub {
    /// The word in its URL.
    pub slug: Slug,
    /// The name.
    pub name: HubName,
    /// One sentence about it.
    pub summary: Summary,
    /// Who may become a member.
    pub joining: Joining,
    /// Who may see it.
    pub visibility: Visibility,
}

/// Creates a hub with the usual widgets. `owner` becomes its owner.
///
/// # Errors
/// [`Refusal::SlugTaken`], [`Refusal::SlugKept`] and [`Refusal::NoUser`].
pub async fn create(db: &mut Tx, owner: UserId, new: &NewHub) -> Result<HubId, Refusal> {
    hold_users(db, &[owner]).await?;
    let hub = sqlx::query_scalar!(
        r#"insert into hubs (slug, name, summary, joining, visibility) values ($1, $2, $3, $4, $5)
           returning id as "id: HubId""#,
        new.slug.as_str(),
        new.name.as_str(),
        new.summary.as_str(),
        new.joining.name(),
        new.visibility.name(),
    )
    .fetch_one(&mut *db)
    .await
    .map_err(taken)?;
    claim(db, hub, &new.slug).await?;
    sqlx::query!(
        "insert into hub_roles (hub_id, user_id, role) values ($1, $2, $3)",
        hub.0,
        owner.0,
        HubRole::Owner.name(),
    )
    .execute(&mut *db)
    .await?;
    for (side, kinds) in FIRST_WIDGETS {
        insert_widgets(db, hub, side, kinds).await?;
    }
    activity::record(db, hub, Verb::Created, Some(owner), None).await?;
    Event::record_all(
        db,
        vec![
            Event::HubChanged { hub },
            Event::HubRolesChanged { hub, user: owner, role: Some(HubRole::Owner) },
        ],
    )
    .await?;
    Ok(hub)
}

async fn insert_widgets(db: &mut PgConnection, hub: HubId, side: &str, kinds: &[&str]) -> sqlx::Result<()> {
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "insert into widgets (hub_id, kind, side, position)
         select $1, kind, $2, place - 1 from unnest($3::text[]) with ordinality as kinds (kind, place)",
        hub.0,
        side,
        &kinds,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes of a hub. `None` keeps a value.
#[derive(Clone, Debug, Default)]
pub struct HubChanges {
    /// The word in its URL. The former one redirects from then on.
    pub slug: Option<Slug>,
    /// The name.
    pub name: Option<HubName>,
    /// One sentence about it.
    pub summary: Option<Summary>,
    /// Who may become a member.
    pub joining: Option<Joining>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Whether nothing in it can change.
    pub archived: Option<bool>,
    /// The zone in which its owners write times, as in the IANA's database.
    pub time_zone: Option<String>,
}

impl HubChanges {
    /// The hub as it is after the changes, but for the time of archiving.
    fn applied_to(&self, hub: &Hub) -> Hub {
        Hub {
            slug: self.slug.as_ref().map_or_else(|| hub.slug.clone(), |slug| Some(slug.as_str().to_owned())),
            name: self.name.as_ref().map_or_else(|| hub.name.clone(), |name| name.as_str().to_owned()),
            summary: self
                .summary
                .as_ref()
                .map_or_else(|| hub.summary.clone(), |text| text.as_str().to_owned()),
            joining: self.joining.unwrap_or(hub.joining),
            visibility: self.visibility.unwrap_or(hub.visibility),
            time_zone: self.time_zone.clone().unwrap_or_else(|| hub.time_zone.clone()),
            ..hub.clone()
        }
    }

    /// What the changes would do that members hear about.
    fn verbs(&self, before: &Hub, after: &Hub) -> Vec<Verb> {
        let archiving = self.archived.filter(|archived| *archived != before.is_archived());
        let is_renamed = (&before.name, &before.slug) != (&after.name, &after.slug);
        let verb = |archived| if archived { Verb::Archived } else { Verb::Reopened };
        is_renamed.then_some(Verb::Renamed).into_iter().chain(archiving.map(verb)).collect()
    }
}

/// Changes a hub for one of its owners: all that is given, or nothing.
///
/// # Errors
/// [`Refusal::NotOwner`], [`Refusal::SlugTaken`], [`Refusal::SlugKept`], [`Refusal::NoTimeZone`], [`Refusal::Quarantined`],
/// and [`Refusal::Archived`] unless the hub is opened again.
pub async fn update(db: &mut Tx, hub: HubId, actor: UserId, changes: &HubChanges) -> Result<Hub, Refusal> {
    hold_users(db, &[actor]).await?;
    let before = lock(db, hub).await?;
    require_owner(db, hub, actor).await?;
    let after = changes.applied_to(&before);
    let verbs = changes.verbs(&before, &after);
    if before == after && verbs.is_empty() {
        return Ok(before);
    }
    if before.is_archived() && changes.archived != Some(false) {
        return Err(Refusal::Archived);
    }
    if before.time_zone != after.time_zone && !time_zones::exists(db, &after.time_zone).await? {
        return Err(Refusal::NoTimeZone);
    }
    if before.visibility != after.visibility && quarantine::is_quarantined(db, hub).await? {
        return Err(Refusal::Quarantined);
    }
    if let Some(slug) = changes.slug.as_ref().filter(|_| before.slug != after.slug) {
        claim(db, hub, slug).await?;
    }
    sqlx::query!(
        "update hubs set slug = $2, name = $3, summary = $4, joining = $5, visibility = $6,
                         archived_at = case when $7 then coalesce(archived_at, now()) end, time_zone = $8
         where id = $1",
        hub.0,
        after.slug,
        after.name,
        after.summary,
        after.joining.name(),
        after.visibility.name(),
        changes.archived.unwrap_or(before.is_archived()),
        after.time_zone,
    )
    .execute(&mut *db)
    .await
    .map_err(taken)?;
    let is_listed_anew = !verbs.is_empty() || before.visibility != after.visibility;
    for verb in verbs {
        activity::record(db, hub, verb, Some(actor), None).await?;
    }
    let mut events = vec![Event::HubChanged { hub }];
    if is_listed_anew {
        events.extend(listed(db, hub).await?);
    }
    Event::record_all(db, events).await?;
    queries::find(db, hub).await?.ok_or(Refusal::Gone)
}

/// Deletes a hub for one of its owners, or for a moderator, who can undo it. Its photos stay, and nobody gets its slugs
/// for 30 days.
///
/// # Errors
/// [`Refusal::MayNotDelete`].
pub async fn delete(db: &mut Tx, hub: HubId, actor: &User) -> Result<(), Refusal> {
    if actor.role.moderates() && membership(db, hub, actor.id).await? != Some(HubRole::Owner) {
        return removal::remove(db, hub, actor.actor(), None).await.map(drop);
    }
    hold_users(db, &[actor.id]).await?;
    let hub = lock(db, hub).await?;
    match require_owner(db, hub.id, actor.id).await {
        Err(Refusal::NotOwner) => return Err(Refusal::MayNotDelete),
        owner => owner?,
    }
    delete_rows(db, hub.id).await
}

/// Deletes a hub that is locked.
pub(super) async fn delete_rows(db: &mut Tx, hub: HubId) -> Result<(), Refusal> {
    let mut events = listed(db, hub).await?;
    events.push(Event::HubChanged { hub });
    sqlx::query!("update hub_slugs set hub_id = null, freed_at = now() where hub_id = $1", hub.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!("delete from hubs where id = $1", hub.0).execute(&mut *db).await?;
    Ok(Event::record_all(db, events).await?)
}

/// The events for the profiles of a hub's people.
pub(super) async fn listed(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<Event>> {
    let users = sqlx::query_scalar!(
        r#"select user_id as "user!: UserId" from hub_roles where hub_id = $1
           union
           select actor_id from activity where hub_id = $1 and actor_id is not null
           order by 1"#,
        hub.0,
    )
    .fetch_all(db)
    .await?;
    Ok(users.chunks(LISTED).map(|users| Event::HubListed { hub, users: users.to_vec() }).collect())
}

/// Takes a slug for a hub, for good: `hub_slugs` holds the current and all former ones, so that no other hub gets one
/// that redirects. That of a deleted hub can be taken after [`KEPT_DAYS`].
async fn claim(db: &mut PgConnection, hub: HubId, slug: &Slug) -> Result<(), Refusal> {
    let claimed = sqlx::query!(
        "insert into hub_slugs (slug, hub_id) values ($1, $2)
         on conflict (slug) do update set hub_id = excluded.hub_id, freed_at = null
         where hub_slugs.hub_id = excluded.hub_id or hub_slugs.freed_at < now() - make_interval(days => $3)",
        slug.as_str(),
        hub.0,
        KEPT_DAYS,
    )
    .execute(&mut *db)
    .await?;
    if claimed.rows_affected() == 0 {
        let is_freed = sqlx::query_scalar!(
            r#"select hub_id is null as "is_freed!" from hub_slugs where slug = $1"#,
            slug.as_str()
        );
        let is_freed = is_freed.fetch_optional(db).await?.unwrap_or(false);
        return Err(if is_freed { Refusal::SlugKept } else { Refusal::SlugTaken });
    }
    // The one that it leaves redirects, however the hub was made.
    sqlx::query!(
        "insert into hub_slugs (slug, hub_id) select slug, id from hubs where id = $1 and slug is not null
         on conflict (slug) do nothing",
        hub.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn taken(error: sqlx::Error) -> Refusal {
    if violates(&error, SLUG_KEY) { Refusal::SlugTaken } else { error.into() }
}

//! Hubs that moderators delete, and that may come back with all that they had: people, photos, widgets, calls with
//! their talks and votes, activities and notifications. `migrations/0053_undo.sql` has the list.

use serde_json::json;
use sqlx::PgConnection;

use super::changes::{delete_rows, listed};
use super::locks::lock;
use super::refusal::Refusal;
use super::succession;
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::Actor;
use crate::db::{Tx, violates};
use crate::events::Event;
use crate::ids::{ActId, HubId, PhotoId, UserId};

/// How many users an event names.
const USERS: usize = 300;

/// Deletes a hub for a moderator, such that it can be put back.
///
/// # Errors
/// [`Refusal::Gone`], also for a profile.
pub async fn remove(
    db: &mut Tx,
    hub: HubId,
    actor: Actor<'_>,
    reason: Option<&str>,
) -> Result<ActId, Refusal> {
    hold_people(db, hub, actor).await?;
    let hub = lock(db, hub).await?;
    let Some(slug) = hub.slug.as_deref() else { return Err(Refusal::Gone) };
    // A hub may have a hundred thousand members.
    sqlx::query!("select set_config('statement_timeout', '60s', true)").fetch_one(&mut **db).await?;
    let done = Done {
        kind: Kind::DeleteHub,
        thing: Thing::Hub(hub.id),
        author: None,
        about: &hub.name,
        reason,
        before: json!({ "slug": slug }),
        detail: json!({ "hub": hub.id, "slug": slug, "name": hub.name }),
    };
    let act = acts::record(db, actor, done).await?;
    sqlx::query!("select keep_hub($1, $2)", act.0, hub.id.0).fetch_one(&mut **db).await?;
    delete_rows(db, hub.id).await?;
    Ok(act)
}

/// Keeps the moderator, and those of whom rows are kept, from being deleted meanwhile. Users' rows come first.
async fn hold_people(db: &mut PgConnection, hub: HubId, actor: Actor<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from users
         where id = $2
            or id in (select user_id from hub_roles where hub_id = $1
                      union select rater_id from hub_positions where hub_id = $1
                      union select user_id from hub_requests where hub_id = $1
                      union select actor_id from activity where hub_id = $1
                      union select voter_id from talk_votes join calls on calls.id = call_id where hub_id = $1
                      union select voter_id from call_readers join calls on calls.id = call_id where hub_id = $1
                      union select user_id from notifications where hub_id = $1)
         order by id for key share",
        hub.0,
        actor.user().map(|user| user.0),
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Puts back a hub that a moderator has deleted. Whose account is gone by then is left out; if nobody is left who owns
/// it, the longest-standing member does, and a hub without members is archived.
///
/// # Errors
/// [`Refusal::SlugTaken`] if another hub has one of its slugs by now, and [`Refusal::Gone`] if nothing is kept of it.
pub async fn put_back(db: &mut Tx, hub: HubId, act: ActId) -> Result<(), Refusal> {
    // Authors of talks too, so that none is sanctioned before the talks are there to be hidden.
    sqlx::query!(
        "select id from users
         where id in (select user_id from kept_rows where act_id = $1
                      union select (kept->>'author_id')::bigint from kept_rows
                            where act_id = $1 and of_table = 'talks')
         order by id for key share",
        act.0,
    )
    .fetch_all(&mut **db)
    .await?;
    let slugs = sqlx::query_scalar!(
        r#"select kept->>'slug' as "slug!" from kept_rows where act_id = $1 and of_table = 'hub_slugs' order by 1"#,
        act.0,
    );
    let slugs = slugs.fetch_all(&mut **db).await?;
    let told = sqlx::query_scalar!(
        r#"select distinct user_id as "user!: UserId" from kept_rows where act_id = $1 and of_table = 'notifications'"#,
        act.0,
    );
    let told = told.fetch_all(&mut **db).await?;
    sqlx::query!("select slug from hub_slugs where slug = any($1) order by slug for update", &slugs)
        .fetch_all(&mut **db)
        .await?;
    sqlx::query!("select set_config('statement_timeout', '60s', true)").fetch_one(&mut **db).await?;
    sqlx::query!("select restore_hub($1)", act.0).fetch_one(&mut **db).await.map_err(taken)?;
    lock(db, hub).await?;
    let claimed = sqlx::query!(
        "insert into hub_slugs (slug, hub_id) select slug, $2 from unnest($1::text[]) as kept (slug)
         on conflict (slug) do update set hub_id = excluded.hub_id, freed_at = null where hub_slugs.hub_id is null",
        &slugs,
        hub.0,
    );
    if claimed.execute(&mut **db).await?.rows_affected() < slugs.len() as u64 {
        return Err(Refusal::SlugTaken);
    }
    let photos = sqlx::query_scalar!(
        r#"select photo_id as "photo: PhotoId" from hub_photos where hub_id = $1 order by photo_id"#,
        hub.0,
    );
    let photos = photos.fetch_all(&mut **db).await?;
    let mut events = succession::settle(db, hub).await?;
    events.extend(listed(db, hub).await?);
    events.push(Event::HubChanged { hub });
    // The pages of its photos name it again.
    events.extend(photos.into_iter().map(|photo| Event::PhotoPosted { hub, photo }));
    events.extend(told.chunks(USERS).map(|users| Event::NotificationsChanged { users: users.to_vec() }));
    Ok(Event::record_all(db, events).await?)
}

fn taken(error: sqlx::Error) -> Refusal {
    if violates(&error, "hubs_slug_key") { Refusal::SlugTaken } else { error.into() }
}

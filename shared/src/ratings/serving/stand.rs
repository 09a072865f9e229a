//! Reading and advancing raters' positions.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::scope::Scope;
use super::served::Served;
use super::walk::{Position, Walker};
use crate::ids::{PhotoId, UserId};
use crate::ratings::Lane;

/// A rater's stored position and current photo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) position: Position,
    /// The photo on the rater's page.
    pub(super) photo: Option<PhotoId>,
    /// The same photo, if it is still ratable.
    pub(super) on_page: Option<Served>,
}

/// A move of a rater to the next photo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Advance {
    pub(super) before: Stand,
    /// The rater's position afterwards.
    pub(super) walker: Walker,
    /// The photo found there.
    pub(super) next: Option<Served>,
}

impl Advance {
    /// Whether it changes nothing.
    pub(super) fn is_moot(&self) -> bool {
        let before = &self.before;
        self.next.is_none() && before.photo.is_none() && self.walker.position == before.position
    }
}

/// A row of `rater_positions` or `hub_positions`.
struct Row {
    rater: UserId,
    first: i64,
    last: i64,
    cursor: i64,
    fresh: i64,
    served: i64,
    photo: Option<PhotoId>,
    lane: Option<Lane>,
    /// Whether the photo is still ratable, and in the hub if there is one.
    ratable: bool,
}

impl Row {
    fn stand(self) -> (UserId, Stand) {
        let Self { first, last, cursor, fresh, served, .. } = self;
        let on_page = self.photo.zip(self.lane).filter(|_| self.ratable);
        let on_page = on_page.map(|(photo, lane)| Served { photo, lane });
        let position = Position { first, last, cursor, fresh, served };
        (self.rater, Stand { position, photo: self.photo, on_page })
    }
}

/// Finds where a rater stands, starting a position if there is none. `None` if the rater or the hub doesn't exist.
pub(super) async fn find_stand(
    db: &mut PgConnection,
    scope: Scope,
    rater: UserId,
) -> sqlx::Result<Option<Stand>> {
    for _ in 0..2 {
        if let Some(stand) = find_stands(db, scope, [rater]).await?.remove(&rater) {
            return Ok(Some(stand));
        }
        begin(db, scope, rater).await?;
    }
    Ok(None)
}

/// Starts a position, unless there is one.
async fn begin(db: &mut PgConnection, scope: Scope, rater: UserId) -> sqlx::Result<()> {
    let begin = match scope {
        Scope::Site => sqlx::query!(
            "insert into rater_positions (rater_id) select id from users where id = $1 for key share
             on conflict do nothing",
            rater.0,
        ),
        Scope::Hub(hub) => sqlx::query!(
            "insert into hub_positions (hub_id, rater_id)
             select hubs.id, users.id from users cross join hubs where users.id = $2 and hubs.id = $1 for key share
             on conflict do nothing",
            hub.0,
            rater.0,
        ),
    };
    begin.execute(db).await?;
    Ok(())
}

/// Finds where these raters stand. Omits raters without a position.
pub(super) async fn find_stands(
    db: &mut PgConnection,
    scope: Scope,
    raters: impl IntoIterator<Item = UserId>,
) -> sqlx::Result<HashMap<UserId, Stand>> {
    let raters: Vec<_> = raters.into_iter().map(|rater| rater.0).collect();
    // An array in a subselect lets Postgres reuse the plan. The queries below do the same.
    let rows = match scope {
        Scope::Site => {
            sqlx::query_as!(
                Row,
                r#"select rater_id as "rater: UserId", first, last, cursor, fresh, served,
                          photo_id as "photo: PhotoId", lane as "lane: Lane",
                          exists (select from photos
                                  where id = photo_id and state = 'live' and owner_id <> rater_id
                                    and not exists (select from ratings
                                                    where ratings.photo_id = photos.id
                                                      and ratings.rater_id = rater_positions.rater_id)) as "ratable!"
                   from unnest((select $1::bigint[])) as given (rater) join rater_positions on rater_id = rater"#,
                &raters,
            )
            .fetch_all(db)
            .await?
        }
        Scope::Hub(hub) => {
            sqlx::query_as!(
                Row,
                r#"select rater_id as "rater: UserId", first, last, cursor, fresh, served,
                          photo_id as "photo: PhotoId", lane as "lane: Lane",
                          exists (select from hub_photos join photos on id = hub_photos.photo_id
                                  where hub_photos.hub_id = hub_positions.hub_id
                                    and hub_photos.photo_id = hub_positions.photo_id
                                    and state = 'live' and owner_id <> rater_id
                                    and not exists (select from ratings
                                                    where ratings.photo_id = photos.id
                                                      and ratings.rater_id = hub_positions.rater_id)) as "ratable!"
                   from unnest((select $1::bigint[])) as given (rater)
                   join hub_positions on hub_id = $2 and rater_id = rater"#,
                &raters,
                hub.0,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(rows.into_iter().map(Row::stand).collect())
}

/// Writes raters' moves. Returns the raters that moved, with their photos. The others have moved concurrently since
/// they were read, or their next photo is no longer live or no longer in the hub.
///
/// The commit doesn't wait for the disk. After a crash that loses it, the rater is back at a photo that they have
/// rated, and the next call moves them again.
pub(super) async fn move_on(
    db: &mut PgConnection,
    scope: Scope,
    steps: &[Advance],
) -> sqlx::Result<HashMap<UserId, Option<Served>>> {
    if steps.is_empty() {
        return Ok(HashMap::new());
    }
    let each = |value: fn(&Advance) -> i64| steps.iter().map(value).collect::<Vec<_>>();
    let photos: Vec<_> = steps.iter().map(|step| step.next.map(|next| next.photo.0)).collect();
    let lanes: Vec<_> = steps.iter().map(|step| step.next.map(|next| next.lane.name().to_owned())).collect();
    let before: Vec<_> = steps.iter().map(|step| step.before.photo.map(|photo| photo.0)).collect();
    let moved = match scope {
        Scope::Site => {
            sqlx::query_scalar!(
                r#"with hastily as (
                       select set_config('synchronous_commit', 'off', true)
                   )
                   update rater_positions
                   set first = step.first, last = step.last, cursor = step.cursor, fresh = step.fresh,
                       served = step.served + (step.photo is not null)::integer, photo_id = step.photo, lane = step.lane
                   from hastily, unnest(
                       (select $1::bigint[]), (select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]),
                       (select $5::bigint[]), (select $6::bigint[]), (select $7::bigint[]), (select $8::text[]),
                       (select $9::bigint[]), (select $10::bigint[]), (select $11::bigint[]), (select $12::bigint[]),
                       (select $13::bigint[])
                   ) as step (rater, first, last, cursor, fresh, served, photo, lane,
                              old_first, old_last, old_cursor, old_fresh, old_photo)
                   where rater_positions.rater_id = step.rater
                     and rater_positions.first = old_first and rater_positions.last = old_last
                     and rater_positions.cursor = old_cursor and rater_positions.fresh = old_fresh
                     and rater_positions.served = step.served
                     and rater_positions.photo_id is not distinct from old_photo
                     and coalesce((select state = 'live' from photos where id = step.photo), step.photo is null)
                   returning rater_positions.rater_id as "rater: UserId""#,
                &each(|step| step.walker.rater.0),
                &each(|step| step.walker.position.first),
                &each(|step| step.walker.position.last),
                &each(|step| step.walker.position.cursor),
                &each(|step| step.walker.position.fresh),
                &each(|step| step.before.position.served),
                &photos as &[Option<i64>],
                &lanes as &[Option<String>],
                &each(|step| step.before.position.first),
                &each(|step| step.before.position.last),
                &each(|step| step.before.position.cursor),
                &each(|step| step.before.position.fresh),
                &before as &[Option<i64>],
            )
            .fetch_all(db)
            .await?
        }
        Scope::Hub(hub) => {
            sqlx::query_scalar!(
                r#"with hastily as (
                       select set_config('synchronous_commit', 'off', true)
                   )
                   update hub_positions
                   set first = step.first, last = step.last, cursor = step.cursor, fresh = step.fresh,
                       served = step.served + (step.photo is not null)::integer, photo_id = step.photo, lane = step.lane
                   from hastily, unnest(
                       (select $1::bigint[]), (select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]),
                       (select $5::bigint[]), (select $6::bigint[]), (select $7::bigint[]), (select $8::text[]),
                       (select $9::bigint[]), (select $10::bigint[]), (select $11::bigint[]), (select $12::bigint[]),
                       (select $13::bigint[])
                   ) as step (rater, first, last, cursor, fresh, served, photo, lane,
                              old_first, old_last, old_cursor, old_fresh, old_photo)
                   where hub_positions.hub_id = $14 and hub_positions.rater_id = step.rater
                     and hub_positions.first = old_first and hub_positions.last = old_last
                     and hub_positions.cursor = old_cursor and hub_positions.fresh = old_fresh
                     and hub_positions.served = step.served
                     and hub_positions.photo_id is not distinct from old_photo
                     and (step.photo is null
                          or exists (select from hub_photos join photos on id = hub_photos.photo_id
                                     where hub_id = $14 and photo_id = step.photo and state = 'live'))
                   returning hub_positions.rater_id as "rater: UserId""#,
                &each(|step| step.walker.rater.0),
                &each(|step| step.walker.position.first),
                &each(|step| step.walker.position.last),
                &each(|step| step.walker.position.cursor),
                &each(|step| step.walker.position.fresh),
                &each(|step| step.before.position.served),
                &photos as &[Option<i64>],
                &lanes as &[Option<String>],
                &each(|step| step.before.position.first),
                &each(|step| step.before.position.last),
                &each(|step| step.before.position.cursor),
                &each(|step| step.before.position.fresh),
                &before as &[Option<i64>],
                hub.0,
            )
            .fetch_all(db)
            .await?
        }
    };
    let moved: HashSet<_> = moved.into_iter().collect();
    let steps = steps.iter().filter(|step| moved.contains(&step.walker.rater));
    Ok(steps.map(|step| (step.walker.rater, step.next)).collect())
}

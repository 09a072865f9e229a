//! Looking photos up by their slots.
//!
//! Each function has one statement for the whole site and one for a hub, which differ in where slots are stored.
//!
//! The check for a rating is a scalar subquery, so it is one lookup in the primary key. Postgres may turn `not exists`
//! into a join with all ratings of the photo or the rater. Arrays in subselects let it reuse the plan.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::scope::Scope;
use crate::ids::{PhotoId, UserId};

/// The ratable photos by rater and slot.
pub(super) type RatablePhotos = HashMap<(UserId, i64), PhotoId>;

/// A ratable photo in a slot.
struct Found {
    rater: UserId,
    slot: i64,
    id: PhotoId,
}

/// A ratable photo in any slot or none.
struct Left {
    rater: UserId,
    id: PhotoId,
}

/// Finds each rater's first ratable photo from a slot on, with its slot.
pub(super) async fn find_from(
    db: &mut PgConnection,
    scope: Scope,
    looking: &[(UserId, i64)],
) -> sqlx::Result<HashMap<UserId, (i64, PhotoId)>> {
    if looking.is_empty() {
        return Ok(HashMap::new());
    }
    let (raters, after): (Vec<_>, Vec<_>) = looking.iter().map(|(rater, after)| (rater.0, *after)).unzip();
    let found = match scope {
        Scope::Site => {
            sqlx::query_as!(
                Found,
                r#"select rater as "rater!: UserId", slot as "slot!", id as "id: PhotoId"
                   from unnest((select $1::bigint[]), (select $2::bigint[])) as looking (rater, after)
                   cross join lateral (
                       select slot, id from photos
                       where slot >= after and state = 'live' and owner_id <> rater
                         and not coalesce((select true from ratings
                                           where photo_id = photos.id and rater_id = rater), false)
                       order by slot limit 1
                   ) as fresh"#,
                &raters,
                &after,
            )
            .fetch_all(db)
            .await?
        }
        Scope::Hub(hub) => {
            sqlx::query_as!(
                Found,
                r#"select rater as "rater!: UserId", slot as "slot!", id as "id: PhotoId"
                   from unnest((select $1::bigint[]), (select $2::bigint[])) as looking (rater, after)
                   cross join lateral (
                       select hub_photos.slot, id from hub_photos join photos on id = hub_photos.photo_id
                       where hub_id = $3 and hub_photos.slot >= after and state = 'live' and owner_id <> rater
                         and not coalesce((select true from ratings
                                           where ratings.photo_id = photos.id and rater_id = rater), false)
                       order by hub_photos.slot limit 1
                   ) as fresh"#,
                &raters,
                &after,
                hub.0,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(found.into_iter().map(|found| (found.rater, (found.slot, found.id))).collect())
}

/// Finds the ratable photos in these raters' slots.
pub(super) async fn find_ratable(
    db: &mut PgConnection,
    scope: Scope,
    looking: &[(UserId, Vec<i64>)],
) -> sqlx::Result<RatablePhotos> {
    let (mut raters, mut slots) = (Vec::new(), Vec::new());
    for (rater, at) in looking {
        raters.extend(at.iter().map(|_| rater.0));
        slots.extend(at);
    }
    if slots.is_empty() {
        return Ok(HashMap::new());
    }
    let found = match scope {
        Scope::Site => {
            sqlx::query_as!(
                Found,
                r#"select rater as "rater!: UserId", photos.slot as "slot!", id as "id: PhotoId"
                   from unnest((select $1::bigint[]), (select $2::bigint[])) as looking (rater, slot)
                   join photos on photos.slot = looking.slot
                   where state = 'live' and owner_id <> rater
                     and not coalesce((select true from ratings
                                       where photo_id = photos.id and rater_id = rater), false)"#,
                &raters,
                &slots,
            )
            .fetch_all(db)
            .await?
        }
        Scope::Hub(hub) => {
            sqlx::query_as!(
                Found,
                r#"select rater as "rater!: UserId", looking.slot as "slot!", id as "id: PhotoId"
                   from unnest((select $1::bigint[]), (select $2::bigint[])) as looking (rater, slot)
                   join hub_photos on hub_id = $3 and hub_photos.slot = looking.slot
                   join photos on id = hub_photos.photo_id
                   where state = 'live' and owner_id <> rater
                     and not coalesce((select true from ratings
                                       where ratings.photo_id = photos.id and rater_id = rater), false)"#,
                &raters,
                &slots,
                hub.0,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(found.into_iter().map(|found| ((found.rater, found.slot), found.id)).collect())
}

/// One more than the highest slot. A hub that is gone has none.
pub(super) async fn next_slot(db: &mut PgConnection, scope: Scope) -> sqlx::Result<i64> {
    match scope {
        Scope::Site => {
            sqlx::query_scalar!(r#"select coalesce(max(slot) + 1, 0) as "end!" from photos"#)
                .fetch_one(db)
                .await
        }
        Scope::Hub(hub) => {
            let next = sqlx::query_scalar!("select next_slot from hubs where id = $1", hub.0);
            Ok(next.fetch_optional(db).await?.unwrap_or_default())
        }
    }
}

/// The final search before "all rated": for each rater, the first ratable one of all live photos of the scope.
pub(super) async fn find_any(
    db: &mut PgConnection,
    scope: Scope,
    raters: &[i64],
) -> sqlx::Result<HashMap<UserId, PhotoId>> {
    let left = match scope {
        Scope::Site => {
            sqlx::query_as!(
                Left,
                r#"select rater as "rater!: UserId", id as "id: PhotoId"
                   from unnest((select $1::bigint[])) as given (rater)
                   cross join lateral (
                       select id from photos
                       where state = 'live' and owner_id <> rater
                         and not coalesce((select true from ratings
                                           where photo_id = photos.id and rater_id = rater), false)
                       order by slot limit 1
                   ) as left_over"#,
                raters,
            )
            .fetch_all(db)
            .await?
        }
        Scope::Hub(hub) => {
            sqlx::query_as!(
                Left,
                r#"select rater as "rater!: UserId", id as "id: PhotoId"
                   from unnest((select $1::bigint[])) as given (rater)
                   cross join lateral (
                       select id from hub_photos join photos on id = hub_photos.photo_id
                       where hub_id = $2 and state = 'live' and owner_id <> rater
                         and not coalesce((select true from ratings
                                           where ratings.photo_id = photos.id and rater_id = rater), false)
                       order by hub_photos.slot limit 1
                   ) as left_over"#,
                raters,
                hub.0,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(left.into_iter().map(|left| (left.rater, left.id)).collect())
}

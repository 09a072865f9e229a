//! Where raters stand, and moving them on.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::walk::{Position, Walker};
use super::{Lane, Served};
use crate::ids::{PhotoId, UserId};

/// Where a rater stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) position: Position,
    /// What is on their page.
    pub(super) photo: Option<PhotoId>,
    /// The same, if it can be rated still.
    pub(super) on_page: Option<Served>,
}

/// A rater on the way to the next photo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) before: Stand,
    /// Where the rater stands afterwards.
    pub(super) walker: Walker,
    /// What is found there.
    pub(super) next: Option<Served>,
}

impl Step {
    /// Whether it leaves the rater where they are.
    pub(super) fn is_moot(&self) -> bool {
        let before = &self.before;
        self.next.is_none() && before.photo.is_none() && self.walker.position == before.position
    }
}

/// Where a rater stands; a first position for who has none. `None`: there is no such rater.
pub(super) async fn find_stand(db: &mut PgConnection, rater: UserId) -> sqlx::Result<Option<Stand>> {
    for _ in 0..2 {
        if let Some(stand) = find_stands(db, [rater]).await?.remove(&rater) {
            return Ok(Some(stand));
        }
        sqlx::query!(
            "insert into rater_positions (rater_id) select id from users where id = $1 for key share
             on conflict do nothing",
            rater.0,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(None)
}

/// Where these raters stand; those who have no position aren't there.
pub(super) async fn find_stands(
    db: &mut PgConnection,
    raters: impl IntoIterator<Item = UserId>,
) -> sqlx::Result<HashMap<UserId, Stand>> {
    let raters: Vec<_> = raters.into_iter().map(|rater| rater.0).collect();
    // In a subselect an array isn't a reason to plan anew; the same holds below.
    let rows = sqlx::query!(
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
    .await?;
    let stands = rows.into_iter().map(|row| {
        let position = Position {
            first: row.first,
            last: row.last,
            cursor: row.cursor,
            fresh: row.fresh,
            served: row.served,
        };
        let on_page = row.photo.zip(row.lane).filter(|_| row.ratable);
        let on_page = on_page.map(|(photo, lane)| Served { photo, lane });
        (row.rater, Stand { position, photo: row.photo, on_page })
    });
    Ok(stands.collect())
}

/// Moves raters to what they see next; answers with who was moved, and what they see. The others don't stand any more where
/// they stood before, or the photo is gone.
///
/// It doesn't wait for the disk. A crash that forgets it leaves the rater before the photo that they have rated, and the
/// next call moves on again.
pub(super) async fn move_on(
    db: &mut PgConnection,
    steps: &[Step],
) -> sqlx::Result<HashMap<UserId, Option<Served>>> {
    if steps.is_empty() {
        return Ok(HashMap::new());
    }
    let each = |value: fn(&Step) -> i64| steps.iter().map(value).collect::<Vec<_>>();
    let photos: Vec<_> = steps.iter().map(|step| step.next.map(|next| next.photo.0)).collect();
    let lanes: Vec<_> = steps.iter().map(|step| step.next.map(|next| next.lane.name().to_owned())).collect();
    let before: Vec<_> = steps.iter().map(|step| step.before.photo.map(|photo| photo.0)).collect();
    let moved = sqlx::query_scalar!(
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
    );
    let moved: HashSet<_> = moved.fetch_all(db).await?.into_iter().collect();
    let steps = steps.iter().filter(|step| moved.contains(&step.walker.rater));
    Ok(steps.map(|step| (step.walker.rater, step.next)).collect())
}

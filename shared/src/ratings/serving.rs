//! Which photo a rater sees next, and seeing the same one until it is rated.
//!
//! Every live photo has a slot, given in the order of going live. A rater walks through a span of slots in the order
//! of a keyed permutation ([`super::permutation`]), so nothing repeats and nothing seen needs to be listed. Every fifth
//! serving looks first at photos younger than the span. When the span is through, the next begins where it ended. What
//! fell between (photos unhidden later, or committed out of order) is found by a last search before "all rated" is said.

use sqlx::PgConnection;

use super::Lane;
use super::permutation::Permutation;
use crate::accounts::RaterKey;
use crate::ids::{PhotoId, UserId};

/// How many places of the permutation are looked up at once; most are live and unrated, so one look is enough.
const LOOKAHEAD: i64 = 16;

/// Every so many servings a fresh photo is tried first.
const FRESH_EVERY: i64 = 5;

/// A photo on a rater's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Which one.
    pub photo: PhotoId,
    /// How it was picked.
    pub lane: Lane,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Position {
    first: i64,
    last: i64,
    cursor: i64,
    fresh: i64,
    served: i64,
}

impl Position {
    /// Before the first photo.
    const START: Self = Self { first: 0, last: 0, cursor: 0, fresh: 0, served: 0 };
}

/// The photo that `rater` is to rate: the current one until it is rated or gone, then the next. `None`: all are rated, or
/// there is no such rater any more. Concurrent calls for one rater get the same photo: of those that pick one, the first
/// has its way.
pub async fn current(db: &mut PgConnection, rater: UserId, key: RaterKey) -> sqlx::Result<Option<Served>> {
    loop {
        let Some(before) = find_stand(db, rater).await? else { return Ok(None) };
        if before.on_page.is_some() {
            return Ok(before.on_page);
        }
        let mut position = before.position;
        let next = pick(db, rater, key, &mut position).await?;
        position.served += i64::from(next.is_some());
        let is_moot = next.is_none() && before.photo.is_none() && position == before.position;
        if is_moot || move_on(db, rater, &before, &position, next).await? {
            return Ok(next);
        }
    }
}

/// Where a rater stands.
struct Stand {
    position: Position,
    photo: Option<PhotoId>,
    /// What is on their page, if it can be rated still.
    on_page: Option<Served>,
}

async fn find_stand(db: &mut PgConnection, rater: UserId) -> sqlx::Result<Option<Stand>> {
    for _ in 0..2 {
        let row = sqlx::query!(
            r#"select first, last, cursor, fresh, served, photo_id as "photo: PhotoId", lane as "lane: Lane",
                      exists (select from photos
                              where id = photo_id and state = 'live' and owner_id <> rater_id
                                and not exists (select from ratings
                                                where ratings.photo_id = photos.id
                                                  and ratings.rater_id = rater_positions.rater_id)) as "ratable!"
               from rater_positions where rater_id = $1"#,
            rater.0,
        )
        .fetch_optional(&mut *db)
        .await?;
        if let Some(row) = row {
            let position = Position {
                first: row.first,
                last: row.last,
                cursor: row.cursor,
                fresh: row.fresh,
                served: row.served,
            };
            let on_page = row.photo.zip(row.lane).filter(|_| row.ratable);
            let on_page = on_page.map(|(photo, lane)| Served { photo, lane });
            return Ok(Some(Stand { position, photo: row.photo, on_page }));
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

/// Moves a rater to the next photo. False: they don't stand any more where they stood `before`, or the photo is gone.
///
/// It doesn't wait for the disk. A crash that forgets it leaves the rater before the photo that they have rated, and the
/// next call moves on again.
async fn move_on(
    db: &mut PgConnection,
    rater: UserId,
    before: &Stand,
    to: &Position,
    next: Option<Served>,
) -> sqlx::Result<bool> {
    let moved = sqlx::query!(
        "with hastily as (select set_config('synchronous_commit', 'off', true))
         update rater_positions
         set first = $2, last = $3, cursor = $4, fresh = $5, served = $6, photo_id = $7, lane = $8
         from hastily
         where rater_id = $1 and first = $9 and last = $10 and cursor = $11 and fresh = $12 and served = $13
           and photo_id is not distinct from $14
           and coalesce((select state = 'live' from photos where id = $7), $7 is null)",
        rater.0,
        to.first,
        to.last,
        to.cursor,
        to.fresh,
        to.served,
        next.map(|next| next.photo.0),
        next.map(|next| next.lane) as Option<Lane>,
        before.position.first,
        before.position.last,
        before.position.cursor,
        before.position.fresh,
        before.position.served,
        before.photo.map(|photo| photo.0),
    );
    Ok(moved.execute(db).await?.rows_affected() > 0)
}

/// The photo that is on a rater's page now, if any; nothing is picked.
pub async fn on_page(db: &mut PgConnection, rater: UserId) -> sqlx::Result<Option<Served>> {
    let row = sqlx::query!(
        r#"select photo_id as "photo: PhotoId", lane as "lane: Lane" from rater_positions where rater_id = $1"#,
        rater.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| Some(Served { photo: row.photo?, lane: row.lane? })))
}

/// The photo that a visitor without a user row would be served first. It depends on the key alone while no photo comes
/// or goes; the visitor's cookie pins it.
pub async fn preview(db: &mut PgConnection, key: RaterKey) -> sqlx::Result<Option<PhotoId>> {
    let mut position = Position::START;
    Ok(pick(db, UserId(0), key, &mut position).await?.map(|served| served.photo))
}

/// The photo that would follow the one on the page, which is `pinned` for a visitor without a user row, if that were
/// rated now. Nothing is picked: another one may follow when photos come or go meanwhile. The last search isn't made.
pub async fn ahead(
    db: &mut PgConnection,
    rater: UserId,
    key: RaterKey,
    pinned: Option<PhotoId>,
) -> sqlx::Result<Option<PhotoId>> {
    let row = sqlx::query!(
        r#"select first, last, cursor, fresh, served, photo_id as "photo: PhotoId"
           from rater_positions where rater_id = $1"#,
        rater.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    let (current, mut position) = match row {
        Some(row) => {
            let (first, last) = (row.first, row.last);
            (row.photo, Position { first, last, cursor: row.cursor, fresh: row.fresh, served: row.served })
        }
        None => (pinned, Position::START),
    };
    // The current photo isn't rated yet, so it may come up once more.
    for _ in 0..2 {
        match pick_in_turn(db, rater, key, &mut position).await? {
            Some(next) if Some(next.photo) == current => {}
            next => return Ok(next.map(|next| next.photo)),
        }
    }
    Ok(None)
}

/// Puts the photo that a visitor has on the page already on the page of the user that the visitor becomes.
pub async fn adopt(db: &mut PgConnection, rater: UserId, photo: PhotoId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into rater_positions (rater_id, photo_id, lane) values ($1, $2, 'random') on conflict do nothing",
        rater.0,
        photo.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the photo is live, not the rater's own and not rated by the rater.
pub async fn ratable(db: &mut PgConnection, photo: PhotoId, rater: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from photos
               where id = $1 and state = 'live' and owner_id <> $2
                 and not exists (select from ratings where photo_id = photos.id and rater_id = $2)
           ) as "ratable!""#,
        photo.0,
        rater.0,
    )
    .fetch_one(db)
    .await
}

async fn pick(
    db: &mut PgConnection,
    rater: UserId,
    key: RaterKey,
    position: &mut Position,
) -> sqlx::Result<Option<Served>> {
    if let Some(next) = pick_in_turn(db, rater, key, position).await? {
        return Ok(Some(next));
    }
    let photo = find_any_ratable(db, rater).await?;
    Ok(photo.map(|photo| Served { photo, lane: Lane::Random }))
}

async fn pick_in_turn(
    db: &mut PgConnection,
    rater: UserId,
    key: RaterKey,
    position: &mut Position,
) -> sqlx::Result<Option<Served>> {
    if position.served % FRESH_EVERY == FRESH_EVERY - 1
        && let Some(photo) = pick_fresh(db, rater, position).await?
    {
        return Ok(Some(Served { photo, lane: Lane::Fresh }));
    }
    loop {
        if let Some(photo) = pick_from_span(db, rater, key, position).await? {
            return Ok(Some(Served { photo, lane: Lane::Random }));
        }
        let end = next_slot(db).await?;
        if end <= position.last {
            return Ok(None);
        }
        (position.first, position.last, position.cursor) = (position.last, end, 0);
    }
}

/// One past the highest slot of a live photo.
async fn next_slot(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select coalesce(max(slot) + 1, 0) as "end!" from photos"#).fetch_one(db).await
}

async fn pick_from_span(
    db: &mut PgConnection,
    rater: UserId,
    key: RaterKey,
    position: &mut Position,
) -> sqlx::Result<Option<PhotoId>> {
    let len = position.last - position.first;
    let order = Permutation::new(key, position.first.unsigned_abs(), len.unsigned_abs());
    while position.cursor < len {
        let looked = LOOKAHEAD.min(len - position.cursor);
        let slots: Vec<i64> = (position.cursor..position.cursor + looked)
            .map(|place| position.first + order.at(place.unsigned_abs()).cast_signed())
            .collect();
        let found = sqlx::query!(
            r#"select slot as "slot!", id as "id: PhotoId" from photos
               where slot = any($1) and state = 'live' and owner_id <> $2
                 and not exists (select from ratings where photo_id = photos.id and rater_id = $2)"#,
            &slots,
            rater.0,
        )
        .fetch_all(&mut *db)
        .await?;
        for slot in slots {
            position.cursor += 1;
            if let Some(row) = found.iter().find(|row| row.slot == slot) {
                return Ok(Some(row.id));
            }
        }
    }
    Ok(None)
}

async fn pick_fresh(
    db: &mut PgConnection,
    rater: UserId,
    position: &mut Position,
) -> sqlx::Result<Option<PhotoId>> {
    let row = sqlx::query!(
        r#"select slot as "slot!", id as "id: PhotoId" from photos
           where slot >= $1 and state = 'live' and owner_id <> $2
             and not exists (select from ratings where photo_id = photos.id and rater_id = $2)
           order by slot limit 1"#,
        position.fresh.max(position.last),
        rater.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        position.fresh = row.slot + 1;
        row.id
    }))
}

/// The last resort before "all rated": an anti-join over the live photos.
async fn find_any_ratable(db: &mut PgConnection, rater: UserId) -> sqlx::Result<Option<PhotoId>> {
    sqlx::query_scalar!(
        r#"select id as "id: PhotoId" from photos
           where state = 'live' and owner_id <> $1
             and not exists (select from ratings where photo_id = photos.id and rater_id = $1)
           order by slot limit 1"#,
        rater.0,
    )
    .fetch_optional(db)
    .await
}

//! Selects the photo that a rater sees next, and keeps it until it is rated.
//!
//! Every live photo has a slot, numbered in the order of going live. A rater walks through a span of slots in the order
//! of a keyed permutation ([`super::permutation`]), so photos don't repeat and no list of seen photos is needed. Every
//! fifth serving first looks for photos newer than the span. After the end of the span, the next one starts there. A
//! last search before "all rated" finds photos that were missed because they were unhidden later or committed out of
//! order.
//!
//! Within a hub the same happens with the hub's photos ([`Scope`]). A photo that is removed from the hub is no longer
//! served there, and one that is posted again gets a new slot.

mod scope;
mod served;
mod slots;
mod stand;
mod walk;

pub use scope::Scope;
pub use served::Served;

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;

use super::Lane;
use crate::accounts::RaterKey;
use crate::db::{Batcher, Db, retry_conflicts};
use crate::ids::{HubId, PhotoId, UserId};
use stand::{Advance, find_stand, find_stands, move_on};
use walk::{Arrival, Position, Walker, walk_a_little};

/// Serves photos. Concurrent calls share statements.
#[derive(Debug)]
pub struct Servings {
    db: Db,
    site: Batcher<(UserId, RaterKey), Turn>,
    /// Separate, so that raters of the whole site don't wait for the statements of hubs.
    hubs: Batcher<(HubId, UserId, RaterKey), Turn>,
}

/// The result of a batch for one of its raters.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The photo to serve; `None` if all are rated.
    Served(Option<Served>),
    /// Left to [`current`], which searches further.
    Left,
}

impl Servings {
    /// Creates it for this database. Call it inside a runtime.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let site = Batcher::start(db.clone(), |db, raters: Vec<(UserId, RaterKey)>| async move {
            serve_each(&mut *db.acquire().await?, Scope::Site, &raters).await
        });
        let hubs = Batcher::start(db.clone(), |db, calls: Vec<(HubId, UserId, RaterKey)>| async move {
            serve_each_in_hubs(&mut *db.acquire().await?, &calls).await
        });
        Self { db, site, hubs }
    }

    /// Returns the photo that `rater` should rate within the scope: the current one until it is rated or gone, then the
    /// next one. `None` if all are rated or the rater doesn't exist. Concurrent calls for one rater return the same
    /// photo, the one that was selected first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn current(&self, scope: Scope, rater: UserId, key: RaterKey) -> sqlx::Result<Option<Served>> {
        let turn = match scope {
            Scope::Site => self.site.call((rater, key)).await?,
            Scope::Hub(hub) => self.hubs.call((hub, rater, key)).await?,
        };
        match turn {
            Turn::Served(served) => Ok(served),
            Turn::Left => {
                retry_conflicts(async || current(&mut *self.db.acquire().await?, scope, rater, key).await)
                    .await
            }
        }
    }
}

/// Handles a batch of raters in hubs, one hub after the other.
async fn serve_each_in_hubs(
    db: &mut PgConnection,
    calls: &[(HubId, UserId, RaterKey)],
) -> sqlx::Result<Vec<Turn>> {
    let mut by_hub: BTreeMap<HubId, Vec<(UserId, RaterKey)>> = BTreeMap::new();
    for (hub, rater, key) in calls {
        by_hub.entry(*hub).or_default().push((*rater, *key));
    }
    let mut turns = HashMap::with_capacity(calls.len());
    for (hub, raters) in by_hub {
        let served = serve_each(db, Scope::Hub(hub), &raters).await?;
        turns.extend(raters.iter().map(|(rater, _)| (hub, *rater)).zip(served));
    }
    Ok(calls
        .iter()
        .map(|(hub, rater, _)| turns.get(&(*hub, *rater)).copied().unwrap_or(Turn::Left))
        .collect())
}

/// Handles the common cases for a batch of raters: the current photo is still ratable, or the next one is near.
async fn serve_each(
    db: &mut PgConnection,
    scope: Scope,
    raters: &[(UserId, RaterKey)],
) -> sqlx::Result<Vec<Turn>> {
    let stands = find_stands(db, scope, raters.iter().map(|(rater, _)| *rater)).await?;
    let mut turns: HashMap<_, _> =
        stands.iter().filter_map(|(rater, stand)| Some((*rater, Some(stand.on_page?)))).collect();
    let going = raters.iter().copied().collect::<BTreeMap<_, _>>().into_iter();
    let going = going.filter(|(rater, _)| !turns.contains_key(rater));
    let (befores, mut walkers): (Vec<_>, Vec<_>) = going
        .filter_map(|(rater, key)| {
            let before = *stands.get(&rater)?;
            Some((before, Walker { scope, rater, key, position: before.position }))
        })
        .unzip();
    let arrivals = walk_a_little(db, scope, &mut walkers).await?;
    let mut steps = Vec::new();
    for ((before, walker), arrival) in befores.into_iter().zip(walkers).zip(arrivals) {
        let Arrival::At(next) = arrival else { continue };
        let step = Advance { before, walker, next };
        if step.is_moot() {
            turns.insert(walker.rater, None);
        } else {
            steps.push(step);
        }
    }
    turns.extend(move_on(db, scope, &steps).await?);
    let turn = |(rater, _): &_| turns.get(rater).map_or(Turn::Left, |served| Turn::Served(*served));
    Ok(raters.iter().map(turn).collect())
}

/// Like [`Servings::current`], however far away the next photo is.
async fn current(
    db: &mut PgConnection,
    scope: Scope,
    rater: UserId,
    key: RaterKey,
) -> sqlx::Result<Option<Served>> {
    loop {
        let Some(before) = find_stand(db, scope, rater).await? else { return Ok(None) };
        if before.on_page.is_some() {
            return Ok(before.on_page);
        }
        let mut walker = Walker { scope, rater, key, position: before.position };
        let next = walker.walk(db).await?;
        let step = Advance { before, walker, next };
        if step.is_moot() || move_on(db, scope, &[step]).await?.contains_key(&rater) {
            return Ok(next);
        }
    }
}

/// How a photo came to a rater who has it on a rating page now, the site's or a hub's. `None` if it is on none.
pub async fn lane_on_page(
    db: &mut PgConnection,
    rater: UserId,
    photo: PhotoId,
) -> sqlx::Result<Option<Lane>> {
    let lane = sqlx::query_scalar!(
        r#"select lane as "lane: Lane" from rater_positions where rater_id = $1 and photo_id = $2
           union all
           select lane from hub_positions where rater_id = $1 and photo_id = $2
           limit 1"#,
        rater.0,
        photo.0,
    );
    Ok(lane.fetch_optional(db).await?.flatten())
}

/// Returns the first photo for a visitor without a user row. It depends on the key alone while the set of photos is the
/// same. On the site, the visitor's cookie pins it.
pub async fn preview(db: &mut PgConnection, scope: Scope, key: RaterKey) -> sqlx::Result<Option<PhotoId>> {
    let mut walker = Walker { scope, rater: UserId(0), key, position: Position::START };
    Ok(walker.walk(db).await?.map(|served| served.photo))
}

/// Previews the photo that would follow after a rating of the current one, which is `shown` to a visitor without a user
/// row. Selects nothing: the set of photos may change until the rating. Skips the last search.
pub async fn ahead(
    db: &mut PgConnection,
    scope: Scope,
    rater: UserId,
    key: RaterKey,
    shown: Option<PhotoId>,
) -> sqlx::Result<Option<PhotoId>> {
    let stand = find_stands(db, scope, [rater]).await?.remove(&rater);
    let (current, position) = stand.map_or((shown, Position::START), |stand| (stand.photo, stand.position));
    let mut walker = Walker { scope, rater, key, position };
    // The current photo isn't rated yet, so the walk may find it again.
    for _ in 0..2 {
        match walker.walk_in_turn(db).await? {
            Some(next) if Some(next.photo) == current => {}
            next => return Ok(next.map(|next| next.photo)),
        }
    }
    Ok(None)
}

/// Keeps the visitor's photo on the page when the visitor becomes a user.
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

/// Whether the photo is live, not the rater's own and not yet rated by the rater.
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

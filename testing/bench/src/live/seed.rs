//! Initial data: a hub with twelve widgets whose photos are rated, another one, and many hubs that are only watched.

use anyhow::{Context as _, Result};
use pawdium_bench::seed::{Account, open_accounts, publish};
use pawdium_bench::stores::Stores;
use pawdium_shared::db::{self, Db};
use pawdium_shared::ids::{HubId, PhotoId, UserId};

/// The kinds of the hubs' widgets, all of them the same for everybody. The first four show ratings.
pub(crate) const KINDS: [&str; 12] = [
    "histogram",
    "top-photos",
    "numbers",
    "badges",
    "about",
    "newest-photos",
    "activity",
    "topics",
    "members",
    "rules",
    "sticky-note",
    "links",
];

/// How many of [`KINDS`] a rating makes stale.
pub(crate) const CONCERNED: usize = 4;

/// Photos of each hub.
const PHOTOS: usize = 10;

/// Members of each hub.
const MEMBERS: i32 = 30;

/// Accounts that rate.
const RATERS: usize = 64;

/// A hub and its widgets, in the order of [`KINDS`].
#[derive(Clone, Debug)]
pub(crate) struct SeededHub {
    pub(crate) id: HubId,
    pub(crate) slug: &'static str,
    pub(crate) widgets: Vec<i64>,
    pub(crate) photos: Vec<PhotoId>,
}

/// What is there.
#[derive(Debug)]
pub(crate) struct Seeded {
    /// Whose photos are rated.
    pub(crate) hub: SeededHub,
    /// Whose photos aren't.
    pub(crate) other: SeededHub,
    /// Hubs that are only watched, `watched-0` and so on.
    pub(crate) watched: Vec<HubId>,
    pub(crate) raters: Vec<Account>,
}

/// The slug of a hub that is only watched.
pub(crate) fn watched_slug(number: usize) -> String {
    format!("watched-{number}")
}

/// Creates the schema and its contents.
pub(crate) async fn seed(stores: &Stores, watched: usize) -> Result<Seeded> {
    let db = stores.pool()?;
    db::migrate(&db).await.context("creating the schema")?;
    let owner = insert_members(&db).await?;
    let hub = insert_hub(&db, owner, "measured").await?;
    let other = insert_hub(&db, owner, "other").await?;
    let watched = sqlx::query_scalar::<_, i64>(
        "with made as (
             insert into hubs (slug, name)
             select 'watched-' || n, 'Hub ' || n from generate_series(0, $1 - 1) as n
             returning id, slug
         ), claimed as (
             insert into hub_slugs (slug, hub_id) select slug, id from made
         )
         select id from made order by split_part(slug, '-', 2)::integer",
    )
    .bind(i32::try_from(watched)?)
    .fetch_all(&*db)
    .await?;
    let mut tx = db.begin().await?;
    let raters = open_accounts(&mut tx, RATERS).await?;
    tx.commit().await?;
    Ok(Seeded { hub, other, watched: watched.into_iter().map(HubId).collect(), raters })
}

/// Registers the hubs' members. Returns the first.
async fn insert_members(db: &Db) -> Result<UserId> {
    let first: i64 = sqlx::query_scalar(
        "with made as (
             insert into users (name, email, password_hash, rater_key, registered_at)
             select 'Member' || n, 'member' || n || '@localhost', '-', n, now() from generate_series(1, $1) as n
             returning id
         )
         select min(id) from made",
    )
    .bind(MEMBERS)
    .fetch_one(&**db)
    .await?;
    Ok(UserId(first))
}

async fn insert_hub(db: &Db, owner: UserId, slug: &'static str) -> Result<SeededHub> {
    let mut tx = db.begin().await?;
    let hub: i64 = sqlx::query_scalar("insert into hubs (slug, name) values ($1, initcap($1)) returning id")
        .bind(slug)
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query("insert into hub_slugs (slug, hub_id) values ($1, $2)")
        .bind(slug)
        .bind(hub)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "insert into hub_roles (hub_id, user_id, role)
         select $1, id, case when id = $2 then 'owner' else 'member' end from users where name is not null",
    )
    .bind(hub)
    .bind(owner.0)
    .execute(&mut *tx)
    .await?;
    let mut widgets = Vec::with_capacity(KINDS.len());
    for (place, kind) in (0..).zip(KINDS) {
        let widget = sqlx::query_scalar(
            "insert into widgets (hub_id, kind, side, position)
             values ($1, $2, case when $3 % 2 = 0 then 'left' else 'right' end, $3 / 2) returning id",
        );
        widgets.push(widget.bind(hub).bind(kind).bind(place).fetch_one(&mut *tx).await?);
    }
    let photos = publish(&mut tx, owner, PHOTOS).await?;
    for photo in &photos {
        pawdium_shared::photos::posting::post(&mut tx, HubId(hub), *photo, owner).await?;
    }
    tx.commit().await?;
    Ok(SeededHub { id: HubId(hub), slug, widgets, photos })
}

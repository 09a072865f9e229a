//! Concurrent transactions on the same rows don't deadlock, and deleted data doesn't come back.

use pawdium_kit::waiting::{SOON, count, until};
use pawdium_kit::workers::transact;
use pawdium_shared::accounts::{RaterKey, queries, sessions};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::{Db, Tx};
use pawdium_shared::departures;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::moderation::blocked::{self, Reason};
use pawdium_shared::photos::{PhotoState, Species, likeness, transitions, withheld};
use pawdium_shared::ranking::virality::Moment;
use pawdium_shared::ranking::{refresh, sharing};
use pawdium_shared::references::{self, Gone};
use pawdium_worker::runner;
use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::site::{Site, jpeg};
use crate::workers::start_workers;

/// Runs a transaction concurrently with what follows.
macro_rules! at_once {
    ($site:expr, |$tx:ident| $act:expr) => {{
        let db = $site.db.clone();
        tokio::spawn(async move {
            let mut tx = Tx::begin(&db).await?;
            let $tx = &mut tx;
            $act.await?;
            tx.commit().await
        })
    }};
}

/// Waits for all of them. Their rows may be gone; any other error fails the test.
async fn end(acts: Vec<JoinHandle<sqlx::Result<()>>>) {
    for act in acts {
        if let Err(error) = act.await.expect("no panic") {
            assert!(references::gone(&error).is_some(), "{error}");
        }
    }
}

async fn rate(site: &Site, photo: PhotoId, rater: UserId) {
    let rate = "with rated as (
                    insert into ratings (photo_id, rater_id, value, lane, ballot_at)
                    values ($1, $2, 7, 'random', now()) returning photo_id)
                update photo_stats set histogram[7] = histogram[7] + 1 from rated
                where photo_stats.photo_id = rated.photo_id";
    sqlx::query(rate).bind(photo.0).bind(rater.0).execute(&site.db).await.expect("it can be rated");
}

async fn visitor(site: &Site) -> UserId {
    let mut db = site.db.acquire().await.expect("a connection");
    queries::insert_anonymous(&mut db, RaterKey::generate(), None).await.expect("no error")
}

/// Two members who have rated and shared each other's photos, and a visitor who has done the same.
async fn neighbours(site: &Site, round: usize) -> ([UserId; 3], [PhotoId; 4]) {
    let ada = site.member(&format!("ada{round}")).await;
    let bob = site.member(&format!("bob{round}")).await;
    let eve = visitor(site).await;
    let mut photos = Vec::new();
    for owner in [ada, bob, bob, ada] {
        photos.push(site.live(owner, Species::Dog).await);
    }
    let photos: [PhotoId; 4] = photos.try_into().expect("four photos");
    let mut db = site.db.acquire().await.expect("a connection");
    for (who, theirs) in [(ada, [1, 2]), (bob, [3, 0]), (eve, [0, 1])] {
        for photo in theirs.map(|number| photos[number]) {
            rate(site, photo, who).await;
            sharing::share(&mut db, photo, who).await.expect("no error");
            sharing::record(&mut db, photo, Moment::Share, &who.0.to_be_bytes()).await.expect("no error");
        }
    }
    for photo in photos {
        likeness::record_hash(&mut db, photo, &[7; 32]).await.expect("no error");
    }
    ([ada, bob, eve], photos)
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn concurrent_acts_neither_deadlock_nor_bring_anything_back(db: PgPool) {
    let site = Site::new(db);
    for round in 0..12 {
        let ([ada, bob, eve], photos) = neighbours(&site, round).await;
        let moved = {
            let mut db = site.db.acquire().await.expect("a connection");
            refresh::list_moved(&mut db).await.expect("no error")
        };
        let (by, reason) = (Actor::Operator("op"), Reason::new("No animal.").expect("a reason"));
        let mut acts = vec![
            at_once!(site, |tx| refresh::write_moved(tx, &moved)),
            at_once!(site, |tx| refresh::fold_moments(tx)),
            at_once!(site, |tx| departures::delete(tx, ada)),
        ];
        acts.push(match round % 3 {
            0 => at_once!(site, |tx| departures::delete(tx, bob)),
            1 => at_once!(site, |tx| departures::merge(tx, eve, bob)),
            _ => at_once!(site, |tx| sharing::share(tx, photos[2], eve)),
        });
        acts.push(match round % 4 {
            0 => at_once!(site, |tx| transitions::delete(tx, photos[0])),
            1 => at_once!(site, |tx| sharing::share(tx, photos[3], bob)),
            2 => at_once!(site, |tx| blocked::block_all(tx, by, &photos, &reason)),
            _ => at_once!(site, |tx| refresh::fold_moments(tx)),
        });
        if round % 4 == 2 {
            let reason = Reason::new("No animal.").expect("a reason");
            acts.push(at_once!(site, |tx| blocked::block(tx, by, photos[3], &reason)));
        }
        end(acts).await;
    }
    let back = "select count(*) from photos join photo_stats on photo_stats.photo_id = id
                left join photo_ranks on photo_ranks.photo_id = id
                where state <> 'live' and (virality is not null or rank is not null)";
    assert_eq!(count(&site.db, back).await, 0);
    let wrong = "select count(*) from photo_stats
                 where histogram[7] <> (select count(*) from ratings where photo_id = photo_stats.photo_id)";
    assert_eq!(count(&site.db, wrong).await, 0);
}

/// Blocks transactions that give a photo this state until the returned transaction ends.
async fn wait_at(site: &Site, state: &str) -> Tx {
    let statement = format!(
        "create function wait_for_the_test() returns trigger language plpgsql as
             $$ begin perform pg_advisory_xact_lock_shared(77, 0); return new; end $$;
         create trigger waits before update on photos
             for each row when (new.state = '{state}') execute function wait_for_the_test()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&site.db).await.expect("the statement is right");
    let mut held = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("select pg_advisory_xact_lock(77, 0)").execute(&mut *held).await.expect("nobody has it");
    held
}

async fn until_waiting(site: &Site, sessions: i64) {
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    until("they wait", SOON, async || (count(&site.db, waiting).await == sessions).then_some(())).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_account_is_deleted_while_one_of_its_photos_is(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let photo = site.live(ada, Species::Dog).await;
    let held = wait_at(&site, "deleted").await;
    let of_photo = at_once!(site, |tx| transitions::delete(tx, photo));
    until_waiting(&site, 1).await;
    let of_account = at_once!(site, |tx| departures::delete(tx, ada));
    until_waiting(&site, 2).await;
    held.rollback().await.expect("it rolls back");
    for act in [of_photo, of_account] {
        act.await.expect("no panic").expect("no deadlock");
    }
    assert_eq!(count(&site.db, "select count(*) from photos").await, 0);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_account_is_deleted_while_one_of_its_photos_goes_live(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    site.submit(ada, &jpeg(600, 500, 1), Species::Dog).await;
    let held = wait_at(&site, "live").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_waiting(&site, 1).await;
    let deletion = at_once!(site, |tx| departures::delete(tx, ada));
    until_waiting(&site, 2).await;
    held.rollback().await.expect("it rolls back");
    deletion.await.expect("no panic").expect("no deadlock");
    pawdium_kit::waiting::until_idle(&site.db).await;
    assert_eq!(count(&site.db, "select count(*) from job_errors").await, 0);
    assert!(site.files("pictures").is_empty(), "{:?}", site.files("pictures"));
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn ranks_and_virality_do_not_come_back_on_photos_that_are_gone(db: PgPool) {
    let site = Site::new(db);
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.live(ada, Species::Dog).await;
    let mut db = site.db.acquire().await.expect("a connection");
    sharing::record(&mut db, photo, Moment::Share, &[1]).await.expect("no error");
    rate(&site, photo, bob).await;
    let moved = refresh::list_moved(&mut db).await.expect("no error");
    let hidden = transact(&site.db, async |tx| withheld::hide(tx, photo).await).await;
    assert!(hidden.expect("no error").is_some());
    refresh::write_moved(&mut db, &moved).await.expect("no error");
    refresh::fold_moments(&mut db).await.expect("no error");
    let hidden = site.photo(photo).await;
    assert_eq!((hidden.state, hidden.rank, hidden.virality), (PhotoState::Hidden, None, None));
    assert_eq!(count(&site.db, "select count(*) from virality_events where not counted").await, 0);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_sharer_has_one_link_for_each_photo(db: PgPool) {
    let site = Site::new(db);
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.live(ada, Species::Dog).await;
    let mut first = Tx::begin(&site.db).await.expect("a transaction");
    let code = sharing::share(&mut first, photo, bob).await.expect("no error");
    let second = tokio::spawn({
        let pool = site.db.clone();
        async move {
            let mut db = pool.acquire().await.expect("a connection");
            sharing::share(&mut db, photo, bob).await.expect("no error")
        }
    });
    until_waiting(&site, 1).await;
    first.commit().await.expect("it commits");
    assert_eq!(second.await.expect("no panic"), code);

    // After the login the account's link stays, and the visitor's still works.
    let eve = visitor(&site).await;
    let mut db = site.db.acquire().await.expect("a connection");
    let visitors = sharing::share(&mut db, photo, eve).await.expect("no error").expect("a link");
    transact(&site.db, async |tx| departures::merge(tx, eve, bob).await).await.expect("no error");
    assert_eq!(sharing::share(&mut db, photo, bob).await.expect("no error"), code);
    assert_eq!(sharing::find_shared(&mut db, &visitors).await.expect("no error"), Some(photo));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn links_from_before_there_was_one_for_each_photo_work_on(db: PgPool) {
    let site = Site::new(db);
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.live(ada, Species::Dog).await;
    let before = "drop index shares_sharer_photo;
                  drop index photos_parent;
                  alter table rater_positions add constraint rater_positions_photo_id_fkey
                      foreign key (photo_id) references photos on delete set null";
    sqlx::raw_sql(before).execute(&site.db).await.expect("the statements are right");
    for code in ["first_link_", "second_link", "third_link_"] {
        let share = sqlx::query("insert into shares (code, photo_id, sharer_id) values ($1, $2, $3)");
        share.bind(code).bind(photo.0).bind(bob.0).execute(&site.db).await.expect("it is made");
    }
    let migration = include_str!("../../../migrations/0027_references_to_photos.sql");
    sqlx::raw_sql(migration).execute(&site.db).await.expect("it can be applied");
    let mut db = site.db.acquire().await.expect("a connection");
    let own = sharing::share(&mut db, photo, bob).await.expect("no error");
    assert_eq!(own.as_deref(), Some("first_link_"));
    assert_eq!(count(&site.db, "select count(*) from shares where sharer_id is null").await, 2);
    assert_eq!(sharing::find_shared(&mut db, "third_link_").await.expect("no error"), Some(photo));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_visitor_who_begins_to_rate_while_the_purge_looks_stays(db: PgPool) {
    let site = Site::new(db);
    let photo = site.live(site.member("ada").await, Species::Dog).await;
    let (idle, busy) = (visitor(&site).await, visitor(&site).await);
    sqlx::query("update users set created_at = now() - interval '31 days' where name is null")
        .execute(&site.db)
        .await
        .expect("they can be aged");
    let mut begun = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("update users set rater_key = rater_key where id = $1")
        .bind(busy.0)
        .execute(&mut *begun)
        .await
        .expect("it is there");
    sqlx::query("insert into ratings (photo_id, rater_id, value, lane, ballot_at) values ($1, $2, 7, 'random', now())")
        .bind(photo.0)
        .bind(busy.0)
        .execute(&mut *begun)
        .await
        .expect("it can be rated");
    sessions::open(&mut begun, busy).await.expect("no error");
    let purging = tokio::spawn({
        let db = site.db.clone();
        let before = chrono::Utc::now() - chrono::TimeDelta::days(30);
        async move { queries::purge_anonymous(&Db::from(db), before).await }
    });
    // A request that waited for the visitor continues now.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    begun.commit().await.expect("the rating is kept");
    assert_eq!(purging.await.expect("no panic").expect("no error"), 1);
    assert_eq!(count(&site.db, "select count(*) from ratings").await, 1);
    let mut db = site.db.acquire().await.expect("a connection");
    assert!(queries::find(&mut db, idle).await.expect("no error").is_none());
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn each_foreign_key_says_what_is_gone(db: PgPool) {
    let keys: Vec<(String, String, String)> = sqlx::query_as(
        "select conrelid::regclass::text, conname::text, confrelid::regclass::text from pg_constraint
         where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2",
    )
    .fetch_all(&db)
    .await
    .expect("the catalogue can be read");
    assert!(keys.len() > 10, "{keys:?}");
    for (table, name, refers_to) in keys {
        let expected = match refers_to.as_str() {
            "users" => Some(Gone::User),
            "photos" => Some(Gone::Photo),
            "hubs" => Some(Gone::Hub),
            _ => None,
        };
        assert_eq!(references::told_by(&table, &name), expected, "{name}");
    }
}

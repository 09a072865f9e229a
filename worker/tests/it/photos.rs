//! From an original to a live or failed photo.

use std::time::Duration;

use pawdium_kit::waiting::{SOON, count, until, until_idle};
use pawdium_kit::workers::transact;
use pawdium_media::{Decoder, Refusal};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::moderation::blocked;
use pawdium_shared::photos::steps::{self, Step, TimelineEntry};
use pawdium_shared::photos::{Photo, PhotoState, Species, likeness, queries, transitions};
use pawdium_shared::store::MediaKey;
use pawdium_worker::{Env, runner};
use sqlx::PgPool;
use tempfile::NamedTempFile;

use crate::site::{REDIS, Site, jpeg, redis_remembers};
use crate::workers::start_workers;

pub(crate) async fn until_photo_is(site: &Site, photo: PhotoId, state: PhotoState) -> Photo {
    let what = format!("photo {photo} is {state:?}");
    until(&what, SOON, async || Some(site.photo(photo).await).filter(|photo| photo.state == state)).await
}

async fn timeline(site: &Site, photo: PhotoId) -> Vec<TimelineEntry> {
    let mut db = site.db.acquire().await.expect("a connection");
    steps::list(&mut db, photo).await.expect("steps can be read")
}

async fn steps_of(site: &Site, photo: PhotoId) -> Vec<Step> {
    timeline(site, photo).await.into_iter().map(|entry| entry.step).collect()
}

/// Waits until no original is left, because it is deleted after its job has ended.
pub(crate) async fn until_discarded(site: &Site) {
    until("the original is gone", SOON, async || site.files("incoming").is_empty().then_some(())).await;
}

/// Asserts that the store holds exactly the photo's three files.
pub(crate) async fn assert_whole(site: &Site, photo: &Photo) {
    assert_eq!(photo.sizes.keys().copied().collect::<Vec<_>>(), [160, 540, 1080]);
    for picture in photo.sizes.values() {
        let key: MediaKey = picture.key.parse().expect("a key");
        let stored =
            site.env.store.get_picture(&key, None).await.expect("the store works").expect("it is there");
        assert_eq!(stored.size, u64::from(picture.bytes));
    }
    assert_eq!(site.files("pictures").len(), 3);
    assert!(site.files("incoming").is_empty(), "{:?}", site.files("incoming"));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_original_goes_live_with_three_files_and_its_page_is_notified_of_each_step(db: PgPool) {
    let _redis = redis_remembers().await;
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Dog).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let live = until_photo_is(&site, photo, PhotoState::Live).await;
    until_idle(&site.db).await;
    until_discarded(&site).await;
    workers.stop().await;

    assert_whole(&site, &live).await;
    assert_eq!((live.sizes[&1080].width, live.sizes[&160].width), (1080, 160));
    assert!(live.placeholder.is_some_and(|hash| !hash.is_empty()));
    let all = [Step::Received, Step::Checked, Step::Decoded, Step::Cropped, Step::Stored, Step::Live];
    assert_eq!(steps_of(&site, photo).await, all);
    assert!(timeline(&site, photo).await.is_sorted_by_key(|entry| entry.at));
    let told: usize = redis::cmd("XLEN")
        .arg(site.env.redis.key("live"))
        .query_async(&mut site.env.redis.dedicated().await.expect("Redis is there"))
        .await
        .expect("Redis answers");
    assert!(told >= 2, "progress and publication are told, not {told}");
}

/// The decoder continues only after its first stage is in the timeline.
#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_timeline_moves_while_a_picture_is_decoded(db: PgPool) {
    let seen = NamedTempFile::new().expect("is made");
    let script = format!(
        r#"printf 'pawdium\4\0\0\0\46\0\0\0\0{{"reached":{{"stage":"decoded","ms":7}}}}'
           until test -s {}; do sleep 0.02; done
           printf 'pawdium\4\0\0\0\41\0\0\0\0{{"refused":{{"refusal":"damaged"}}}}'"#,
        seen.path().display()
    );
    let decoder = |env: &mut Env| {
        env.decoder = Decoder::new("/bin/sh".into(), ["-c", &script], env.limits.clone());
    };
    let site = Site::new(db).altered(decoder);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(300, 300, 1), Species::Cat).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let decoded = async || timeline(&site, photo).await.into_iter().find(|entry| entry.step == Step::Decoded);
    assert_eq!(until("it is decoded", SOON, decoded).await.ms, Some(7));
    assert_eq!(site.photo(photo).await.state, PhotoState::Processing);
    std::fs::write(seen.path(), "seen").expect("can be written");
    until_photo_is(&site, photo, PhotoState::Failed).await;
    assert_eq!(steps_of(&site, photo).await, [Step::Received, Step::Checked, Step::Decoded, Step::Failed]);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_file_that_is_not_a_picture_fails_with_advice_for_its_owner(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, b"Dear diary, today I was a file.", Species::Cat).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let failed = until_photo_is(&site, photo, PhotoState::Failed).await;
    until_idle(&site.db).await;
    assert_eq!(failed.reason, Some(Refusal::NotAPicture.to_string()));
    assert_eq!(steps_of(&site, photo).await, [Step::Received, Step::Failed]);
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome = 'dead'").await, 0);
    until_discarded(&site).await;
    assert!(site.files("pictures").is_empty());
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_deleted_photo_is_left_alone(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(300, 300, 1), Species::Cat).await;
    assert!(transact(&site.db, async |tx| transitions::delete(tx, photo).await).await.expect("no error"));
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome <> 'done'").await, 0);
    assert!(site.files("pictures").is_empty());
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_photo_deleted_while_its_files_are_stored_leaves_none(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Cat).await;
    // Lock the timeline, so that the files can be stored but the next step has to wait.
    let mut step = Tx::begin(&site.db).await.expect("a transaction");
    steps::record(&mut step, photo, Step::Stored, None).await.expect("no error");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until("the files are there", SOON, async || (site.pictures().await == 3).then_some(())).await;

    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    assert!(transitions::delete(&mut tx, photo).await.expect("no error"));
    // As if the job had run before the files were stored.
    let removed = sqlx::query("delete from jobs where kind = 'media.remove.v1'").execute(&mut *tx).await;
    assert_eq!(removed.expect("jobs can be deleted").rows_affected(), 1);
    tx.commit().await.expect("it commits");
    step.rollback().await.expect("it rolls back");
    until_idle(&site.db).await;
    assert!(site.files("pictures").is_empty(), "{:?}", site.files("pictures"));
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome <> 'done'").await, 0);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_worker_killed_in_the_middle_of_a_photo_leaves_one_set_of_files(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Dog).await;
    // Lock the photo, so that its files can be stored but it can't go live.
    let mut lock = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("select from photos where id = $1 for no key update")
        .bind(photo.0)
        .execute(&mut *lock)
        .await
        .expect("it can be locked");
    let mut victim = site.spawn_worker();
    until("the files are there", SOON, async || (site.pictures().await == 3).then_some(())).await;
    victim.kill().await.expect("it can be killed");
    lock.rollback().await.expect("it rolls back");
    assert_eq!(site.photo(photo).await.state, PhotoState::Processing);

    let mut second = site.spawn_worker();
    let live = until_photo_is(&site, photo, PhotoState::Live).await;
    until_discarded(&site).await;
    assert_whole(&site, &live).await;
    assert_eq!(count(&site.db, "select count(*) from photo_files").await, 3);
    second.kill().await.expect("it can be killed");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn emptying_redis_loses_no_photo(db: PgPool) {
    let _redis = REDIS.write().await;
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let flush = async || {
        let mut redis = site.env.redis.dedicated().await.expect("Redis is there");
        redis::cmd("FLUSHALL").exec_async(&mut redis).await.expect("Redis answers");
    };
    let first = site.submit(owner, &jpeg(600, 500, 1), Species::Dog).await;
    flush().await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let second = site.submit(owner, &jpeg(600, 500, 2), Species::Dog).await;
    until("the first is live", SOON, async || {
        flush().await;
        (site.photo(first).await.state == PhotoState::Live).then_some(())
    })
    .await;
    until_photo_is(&site, second, PhotoState::Live).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome <> 'done'").await, 0);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_picture_blocked_while_its_files_are_stored_stays_out(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Dog).await;
    let mut db = site.db.acquire().await.expect("a connection");
    likeness::record_hash(&mut db, photo, &[7; 32]).await.expect("it is noted");
    drop(db);
    // Lock the photo, so that its files can be stored but it can't go live.
    let mut lock = Tx::begin(&site.db).await.expect("a transaction");
    let hold = sqlx::query("select from photos where id = $1 for no key update").bind(photo.0);
    hold.execute(&mut *lock).await.expect("it can be locked");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until("the files are there", SOON, async || (site.pictures().await == 3).then_some(())).await;
    let block = "insert into blocked_pictures (source_hash, reason, blocker)
                 select source_hash, 'No animal.', 'mod' from photos where id = $1";
    sqlx::query(block).bind(photo.0).execute(&site.db).await.expect("it is blocked");
    lock.rollback().await.expect("it rolls back");
    let failed = until_photo_is(&site, photo, PhotoState::Failed).await;
    assert_eq!(failed.reason.as_deref(), Some(blocked::REFUSAL));
    until_idle(&site.db).await;
    assert!(site.files("pictures").is_empty(), "{:?}", site.files("pictures"));
    assert_eq!(count(&site.db, "select refused from blocked_pictures").await, 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn blocking_a_picture_finds_a_copy_that_goes_live_meanwhile(db: PgPool) {
    let site = Site::new(db);
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let blocked_one = site.live(ada, Species::Dog).await;
    // Hold up going live between its last write and the commit.
    for statement in [
        "create function wait_for_the_test() returns trigger language plpgsql as
             $$ begin perform pg_advisory_xact_lock_shared(77, 0); return null; end $$",
        "create constraint trigger waits after update on photos deferrable initially deferred
             for each row when (new.state = 'live') execute function wait_for_the_test()",
    ] {
        sqlx::query(statement).execute(&site.db).await.expect("the statement is right");
    }
    let copy = site.submit(bob, &jpeg(1300, 1200, 1), Species::Dog).await;
    let mut db = site.db.acquire().await.expect("a connection");
    for photo in [blocked_one, copy] {
        likeness::record_hash(&mut db, photo, &[7; 32]).await.expect("it is noted");
    }
    drop(db);
    let mut held = Tx::begin(&site.db).await.expect("a transaction");
    let hold = sqlx::query("select pg_advisory_xact_lock(77, 0)");
    hold.execute(&mut *held).await.expect("nobody has it");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let waiting =
        "select count(*) from pg_locks where locktype = 'advisory' and classid = 77 and not granted";
    until("it is about to commit", SOON, async || (count(&site.db, waiting).await == 1).then_some(())).await;

    let blocking = tokio::spawn({
        let pool = site.db.clone();
        async move {
            let mut tx = Tx::begin(&pool).await.expect("a transaction");
            let reason = blocked::Reason::new("No animal.").expect("a reason");
            let by = Actor::Operator("op");
            let outcome = blocked::block(&mut tx, by, blocked_one, &reason).await.expect("no error");
            tx.commit().await.expect("it commits");
            let mut db = pool.acquire().await.expect("a connection");
            let alike = queries::list_alike(&mut db, blocked_one, 10).await.expect("they can be listed");
            (outcome, alike.into_iter().map(|photo| photo.id).collect::<Vec<_>>())
        }
    });
    // Long enough for a moderator who doesn't wait.
    tokio::time::sleep(Duration::from_millis(300)).await;
    held.rollback().await.expect("it rolls back");
    let (outcome, alike) = blocking.await.expect("no panic");
    let live = until_photo_is(&site, copy, PhotoState::Live).await;
    assert_eq!((outcome, alike), (blocked::BlockOutcome::Blocked, vec![live.id]));
    workers.stop().await;
}

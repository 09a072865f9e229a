//! Photos while their dependencies are down, and photos whose job ended without a result.

use std::path::PathBuf;

use pawdium_kit::operators;
use pawdium_kit::waiting::{SOON, find_job, until, until_idle, until_job_is};
use pawdium_media::Decoder;
use pawdium_queue::JobId;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::steps::{self, Step};
use pawdium_shared::photos::{PhotoState, Species};
use pawdium_worker::{DECODE, runner};
use sqlx::PgPool;

use crate::photos::{assert_whole, until_discarded, until_photo_is};
use crate::site::{Site, jpeg};
use crate::workers::start_workers;

async fn job_of(site: &Site, photo: PhotoId) -> JobId {
    let job = sqlx::query_scalar("select id from jobs where kind = 'media.process.v1' and unique_key = $1");
    JobId(job.bind(photo.to_string()).fetch_one(&site.db).await.expect("it has a job"))
}

async fn retry(site: &Site, job: JobId) {
    assert_eq!(operators::retry(&site.db, &[job]).await, [job]);
}

/// Makes a job older than its patience, so that the next attempt is its last.
async fn exhaust(site: &Site, job: JobId) {
    let old =
        "update jobs set created_at = now() - interval '4 days', attempt = max_attempts - 1 where id = $1";
    sqlx::query(old).bind(job.0).execute(&site.db).await.expect("jobs can be changed");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_photo_waits_for_its_store_however_often_that_fails(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let in_the_way = site.media().join("pictures");
    std::fs::write(&in_the_way, "no folder").expect("it can be written");
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Cat).await;
    let job = job_of(&site, photo).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    for _ in 0..6 {
        let waiting = until_job_is(&site.db, job, "scheduled").await;
        assert_eq!(waiting.attempt, 0, "it doesn't count");
        let error = waiting.last_error.expect("it has failed");
        assert!(error.contains("storing the pictures"), "{error}");
        retry(&site, job).await;
    }
    assert_eq!(site.photo(photo).await.state, PhotoState::Processing);
    until_job_is(&site.db, job, "scheduled").await;
    std::fs::remove_file(in_the_way).expect("it can be removed");
    retry(&site, job).await;
    let live = until_photo_is(&site, photo, PhotoState::Live).await;
    until_discarded(&site).await;
    assert_whole(&site, &live).await;
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_photo_failed_by_us_keeps_its_original_and_a_retry_makes_it_live(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let program = folder.path().join("decoder");
    let site = Site::new(db).altered(|env| {
        env.decoder = Decoder::new(program.clone(), [DECODE], env.limits.clone());
    });
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Cat).await;
    let job = job_of(&site, photo).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let error = until_job_is(&site.db, job, "scheduled").await.last_error.expect("it has failed");
    assert!(error.contains("No such file"), "{error}");
    assert_eq!(site.photo(photo).await.state, PhotoState::Processing);
    exhaust(&site, job).await;
    retry(&site, job).await;
    let failed = until_photo_is(&site, photo, PhotoState::Failed).await;
    assert!(failed.reason.is_some_and(|reason| reason.contains("so we couldn't process this photo")));
    assert!(until_job_is(&site.db, job, "dead").await.last_error.is_some(), "operators see it");
    assert_eq!(site.files("incoming").len(), 1, "the original is there");

    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pawdium-worker"), program).expect("a link can be made");
    retry(&site, job).await;
    let live = until_photo_is(&site, photo, PhotoState::Live).await;
    until_idle(&site.db).await;
    until_discarded(&site).await;
    assert_eq!(live.reason, None);
    assert_whole(&site, &live).await;
    let mut db = site.db.acquire().await.expect("a connection");
    let steps = steps::list(&mut db, photo).await.expect("steps can be read");
    assert!(steps.iter().all(|entry| entry.step != Step::Failed), "{steps:?}");
    drop(db);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_retry_that_finds_no_original_says_so(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Cat).await;
    let job = job_of(&site, photo).await;
    operators::cancel(&site.db, &[job]).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_photo_is(&site, photo, PhotoState::Failed).await;
    sqlx::query("update photos set source_key = null").execute(&site.db).await.expect("it can be changed");
    retry(&site, job).await;
    let error = until_job_is(&site.db, job, "dead").await.last_error.expect("it says why");
    assert!(error.contains("its original is gone"), "{error}");
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_photo_fails_when_its_job_ends_without_it(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let mut photos = Vec::new();
    for seed in 1..=3 {
        photos.push(site.submit(owner, &jpeg(300, 300, seed), Species::Cat).await);
    }
    let [cancelled, deleted, spent] = photos[..] else { panic!("there are three") };
    let (cancelled_job, deleted_job, spent_job) =
        (job_of(&site, cancelled).await, job_of(&site, deleted).await, job_of(&site, spent).await);
    operators::cancel(&site.db, &[cancelled_job]).await;
    operators::delete(&site.db, &[deleted_job]).await;
    // Claimed for the last time by a worker that is gone.
    let claimed = "update jobs set state = 'running', worker_id = 1000, attempt = max_attempts, claim = 1,
                          claimed_at = now() - interval '1 minute' where id = $1";
    sqlx::query(claimed).bind(spent_job.0).execute(&site.db).await.expect("jobs can be changed");
    let noted =
        "insert into job_batches (queue, worker_id, number, jobs) values ('media', 1000, 1, array[$1])";
    sqlx::query(noted).bind(spent_job.0).execute(&site.db).await.expect("it can be noted");

    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    for photo in photos {
        until_photo_is(&site, photo, PhotoState::Failed).await;
    }
    assert_eq!(site.files("incoming").len(), 3, "their originals are there");
    assert!(find_job(&site.db, spent_job).await.is_some_and(|job| job.state == "dead"));
    retry(&site, cancelled_job).await;
    until_photo_is(&site, cancelled, PhotoState::Live).await;
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_picture_deleted_while_its_photo_goes_live_is_stored_again(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Dog).await;
    // Lock the photo, so that its files can be stored but it can't go live.
    let mut lock = Tx::begin(&site.db).await.expect("a transaction");
    let hold = sqlx::query("select from photos where id = $1 for no key update").bind(photo.0);
    hold.execute(&mut *lock).await.expect("it can be locked");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until("the files are there", SOON, async || (site.pictures().await == 3).then_some(())).await;
    // Like a store that carries out a late request of a dead worker.
    let pictures: Vec<PathBuf> = site.files("pictures");
    for picture in &pictures {
        std::fs::remove_file(picture).expect("it can be removed");
    }
    lock.rollback().await.expect("it rolls back");
    let live = until_photo_is(&site, photo, PhotoState::Live).await;
    until_discarded(&site).await;
    assert_whole(&site, &live).await;
    workers.stop().await;
}

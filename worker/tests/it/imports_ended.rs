//! Imports whose worker, job, archive or owner goes.

use std::time::Duration;

use pawdium_archive::write::{gzip, tar_of, zip_of};
use pawdium_kit::waiting::{SOON, count, until, until_idle};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_media::Decoder;
use pawdium_queue::{Job as _, JobId, control};
use pawdium_shared::imports::{FileState, ImportFile, ImportState, acts};
use pawdium_shared::jobs::imports::{SettleImport, UnpackImport};
use pawdium_shared::jobs::upkeep::Purge;
use pawdium_worker::{DECODE, runner};
use sqlx::PgPool;

use crate::imports::{
    DRAFTS, assert_nothing_is_left_over, find, import, picture, receipts, retry, until_ended,
};
use crate::site::Site;
use crate::workers::start_workers;

/// Kills a real worker as soon as a count is reached. Its lease ends at once, which would take a quarter of a minute.
async fn kill_once(site: &Site, counted: &'static str, reached: i64) {
    let mut victim = site.spawn_worker();
    let has_reached = async || (count(&site.db, counted).await >= reached).then_some(());
    until("some files have got there", Duration::from_mins(1), has_reached).await;
    victim.kill().await.expect("it can be killed");
    let ended = sqlx::query("update job_workers set beat_at = now() - interval '1 minute'");
    ended.execute(&site.db).await.expect("its lease has ended");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn workers_that_are_killed_at_any_time_leave_nothing_out_and_do_nothing_twice(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let pictures: Vec<_> = (0..40).map(|seed| (format!("{seed}.jpg"), picture(seed))).collect();
    let files: Vec<_> = pictures.iter().map(|(name, picture)| (name.as_str(), picture.as_slice())).collect();
    let import = import(&site, ada, &gzip(&tar_of(&files))).await;
    let listed = "select count(*) from import_files";
    let taken_out = "select count(*) from import_files where state <> 'waiting'";
    let drafted = "select count(*) from import_files where state = 'imported'";
    for (counted, reached) in
        [(listed, 1), (taken_out, 1), (taken_out, 12), (drafted, 3), (drafted, 17), (drafted, 33)]
    {
        kill_once(&site, counted, reached).await;
    }
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.state, ended.counts.files, ended.counts.imported), (ImportState::Done, 40, 40));
    assert_eq!(count(&site.db, DRAFTS).await, 40);
    assert_eq!(count(&site.db, "select count(distinct source_hash) from photos").await, 40);
    assert_eq!(count(&site.db, "select count(*) from photos").await, 40, "nothing was made and given up");
    assert_eq!(count(&site.db, "select count(*) from notifications where kind = 'import_done'").await, 1);
    workers.stop().await;

    // So it is when the import is undone.
    transact(&site.db, async |tx| acts::undo(tx, import, ada).await).await.expect("it is being undone");
    kill_once(&site, "select count(*) from import_files where state = 'undone'", 1).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    assert_eq!(until_ended(&site, ada, import).await.state, ImportState::Undone);
    assert_eq!(count(&site.db, DRAFTS).await, 0);
    workers.stop().await;
    // What a killed worker had stored and not noted is left to the purge.
    let old = site.files("incoming");
    for file in &old {
        let file = std::fs::File::options().write(true).open(file).expect("it is there");
        let yesterday = std::time::SystemTime::now() - Duration::from_hours(48);
        file.set_modified(yesterday).expect("it ages");
    }
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &Purge {}).await;
    until_idle(&site.db).await;
    workers.stop().await;
    assert_nothing_is_left_over(&site).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_job_that_ends_without_a_result_fails_its_file_and_can_be_tried_again(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("decoder");
    let site = Site::new(db).altered(|env| {
        env.decoder = Decoder::new(program.clone(), [DECODE], env.limits.clone());
    });
    let ada = site.member("ada").await;
    let import = import(&site, ada, &zip_of(&[("1.jpg", &picture(1))])).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let delayed = async || receipts(&site, import).await.remove("1.jpg").filter(ImportFile::will_retry);
    let file = until("it is tried again", SOON, delayed).await;
    assert_eq!(file.outcome(), Some("failed"));
    let job: i64 = sqlx::query_scalar("select id from jobs where kind = 'imports.file.v1'")
        .fetch_one(&site.db)
        .await
        .expect("its job waits");
    let cancelled =
        transact(&site.db, async |tx| control::cancel(tx, &[JobId(job)], "for a test").await).await;
    assert_eq!(cancelled.expect("it is cancelled").len(), 1);
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.state, ended.counts.failed, ended.counts.retryable), (ImportState::Done, 1, 1));
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pawdium-worker"), &program).expect("the decoder is there");
    retry(&site, ada, import).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.counts.imported, ended.counts.failed), (1, 0));
    workers.stop().await;
    assert_nothing_is_left_over(&site).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_was_taken_out_of_an_archive_goes_on_without_it(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("decoder");
    let site = Site::new(db).altered(|env| {
        env.decoder = Decoder::new(program.clone(), [DECODE], env.limits.clone());
    });
    let ada = site.member("ada").await;
    let import = import(&site, ada, &zip_of(&[("1.jpg", &picture(1)), ("2.jpg", &picture(2))])).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let delayed = async || {
        let files = receipts(&site, import).await;
        let is_unpacked = find(&site, ada, import).await.state == ImportState::Importing;
        (is_unpacked && files.values().all(ImportFile::will_retry)).then_some(())
    };
    until("both are tried again", SOON, delayed).await;
    // As if the archive's job had been cancelled between them.
    for change in [
        "update imports set state = 'unpacking'",
        "update import_files set state = 'waiting', reason = null, source_key = null where name = '2.jpg'",
    ] {
        sqlx::query(change).execute(&site.db).await.expect("it is changed");
    }
    enqueue(&site.db, &SettleImport { import, number: None, ended: UnpackImport::KIND.to_owned() }).await;
    let failed = async || {
        let file = receipts(&site, import).await.remove("2.jpg");
        file.filter(|file| file.state == FileState::Failed && file.may_retry)
    };
    until("what is still in the archive has failed", SOON, failed).await;
    assert_eq!(find(&site, ada, import).await.state, ImportState::Importing);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pawdium-worker"), &program).expect("the decoder is there");
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.state, ended.counts.imported, ended.counts.failed), (ImportState::Done, 1, 1));
    retry(&site, ada, import).await;
    let ended = until_ended(&site, ada, import).await;
    assert_eq!((ended.counts.imported, ended.counts.failed), (2, 0));
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn archives_and_receipts_are_purged(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let import = import(&site, ada, &zip_of(&[("1.jpg", &picture(1))])).await;
    until_ended(&site, ada, import).await;
    let age = async |days: i32| {
        sqlx::query("update imports set ended_at = now() - make_interval(days => $1)")
            .bind(days)
            .execute(&site.db)
            .await
            .expect("it ages");
        enqueue(&site.db, &Purge {}).await;
        until_idle(&site.db).await;
    };
    age(6).await;
    assert!(find(&site, ada, import).await.has_archive);
    age(8).await;
    assert!(!find(&site, ada, import).await.has_archive);
    assert_eq!(site.files("incoming").len(), 1, "only the draft's original is left");
    age(91).await;
    assert_eq!(count(&site.db, "select count(*) from imports").await, 0);
    assert_eq!(count(&site.db, DRAFTS).await, 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn imports_go_with_their_owner(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    import(&site, ada, &zip_of(&[("1.jpg", &picture(1))])).await;
    transact(&site.db, async |tx| pawdium_shared::departures::delete(tx, ada).await)
        .await
        .expect("the account is deleted");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_idle(&site.db).await;
    workers.stop().await;
    assert_eq!(count(&site.db, "select count(*) from imports").await, 0);
    assert!(site.files("incoming").is_empty(), "{:?}", site.files("incoming"));
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome = 'dead'").await, 0);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_import_under_way_ends_with_its_owners_account(db: PgPool) {
    let site = Site::new(db);
    let ada = site.member("ada").await;
    let pictures: Vec<_> = (0..30).map(|seed| (format!("{seed}.jpg"), picture(seed))).collect();
    let files: Vec<_> = pictures.iter().map(|(name, picture)| (name.as_str(), picture.as_slice())).collect();
    import(&site, ada, &zip_of(&files)).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let drafted = "select count(*) from import_files where state = 'imported'";
    until("some are drafts", SOON, async || (count(&site.db, drafted).await >= 3).then_some(())).await;
    transact(&site.db, async |tx| pawdium_shared::departures::delete(tx, ada).await)
        .await
        .expect("the account is deleted");
    until_idle(&site.db).await;
    workers.stop().await;
    let left = "select (select count(*) from imports) + (select count(*) from import_files)
                     + (select count(*) from photos where state <> 'deleted')";
    assert_eq!(count(&site.db, left).await, 0);
    assert!(site.files("incoming").is_empty(), "{:?}", site.files("incoming"));
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome = 'dead'").await, 0);
}

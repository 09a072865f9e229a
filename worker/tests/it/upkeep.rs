//! The purge deletes what nothing needs, and keeps what is referred to or young.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use pawdium_kit::waiting::{count, find_job, until_idle};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::{RaterKey, queries, sessions};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::upkeep::Purge;
use pawdium_shared::photos::lineage::{self, Mismatch};
use pawdium_shared::photos::{PhotoState, Picture, Species, transitions};
use pawdium_shared::store::MediaKey;
use pawdium_worker::runner;
use sqlx::{AssertSqlSafe, PgPool};

use crate::photos::until_discarded;
use crate::site::{Site, draft, jpeg, stored};
use crate::workers::start_workers;

const DAY: Duration = Duration::from_hours(24);

/// Makes all files of a folder older.
fn age(site: &Site, folder: &str, by: Duration) {
    for path in site.files(folder) {
        let file = File::options().write(true).open(path).expect("a file can be opened");
        file.set_modified(SystemTime::now() - by).expect("a file's time can be set");
    }
}

fn is_there(site: &Site, folder: &str, key: &str) -> bool {
    let name = Path::new(key).file_name().expect("a key has a name");
    site.files(folder).iter().any(|path| path.file_name() == Some(name))
}

async fn purge(site: &Site) {
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &Purge {}).await;
    until_idle(&site.db).await;
    workers.stop().await;
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome = 'dead'").await, 0);
}

async fn execute(db: &PgPool, statement: impl Into<String>) {
    sqlx::query(AssertSqlSafe(statement.into())).execute(db).await.expect("the statement is good");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_deletes_old_originals_that_no_photo_needs(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let (orphan, needed) = (site.upload(b"nobody's").await, site.upload(b"a draft's").await);
    age(&site, "incoming", 2 * DAY);
    let young = site.upload(b"arriving").await;
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    transitions::keep_draft(&mut tx, owner, &draft(Species::Cat), Some(stored(needed.as_str())))
        .await
        .expect("no error");
    tx.commit().await.expect("a commit");

    purge(&site).await;
    assert!(!is_there(&site, "incoming", orphan.as_str()));
    assert!(is_there(&site, "incoming", needed.as_str()));
    assert!(is_there(&site, "incoming", young.as_str()));
    assert_eq!(count(&site.db, "select count(*) from photos").await, 1);
}

async fn put(site: &Site, content: &'static [u8]) -> MediaKey {
    site.env.store.put_picture(Bytes::from_static(content)).await.expect("it can be stored")
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_deletes_old_pictures_that_no_photo_refers_to(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let (orphan, named, again) =
        (put(&site, b"orphan").await, put(&site, b"named").await, put(&site, b"again").await);
    age(&site, "pictures", DAY);
    let young = put(&site, b"young").await;
    // Stored again, for a photo that is about to refer to it.
    assert_eq!(put(&site, b"again").await, again);
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    let photo = transitions::submit(&mut tx, owner, &draft(Species::Dog), stored("incoming/none"))
        .await
        .expect("no error");
    let picture = Picture { key: named.to_string(), width: 160, height: 160, bytes: 5 };
    assert!(transitions::go_live(&mut tx, photo, &[(160, picture)], "", None).await.expect("no error"));
    tx.commit().await.expect("it commits");

    purge(&site).await;
    assert!(!is_there(&site, "pictures", orphan.as_str()));
    for kept in [named, again, young] {
        assert!(is_there(&site, "pictures", kept.as_str()), "{kept}");
    }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_deletes_unfinished_files_after_an_hour(db: PgPool) {
    let site = Site::new(db);
    let upload = site.upload(b"arriving").await;
    put(&site, b"stored").await;
    let halves = |number: u8| {
        let whole = ["incoming", "pictures"].map(|folder| site.files(folder).remove(0));
        whole.map(|path| PathBuf::from(format!("{}#{number}", path.display())))
    };
    for path in halves(1) {
        std::fs::write(path, "half").expect("it can be written");
    }
    age(&site, "incoming", Duration::from_mins(90));
    age(&site, "pictures", Duration::from_mins(90));
    for path in halves(2) {
        std::fs::write(path, "half").expect("it can be written");
    }

    purge(&site).await;
    assert_eq!((site.files("incoming").len(), site.files("pictures").len()), (2, 2));
    assert!(is_there(&site, "incoming", upload.as_str()));
    assert_eq!(site.pictures().await, 1);
    assert!(halves(2).iter().all(|path| path.exists()), "somebody may be writing them");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_deletes_a_deleted_photos_files(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.submit(owner, &jpeg(1200, 1200, 1), Species::Dog).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    until_idle(&site.db).await;
    workers.stop().await;
    age(&site, "pictures", DAY);
    purge(&site).await;
    assert_eq!(site.files("pictures").len(), 3);
    delete(&site, photo).await;
    purge(&site).await;
    assert!(site.files("pictures").is_empty());
}

async fn delete(site: &Site, photo: PhotoId) {
    assert!(transact(&site.db, async |tx| transitions::delete(tx, photo).await).await.expect("no error"));
}

/// Runs the purge. Returns the error if its job died.
async fn purge_in_vain(site: &Site) -> Option<String> {
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &Purge {}).await;
    until_idle(&site.db).await;
    workers.stop().await;
    find_job(&site.db, job).await.filter(|job| job.state == "dead").and_then(|job| job.last_error)
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_database_that_does_not_match_the_store_deletes_nothing_from_it(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let photo = site.submit(owner, &jpeg(1300, 1200, 1), Species::Dog).await;
    until_idle(&site.db).await;
    until_discarded(&site).await;
    workers.stop().await;
    purge(&site).await;

    // Simulates a restored dump: the photo is gone, and its id is free.
    let upload = site.upload(b"a newer draft's").await;
    execute(&site.db, format!("delete from photos where id = {photo}")).await;
    execute(&site.db, "select setval('photos_id_seq', 1, false)").await;
    age(&site, "pictures", 2 * DAY);
    age(&site, "incoming", 2 * DAY);
    let error = purge_in_vain(&site).await.expect("it refuses");
    assert!(error.contains("older dump") && error.contains("pawdium media adopt"), "{error}");
    // New photos don't make the database look current.
    execute(&site.db, "select setval('photos_id_seq', 1000)").await;
    assert!(purge_in_vain(&site).await.is_some());
    assert_eq!(site.files("pictures").len(), 3);
    assert!(is_there(&site, "incoming", upload.as_str()));

    let mut connection = site.db.acquire().await.expect("a connection");
    let adopted = lineage::adopt(&mut connection, &site.env.store).await.expect("the store is there");
    assert_eq!(adopted, Err(Mismatch::Behind { known: 1, reached: 1000 }));
    drop(connection);
    execute(&site.db, "update site set id = gen_random_uuid()").await;
    let error = purge_in_vain(&site).await.expect("it refuses");
    assert!(error.contains("another site"), "{error}");
    assert_eq!(site.files("pictures").len(), 3);
    let mut connection = site.db.acquire().await.expect("a connection");
    lineage::adopt(&mut connection, &site.env.store)
        .await
        .expect("the store is there")
        .expect_err("it differs");
    drop(connection);
    assert_eq!(purge_in_vain(&site).await, None);
    assert!(site.files("pictures").is_empty() && site.files("incoming").is_empty());
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_deletes_a_failed_photos_original_after_its_time(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    for _ in 0..2 {
        site.submit(owner, b"whatever", Species::Cat).await;
    }
    execute(&site.db, "delete from jobs").await;
    execute(
        &site.db,
        "update photos set state = 'failed', reason = 'Ours.',
                           touched_at = now() - interval '29 days' * (id - (select min(id) from photos) + 1)",
    )
    .await;
    execute(&site.db, "delete from jobs").await;
    age(&site, "incoming", 2 * DAY);
    purge(&site).await;
    assert_eq!(site.files("incoming").len(), 1);
    assert_eq!(count(&site.db, "select count(*) from photos where source_key is not null").await, 1);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_deletes_expired_rows(db: PgPool) {
    let site = Site::new(db);
    let user = site.member("ada").await;
    let mut connection = site.db.acquire().await.expect("a connection");
    for _ in 0..2 {
        sessions::open(&mut connection, user).await.expect("no error");
        links::issue(&mut connection, user, "ada@example.org", Purpose::Verify).await.expect("no error");
        queries::insert_anonymous(&mut connection, RaterKey::generate(), None).await.expect("no error");
    }
    let visitor =
        queries::insert_anonymous(&mut connection, RaterKey::generate(), None).await.expect("no error");
    sessions::open(&mut connection, visitor).await.expect("no error");
    drop(connection);
    for statement in [
        "update sessions set expires_at = now() - interval '1 s' where ctid = (select min(ctid) from sessions)",
        "update mail_tokens set expires_at = now() - interval '1 s' where ctid = (select min(ctid) from mail_tokens)",
        "update users set created_at = now() - interval '31 days' where id <> (select min(id) from users where name is null)",
        "insert into schedule_ticks (schedule, tick)
         select 'test', now() - make_interval(days => age) from generate_series(1, 20) as age",
        "insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim, created_at,
                                  expires_at, payload)
         select 1000 + number, 'cache', 'test', 'done', 0, 1, 1, 1, now(),
                now() + make_interval(hours => number - 2500), '{}' from generate_series(1, 5000) as number",
    ] {
        execute(&site.db, statement).await;
    }
    purge(&site).await;
    assert_eq!(count(&site.db, "select count(*) from sessions").await, 2);
    assert_eq!(count(&site.db, "select count(*) from mail_tokens").await, 1);
    // The member, the young visitor, and the one with a session.
    assert_eq!(count(&site.db, "select count(*) from users").await, 3);
    assert_eq!(count(&site.db, "select count(*) from schedule_ticks").await, 6);
    assert_eq!(count(&site.db, "select count(*) from job_history where kind = 'test'").await, 2500);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn logins_challenges_and_set_ups_that_nobody_finished_are_purged(db: PgPool) {
    let site = Site::new(db);
    for name in ["ada", "bob", "cleo"] {
        site.member(name).await;
    }
    // Of each, an old one and a young one; and an app that is set up, however old it is.
    for statement in [
        "insert into pending_logins (token_hash, user_id, password_digest, expires_at)
         select sha256(name::bytea), id, sha256(''),
                now() + make_interval(mins => case name when 'ada' then -1 else 1 end)
         from users where name <> 'cleo'",
        "insert into passkey_ceremonies (token_hash, purpose, state, expires_at)
         select sha256(minutes::text::bytea), 'login', '{}', now() + make_interval(mins => minutes)
         from unnest(array[-1, 1]) as minutes",
        "insert into totp_secrets (user_id, sealed, created_at, confirmed_at)
         select id, decode(repeat('00', 48), 'hex'),
                now() - make_interval(hours => case name when 'bob' then 23 else 25 end),
                case name when 'cleo' then now() end from users",
    ] {
        execute(&site.db, statement).await;
    }
    purge(&site).await;
    let left =
        "select count(*) from pending_logins where user_id = (select id from users where name = 'bob')";
    assert_eq!(
        (count(&site.db, "select count(*) from pending_logins").await, count(&site.db, left).await),
        (1, 1)
    );
    assert_eq!(count(&site.db, "select count(*) from passkey_ceremonies where expires_at > now()").await, 1);
    assert_eq!(count(&site.db, "select count(*) from passkey_ceremonies").await, 1);
    let left = "select count(*) from totp_secrets join users on id = user_id where name in ('bob', 'cleo')";
    assert_eq!(
        (count(&site.db, "select count(*) from totp_secrets").await, count(&site.db, left).await),
        (2, 2)
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_photo_whose_job_died_with_its_worker_is_failed(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let abandoned = site.submit(owner, b"whatever", Species::Cat).await;
    execute(&site.db, "delete from jobs").await;
    let waiting = site.submit(owner, b"whatever", Species::Cat).await;
    execute(&site.db, "update jobs set state = 'scheduled', run_at = now() + interval '1 hour'").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &Purge {}).await;
    pawdium_kit::waiting::until("the photo is failed", pawdium_kit::waiting::SOON, async || {
        (site.photo(abandoned).await.state == PhotoState::Failed).then_some(())
    })
    .await;
    assert_eq!(site.photo(waiting).await.state, PhotoState::Processing);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn removed_widgets_can_be_put_back_for_a_day(db: PgPool) {
    let site = Site::new(db);
    execute(&site.db, "insert into hubs (slug, name) values ('cats', 'Cats')").await;
    for (id, age) in [(1, "23 hours"), (2, "25 hours")] {
        let removed = format!(
            "insert into removed_widgets (id, hub_id, kind, side, position, config, removed_at)
             select {id}, id, 'rules', 'left', 0, '{{}}', now() - interval '{age}' from hubs"
        );
        execute(&site.db, removed).await;
    }
    purge(&site).await;
    assert_eq!(count(&site.db, "select sum(id)::bigint from removed_widgets").await, 1);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_purge_forgets_what_happened_in_hubs_three_months_ago(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    execute(
        &site.db,
        format!(
            "with hub as (insert into hubs (slug, name) values ('cats', 'Cats') returning id)
             insert into activity (hub_id, verb, actor_id, at)
             select hub.id, 'joined', {owner}, now() - make_interval(days => days)
             from hub, generate_series(1, 2500) as number, unnest(array[89, 91]) as days"
        ),
    )
    .await;
    purge(&site).await;
    let kept = "select count(*) from activity where at > now() - interval '90 days'";
    assert_eq!(count(&site.db, kept).await, 2500);
    assert_eq!(count(&site.db, "select count(*) from activity").await, 2500, "in batches, to the last one");
}

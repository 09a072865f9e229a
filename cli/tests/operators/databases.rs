//! The database, its schema, and its media store.

use pawdium_shared::db;
use serde_json::json;
use sqlx::PgPool;

use crate::command::{audited, pawdium, pawdium_at, pawdium_with, url};

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn adopting_the_media_store_is_confirmed_and_audited(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("file://{}", folder.path().display());
    let adopt = async |arguments: &[&str]| {
        pawdium_with(&db, arguments, "", &[("PAWDIUM_MEDIA__STORE", &store)]).await
    };
    let asked = adopt(&["media", "adopt"]).await;
    assert!(!asked.succeeded && asked.err.contains("--yes"), "{}", asked.err);
    let first = adopt(&["media", "adopt", "--yes"]).await;
    assert!(first.succeeded && first.out.contains("already"), "{}{}", first.out, first.err);
    sqlx::query("update site set id = gen_random_uuid()").execute(&db).await.expect("it can be changed");
    let second = adopt(&["media", "adopt", "--yes"]).await;
    assert!(
        second.succeeded && second.out.contains("belongs to another site"),
        "{}{}",
        second.out,
        second.err
    );
    let did: Vec<_> =
        audited(&db).await.into_iter().map(|entry| (entry.action, entry.detail["was"].clone())).collect();
    let was = json!("the media store belongs to another site");
    assert_eq!(did, [("media.adopt".to_owned(), json!(null)), ("media.adopt".to_owned(), was)]);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_database_url_without_a_user_means_the_current_user(db: PgPool) {
    let id = std::process::Command::new("id").arg("-un").output().expect("there is id");
    let user = String::from_utf8(id.stdout).expect("a name");
    // Roles belong to the server, so another run may have created it.
    let _ = sqlx::query(sqlx::AssertSqlSafe(format!("create role \"{}\" superuser login", user.trim())))
        .execute(&db)
        .await;
    let mut without_user = url(&db);
    without_user.set_username("").expect("a URL may have no user");
    let listed = pawdium_at(&without_user, &["queues", "list"], "").await;
    assert!(listed.succeeded && listed.out.contains("mail"), "{}", listed.err);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn migrating_does_not_wait_for_permanent_errors(db: PgPool) {
    let begin = std::time::Instant::now();
    let wait = ["migrate", "--wait", "300"];
    let mut stranger = url(&db);
    stranger.set_username("nobody-such").expect("a user");
    let ended = pawdium_at(&stranger, &wait, "").await;
    assert!(!ended.succeeded && ended.err.contains("createuser nobody-such"), "{}", ended.err);
    let mut nowhere = url(&db);
    nowhere.set_path("nowhere");
    let ended = pawdium_at(&nowhere, &wait, "").await;
    assert!(!ended.succeeded && ended.err.contains("There is no database nowhere"), "{}", ended.err);
    assert!(begin.elapsed().as_secs() < 60, "it waited");

    let mut away = url(&db);
    away.set_query(Some("host=/nowhere/at/all"));
    let ended = pawdium_at(&away, &["migrate", "--wait", "2"], "").await;
    assert!(!ended.succeeded && ended.err.contains("waiting for the database"), "{}", ended.err);
    assert!(ended.err.contains("the database does not answer"), "{}", ended.err);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_newer_schema_is_accepted_and_unchanged(db: PgPool) {
    let note = |version: i64| {
        sqlx::query(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values ($1, 'later', true, '', 0)",
        )
        .bind(version)
        .execute(&db)
    };
    note(999_999).await.expect("it is noted");
    let ended = pawdium(&db, &["migrate"], "").await;
    assert!(
        ended.succeeded && ended.out.contains("newer than this program, by 1 migration,"),
        "{}",
        ended.err
    );
    assert!(db::is_migrated(&db).await.expect("no error"));

    // Another program's migrations, not a later version of ours.
    note(0).await.expect("it is noted");
    let ended = pawdium(&db, &["migrate"], "").await;
    assert!(!ended.succeeded && ended.err.contains("missing in the resolved migrations"), "{}", ended.err);
}

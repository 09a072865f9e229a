//! Files of hidden photos: where they are, whoever else has them, and for how long.

use futures::TryStreamExt as _;
use pawdium_shared::db::{MIGRATIONS, Tx};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::media::RemoveFiles;
use pawdium_shared::jobs::upkeep::Purge;
use pawdium_shared::store::MediaStore;
use serde_json::Value;
use sqlx::PgPool;

use crate::harness::{Person, SOON, Setup, Site, eventually};
use crate::remixes::published;

/// How many files are served, and how many are kept from being served.
async fn stored(store: &MediaStore) -> (usize, usize) {
    let served: Vec<_> = store.list_pictures().try_collect().await.expect("they can be listed");
    let withheld: Vec<_> = store.list_withheld().try_collect().await.expect("they can be listed");
    (served.len(), withheld.len())
}

async fn hide(moderator: &Person, photo: i64) -> String {
    moderator.pages.post(&format!("/photos/{photo}/hide"), &[("reason", "No.")]).await.expect(303);
    "/moderation/acts/1/undo".to_owned()
}

/// A member's photo, with pictures of its own, and a moderator.
async fn stage(site: &Site) -> (Person, Person, i64) {
    let (ada, moderator) = (site.member("ada").await, site.moderator("mod").await);
    let photo = site.photo().by(&ada).live().await;
    site.tell_pictures_apart(&[photo]).await;
    for file in site.media("pictures") {
        let key =
            file.strip_prefix(site.media_folder().join("pictures")).expect("below").display().to_string();
        let named: i64 = sqlx::query_scalar("select count(*) from photo_files where key = $1")
            .bind(key)
            .fetch_one(&site.db)
            .await
            .expect("the statement is right");
        if named == 0 {
            std::fs::remove_file(file).expect("it can be removed");
        }
    }
    (ada, moderator, photo)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn files_that_another_photo_shows_stay_served(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, moderator, photo) = stage(&site).await;
    let bob = site.member("bob").await;
    let remix = published(&site, &bob, photo, Value::Null).await;
    let store = site.store();
    assert_eq!(stored(&store).await, (3, 0));
    let undo = hide(&moderator, photo).await;
    site.settle().await;
    assert_eq!(stored(&store).await, (3, 0), "the remix shows them");
    bob.api.delete(&format!("photos/{remix}"), Value::Null).await.expect(204);
    site.settle().await;
    assert_eq!(stored(&store).await, (0, 3), "only the hidden photo has them");
    moderator.pages.post(&undo, &[]).await.expect(303);
    let served = stored(&store).await;
    assert_eq!(served.0, 3);
    // The copies that aren't needed go two minutes later, or as soon as that job is run.
    site.hurry().await;
    site.settle().await;
    assert_eq!(stored(&store).await, (3, 0));
    ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_crash_between_the_files_and_the_commit_of_an_undo_leaves_them_withheld(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (_, moderator, photo) = stage(&site).await;
    let store = site.store();
    hide(&moderator, photo).await;
    site.settle().await;
    assert_eq!(stored(&store).await, (0, 3));
    // What an undo has done when its process is killed before the commit: announced it and served the files.
    let keys: Vec<String> = sqlx::query_scalar("select key from photo_files where photo_id = $1")
        .bind(photo)
        .fetch_all(&site.db)
        .await
        .expect("the statement is right");
    pawdium_shared::photos::withheld::prepare(&site.db.clone().into(), PhotoId(photo))
        .await
        .expect("it is announced");
    for key in &keys {
        assert!(store.serve_picture(&key.parse().expect("a key")).await.expect("the store works"));
    }
    assert_eq!(stored(&store).await.0, 3);
    site.hurry().await;
    site.settle().await;
    assert_eq!(stored(&store).await, (0, 3));
    // A crash of the worker between writing one copy and deleting the other leaves both, which the job sorts out.
    for key in &keys {
        assert!(store.serve_picture(&key.parse().expect("a key")).await.expect("the store works"));
    }
    site.run(RemoveFiles { photo: PhotoId(photo), pictures: keys, original: None }).await;
    assert_eq!(stored(&store).await, (0, 3));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn after_thirty_days_an_act_is_final_and_its_files_are_gone(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, moderator, photo) = stage(&site).await;
    let comment_on = site.photo().by(&ada).titled("Other").live().await;
    site.rated_by(comment_on, &[&moderator]).await;
    let comment = moderator.comment(comment_on, "Words").await;
    let undo = hide(&moderator, photo).await;
    let other = site.moderator("max").await;
    other.api.delete(&format!("comments/{comment}"), Value::Null).await.expect(200);
    site.settle().await;
    let store = site.store();
    assert_eq!(stored(&store).await.1, 3);
    site.run(Purge {}).await;
    assert_eq!(stored(&store).await.1, 3, "the purge keeps what can still be undone");
    site.change("update acts set at = at - interval '31 days'").await;
    site.change(
        "update comments set removed_at = removed_at - interval '31 days' where removed_at is not null",
    )
    .await;
    site.run(Purge {}).await;
    assert_eq!(stored(&store).await.1, 0);
    assert_eq!(site.ask_of::<i64>("select count(*) from photo_files where photo_id = $1", photo).await, 0);
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photo).await, "hidden");
    assert_eq!(site.ask_of::<i64>("select count(*) from comments where id = $1", comment).await, 0);
    let open: i64 = site.ask("select count(*) from acts where final_at is null or before is not null").await;
    assert_eq!(open, 0);
    moderator.pages.post(&undo, &[]).await.expect(409);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_moderators_undo_the_same_act_at_once(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (_, moderator, photo) = stage(&site).await;
    let other = site.moderator("max").await;
    for round in 1..=5 {
        hide(&moderator, photo).await;
        let undo = format!("/moderation/acts/{round}/undo");
        let (one, two) = tokio::join!(moderator.pages.post(&undo, &[]), other.pages.post(&undo, &[]));
        assert_eq!((one.status, two.status), (303, 303));
    }
    assert_eq!(site.ask::<i64>("select count(*) from audit_log where action = 'act.undo'").await, 5);
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photo).await, "live");
    eventually("the topics are counted", SOON, async || {
        let wrong =
            "select count(*) from taggings join photos on id = photo_id where live <> (state = 'live')";
        let wrong: i64 = site.ask(wrong).await;
        (wrong == 0).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_account_takes_what_moderators_have_hidden_along(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, moderator, photo) = stage(&site).await;
    moderator.pages.post(&format!("/photos/{photo}/delete"), &[]).await.expect(303);
    site.settle().await;
    let store = site.store();
    assert_eq!(stored(&store).await, (0, 3));
    let body = serde_json::json!({ "password": crate::harness::PASSWORD });
    ada.api.delete("users/me", body).await.expect(204);
    site.settle().await;
    assert_eq!(stored(&store).await, (0, 0));
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    let act = pawdium_shared::acts::find(&mut tx, pawdium_shared::ids::ActId(1)).await.expect("no error");
    assert!(act.expect("it stays").about.is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn all_that_goes_with_a_hub_is_kept(db: PgPool) {
    let gone: Vec<String> = sqlx::query_scalar(
        "with recursive gone as (
             select 'hubs'::regclass::oid as id
             union
             select conrelid from pg_constraint join gone on confrelid = gone.id
             where contype = 'f' and confdeltype = 'c'
         )
         select id::regclass::text from gone order by 1",
    )
    .fetch_all(&db)
    .await
    .expect("the statement is right");
    let kept: Vec<String> = sqlx::query_scalar(
        r"select names[1]
          from regexp_matches(pg_get_functiondef('keep_hub'::regproc), 'select of_act, \d+, ''(\w+)''', 'g') as names
          order by 1",
    )
    .fetch_all(&db)
    .await
    .expect("the statement is right");
    assert_eq!(gone, kept, "does `keep_hub` copy each table whose rows a hub takes along?");
}

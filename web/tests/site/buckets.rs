//! Pictures in a bucket of an S3 server instead of a folder.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use pawdium_bucket::S3Server;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::upkeep::Purge;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, SOON, Setup, eventually, pictures, submission};

/// More than one part of an S3 upload.
const LARGE: usize = 6 << 20;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_is_processed_and_served_through_a_bucket(db: PgPool) {
    let server = S3Server::start();
    let site = Setup::on(db).in_bucket(&server).worker().start().await;
    let ada = site.member("ada").await;
    let mut file = pictures::quarters(1200, 1200);
    // What cameras write behind a picture, so that it takes several parts.
    file.resize(LARGE, 0);
    let taken = ada.api.upload(submission("From afar", file)).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    assert_eq!(site.processed(photo).await, "live");

    let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    let size = &shape["sizes"]["1080"];
    let path = size["url"].as_str().expect("an address").replace(site.base.as_str(), "/");
    let picture = site.get(&path).await.expect(200);
    assert_eq!(size["bytes"], json!(picture.body.len()));
    let (width, height, quarters) = pictures::look(&picture.body);
    assert_eq!((width, height), (1080, 1080));
    for (seen, expected) in quarters.into_iter().zip(pictures::QUARTERS) {
        assert!(pictures::is_close(seen, expected), "{quarters:?}");
    }
    let asked = site.visitor().request(Method::GET, &path).header("range", "bytes=100-199");
    let part = Answer::to(asked).await.expect(206);
    assert_eq!(part.body, picture.body[100..200]);

    let only_pictures = async || (server.files().len() == 3).then_some(());
    eventually("nothing but three pictures is in the bucket", SOON, only_pictures).await;
    assert!(server.files().iter().all(|file| file.starts_with(server.folder().join("media/pictures"))));
    assert_eq!(site.get("/readyz").await.expect(200).json()["media"], "ok");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_purge_deletes_unused_files_from_a_bucket(db: PgPool) {
    let server = S3Server::start();
    let site = Setup::on(db).in_bucket(&server).worker().start().await;
    let ada = site.member("ada").await;
    let taken = ada.api.upload(submission("Blep", pictures::quarters(700, 700))).await.expect(202).json();
    assert_eq!(site.processed(taken["id"].as_i64().expect("an id")).await, "live");
    let is_upload = |file: &PathBuf| file.components().any(|part| part.as_os_str() == "incoming");
    let discarded = async || (!server.files().iter().any(is_upload)).then_some(());
    eventually("its upload is gone", SOON, discarded).await;
    site.settle().await;
    let named = server.files();
    let store = site.store();
    store.put_picture(Bytes::from(pictures::quarters(300, 300))).await.expect("it is stored");
    let mut upload = store.begin_original(1_000_000);
    upload.write(Bytes::from_static(b"left by a visitor")).await.expect("it fits");
    upload.finish().await.expect("it is stored");
    assert_eq!(server.files().len(), named.len() + 2);
    site.run(Purge {}).await;
    assert_eq!(server.files().len(), named.len() + 2, "they may be about to be referenced");

    for file in server.files() {
        let file = File::options().write(true).open(file).expect("a file can be opened");
        file.set_modified(SystemTime::now() - Duration::from_hours(72)).expect("a file's time can be set");
    }
    site.run(Purge {}).await;
    assert_eq!(server.files(), named);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_its_bucket_the_site_is_not_ready_and_loses_no_upload(db: PgPool) {
    let server = S3Server::start();
    let site = Setup::on(db).in_bucket(&server).start().await;
    let ada = site.member("ada").await;
    drop(server);
    let ready = eventually("it is noticed", SOON, async || {
        let ready = site.get("/readyz").await;
        (ready.status == 503).then_some(ready)
    });
    assert_eq!(ready.await.json()["media"], "unreachable");
    let answer = ada.api.upload(submission("Too late", pictures::quarters(300, 300))).await;
    assert!(!answer.header("retry-after").is_empty());
    let (message, _) = answer.error(503);
    assert!(!message.contains("127.0.0.1"), "{message}");
    assert!(site.log().contains("can't be reached: correct endpoint= in media.store"), "{}", site.log());
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
}

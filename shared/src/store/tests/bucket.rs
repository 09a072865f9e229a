//! Tests of buckets only: remote servers fail with useful messages.

use super::*;
use crate::store::bucket::Bucket;

/// The error of a store that can't be used.
async fn complaint(config: &MediaConfig) -> String {
    let failed = MediaStore::open(config).expect("is opened").check().await;
    failed.expect_err("can't work").to_string()
}

#[tokio::test]
async fn credentials_that_are_wrong_are_named_by_their_key() {
    let server = S3Server::start();
    let stranger = MediaConfig { access_key_id: Some("stranger".into()), ..bucket_at(&server.endpoint()) };
    let said = complaint(&stranger).await;
    assert!(said.contains("doesn't know the access key: correct media.access_key_id"), "{said}");
    let misspelt = MediaConfig { secret_access_key: Some("hunter2".into()), ..bucket_at(&server.endpoint()) };
    let said = complaint(&misspelt).await;
    assert!(said.contains("doesn't accept the secret key: correct media.secret_access_key"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_away_is_named_by_its_address() {
    // Nothing listens on this port, and the system never hands it out.
    let said = complaint(&bucket_at("http://127.0.0.1:9")).await;
    assert!(said.starts_with("pawdium-tests at http://127.0.0.1:9 can't be reached"), "{said}");
    assert!(said.contains("onnection refused"), "{said}");
}

#[tokio::test]
async fn a_missing_bucket_is_not_a_missing_picture() {
    let server = S3Server::start();
    std::fs::remove_dir(server.folder()).expect("is empty");
    let config = bucket_at(&server.endpoint());
    let said = complaint(&config).await;
    assert!(said.contains("there is no bucket pawdium-tests at http://127.0.0.1"), "{said}");
    let store = MediaStore::open(&config).expect("is opened");
    let listed: io::Result<Vec<_>> = store.list_pictures().try_collect().await;
    assert!(listed.is_err_and(|error| error.to_string().contains("there is no bucket")));
    let not_found = |code: &str| StoreError::NotFound { path: "picture".into(), source: code.into() };
    let lost = store.place.present::<()>(Err(not_found("<Code>NoSuchBucket</Code>")));
    assert!(lost.is_err_and(|error| error.to_string().contains("there is no bucket")));
    let gone = store.place.present::<()>(Err(not_found("<Code>NoSuchKey</Code>")));
    assert!(gone.is_ok_and(|found| found.is_none()));
}

#[tokio::test]
async fn plain_http_fails_for_an_https_endpoint() {
    let server = S3Server::start();
    let said = complaint(&bucket_at(&server.endpoint().replace("http://", "https://"))).await;
    assert!(said.contains("can't be reached"), "{said}");
}

#[test]
fn an_address_says_where_the_bucket_is() {
    let parse = |text: &str| Bucket::parse(&text.parse().expect("is a URL"));
    assert_eq!(parse("s3://pets").expect("is good").to_string(), "pets at Amazon S3");
    let own = "s3://pets/a/b?endpoint=http://10.0.0.7:9000/&region=garage";
    assert_eq!(parse(own).expect("is good").to_string(), "pets at http://10.0.0.7:9000");
    for (bad, why) in [
        ("s3:///media", "names no bucket"),
        ("s3://pets:9000/media", "names no bucket"),
        ("s3://key:hunter2@pets", "contains credentials"),
        ("s3://pets?endpoint=s3.example.org", "has an endpoint that isn't"),
        ("s3://pets?endpoint=ftp://s3.example.org", "has an endpoint that isn't"),
        ("s3://pets?endpoint=https://key:hunter2@s3.example.org", "has an endpoint that isn't"),
        ("s3://pets?endpoint=https://s3.example.org/pets", "has an endpoint that isn't"),
        ("s3://pets?regoin=eu-1", "has regoin= in it"),
        ("s3://pets?secret_access_key=hunter2", "has secret_access_key= in it"),
    ] {
        let said = parse(bad).expect_err(bad);
        assert!(said.contains(why) && !said.contains("hunter2"), "{bad}: {said}");
    }
}

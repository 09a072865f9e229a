//! Files are recognised by their bytes. File names and content types don't matter.

use image::ImageFormat;
use pawdium_shared::db::MIGRATIONS;
use reqwest::multipart::{Form, Part};
use sqlx::PgPool;

use crate::harness::{Person, Site, pictures};

/// Uploads a file with that name and type, and returns its photo and the state after processing.
async fn submit(site: &Site, owner: &Person, file: Vec<u8>, name: &'static str, kind: &str) -> (i64, String) {
    let part = Part::bytes(file).file_name(name).mime_str(kind).expect("a type");
    let form = Form::new().part("photo", part).text("title", name).text("species", "cat");
    let taken = owner.api.upload(form).await.expect(202).json();
    let photo = taken["id"].as_i64().expect("an id");
    (photo, site.processed(photo).await)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_picture_goes_live_with_any_file_name(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let cases = [
        ("a PNG", pictures::quarters_as(ImageFormat::Png, 300), "photo.jpg", "image/jpeg"),
        ("a WebP", pictures::quarters_as(ImageFormat::WebP, 300), "photo.png", "image/png"),
        ("a GIF", pictures::quarters_as(ImageFormat::Gif, 300), "photo.png", "image/png"),
        ("a JPEG", pictures::quarters(300, 300), "cat.txt", "text/plain"),
    ];
    for (what, file, name, kind) in cases {
        let (photo, state) = submit(&site, &ada, file, name, kind).await;
        assert_eq!(state, "live", "{what}, called {name}");
        let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
        let url = shape["sizes"]["1080"]["url"].as_str().expect("an address");
        let served = site.get(&url.replace(site.base.as_str(), "/")).await.expect(200);
        assert_eq!(served.header("content-type"), "image/jpeg", "{what}");
        let (width, height, quarters) = pictures::look(&served.body);
        assert_eq!((width, height), (300, 300), "{what}");
        for (seen, expected) in quarters.into_iter().zip(pictures::QUARTERS) {
            assert!(pictures::is_close(seen, expected), "{what}: {quarters:?}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_file_that_is_only_named_like_a_picture_is_refused(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let text = b"Dear diary, the cat fell off the sofa.".to_vec();
    let (photo, state) = submit(&site, &ada, text, "photo.jpg", "image/jpeg").await;
    assert_eq!(state, "failed");
    let shape = ada.api.get(&format!("photos/{photo}")).await.expect(200).json();
    let refusal = "This file isn't a picture we can read. Upload a JPEG, PNG, WebP, AVIF or GIF.";
    assert_eq!(shape["reason"], refusal);
}

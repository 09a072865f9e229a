//! Importing an archive that Pawdium has exported gives the same photos.

use std::collections::BTreeSet;

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Opened, Person, SOON, Site, eventually, pictures, submission};

/// What an import must keep of each photo.
const KEPT: [&str; 6] = ["title", "alt", "species", "tags", "comments", "remixes"];

/// What a list of photos says of each, in any order.
fn set(photos: &Value) -> BTreeSet<String> {
    let photos = photos.as_array().expect("a list").iter();
    photos.map(|photo| json!(KEPT.map(|key| &photo[key])).to_string()).collect()
}

async fn submit(site: &Site, owner: &Person, title: &str, side: u16, more: &[(&'static str, &'static str)]) {
    let mut form = submission(title, pictures::quarters(side, side));
    for (name, text) in more {
        form = form.text(*name, *text);
    }
    let photo = owner.api.upload(form).await.expect(202).json();
    if photo["state"] == "processing" {
        assert_eq!(site.processed(photo["id"].as_i64().expect("an id")).await, "live");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_imported_elsewhere_gives_the_same_set(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    submit(&site, &ada, "One & <two>", 900, &[("tags", "Tongue, sofa"), ("alt", "A \"cat\", asleep")]).await;
    submit(&site, &ada, "Zwei 🐈‍⬛", 1200, &[("comments", "nobody"), ("remixes", "")]).await;
    submit(&site, &ada, "Draft", 700, &[("draft", "1"), ("crop", "100,50,500")]).await;
    let opened = {
        let export = ada.export().await;
        let zip = ada.download(export).await.expect(200).body;
        let call = bob.api.call(Method::POST, "imports").header("content-type", "application/zip");
        let import = Answer::to(call.body(zip.clone())).await.expect(202).json();
        let path = format!("imports/{}", import["id"]);
        eventually("everything is imported", SOON, async || {
            let import = bob.api.get(&path).await.expect(200).json();
            (import["state"] == "done").then_some(())
        })
        .await;
        Opened::read(&zip)
    };
    let manifest = opened.json("pawdium.json");
    let drafts = bob.api.get("users/me/drafts").await.expect(200).json();
    assert_eq!(set(&drafts["data"]), set(&manifest["photos"]));
    assert_eq!(drafts["data"].as_array().map(Vec::len), Some(3));
    let crop: String = site
        .ask_of(
            "select concat_ws(',', crop_x, crop_y, crop_side) from photos where owner_id = $1 and title = 'Draft'",
            bob.id,
        )
        .await;
    assert_eq!(crop, "100,50,500");
    // And what he exports is again the same.
    assert_eq!(set(&bob.exported().await.json("pawdium.json")["photos"]), set(&manifest["photos"]));
}

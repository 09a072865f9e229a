//! Remixes: who may make them, what they share with their parents, and how they credit them.

use pawdium_media::Limits;
use pawdium_shared::db::{MIGRATIONS, Tx};
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::ranking::RefreshVirality;
use pawdium_shared::photos::NotChanged;
use pawdium_shared::photos::remixes::{self, Wanted};
use pawdium_shared::references::{Gone, gone};
use reqwest::Method;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, Site};

/// Makes a remix and returns the answer.
pub(crate) async fn remix(by: &Person, from: i64, body: Value) -> Answer {
    let call = by.api.call(Method::POST, &format!("photos?from={from}"));
    Answer::to(if body.is_null() { call } else { call.json(&body) }).await
}

/// Makes a remix, publishes it and waits until it is live.
pub(crate) async fn published(site: &Site, by: &Person, from: i64, body: Value) -> i64 {
    let photo = remix(by, from, body).await.expect(202).json()["id"].as_i64().expect("an id");
    by.api.post(&format!("photos/{photo}/publish"), Value::Null).await.expect(200);
    assert_eq!(site.processed(photo).await, "live");
    site.settle().await;
    photo
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_remix_needs_the_owners_consent(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    ada.api.patch(&format!("photos/{photo}"), json!({ "remixes": false })).await.expect(200);
    assert_eq!(remix(&bob, photo, Value::Null).await.error(403).0, "remixes are not allowed");
    assert!(!bob.pages.get(&format!("/photos/{photo}")).await.expect(200).has("form[action$='/remix']"));
    bob.pages.post(&format!("/photos/{photo}/remix"), &[]).await.expect(403);
    remix(&ada, photo, Value::Null).await.expect(202);
    ada.api.patch(&format!("photos/{photo}"), json!({ "remixes": true })).await.expect(200);
    remix(&bob, photo, Value::Null).await.expect(202);

    // The default of the member holds for new photos.
    assert_eq!(ada.pages.post("/settings/remixes", &[]).await.location(), "/settings");
    assert!(!ada.pages.get("/settings").await.expect(200).has("input[name=remixes][checked]"));
    let private = site.photo().by(&ada).titled("Mine").live().await;
    assert_eq!(remix(&bob, private, Value::Null).await.error(403).0, "remixes are not allowed");
    remix(&bob, photo, Value::Null).await.expect(202);
    for (from, status) in [(999_999, 404), (site.photo().by(&ada).processing().await, 404)] {
        remix(&bob, from, Value::Null).await.error(status);
    }
    remix(&ada, photo, json!({ "crop": "900,900,400" })).await.error(400);
    let nobody = Answer::to(site.api().call(Method::POST, &format!("photos?from={photo}"))).await;
    nobody.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_remix_shares_the_files_of_its_parent_and_outlives_it(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let parent = site.photo().by(&ada).titled("The first").live().await;
    let whole = published(&site, &bob, parent, json!({ "title": "Mine", "tags": "blep" })).await;
    let shown = bob.api.get(&format!("photos/{whole}")).await.expect(200).json();
    let parents = ada.api.get(&format!("photos/{parent}")).await.expect(200).json();
    assert_eq!(shown["sizes"], parents["sizes"], "files are shared by content");
    assert_eq!(site.pictures().await, 3);
    let cropped = published(&site, &bob, parent, json!({ "title": "Close", "crop": "100,100,400" })).await;
    let close = bob.api.get(&format!("photos/{cropped}")).await.expect(200).json();
    assert_eq!(close["sizes"]["1080"]["width"], 400);
    assert_ne!(close["sizes"], parents["sizes"]);

    ada.api.delete(&format!("photos/{parent}"), Value::Null).await.expect(204);
    site.settle().await;
    for photo in [whole, cropped] {
        let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
        let url = page.attribute(".frame img", "src");
        site.get(&url).await.expect(200);
        assert!(page.texts(".credit")[0].contains("Remix of “The first” by ada, which was removed"));
    }
    // The source of its crop stays, so that it can be cropped again.
    bob.api.patch(&format!("photos/{cropped}"), json!({ "crop": "0,0,500" })).await.expect(200);
    site.settle().await;
    let wide = bob.api.get(&format!("photos/{cropped}")).await.expect(200).json();
    assert_eq!((&wide["sizes"]["1080"]["width"], &wide["revision"]), (&json!(500), &json!(2)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_and_the_api_show_lineage_both_ways(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mallory = site.moderator("mallory").await;
    let parent = site.photo().by(&ada).titled("The first").live().await;
    let path = format!("/photos/{parent}");
    assert!(!site.get(&path).await.expect(200).has(".remixes"));
    let form = Form::new().text("title", "The second").text("species", "dog");
    let call = bob.api.call(Method::POST, &format!("photos?from={parent}")).multipart(form);
    let child = Answer::to(call).await.expect(202).json()["id"].as_i64().expect("an id");
    assert!(!site.get(&path).await.expect(200).has(".remixes"), "a draft is nobody's business");
    bob.api.post(&format!("photos/{child}/publish"), Value::Null).await.expect(200);
    site.processed(child).await;
    site.settle().await;
    let page = site.get(&path).await.expect(200);
    assert_eq!(page.texts(".remix-list b"), ["The second"]);
    let credit = site.get(&format!("/photos/{child}")).await.expect(200).texts(".credit");
    assert_eq!(credit, ["Remix of The first by ada"]);
    let shown = site.api().get(&format!("photos/{child}")).await.expect(200).json();
    assert_eq!(
        shown["remix_of"],
        json!({ "id": parent, "title": "The first", "owner": "ada", "state": "live" })
    );

    // Who is renamed is credited by the new name, also on pages that are kept.
    ada.api.patch("users/me", json!({ "name": "lovelace" })).await.expect(200);
    site.settle().await;
    let credit = site.get(&format!("/photos/{child}")).await.expect(200).texts(".credit");
    assert_eq!(credit, ["Remix of The first by lovelace"]);
    mallory.pages.post(&format!("{path}/block"), &[("reason", "No animal")]).await.location();
    site.settle().await;
    let credit = site.get(&format!("/photos/{child}")).await.expect(200).texts(".credit");
    assert_eq!(credit, ["Remix of a photo that was removed"]);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.settle().await;
    let credit = site.get(&format!("/photos/{child}")).await.expect(200).texts(".credit");
    assert_eq!(credit, ["Remix of a photo by a former member"]);
    assert!(site.ask_of::<bool>("select parent_id is null from photos where id = $1", child).await);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_hear_of_remixes_of_others_once_they_are_live(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let parent = site.photo().by(&ada).titled("The first").live().await;
    let draft = remix(&bob, parent, json!({ "title": "Mine" })).await.expect(202).json()["id"].clone();
    site.settle().await;
    assert!(ada.notifications().await.is_empty(), "a draft is nobody's business");
    bob.api.post(&format!("photos/{draft}/publish"), Value::Null).await.expect(200);
    site.processed(draft.as_i64().expect("an id")).await;
    site.settle().await;
    assert_eq!(ada.notifications().await, ["bob remixed “The first”"]);
    let page = ada.pages.get("/notifications").await.expect(200);
    assert_eq!(page.attribute(".notification a", "href"), format!("/photos/{parent}#remixes-title"));
    published(&site, &ada, parent, json!({ "title": "Own" })).await;
    published(&site, &bob, parent, json!({ "title": "Again" })).await;
    assert_eq!(ada.notifications().await, ["bob remixed “The first”, 2 times"]);
    ada.pages.post("/settings/notifications", &[("comment", "on")]).await.location();
    published(&site, &bob, parent, json!({ "title": "Unheard" })).await;
    assert_eq!(ada.notifications().await, ["bob remixed “The first”, 2 times"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_33rd_remix_in_a_row_is_refused(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    site.change("update photos set depth = 31").await;
    assert_eq!(remix(&bob, photo, Value::Null).await.expect(202).json()["state"], "draft");
    site.change("update photos set depth = 32 where state = 'live'").await;
    assert_eq!(remix(&bob, photo, Value::Null).await.error(400).1.as_deref(), Some("from"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_without_an_account_can_remix_and_keeps_the_draft(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let pages = site.visitor();
    assert!(pages.get(&format!("/photos/{photo}")).await.expect(200).has("form[action$='/remix']"));
    let answer = pages.post(&format!("/photos/{photo}/remix"), &[]).await;
    let edit = answer.location().to_owned();
    let page = pages.get(&edit).await.expect(200);
    assert!(page.has("[data-crop-source]") && !page.has("form[action$='/publish']"));
    assert_eq!(pages.get("/drafts").await.expect(200).texts(".draft h2").len(), 1);
    let form = [("email", ada.email()), ("password", PASSWORD.to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pages.post("/login", &form).await.location();
    assert_eq!(pages.get("/drafts").await.expect(200).texts(".draft h2").len(), 1, "it moves along");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn remixes_are_counted_once_a_visitor_and_day(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    for _ in 0..2 {
        remix(&bob, photo, Value::Null).await.expect(202);
    }
    site.run(RefreshVirality {}).await;
    let shown = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(shown["stats"]["remixes"], 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_remix_by_an_account_that_has_just_gone_is_refused_like_an_ended_session(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = PhotoId(site.photo().by(&ada).live().await);
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    let made = remixes::make(&mut tx, UserId(i64::MAX), photo, &Wanted::default(), &Limits::default()).await;
    let Err(NotChanged::Database(error)) = made else { panic!("nobody made {made:?}") };
    assert_eq!(gone(&error), Some(Gone::User));
}

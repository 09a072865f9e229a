//! Versions of widgets through the API, and the pages to which kinds can be added.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::IF_NONE_MATCH;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};

async fn version_of(person: &Person, path: &str) -> u64 {
    person.api.get(path).await.expect(200).json()["version"].as_u64().expect("a version")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_change_is_answered_with_the_version_that_there_is_then(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    for kind in site.kinds_for("hubs").await {
        let column = if kind["columns"] == "right" { "right" } else { "left" };
        let body = json!({ "kind": kind["kind"], "column": column });
        let added = ada.api.post("hubs/cats/widgets", body).await.expect(201).json();
        let path = format!("hubs/cats/widgets/{}", added["id"]);
        assert_ne!(added["version"], 0, "{kind}");
        assert_eq!(added["version"], version_of(&ada, &path).await, "{kind}");
        let moved = ada.api.patch(&path, json!({ "position": 0 })).await.expect(200).json();
        assert_eq!(moved["version"], added["version"], "{kind}");
    }
    let note = json!({ "kind": "sticky-note", "column": "left", "config": { "text": "One" } });
    let added = ada.api.post("hubs/cats/widgets", note).await.expect(201).json();
    let path = format!("hubs/cats/widgets/{}", added["id"]);
    let changed = ada.api.patch(&path, json!({ "config": { "text": "Two" } })).await.expect(200).json();
    assert_ne!(changed["version"], added["version"]);
    assert_eq!(changed["version"], version_of(&ada, &path).await);
    let page = ada.api.get("hubs/cats").await.expect(200).json();
    for widget in page["widgets"].as_array().expect("a list") {
        let path = format!("hubs/cats/widgets/{}", widget["id"]);
        assert_eq!(widget["version"], version_of(&ada, &path).await, "{widget}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_widget_that_the_caller_has_is_not_sent_again(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let page = ada.api.get("hubs/cats").await.expect(200).json();
    for widget in page["widgets"].as_array().expect("a list") {
        let path = format!("hubs/cats/widgets/{}", widget["id"]);
        let shown = ada.api.get(&path).await.expect(200);
        let tag = shown.header("etag").to_owned();
        assert_eq!(tag, format!("\"{}\"", shown.json()["version"]), "{widget}");
        let ask =
            async |tag: &str| Answer::to(ada.api.call(Method::GET, &path).header(IF_NONE_MATCH, tag)).await;
        for known in [tag.clone(), format!("W/{tag}"), format!("\"7\", {tag}")] {
            let answer = ask(&known).await.expect(304);
            assert_eq!((answer.header("etag"), answer.body.len()), (tag.as_str(), 0), "{widget}");
        }
        ask("\"7\"").await.expect(200);
    }
    let newest =
        page["widgets"].as_array().expect("a list").iter().find(|one| one["kind"] == "newest-photos");
    let path = format!("hubs/cats/widgets/{}", newest.expect("it is there")["id"]);
    let tag = ada.api.get(&path).await.expect(200).header("etag").to_owned();
    let photo = site.photo().by(&ada).live().await;
    site.post(&ada, "cats", photo).await;
    site.settle().await;
    Answer::to(ada.api.call(Method::GET, &path).header(IF_NONE_MATCH, tag)).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_part_that_the_browser_has_is_not_sent_again(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let versions = site.get("/h/cats/versions").await.expect(200).json();
    let (widget, version) = versions["widgets"].as_object().expect("an object").iter().next().expect("one");
    let path = format!("/h/cats/w/{widget}?v={version}");
    let tag = site.get(&path).await.expect(200).header("etag").to_owned();
    let again = site.visitor().request(Method::GET, &path).header(IF_NONE_MATCH, &tag);
    assert_eq!(Answer::to(again).await.expect(304).header("etag"), tag);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn kinds_are_offered_where_they_can_be_added_and_refused_elsewhere(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let kinds = site.api().get("widget-kinds").await.expect(200).json();
    let offered = async |path: &str| {
        let gallery = ada.pages.get(&format!("{path}/widgets/new")).await.expect(200);
        gallery
            .html()
            .select(&crate::harness::select("input[name=kind]"))
            .filter_map(|input| input.attr("value").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let (in_hubs, in_profiles) = (offered("/h/cats").await, offered("/members/ada").await);
    let mut only = 0;
    for kind in kinds.as_array().expect("a list") {
        let name = kind["kind"].as_str().expect("a name");
        let pages = kind["pages"].as_str().expect("a word");
        assert_eq!(in_hubs.iter().any(|one| one == name), pages != "profiles", "{name}");
        assert_eq!(in_profiles.iter().any(|one| one == name), pages != "hubs", "{name}");
        let side = if kind["columns"] == "right" { "right" } else { "left" };
        if pages == "profiles" {
            only += 1;
            let body = json!({ "kind": name, "column": side });
            let (message, field) = ada.api.post("hubs/cats/widgets", body).await.error(400);
            assert!(field.as_deref() == Some("kind") && message.contains("profiles"), "{name}: {message}");
        }
        let form = [("kind", name), ("side", side)];
        let (hub, profile) = (
            ada.pages.post("/h/cats/widgets", &form).await,
            ada.pages.post("/members/ada/widgets", &form).await,
        );
        assert_eq!(hub.status == 400, pages == "profiles", "{name}: {}", hub.text());
        assert_eq!(profile.status == 400, pages == "hubs", "{name}: {}", profile.text());
    }
    assert!(only >= 3, "feed, drafts and subscriptions");
    let stored: Value = site
        .ask::<sqlx::types::Json<Value>>(
            "select to_json(array_agg(kind)) from widgets join hubs on hubs.id = hub_id where slug is null",
        )
        .await
        .0;
    assert!(!stored.to_string().contains("join-requests"), "{stored}");
}

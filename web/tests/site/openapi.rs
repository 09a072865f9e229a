//! The OpenAPI document matches the router.

use std::collections::BTreeSet;

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Site};

fn documented(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    let calls = paths.iter().flat_map(|(path, item)| {
        item.as_object().expect("an item").keys().map(move |method| format!("{method} {path}"))
    });
    calls.collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_document_describes_every_call(db: PgPool) {
    let site = Site::start(db).await;
    let document = site.api().get("openapi.json").await.expect(200).json();
    let calls = [
        "delete /comments/{id}",
        "delete /hubs/{slug}",
        "delete /hubs/{slug}/members/{name}",
        "delete /hubs/{slug}/photos/{id}",
        "delete /hubs/{slug}/roles/{role}",
        "delete /hubs/{slug}/widgets/{id}",
        "delete /photos/{id}",
        "delete /photos/{id}/rating",
        "delete /talks/{id}",
        "delete /talks/{id}/vote",
        "delete /tokens/current",
        "delete /users/me",
        "delete /users/me/avatar",
        "delete /users/me/sessions/{id}",
        "get /calls/{id}",
        "get /calls/{id}/dashboard",
        "get /calls/{id}/receipts",
        "get /calls/{id}/receipts.txt",
        "get /calls/{id}/results",
        "get /calls/{id}/votes.csv",
        "get /hubs",
        "get /hubs/{slug}",
        "get /hubs/{slug}/calls",
        "get /hubs/{slug}/members",
        "get /hubs/{slug}/photos",
        "get /hubs/{slug}/rate/next",
        "get /hubs/{slug}/requests",
        "get /hubs/{slug}/top",
        "get /hubs/{slug}/widgets/{id}",
        "get /imports/{id}",
        "get /new",
        "get /photos/{id}",
        "get /photos/{id}/comments",
        "get /photos/{id}/revisions",
        "get /rate/next",
        "get /search",
        "get /sections",
        "get /top",
        "get /topics",
        "get /topics/{tag}",
        "get /trending",
        "get /users/me",
        "get /users/me/drafts",
        "get /users/me/exports/{id}",
        "get /users/me/feed",
        "get /users/me/hubs",
        "get /users/me/notifications",
        "get /users/me/ratings",
        "get /users/me/sessions",
        "get /users/{name}",
        "get /widget-kinds",
        "patch /calls/{id}",
        "patch /comments/{id}",
        "patch /hubs/{slug}",
        "patch /hubs/{slug}/widgets/{id}",
        "patch /photos/{id}",
        "patch /talks/{id}",
        "patch /users/me",
        "post /calls/{id}/talks",
        "post /calls/{id}/votes/restore",
        "post /calls/{id}/votes/set-aside",
        "post /comments/{id}/reports",
        "post /hubs",
        "post /hubs/{slug}/calls",
        "post /hubs/{slug}/reports",
        "post /hubs/{slug}/requests/{name}",
        "post /hubs/{slug}/widgets",
        "post /imports",
        "post /imports/{id}/cancel",
        "post /imports/{id}/retry",
        "post /imports/{id}/undo",
        "post /password-resets",
        "post /photos",
        "post /photos/{id}/comments",
        "post /photos/{id}/keep",
        "post /photos/{id}/publish",
        "post /photos/{id}/reports",
        "post /photos/{id}/revisions/{n}/restore",
        "post /photos/{id}/shares",
        "post /photos/{id}/stats/{name}",
        "post /talks/{id}/reports",
        "post /talks/{id}/vote",
        "post /tokens",
        "post /users",
        "post /users/me/exports",
        "post /users/me/notifications/read",
        "post /users/{name}/reports",
        "put /hubs/{slug}/members/{name}",
        "put /hubs/{slug}/photos/{id}",
        "put /hubs/{slug}/roles/{role}",
        "put /photos/{id}/rating",
        "put /talks/{id}/vote",
        "put /users/me/avatar",
    ];
    assert!(documented(&document).iter().eq(calls), "{:?}", documented(&document));
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    assert_eq!(document["servers"][0]["url"], "/api/v1");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_documented_call_exists_and_answers_as_documented(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let photo = site.photos(1).await[0];
    let document = site.api().get("openapi.json").await.expect(200).json();
    for call in documented(&document) {
        let (method, path) = call.split_once(' ').expect("both");
        let filled = path
            .replace("{id}", &photo.to_string())
            .replace("{name}", "ada")
            .replace("{slug}", "cats")
            .replace("{n}", "1");
        let verb: Method = method.to_uppercase().parse().expect("a method");
        let answer = Answer::to(site.api().call(verb, &filled)).await;
        let responses = &document["paths"][path][method]["responses"];
        assert!(
            responses.get(answer.status.to_string()).is_some(),
            "{call} answered {}: {}",
            answer.status,
            answer.text()
        );
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_reference_in_the_document_resolves(db: PgPool) {
    let site = Site::start(db).await;
    let document = site.api().get("openapi.json").await.expect(200).json();
    let mut open = vec![&document];
    let mut references = 0;
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').expect("it is within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
            references += 1;
        }
        match value {
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(references > 20);
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for (field, shape) in schema["properties"].as_object().into_iter().flatten() {
            let is_described = shape.get("description").is_some()
                || shape.get("$ref").is_some()
                || shape.get("oneOf").is_some();
            assert!(is_described, "{name}.{field} has no description");
        }
    }
}

/// The names of an object's fields.
fn fields(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The fields that a schema describes, also those of schemas that it is put together from.
fn described<'a>(document: &'a Value, schema: &'a Value) -> BTreeSet<&'a str> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        return described(document, document.pointer(pointer).expect("it is within the document"));
    }
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| described(document, part));
    own.chain(parts).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn answers_about_talks_have_the_fields_that_are_described_and_those_of_the_contract(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members", "moderated": false })).await;
    let talk = ada.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    olga.vote(talk).await.expect(200);
    let document = site.api().get("openapi.json").await.expect(200).json();
    let check = async |path: &str, contract: &str| {
        let filled = path.replace("{id}", &call.to_string()).replace("{slug}", "cats");
        let answer = olga.api.get(filled.trim_start_matches('/')).await.expect(200).json();
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(fields(&answer), described(&document, &content["schema"]), "{path}");
        for field in contract.split(' ') {
            assert!(answer.get(field).is_some(), "{path}: {field}");
        }
        answer
    };
    let seen = check(
        "/calls/{id}",
        "id hub title text phase pitch_from voting_from closes_at announced_at time_zone voters votes_each totals blind \
         moderated talks paging",
    )
    .await;
    for field in "id title description author photo votes voted created_at".split(' ') {
        assert!(seen["talks"][0].get(field).is_some(), "{field}");
    }
    check("/hubs/{slug}/calls", "data paging").await;
    check("/calls/{id}/receipts", "voter data hash").await;
    check("/calls/{id}/dashboard", "turnout").await;
    olga.move_to(call, "closed").await;
    let results = check("/calls/{id}/results", "talks voters hash").await;
    for field in "id title votes share exposure".split(' ') {
        assert!(results["talks"][0].get(field).is_some(), "{field}");
    }
    for act in ["set-aside", "restore"] {
        let body = &document["paths"][format!("/calls/{{id}}/votes/{act}")]["post"]["requestBody"];
        let fields = described(&document, &body["content"]["application/json"]["schema"]);
        assert!(["voters", "talk", "reason"].iter().all(|field| fields.contains(field)), "{fields:?}");
    }
}

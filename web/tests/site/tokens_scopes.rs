//! Every call of the API with tokens of every scope: each takes only those that the document says, and none by default.

use std::collections::BTreeMap;

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Site};

const SCOPES: [&str; 4] = ["read", "rate", "submit", "moderate"];

/// What no API token may do. Everything else that takes a token says of which scope.
const SESSIONS_ALONE: [&str; 8] = [
    "delete /users/me",
    "delete /users/me/sessions/{id}",
    "get /users/me/exports/{id}",
    "get /users/me/sessions",
    "patch /users/me",
    "post /tokens",
    "post /users",
    "post /users/me/exports",
];

/// The calls that take tokens, each with the scopes that it takes.
fn calls(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut calls = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let ways = operation["security"].as_array().cloned().unwrap_or_default();
            let tokens: Vec<_> = ways.iter().filter_map(|way| way["token"].as_array()).collect();
            if !tokens.is_empty() {
                let scopes =
                    tokens.into_iter().flatten().map(|scope| scope.as_str().expect("a name").to_owned());
                calls.insert(format!("{method} {path}"), scopes.collect());
            }
        }
    }
    calls
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_call_that_takes_a_token_says_of_which_scope(db: PgPool) {
    let site = Site::start(db).await;
    let document = site.api().get("openapi.json").await.expect(200).json();
    let calls = calls(&document);
    assert!(calls.len() > 60, "{calls:?}");
    for (call, scopes) in &calls {
        assert_eq!(
            scopes.is_empty(),
            SESSIONS_ALONE.contains(&call.as_str()),
            "{call} says which scopes it takes"
        );
        assert!(scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())), "{call}: {scopes:?}");
    }
    let of = |call: &str| calls[call].join(" ");
    assert_eq!(of("put /photos/{id}/rating"), "rate");
    assert_eq!(of("get /photos/{id}"), "read");
    assert_eq!(of("post /photos"), "submit");
    assert_eq!(of("delete /comments/{id}"), "submit moderate");
    for (call, scopes) in &calls {
        let is_get = call.starts_with("get ") && !call.ends_with("/rate/next");
        assert!(
            !scopes.contains(&"read".to_owned()) || is_get || call.ends_with("/tokens/current"),
            "{call}"
        );
    }
    let about = &document["components"]["securitySchemes"]["token"]["description"];
    assert!(SCOPES.iter().all(|scope| about.as_str().expect("a text").contains(scope)), "{about}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_call_refuses_tokens_without_its_scope_and_no_others(db: PgPool) {
    let site = Site::start(db).await;
    let mo = site.moderator("mo").await;
    let document = site.api().get("openapi.json").await.expect(200).json();
    let mut tried = 0;
    for scope in SCOPES {
        let mut token = mo.api_token(&[scope]).await;
        for (call, scopes) in calls(&document) {
            let (method, path) = call.split_once(' ').expect("both");
            let verb: Method = method.to_uppercase().parse().expect("a method");
            let filled = path.replace("{id}", "999999").replace("{name}", "nobody").replace("{slug}", "none");
            let filled = filled.replace("{n}", "1").replace("{role}", "member").replace("{tag}", "none");
            let answer = Answer::to(site.api().with_token(&token).call(verb.clone(), &filled)).await;
            let lacks = answer.status == 403 && answer.text().contains("this token may not");
            let may = scopes.iter().any(|taken| taken == scope);
            assert_eq!(lacks, !may, "{call} with {scope}: {} {}", answer.status, answer.text());
            if !may {
                let (message, _) = answer.error(403);
                let missing =
                    if scopes.is_empty() { "no API token may".to_owned() } else { scopes.join(" or ") };
                assert!(
                    message.contains(&format!("{verb} {path}")) && message.contains(&missing),
                    "{message}"
                );
            }
            if call == "delete /tokens/current" {
                token = mo.api_token(&[scope]).await;
            }
            tried += 1;
        }
    }
    assert!(tried > 240, "{tried}");
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 1);
    assert_eq!(site.ask::<String>("select role from users").await, "moderator");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_token_has_its_members_rights_and_no_more(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (hers, his) = (site.photo().by(&ada).live().await, site.photo().by(&bob).live().await);
    let [reads, rates, submits] =
        [ada.api_token(&["read"]).await, ada.api_token(&["rate"]).await, ada.api_token(&["submit"]).await]
            .map(|token| site.api().with_token(&token));
    assert_eq!(reads.get(&format!("photos/{his}")).await.expect(200).json()["id"], his);
    assert_eq!(
        rates.get(&format!("photos/{his}")).await.error(403).0,
        "this token may not GET /photos/{id}: it lacks the scope read"
    );
    let head = Answer::to(reads.call(Method::HEAD, "users/me")).await;
    assert_eq!(head.status, 200, "HEAD is like GET");
    assert_eq!(Answer::to(submits.call(Method::HEAD, "users/me")).await.status, 403);

    let next = rates.get("rate/next").await.expect(200).json();
    let body = json!({ "value": 7, "ballot": next["ballot"] });
    let path = format!("photos/{}/rating", next["photo"]["id"]);
    rates.put(&path, body.clone()).await.expect(200);
    submits.put(&path, body).await.error(403);
    submits.patch(&format!("photos/{hers}"), json!({ "title": "Renamed" })).await.expect(200);
    submits.patch(&format!("photos/{his}"), json!({ "title": "Renamed" })).await.error(403);
    reads.delete(&format!("photos/{hers}"), Value::Null).await.error(403);
    // What is for everybody needs no scope, since it looks at no token.
    submits.get("top").await.expect(200);
    reads.get("no/such/call").await.error(404);

    // Whoever has a token can't turn it into more.
    for token in [&reads, &rates, &submits] {
        token
            .patch("users/me", json!({ "password": "another long one", "current_password": PASSWORD }))
            .await
            .error(403);
        token.delete("users/me", json!({ "password": PASSWORD })).await.error(403);
        token.get("users/me/sessions").await.error(403);
        token.post("tokens", json!({ "email": "ada@example.org", "password": PASSWORD })).await.error(403);
    }
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["name"], "ada");
}

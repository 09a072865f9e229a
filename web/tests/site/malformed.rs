//! Input that no parser can read, at every address of the site: the answer says which field and what to do, in plain
//! words.

use pawdium_shared::db::MIGRATIONS;
use pawdium_web::routes::Paths;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};

/// Values that are no ids, names or slugs, or not any more.
const NAMES: [&str; 7] = ["9223372036854775808", "-1", "x", "%ff", "%00", "%f0%9f%90%88", "1e9"];

/// Parameters that some page has.
const PARAMETERS: [&str; 24] = [
    "at", "act", "cursor", "edit", "format", "from", "in", "limit", "maxwidth", "next", "page", "period",
    "photo", "q", "removed", "role", "sort", "species", "state", "tab", "token", "url", "v", "window",
];

/// What the parsers of the framework say, and nobody should read.
const JARGON: [&str; 12] = [
    "deserialize",
    "expected",
    "invalid digit",
    "invalid type",
    "invalid value",
    "target type",
    "missing field `",
    "unknown field `",
    "unknown variant",
    "trailing characters",
    "EOF while",
    "serde",
];

/// The paths of pages, of what is embedded and of files.
fn pages(site: &Site) -> Vec<String> {
    let Paths { pages, open, .. } = site.paths();
    // These answer with a stream, or are for machines.
    let machines = ["/live", "/healthz", "/readyz"];
    pages.into_iter().chain(open).filter(|path| !machines.contains(&path.as_str())).collect()
}

/// A path with each of its parameters replaced.
fn filled(path: &str, value: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { value } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Asserts that an answer says in words what is wrong, if anything is.
#[track_caller]
fn is_plain(answer: &Answer, what: &str) {
    // Another format than JSON is not implemented (oEmbed 1.0, section 2.3.4.1).
    assert!(answer.status < 500 || answer.status == 501, "{what}: {} {}", answer.asked, answer.text());
    if (400..500).contains(&answer.status) {
        let text = answer.text();
        let said = JARGON.iter().find(|word| text.contains(**word));
        assert_eq!(said, None, "{what}: {} {text}", answer.asked);
        if answer.header("content-type").starts_with("application/json") {
            let body = answer.json();
            assert!(
                body["code"] == answer.status && body["message"].is_string(),
                "{what}: {} {body}",
                answer.asked
            );
        } else {
            assert!(answer.has("h1"), "{what}: {} {text}", answer.asked);
        }
    }
}

async fn people(site: &Site) -> [Person; 2] {
    let nobody = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
    let root = site.admin("root").await;
    site.hub(&root, "ab").await;
    [nobody, root]
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_page_answers_in_words_whatever_its_address_says(db: PgPool) {
    let site = Site::start(db).await;
    let people = people(&site).await;
    let parameters = |value: &str| PARAMETERS.map(|name| format!("{name}={value}")).join("&");
    for path in pages(&site) {
        for person in &people {
            for name in NAMES {
                let path = filled(&path, name);
                is_plain(&person.pages.get(&path).await, "a name");
            }
            for value in ["-1", "%ff%00", "99999999999999999999", "1&page=2&v=3&limit=4"] {
                let path = format!("{}?{}", filled(&filled(&path, "ab"), "1"), parameters(value));
                is_plain(&person.pages.get(&path).await, "a parameter");
            }
        }
    }
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_form_answers_in_words_whatever_is_sent(db: PgPool) {
    let site = Site::start(db).await;
    let [_, root] = people(&site).await;
    let form = "application/x-www-form-urlencoded";
    let bodies: [(&str, &[u8]); 6] = [
        (form, b"\xff\xfe=\xff&act=\xc3\x28"),
        (form, b"layout_version=-1&position=x&archived=banana&removed=99999999999999999999"),
        (form, b"act=save&act=save&name=%00&value=11&votes_each=-1"),
        ("application/json", b"{"),
        ("multipart/form-data", b"x"),
        ("", b"x"),
    ];
    // Logging out would end the walk.
    for path in pages(&site).into_iter().filter(|path| path != "/logout") {
        for (kind, body) in bodies {
            let request =
                root.pages.own(&filled(&path.replace("{slug}", "ab").replace("{name}", "root"), "1"));
            let request = if kind.is_empty() { request } else { request.header(CONTENT_TYPE, kind) };
            is_plain(&Answer::to(request.body(body.to_vec())).await, kind);
        }
    }
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_call_answers_in_words_whatever_is_sent(db: PgPool) {
    let site = Site::start(db).await;
    let [nobody, root] = people(&site).await;
    let document = site.api().get("openapi.json").await.expect(200).json();
    let bodies: [&[u8]; 8] = [
        b"{",
        b"[]",
        b"\xff",
        b"{\"x\":1}",
        b"{\"value\":\"x\",\"limit\":-1,\"position\":\"x\",\"accept\":7,\"name\":{},\"config\":7,\"slug\":[]}",
        b"{\"name\":{}}",
        b"{\"text\":[],\"title\":7,\"phase\":{},\"kind\":[]}",
        b"null",
    ];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("an item").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            for person in [&nobody, &root] {
                if path == "/tokens/current" {
                    continue;
                }
                for name in NAMES {
                    let path = filled(path, name);
                    let call = person.api.call(method.clone(), path.trim_start_matches('/'));
                    is_plain(&Answer::to(call).await, "a name");
                }
                // Without an account or a token nothing more could be asked.
                if method == Method::DELETE {
                    continue;
                }
                for body in bodies {
                    let path = filled(&path.replace("{slug}", "ab").replace("{name}", "root"), "1");
                    let call = person.api.call(method.clone(), path.trim_start_matches('/'));
                    let call = call.header(CONTENT_TYPE, "application/json").body(body.to_vec());
                    is_plain(&Answer::to(call).await, &String::from_utf8_lossy(body));
                }
            }
        }
    }
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_cant_be_read_is_named_with_what_to_do(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "ab").await;
    let page = site.get("/h/ab/w/218?v=-1").await.expect(400);
    assert_eq!(page.texts(".error .lead"), ["v must be a whole number, neither negative nor too large."]);
    let part = ada.pages.request(Method::GET, "/h/ab/w/218?v=-1").header("accept", "application/json");
    let refused = Answer::to(part).await.error(400);
    assert_eq!(refused.1.as_deref(), Some("v"));
    for (body, field, says) in [
        (json!({ "kind": "rules", "column": "left", "position": "x" }), Some("position"), "a whole number"),
        (json!({ "kind": "rules", "column": 7 }), Some("column"), "a text"),
        (json!({ "kind": "rules", "column": "left", "places": 7 }), Some("places"), "no field places"),
        (json!([]), None, "a JSON object"),
        (json!("x"), None, "a JSON object"),
    ] {
        let (message, named) = ada.api.post("hubs/ab/widgets", body.clone()).await.error(400);
        assert!(named.as_deref() == field && message.contains(says), "{body}: {named:?} {message}");
    }
    let broken = ada
        .api
        .call(Method::POST, "hubs/ab/widgets")
        .header(CONTENT_TYPE, "application/json")
        .body("{\"kind\":");
    let (message, field) = Answer::to(broken).await.error(400);
    assert_eq!((message.as_str(), field), ("The body is no valid JSON: look at line 1, column 8.", None));
    let page = ada.pages.get("/h/ab?removed=x").await.expect(400);
    assert!(page.texts(".error .lead")[0].starts_with("removed must be a whole number"), "{}", page.text());
    ada.api.get("hubs/ab/widgets/9223372036854775808").await.error(404);
}

//! The contract of the JSON API: statuses, fields and errors that clients rely on.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Site, pictures, registration, submission};

const PHOTO: &str = "id title alt species tags owner state reason sizes placeholder rating virality views shares created_at version \
     revision picture_since parent remixes comments stats";
const ME: &str = "id name email anonymous verified role about avatar created_at ratings_cast photos";

/// Fails unless an object has exactly these fields.
#[track_caller]
fn has(object: &Value, fields: &str) {
    let mut found: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut wanted: Vec<_> = fields.split(' ').collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{object}");
}

#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().expect("a text");
    let time = chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339");
    assert_eq!(time.offset().local_minus_utc(), 0, "{text} is in UTC");
}

#[track_caller]
fn is_json(answer: &Answer) {
    assert!(
        answer.header("content-type").starts_with("application/json"),
        "{}",
        answer.header("content-type")
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn users_and_tokens_have_the_promised_fields(db: PgPool) {
    let site = Site::start(db).await;
    let anonymous = site.api().post("users", Value::Null).await.expect(201);
    is_json(&anonymous);
    let anonymous = anonymous.json();
    has(&anonymous, "id name anonymous access_token action");
    assert_eq!(
        (&anonymous["name"], &anonymous["anonymous"], &anonymous["action"]),
        (&Value::Null, &json!(true), &json!("register"))
    );
    let registered = site.api().post("users", registration("ada")).await.expect(201).json();
    has(&registered, "id name anonymous access_token action");
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    has(
        &site.api().post("tokens", login).await.expect(201).json(),
        "id name anonymous access_token action votes",
    );

    let api = site.api().with_token(registered["access_token"].as_str().expect("a token"));
    let me = api.get("users/me").await.expect(200).json();
    has(&me, ME);
    is_time(&me["created_at"]);
    assert_eq!((&me["id"], &me["role"]), (&registered["id"], &json!("member")));
    assert_eq!((&me["ratings_cast"], &me["photos"], &me["verified"]), (&json!(0), &json!(0), &json!(false)));
    has(&api.patch("users/me", json!({})).await.expect(200).json(), ME);
    let profile = site.api().get("users/ada").await.expect(200).json();
    has(&profile, "id name about avatar created_at ratings_cast photos");
    is_time(&profile["created_at"]);
    assert_eq!(site.api().get("users/ADA").await.expect(200).json()["name"], "ada");

    assert_eq!(api.delete("tokens/current", Value::Null).await.expect(204).text(), "");
    assert_eq!(api.get("users/me").await.error(401).0, "must provide a valid access token");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_has_the_promised_fields_wherever_it_appears(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let form = submission(" Upside down ", pictures::quarters(700, 500))
        .text("alt", "A cat on its back")
        .text("tags", "Tongue, sofa, ,tongue");
    let taken = ada.api.upload(form).await.expect(202).json();
    has(&taken, "id state url");
    let photo = taken["id"].as_i64().expect("an id");
    assert_eq!(site.processed(photo).await, "live");
    site.rate(&bob, photo, 8).await;
    site.run(pawdium_shared::jobs::ranking::RefreshRanks {}).await;

    let path = format!("photos/{photo}");
    let shape = site.api().get(&path).await.expect(200).json();
    has(&shape, PHOTO);
    has(&shape["owner"], "id name");
    has(&shape["rating"], "mean count score rank histogram");
    has(&shape["sizes"], "1080 540 160");
    has(&shape["sizes"]["540"], "url width height bytes");
    is_time(&shape["created_at"]);
    assert_eq!((&shape["title"], &shape["alt"]), (&json!("Upside down"), &json!("A cat on its back")));
    assert_eq!((&shape["species"], &shape["tags"]), (&json!("cat"), &json!(["Tongue", "sofa"])));
    assert_eq!((&shape["state"], &shape["reason"]), (&json!("live"), &Value::Null));
    assert_eq!(shape["owner"], json!({ "id": ada.id, "name": "ada" }));
    assert_eq!((&shape["rating"]["mean"], &shape["rating"]["rank"]), (&json!(8.0), &json!(1)));

    let own = ada.api.get(&path).await.expect(200).json();
    has(&own, &format!("{PHOTO} timeline source_bytes"));
    for step in own["timeline"].as_array().expect("a list") {
        has(step, "step at ms");
        is_time(&step["at"]);
    }
    has(
        &site.admin("root").await.api.get(&path).await.expect(200).json(),
        &format!("{PHOTO} timeline source_bytes"),
    );
    has(&bob.api.get(&path).await.expect(200).json(), PHOTO);
    for list in ["top", "trending", "new", "trending?species=cat", "new?species=cat"] {
        bob.api.post(&format!("{path}/shares"), Value::Null).await.expect(201);
        site.run(pawdium_shared::jobs::ranking::RefreshVirality {}).await;
        let list = site.api().get(list).await.expect(200).json();
        has(&list, "data paging");
        has(&list["paging"], "page last_page");
        has(&list["data"][0], PHOTO);
    }
    has(&site.api().get("users/ada").await.expect(200).json()["photos"][0], PHOTO);
    has(&bob.api.post(&format!("{path}/shares"), Value::Null).await.expect(201).json(), "url");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_that_is_not_live_is_private_and_has_no_pictures(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, root) = (site.member("ada").await, site.member("bob").await, site.admin("root").await);
    let processing = site.photo().by(&ada).processing().await;
    let failed = site.photo().by(&ada).failed("It is no picture.").await;
    for (photo, state, reason) in
        [(processing, "processing", Value::Null), (failed, "failed", json!("It is no picture."))]
    {
        let path = format!("photos/{photo}");
        for person in [&ada, &root] {
            let shape = person.api.get(&path).await.expect(200).json();
            has(&shape, &format!("{PHOTO} timeline source_bytes"));
            assert_eq!((&shape["state"], &shape["reason"]), (&json!(state), &reason));
            assert_eq!((&shape["sizes"], &shape["placeholder"]), (&json!({}), &Value::Null));
            assert_eq!(shape["timeline"][0]["step"], "received");
        }
        for api in [&bob.api, &site.api()] {
            api.get(&path).await.error(404);
            api.post(&format!("{path}/shares"), Value::Null).await.error(404);
        }
        bob.api.delete(&path, Value::Null).await.error(404);
    }
    let profile = site.api().get("users/ada").await.expect(200).json();
    assert_eq!((&profile["photos"], &profile["ratings_cast"]), (&json!([]), &json!(0)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn rating_returns_the_ratings_and_the_next_photo(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(2).await;
    let ada = site.member("ada").await;
    let served = ada.api.get("rate/next").await.expect(200).json();
    has(&served, "photo ballot");
    has(&served["photo"], &PHOTO.replace(" rating", ""));
    assert_eq!(ada.api.get("rate/next").await.expect(200).json()["photo"]["id"], served["photo"]["id"]);
    let path = format!("photos/{}/rating", served["photo"]["id"]);
    let rated =
        ada.api.put(&path, json!({ "value": 9, "ballot": served["ballot"] })).await.expect(200).json();
    has(&rated, "rating next");
    has(&rated["rating"], "value mean count score rank histogram");
    has(&rated["next"], "photo ballot");
    has(&rated["next"]["photo"], &PHOTO.replace(" rating", ""));
    let path = format!("photos/{}/rating", rated["next"]["photo"]["id"]);
    let body = json!({ "value": 1, "ballot": rated["next"]["ballot"] });
    assert_eq!(ada.api.put(&path, body).await.expect(200).json()["next"], Value::Null);
    assert_eq!(ada.api.get("rate/next").await.expect(204).text(), "");

    let users: i64 = site.ask("select count(*) from users").await;
    assert_eq!(site.api().get("rate/next").await.error(401).0, "access token required");
    assert_eq!(site.ask::<i64>("select count(*) from users").await, users);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_a_token_or_with_a_bad_one_the_401_says_which(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(1).await[0];
    let closed = [
        (Method::GET, "users/me".to_owned()),
        (Method::PATCH, "users/me".to_owned()),
        (Method::DELETE, "users/me".to_owned()),
        (Method::DELETE, "tokens/current".to_owned()),
        (Method::POST, "photos".to_owned()),
        (Method::DELETE, format!("photos/{photo}")),
        (Method::GET, "rate/next".to_owned()),
        (Method::PUT, format!("photos/{photo}/rating")),
    ];
    let open = [
        (Method::POST, "users".to_owned()),
        (Method::POST, "tokens".to_owned()),
        (Method::GET, format!("photos/{photo}")),
        (Method::POST, format!("photos/{photo}/shares")),
    ];
    for (method, path) in &closed {
        let answer = Answer::to(site.api().call(method.clone(), path)).await;
        assert_eq!(answer.error(401).0, "access token required", "{method} {path}");
    }
    for (method, path) in closed.iter().chain(&open) {
        for header in ["Bearer forged", "Bearer ", "Basic YWRhOmFkYQ==", "nonsense", "Bearer \u{e9}"] {
            let call = site.api().call(method.clone(), path).header("authorization", header);
            let answer = Answer::to(call.json(&json!({}))).await;
            assert_eq!(answer.error(401).0, "must provide a valid access token", "{method} {path}: {header}");
        }
    }
    let ada = site.member("ada").await;
    site.change("update sessions set expires_at = now() - interval '1 second'").await;
    assert_eq!(ada.api.get("users/me").await.error(401).0, "must provide a valid access token");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_does_not_exist_is_resource_not_found(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for path in [
        "nowhere",
        "photos/0",
        "photos/x",
        "photos/99999999999999999999",
        "users/nobody",
        "users/a%2Fb",
        "talks",
    ] {
        let answer = ada.api.get(path).await;
        is_json(&answer);
        assert_eq!(answer.error(404).0, "resource not found", "{path}");
    }
    for (method, path) in
        [(Method::POST, "photos/0/shares"), (Method::DELETE, "photos/0"), (Method::PUT, "photos/x/rating")]
    {
        let call = ada.api.call(method, path).json(&json!({ "value": 5 }));
        assert_eq!(Answer::to(call).await.error(404).0, "resource not found", "{path}");
    }
    let page = site.get("/nowhere").await.expect(404);
    assert!(page.header("content-type").starts_with("text/html") && page.texts("h1").len() == 1);
    site.get("/api/v2/users").await.error(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_malformed_body_is_400_and_never_422(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(1).await[0];
    let ada = site.member("ada").await;
    let calls = [
        (Method::POST, "users".to_owned()),
        (Method::PATCH, "users/me".to_owned()),
        (Method::POST, "tokens".to_owned()),
        (Method::POST, "password-resets".to_owned()),
        (Method::PUT, format!("photos/{photo}/rating")),
        (Method::POST, "photos".to_owned()),
    ];
    for (method, path) in &calls {
        for body in [
            "{",
            "[]",
            "null",
            "\"text\"",
            "{\"email\": 7, \"password\": [], \"value\": {}, \"name\": {}}",
            "\u{0}",
        ] {
            let call =
                ada.api.call(method.clone(), path).header("content-type", "application/json").body(body);
            let answer = Answer::to(call).await;
            is_json(&answer);
            assert_eq!(answer.status, 400, "{method} {path} {body}: {}", answer.text());
            answer.error(400);
        }
    }
    let untyped = ada.api.call(Method::POST, "tokens").header("content-type", "text/plain").body("{}");
    Answer::to(untyped).await.error(400);
    let long = json!({ "email": "x".repeat(70_000), "password": PASSWORD });
    assert!(ada.api.post("tokens", long).await.error(413).0.contains("64 kB"));
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["name"], "ada");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_method_that_an_address_lacks_is_405_in_the_same_shape(db: PgPool) {
    let site = Site::start(db).await;
    for (method, path) in [
        (Method::PUT, "users"),
        (Method::GET, "tokens"),
        (Method::POST, "top"),
        (Method::DELETE, "rate/next"),
    ] {
        Answer::to(site.api().call(method, path)).await.error(405);
    }
    let page = Answer::to(site.visitor().own("/top")).await.expect(405);
    assert_eq!(page.texts("h1").len(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_caller_decides_whether_an_account_is_upgraded(db: PgPool) {
    let site = Site::start(db).await;
    let anonymous = site.anonymous().await;
    let upgraded = anonymous.api.post("users", registration("ada")).await.expect(201).json();
    assert_eq!(upgraded["id"], anonymous.id);
    anonymous.api.get("users/me").await.expect(200);
    anonymous.api.post("users", registration("bob")).await.error(403);
    let empty =
        anonymous.api.call(Method::POST, "users").header("content-type", "application/json").body("  ");
    let another = Answer::to(empty).await.expect(201).json();
    assert_eq!(another["anonymous"], true);
    let nobody = site.anonymous().await;
    nobody.api.delete("users/me", Value::Null).await.expect(204);
    nobody.api.get("users/me").await.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn probes_answer_outside_of_the_api(db: PgPool) {
    let site = Site::start(db).await;
    site.get("/healthz").await.expect(200);
    let ready = site.get("/readyz").await.expect(200).json();
    has(&ready, "ready degraded postgres migrations redis media");
    assert_eq!(
        (&ready["ready"], &ready["postgres"], &ready["redis"]),
        (&json!(true), &json!("ok"), &json!("ok"))
    );
}

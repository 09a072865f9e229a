//! Imports: sending archives, and reading receipts, through the API and on pages.

use pawdium_archive::write::{gzip, tar_of, zip_of};
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, SOON, Setup, Site, eventually, pictures};

fn form(archive: Vec<u8>) -> Form {
    Form::new().part("archive", Part::bytes(archive).file_name("my photos.zip"))
}

/// An archive with two good pictures and a bad one.
fn archive() -> Vec<u8> {
    zip_of(&[
        ("Tom_asleep.jpg", &pictures::scene(1, 300, 80)),
        ("Jerry.jpg", &pictures::scene(2, 300, 80)),
        ("=1+1.jpg", b"no picture"),
    ])
}

async fn send(owner: &Person, form: Form) -> Answer {
    Answer::to(owner.api.call(Method::POST, "imports").multipart(form)).await
}

async fn start(owner: &Person, archive: Vec<u8>) -> i64 {
    send(owner, form(archive)).await.expect(202).json()["id"].as_i64().expect("an id")
}

/// Waits until it has ended.
async fn ended(owner: &Person, import: i64) -> Value {
    eventually("the import has ended", SOON, async || {
        let now = owner.api.get(&format!("imports/{import}")).await.expect(200).json();
        let is_open =
            ["unpacking", "importing", "undoing"].contains(&now["state"].as_str().expect("a state"));
        (!is_open).then_some(now)
    })
    .await
}

/// Imports an archive with a file of each outcome that can be had, and returns the import's id.
pub(crate) async fn import_all_kinds(owner: &Person) -> i64 {
    let picture = pictures::scene(77, 240, 80);
    let long = format!("{}.jpg", "Donaudampfschifffahrt".repeat(9));
    let files: [(&str, &[u8]); 4] =
        [("a.jpg", &picture), ("b.jpg", &picture), (&long, b"no picture"), ("../c.jpg", &picture)];
    let import = start(owner, zip_of(&files)).await;
    ended(owner, import).await;
    import
}

fn outcomes(import: &Value) -> Vec<&str> {
    let files = import["files"].as_array().expect("a list");
    files.iter().map(|file| file["outcome"].as_str().unwrap_or_default()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_good_and_one_bad_are_two_drafts_and_a_refusal(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let started = send(&ada, form(archive()).text("species", "dog")).await.expect(202).json();
    let id = started["id"].as_i64().expect("an id");
    assert_eq!(started["url"], site.url(&format!("imports/{id}")));
    let import = ended(&ada, id).await;
    assert_eq!((&import["state"], &import["name"]), (&json!("done"), &json!("my photos.zip")));
    assert_eq!(outcomes(&import), ["imported", "imported", "refused"]);
    let refused = &import["files"][2];
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("isn't a picture")), "{refused}");
    assert_eq!((&refused["name"], &refused["photo"]), (&json!("=1+1.jpg"), &Value::Null));

    let drafts = ada.api.get("users/me/drafts").await.expect(200).json();
    assert_eq!(drafts["data"].as_array().map(Vec::len), Some(2));
    let photo = ada.api.get(&format!("photos/{}", import["files"][0]["photo"])).await.expect(200).json();
    assert_eq!(
        (&photo["title"], &photo["species"], &photo["state"]),
        (&json!("Tom asleep"), &json!("dog"), &json!("draft"))
    );
    ada.api.post(&format!("photos/{}/publish", photo["id"]), Value::Null).await.expect(200);
    assert_eq!(site.processed(photo["id"].as_i64().expect("an id")).await, "live");

    // They are hers alone.
    for stranger in [&bob.api, &site.moderator("mallory").await.api] {
        stranger.get(&format!("imports/{id}")).await.error(404);
        stranger.post(&format!("imports/{id}/undo"), Value::Null).await.error(404);
    }
    for page in ["", "/part", ".csv"] {
        bob.pages.get(&format!("/imports/{id}{page}")).await.expect(404);
    }
    site.api().get(&format!("imports/{id}")).await.error(401);

    // The same archive again has nothing new: the one that is live is recognised, too.
    let again =
        ended(&ada, start(&ada, gzip(&tar_of(&[("x.jpg", &pictures::scene(1, 300, 80))]))).await).await;
    assert_eq!(outcomes(&again), ["duplicate"]);
    assert_eq!(again["files"][0]["photo"], photo["id"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn archives_are_bodies_or_fields_of_forms(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let picture = |seed| pictures::scene(seed, 240, 80);
    let bodies: [(&str, Vec<u8>); 3] = [
        ("application/zip", zip_of(&[("1.jpg", &picture(1))])),
        ("application/x-tar", tar_of(&[("2.jpg", &picture(2))])),
        ("application/gzip", gzip(&tar_of(&[("3.jpg", &picture(3))]))),
    ];
    for (kind, body) in bodies {
        let call = ada.api.call(Method::POST, "imports").header("content-type", kind).body(body);
        let id = Answer::to(call).await.expect(202).json()["id"].as_i64().expect("an id");
        assert_eq!(outcomes(&ended(&ada, id).await), ["imported"], "{kind}");
    }
    let page = Answer::to(ada.pages.own("/imports").multipart(form(zip_of(&[("4.jpg", &picture(4))])))).await;
    let path = page.location().to_owned();
    let id = path.strip_prefix("/imports/").and_then(|id| id.parse().ok()).expect("the import's page");
    ended(&ada, id).await;
    let page = ada.pages.get(&path).await.expect(200);
    assert_eq!(page.texts(".receipt-name"), ["4.jpg"]);
    assert_eq!(page.texts(".receipt .badge"), ["imported"]);
    assert!(ada.pages.get("/imports").await.expect(200).text().contains("my photos.zip"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_no_archive_is_refused_and_leaves_nothing(db: PgPool) {
    let site = Setup::on(db).set("media.max_import_bytes", "2000000").start().await;
    let (ada, anonymous) = (site.member("ada").await, site.anonymous().await);
    let (message, field) = send(&ada, form(pictures::quarters(300, 300))).await.error(400);
    assert_eq!(field.as_deref(), Some("archive"), "{message}");
    send(&ada, form(Vec::new())).await.error(400);
    send(&ada, Form::new().text("species", "cat")).await.error(400);
    let (_, field) = send(&ada, form(archive()).text("species", "dragon")).await.error(400);
    assert_eq!(field.as_deref(), Some("species"));
    let (message, _) = send(&ada, form([archive(), vec![0; 2_100_000]].concat())).await.error(413);
    assert!(message.contains("2 MB"), "{message}");
    let raw = ada.api.call(Method::POST, "imports").header("content-type", "application/zip");
    Answer::to(raw.body([archive(), vec![0; 2_100_000]].concat())).await.error(413);
    // What says that it is too large is refused before it is read.
    send(&ada, form([archive(), vec![0; 5_000_000]].concat())).await.error(413);
    ada.api.post("imports", json!({})).await.error(400);
    send(&anonymous, form(archive())).await.error(403);
    Answer::to(site.api().call(Method::POST, "imports").multipart(form(archive()))).await.error(401);
    let page =
        Answer::to(ada.pages.own("/imports").multipart(form(b"no archive".to_vec()))).await.expect(400);
    assert!(page.has("#archive-error"));
    assert_eq!(anonymous.pages.get("/imports").await.location(), "/login?next=%2Fimports");
    assert_eq!(site.ask::<i64>("select count(*) from imports").await, 0);
    assert!(site.media("incoming").is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_that_does_not_fit_in_the_store_is_refused_and_leaves_nothing(db: PgPool) {
    let site = Setup::on(db).on_disk("1m").start().await;
    let ada = site.member("ada").await;
    let mut large = archive();
    large.resize(3 << 20, 0);
    let answer = send(&ada, form(large.clone())).await;
    assert_eq!(answer.header("retry-after"), "60");
    let (message, _) = answer.error(507);
    assert!(message.contains("out of space"), "{message}");
    let page = Answer::to(ada.pages.own("/imports").multipart(form(large).text("species", "dog"))).await;
    let page = page.expect(507);
    assert!(page.texts("#archive-error")[0].contains("out of space"), "{}", page.text());
    assert_eq!(page.attribute("#species option[selected]", "value"), "dog");
    assert_eq!(site.ask::<i64>("select count(*) from imports").await, 0);
    // The partial files are deleted.
    start(&ada, archive()).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_import_that_is_sent_again_is_the_same(db: PgPool) {
    // Without a worker it stays under way.
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let send_with = async |key: &str, archive: Vec<u8>| {
        let call = ada.api.call(Method::POST, "imports").header("idempotency-key", format!("\"{key}\""));
        Answer::to(call.multipart(form(archive))).await
    };
    let first = send_with("one", archive()).await.expect(202).json();
    assert_eq!(send_with("one", archive()).await.expect(202).json(), first);
    send_with("one", zip_of(&[("other.jpg", b"x")])).await.error(409);
    send_with("two", archive()).await.error(409);
    send(&ada, form(archive())).await.error(409);
    assert_eq!(site.ask::<i64>("select count(*) from imports").await, 1);
    assert_eq!(site.media("incoming").len(), 1);
    assert!(ada.pages.get("/imports").await.expect(200).text().contains("under way"));
    // Two at the same time are one.
    let bob = site.member("bob").await;
    let (one, two) = tokio::join!(send(&bob, form(archive())), send(&bob, form(archive())));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn imports_are_cancelled_undone_and_tried_again(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let id = start(&ada, archive()).await;
    let page = ada.pages.get(&format!("/imports/{id}")).await.expect(200);
    assert!(page.has("progress") && page.has(&format!("form[action='/imports/{id}/cancel']")));
    ada.api.post(&format!("imports/{id}/undo"), Value::Null).await.error(409);
    assert_eq!(
        ada.pages.post(&format!("/imports/{id}/cancel"), &[]).await.location(),
        format!("/imports/{id}")
    );
    assert_eq!(ended(&ada, id).await["state"], "cancelled");
    ada.pages.post(&format!("/imports/{id}/cancel"), &[]).await.location();
    ada.api.post(&format!("imports/{id}/retry"), Value::Null).await.error(409);

    site.start_worker();
    let id = start(&ada, archive()).await;
    let import = ended(&ada, id).await;
    let kept = import["files"][0]["photo"].as_i64().expect("a draft");
    ada.api.patch(&format!("photos/{kept}"), json!({ "title": "Mine" })).await.expect(200);
    ada.pages.post(&format!("/imports/{id}/undo"), &[]).await.location();
    let undone = ended(&ada, id).await;
    assert_eq!(
        (&undone["state"], outcomes(&undone)),
        (&json!("undone"), vec!["imported", "undone", "refused"])
    );
    assert!(undone["files"][0]["reason"].as_str().is_some_and(|reason| reason.contains("changed")));
    let drafts = ada.api.get("users/me/drafts").await.expect(200).json();
    assert_eq!(drafts["data"].as_array().map(Vec::len), Some(1));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn receipts_are_a_file_that_no_spreadsheet_runs(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let id = start(&ada, archive()).await;
    let import = ended(&ada, id).await;
    let csv = ada.pages.get(&format!("/imports/{id}.csv")).await.expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains("attachment"));
    let text = csv.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], "name,outcome,reason,photo");
    let photo = site.url(&format!("photos/{}", import["files"][0]["photo"]));
    assert_eq!(lines[1], format!("Tom_asleep.jpg,imported,,{photo}"));
    assert!(lines[3].starts_with("\"'=1+1.jpg\",refused,"), "{}", lines[3]);
    let only = ada.pages.get(&format!("/imports/{id}?only=refused")).await.expect(200);
    assert_eq!(only.texts(".receipt-name"), ["=1+1.jpg"]);
    ada.pages.get(&format!("/imports/{id}?only=nonsense&after=x")).await.expect(200);
    for path in ["/imports/0", "/imports/x", "/imports/x.csv"] {
        ada.pages.get(path).await.expect(404);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn its_page_hears_of_progress_and_the_owner_of_the_end(db: PgPool) {
    let mut site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let id = start(&ada, archive()).await;
    let name = format!("import={id}");
    let mut stream = ada.pages.stream(&name).await;
    let gone = bob.pages.stream(&name).await.until("gone").await;
    assert_eq!(gone.data["topic"], name);
    site.start_worker();
    stream.until("changed").await;
    ended(&ada, id).await;
    let told = ada.api.get("users/me/notifications").await.expect(200).json();
    assert_eq!(told["data"][0]["kind"], "import_done");
    let page = ada.pages.get("/notifications").await.expect(200);
    assert_eq!(page.attribute(".notification-link", "href"), format!("/imports/{id}"));
}

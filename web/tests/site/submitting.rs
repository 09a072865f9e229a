//! Repeated submissions after a lost answer, and the saved bytes that the owner sees.

use chrono::{DateTime, Utc};
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::multipart::Form;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, Site, pictures, submission};

const COUNT: &str = "select count(*) from photos";

fn cat() -> Form {
    submission("Sleepy", pictures::quarters(400, 300))
}

async fn send(person: &Person, key: &str, form: Form) -> Answer {
    let call = person.api.call(Method::POST, "photos").header("idempotency-key", key);
    Answer::to(call.multipart(form)).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_repeated_submission_finds_its_photo(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let first = send(&ada, "\"8e03978e\"", cat()).await.expect(202).json();
    let again = send(&ada, "\"8e03978e\"", cat()).await.expect(202).json();
    assert_eq!(first, again);
    let unquoted = send(&ada, "8e03978e", cat()).await.expect(202).json();
    assert_eq!(first, unquoted);
    // The form's own address knows the same keys.
    let call = ada.pages.own("/submit").header("accept", "application/json");
    let by_form = Answer::to(call.header("idempotency-key", "\"8e03978e\"").multipart(cat())).await;
    assert_eq!(by_form.expect(202).json(), first);
    assert_eq!(site.ask::<i64>(COUNT).await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from jobs where queue = 'media'").await, 1);
    assert_eq!(site.media("incoming").len(), 1, "the copies that were sent again are gone");

    let other = send(&bob, "\"8e03978e\"", cat()).await.expect(202).json();
    assert_ne!(other["id"], first["id"], "keys are separate for each user");
    send(&ada, "\"another\"", cat()).await.expect(202);
    ada.api.upload(cat()).await.expect(202);
    assert_eq!(site.ask::<i64>(COUNT).await, 4);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_without_a_user_finds_a_repeated_draft_too(db: PgPool) {
    let site = Site::start(db).await;
    let pages = site.visitor();
    pages.get("/submit").await.expect(200);
    let cookie = format!("visitor={}", pages.cookie("visitor").expect("the form's page sets it"));
    let send = || {
        let call = site.visitor().own("/submit").header(COOKIE, &cookie).header("idempotency-key", "\"one\"");
        Answer::to(call.multipart(cat().text("draft", "1")))
    };
    let (first, other) = tokio::join!(send(), send());
    let again = send().await;
    for answer in [&first, &other, &again] {
        assert_eq!(answer.location(), first.location());
        // The session in either answer opens the draft.
        let mut cookies = answer.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let session = cookies.find(|cookie| cookie.starts_with("session=")).expect("a session");
        let session = session.split(';').next().unwrap_or_default().to_owned();
        let seen = site.visitor().request(Method::GET, first.location()).header(COOKIE, session);
        Answer::to(seen).await.expect(200);
    }
    assert_eq!(site.ask::<i64>(COUNT).await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_key_is_refused_for_anything_else(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    send(&ada, "\"one\"", cat()).await.expect(202);
    let others = [
        submission("Awake", pictures::quarters(400, 300)),
        submission("Sleepy", pictures::quarters(402, 300)),
        cat().text("crop", "0,0,250"),
        cat().text("draft", "yes"),
    ];
    for other in others {
        let (message, _) = send(&ada, "\"one\"", other).await.error(409);
        assert!(message.contains("earlier upload"), "{message}");
    }
    assert_eq!(site.ask::<i64>(COUNT).await, 1);
    assert_eq!(site.media("incoming").len(), 1);

    for key in ["\"\"", "two words", &"x".repeat(129)] {
        let (message, _) = send(&ada, key, cat()).await.error(400);
        assert!(message.contains("Idempotency-Key"), "{message}");
    }
    assert_eq!(site.ask::<i64>(COUNT).await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_submission_does_not_use_its_key_up(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    send(&ada, "\"one\"", submission("", pictures::quarters(300, 300))).await.error(400);
    send(&ada, "\"one\"", cat()).await.expect(202);
    assert_eq!(site.ask::<i64>(COUNT).await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn concurrent_submissions_with_one_key_create_one_photo(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let answers = futures::future::join_all((0..6).map(|_| send(&ada, "\"once\"", cat()))).await;
    let ids: Vec<Value> = answers.into_iter().map(|answer| answer.expect(202).json()["id"].take()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(site.ask::<i64>(COUNT).await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from jobs where queue = 'media'").await, 1);
    assert_eq!(site.media("incoming").len(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_key_follows_a_draft_to_the_account(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, passer) = (site.member("ada").await, site.anonymous().await);
    let draft = || cat().text("draft", "yes");
    let kept = send(&passer, "\"mine\"", draft()).await.expect(202).json();
    let clash = send(&passer, "\"both\"", draft()).await.expect(202).json();
    let own = send(&ada, "\"both\"", draft()).await.expect(202).json();
    let login = json!({ "email": ada.email(), "password": PASSWORD });
    passer.api.post("tokens", login).await.expect(201);

    let owners: Vec<i64> = sqlx::query_scalar("select distinct owner_id from photos")
        .fetch_all(&site.db)
        .await
        .expect("it is asked");
    assert_eq!(owners, [ada.id], "the drafts were moved");
    assert_eq!(send(&ada, "\"mine\"", draft()).await.expect(202).json(), kept);
    let found = send(&ada, "\"both\"", draft()).await.expect(202).json();
    assert_eq!(found, own, "the account's own, and not {clash}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_owner_sees_how_many_bytes_were_saved(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let camera = pictures::quarters(3000, 2400);
    let size = camera.len();
    let photo = ada.api.upload(submission("Large", camera)).await.expect(202).json()["id"].clone();
    assert_eq!(site.processed(photo.as_i64().expect("an id")).await, "live");

    let own = ada.api.get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(own["source_bytes"], size);
    let public = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(public.get("source_bytes"), None, "only the owner sees the original size");
    let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    let saved = page.texts("[data-saved]").concat();
    assert!(saved.contains("in three sizes") && saved.contains("% less"), "{saved}");
    assert!(page.texts("[data-took]").concat().starts_with("Live "));
    assert!(!site.get(&format!("/photos/{photo}")).await.expect(200).has("[data-saved]"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_timeline_says_when_each_step_was_finished(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let form = submission("Large", pictures::quarters(3000, 2400));
    let photo = ada.api.upload(form).await.expect(202).json()["id"].clone();
    assert_eq!(site.processed(photo.as_i64().expect("an id")).await, "live");
    let own = ada.api.get(&format!("photos/{photo}")).await.expect(200).json();
    let timeline = own["timeline"].as_array().expect("steps");
    let at = |step: &Value| -> DateTime<Utc> {
        step["at"].as_str().and_then(|at| at.parse().ok()).expect("a time")
    };
    assert!(timeline.is_sorted_by_key(at), "{own}");
    for (step, name) in timeline[2..4].iter().zip(["decoded", "cropped"]) {
        assert_eq!(step["step"], name);
        assert!(step["ms"].as_i64().is_some_and(|ms| ms > 0), "{step} was measured");
    }
}

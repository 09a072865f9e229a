//! Acts during which the visitor's user row goes away, because they log in or delete the account in another tab.

use bytes::Bytes;
use futures::StreamExt as _;
use pawdium_shared::db::{MIGRATIONS, Tx};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::oneshot;

use crate::harness::{Answer, PASSWORD, Person, SOON, Site, eventually, pictures};

/// An upload that stops in the middle until what is returned is dropped.
fn halved(call: RequestBuilder, fields: &str) -> (RequestBuilder, oneshot::Sender<()>) {
    // What arrives is written in parts.
    let file = [pictures::quarters(300, 300), vec![0; 900_000]].concat();
    let (first, second) = file.split_at(700_000);
    let head =
        format!("{fields}--x\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a\"\r\n\r\n");
    let first = [head.into_bytes(), first.to_vec()].concat();
    let second = [second, b"\r\n--x--\r\n"].concat();
    let (go_on, told) = oneshot::channel::<()>();
    let rest = futures::stream::once(async {
        let _ = told.await;
        Ok::<_, std::io::Error>(Bytes::from(second))
    });
    let body = futures::stream::iter([Ok(Bytes::from(first))]).chain(rest);
    let call = call.header("content-type", "multipart/form-data; boundary=x").body(Body::wrap_stream(body));
    (call, go_on)
}

fn fields(of: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, text) in of {
        form.push_str("--x\r\ncontent-disposition: form-data; name=\"");
        form.push_str(name);
        form.push_str("\"\r\n\r\n");
        form.push_str(text);
        form.push_str("\r\n");
    }
    form
}

async fn log_in(who: &Person, account: &Person) {
    let login = json!({ "email": account.email(), "password": PASSWORD });
    assert_eq!(who.api.post("tokens", login).await.expect(201).json()["id"], account.id);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_draft_uploaded_during_a_login_belongs_to_the_account(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, eve) = (site.member("ada").await, site.anonymous().await);
    let all = [("title", "Late"), ("species", "cat"), ("draft", "1")];
    let (call, go_on) = halved(eve.api.call(Method::POST, "photos"), &fields(&all));
    let uploading = tokio::spawn(Answer::to(call));
    let arriving = async || (!site.media("incoming").is_empty()).then_some(());
    eventually("it is arriving", SOON, arriving).await;
    log_in(&eve, &ada).await;
    drop(go_on);
    let kept = uploading.await.expect("no panic").expect(202).json();
    let photo = kept["id"].as_i64().expect("an id");
    assert_eq!(site.ask_of::<i64>("select owner_id from photos where id = $1", photo).await, ada.id);
    assert_eq!(ada.api.get(&format!("photos/{photo}")).await.expect(200).json()["state"], "draft");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_upload_of_a_just_deleted_account_leaves_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let all = [("title", "Late"), ("species", "cat")];
    let (call, go_on) = halved(ada.api.call(Method::POST, "photos"), &fields(&all));
    let uploading = tokio::spawn(Answer::to(call));
    let arriving = async || (!site.media("incoming").is_empty()).then_some(());
    eventually("it is arriving", SOON, arriving).await;
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    drop(go_on);
    let (message, _) = uploading.await.expect("no panic").error(401);
    assert_eq!(message, "must provide a valid access token");
    assert!(site.media("incoming").is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_rating_sent_during_a_login_belongs_to_the_account(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(2).await[0];
    let (ada, eve) = (site.member("ada").await, site.anonymous().await);
    let ballot = site.ballot(&eve, photo, std::time::Duration::ZERO).await;
    // The rating waits for its photo's counters.
    let mut held = Tx::begin(&site.db).await.expect("a transaction");
    let hold = sqlx::query("select from photo_stats where photo_id = $1 for update").bind(photo);
    hold.execute(&mut *held).await.expect("it is there");
    let rating = tokio::spawn({
        let (api, body) = (eve.api.clone(), json!({ "value": 7, "ballot": ballot }));
        async move { api.put(&format!("photos/{photo}/rating"), body).await }
    });
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    eventually("it waits", SOON, async || (site.ask::<i64>(waiting).await == 1).then_some(())).await;
    let logging_in = async {
        log_in(&eve, &ada).await;
    };
    let release = async {
        // Enough time to log in, unless that waits for the rating.
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        held.rollback().await.expect("it rolls back");
    };
    tokio::join!(logging_in, release);
    rating.await.expect("no panic").expect(200);
    assert_eq!(site.ask::<i64>("select rater_id from ratings").await, ada.id);
    assert_eq!(site.ask::<i64>("select count(*) from users where name is null").await, 0);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_loses_a_rating_because_an_account_goes(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mut hers = Vec::new();
    for _ in 0..12 {
        hers.push(site.photo().by(&ada).live().await);
    }
    let others = site.photos(8).await;
    let rating = async {
        for photo in &others {
            site.rate(&bob, *photo, 7).await;
        }
    };
    let leaving = async {
        for photo in &hers[..4] {
            ada.api.delete(&format!("photos/{photo}"), serde_json::Value::Null).await.expect(204);
        }
        ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    };
    tokio::join!(rating, leaving);
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 8);
    site.histograms_are_right().await;
}

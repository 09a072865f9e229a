//! Clients that disconnect in the middle, and locked rows: neither affects other requests.

use std::time::Duration;

use pawdium_shared::db::{MIGRATIONS, Tx};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, SOON, Site, eventually};

const NOW: Duration = Duration::ZERO;

const OPEN: &str = "select count(*) from pg_stat_activity
                    where datname = current_database() and application_name = 'pawdium-web'
                      and state like 'idle in transaction%'";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ratings_whose_clients_disconnect_are_stored_whole_or_not_at_all(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(40).await;
    let mut raters = Vec::new();
    for _ in 0..4 {
        raters.push(site.anonymous().await);
    }
    for (number, photo) in photos.iter().enumerate() {
        let leaving = raters.iter().enumerate().map(async |(rater, person)| {
            let ballot = site.ballot(person, *photo, NOW).await;
            let body = json!({ "value": 7, "ballot": ballot });
            let request = person.api.call(Method::PUT, &format!("photos/{photo}/rating")).json(&body);
            let stays = Duration::from_micros((number * 4 + rater) as u64 * 120);
            let _ = tokio::time::timeout(stays, request.send()).await;
        });
        futures::future::join_all(leaving).await;
    }
    eventually("no transaction is left open", SOON, async || {
        (site.ask::<i64>(OPEN).await == 0).then_some(())
    })
    .await;
    site.histograms_are_right().await;
    // The same clients come back, and their ratings are stored.
    for photo in &photos {
        for person in &raters {
            let ballot = site.ballot(person, *photo, NOW).await;
            let body = json!({ "value": 3, "ballot": ballot });
            person.api.put(&format!("photos/{photo}/rating"), body).await.expect(200);
        }
    }
    assert_eq!(site.ask::<i64>("select count(*) from ratings where value = 3").await, 160);
    site.histograms_are_right().await;
    assert!(!site.log().contains("transaction in progress"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_locked_photo_blocks_nothing_else(db: PgPool) {
    let site = Site::start(db.clone()).await;
    let photo = site.photos(3).await[0];
    let mut raters = Vec::new();
    for _ in 0..20 {
        raters.push(site.anonymous().await);
    }
    let mut held = Tx::begin(&db).await.expect("a transaction");
    let hold = sqlx::query("select from photo_stats where photo_id = $1 for update").bind(photo);
    hold.execute(&mut *held).await.expect("it is there");
    let ratings = raters.iter().map(async |person| {
        let body = json!({ "value": 7, "ballot": site.ballot(person, photo, NOW).await });
        person.api.put(&format!("photos/{photo}/rating"), body).await
    });
    let meanwhile = async {
        for _ in 0..20 {
            site.get("/").await.expect(200);
            site.get("/readyz").await.expect(200);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(ratings), meanwhile);
    for answer in answers {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(!answer.header("retry-after").is_empty());
    }
    held.rollback().await.expect("it ends");
    let body = json!({ "value": 7, "ballot": site.ballot(&raters[0], photo, NOW).await });
    raters[0].api.put(&format!("photos/{photo}/rating"), body).await.expect(200);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn requests_for_one_photo_take_turns_even_if_they_claim_to_send_a_file(db: PgPool) {
    let site = Site::start(db.clone()).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let mut held = Tx::begin(&db).await.expect("a transaction");
    let hold = sqlx::query("select from photos where id = $1 for update").bind(photo);
    hold.execute(&mut *held).await.expect("it is there");
    let delete = async || {
        let request = ada.pages.own(&format!("/photos/{photo}/delete"));
        let request = request.header("content-type", "multipart/form-data; boundary=end");
        Answer::to(request.body("--end--\r\n")).await
    };
    let deletions = (0..20).map(|_| delete());
    let meanwhile = async {
        for _ in 0..20 {
            site.get("/login").await.expect(200);
            site.get("/readyz").await.expect(200);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(deletions), meanwhile);
    for answer in answers {
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
    held.rollback().await.expect("it ends");
    delete().await.location();
    assert_eq!(site.ask::<String>("select state::text from photos").await, "deleted");
}

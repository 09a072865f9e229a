//! Second factors through the API.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Site, registration};

fn login(code: Option<&str>) -> Value {
    json!({ "email": "ada@example.org", "password": PASSWORD, "code": code })
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_token_takes_a_code_if_the_account_has_a_second_factor(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let enter = async |code: Option<&str>| site.api().post("tokens", login(code)).await;
    // Without a second factor, a code is of no account.
    enter(Some("123456")).await.expect(201);
    let app = ada.set_up_app().await;
    for missing in [None, Some(""), Some("  ")] {
        let (message, field) = enter(missing).await.error(403);
        assert_eq!(field.as_deref(), Some("code"), "{message}");
        assert!(message.contains("authenticator app"), "{message}");
    }
    let (_, field) = enter(Some(&app.wrong_code())).await.error(403);
    assert_eq!(field.as_deref(), Some("code"));
    let entered = enter(Some(&app.code(1))).await.expect(201).json();
    assert_eq!((&entered["name"], &entered["action"]), (&json!("ada"), &json!("login")));
    enter(Some(&app.code(1))).await.error(403);
    enter(Some(&app.recovery[0])).await.expect(201);
    enter(Some(&app.recovery[0])).await.error(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_doesnt_know_the_password_learns_nothing_of_the_second_factor(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let mut told = Vec::new();
    for (email, code) in [
        ("ada@example.org", None),
        ("ada@example.org", Some(app.code(1))),
        ("nobody@example.org", None),
        ("nobody@example.org", Some("123456".to_owned())),
    ] {
        let body = json!({ "email": email, "password": "a wrong guess", "code": code });
        told.push(site.api().post("tokens", body).await.error(403));
    }
    assert!(told.iter().all(|answer| *answer == told[0] && answer.1.is_none()), "{told:?}");
    // Nor was the code used up.
    site.api().post("tokens", login(Some(&app.code(1)))).await.expect(201);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ten_calls_at_once_with_one_code_get_one_token(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let app = ada.set_up_app().await;
    let before = site.ask::<i64>("select count(*) from sessions").await;
    let body = login(Some(&app.code(1)));
    let calls = join_all((0..10).map(|_| async { site.api().post("tokens", body.clone()).await.status }));
    let mut statuses = calls.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![403; 9]].concat());
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, before + 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn registering_again_is_no_way_around_the_second_factor(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    // Whose answer was lost registers again, and gets in.
    site.api().post("users", registration("ada")).await.expect(201);
    ada.set_up_app().await;
    site.api().post("users", registration("ada")).await.error(409);
}

//! The same form sent twice at once, because a button was pressed twice or an answer was lost. The second is no error.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use reqwest::RequestBuilder;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Pages, Setup, Site, pictures, submission};

const NEW: &str = "a brand new password";

/// Sends the same form twice at once. Both must redirect to the same place, which is returned.
async fn twice(pages: &Pages, path: &str, form: &[(&str, &str)]) -> String {
    let send = || -> RequestBuilder { pages.own(path).form(form) };
    let (one, other) = tokio::join!(Answer::to(send()), Answer::to(send()));
    assert_eq!(one.location(), other.location(), "{path}");
    one.location().to_owned()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_is_published_and_deleted_by_pressing_twice(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let form = submission("Kept for later", pictures::quarters(300, 300)).text("draft", "1");
    let address = ada.pages.upload(form).await.location().to_owned();
    let (publish, delete) = (format!("{address}/publish"), format!("{address}/delete"));
    assert_eq!(bob.pages.post(&publish, &[]).await.status, 404);
    assert_eq!(twice(&ada.pages, &publish, &[]).await, address);
    assert_eq!(ada.pages.post(&publish, &[]).await.location(), address, "and later");
    assert_eq!(site.ask::<i64>("select count(*) from jobs where kind like 'media.process%'").await, 1);

    assert_eq!(twice(&ada.pages, &delete, &[]).await, "/members/ada");
    assert_eq!(ada.pages.post(&delete, &[]).await.location(), "/members/ada", "and later");
    assert_eq!(ada.pages.post(&publish, &[]).await.status, 404, "it is gone");
    assert_eq!(bob.pages.post(&delete, &[]).await.status, 404);
    assert_eq!(site.moderator("mod").await.pages.post(&delete, &[]).await.location(), "/members/mod");
    assert_eq!(site.ask::<i64>("select count(*) from photos where state = 'deleted'").await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from audit_log").await, 0, "the job is unchanged");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_rating_is_given_by_pressing_twice(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    let visitor = site.visitor();
    for pages in [&visitor, &site.member("ada").await.pages] {
        let (photo, ballot) = pages.shown().await.expect("there is one");
        let form = [("value", "7"), ("ballot", ballot.as_str())];
        let path = format!("/photos/{photo}/rating");
        assert_eq!(twice(pages, &path, &form).await, format!("/?rated={photo}"));
        let other = [("value", "8"), ("ballot", ballot.as_str())];
        assert_eq!(pages.post(&path, &other).await.status, 400, "another value is not a duplicate");
    }
    assert_eq!(site.ask::<i64>("select count(*) from ratings where value = 7").await, 2);
    assert_eq!(site.ask::<i64>("select count(*) from users where name is null").await, 1);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_account_is_made_by_pressing_twice_and_both_are_in(db: PgPool) {
    let site = Site::start(db).await;
    let anonymous = site.anonymous().await;
    for (name, pages) in [("ada", &site.visitor()), ("bob", &anonymous.pages)] {
        let email = format!("{name}@example.org");
        let form = [("name", name), ("email", &email), ("password", PASSWORD), ("next", "/settings")];
        assert_eq!(twice(pages, "/register", &form).await, "/settings");
        assert_eq!(pages.get("/settings").await.expect(200).attribute("#name", "value"), name);
        assert_eq!(pages.post("/register", &form).await.location(), "/settings", "and later");

        let wrong = [("name", name), ("email", &email), ("password", "another password"), ("next", "/")];
        assert_eq!(site.visitor().post("/register", &wrong).await.status, 409, "that is somebody else");
    }
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 2);
    assert_eq!(site.ask::<i64>("select count(*) from jobs where kind like 'mail%'").await, 2);
    assert_eq!(site.ask_of::<String>("select name from users where id = $1", anonymous.id).await, "bob");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn settings_are_changed_and_an_account_deleted_by_pressing_twice(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let email = [("email", "new@example.org"), ("current_password", PASSWORD)];
    let password = [("password", NEW), ("current_password", PASSWORD)];
    for (path, form) in
        [("name", &[("name", "ada2")][..]), ("email", &email[..]), ("password", &password[..])]
    {
        assert_eq!(twice(&ada.pages, &format!("/settings/{path}"), form).await, "/settings", "{path}");
    }
    assert_eq!(site.ask::<i64>("select count(*) from jobs where kind like 'mail%'").await, 2);
    let login = [("email", "new@example.org"), ("password", NEW)];
    assert_eq!(twice(&site.visitor(), "/login", &login).await, "/");
    // A deleted member can't send the second form any more, so both must be in progress.
    let held = site.hold_user(ada.id).await;
    let delete = twice(&ada.pages, "/settings/delete", &[("password", NEW)]);
    let release = async {
        site.until_waiting(2).await;
        held.commit().await.expect("it is committed");
    };
    assert_eq!(tokio::join!(delete, release).0, "/");
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_password_is_changed_by_pressing_three_times(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let form = [("password", NEW), ("current_password", PASSWORD)];
    // All of them have checked the old password before the first one commits.
    let held = site.hold_user(ada.id).await;
    let sent = join_all((0..4).map(|_| ada.pages.post("/settings/password", &form)));
    let release = async {
        site.until_waiting(4).await;
        held.commit().await.expect("it is committed");
    };
    for answer in tokio::join!(sent, release).0 {
        assert_eq!(answer.location(), "/settings");
    }
    site.api().post("tokens", json!({ "email": ada.email(), "password": NEW })).await.expect(201);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_mailed_link_is_used_by_pressing_twice(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let ada = site.member("ada").await;
    site.settle().await;
    let link = site.letters()[0].link(&site, "verify");
    assert_eq!(twice(&site.visitor(), &link, &[]).await, "/");
    assert_eq!(ada.api.get("users/me").await.json()["verified"], true);

    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    assert_eq!(twice(&site.visitor(), &link, &[("password", NEW)]).await, "/login");
    assert_eq!(site.visitor().post(&link, &[("password", "a third password")]).await.status, 400);
    site.api().post("tokens", json!({ "email": ada.email(), "password": NEW })).await.expect(201);
}

//! Concurrent requests on the same account.

use pawdium_shared::db::{MIGRATIONS, Tx};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, SOON, Site, eventually};

const NEW: &str = "a brand new password";

impl Site {
    /// Locks a user's row until the returned transaction ends.
    pub(crate) async fn hold_user(&self, user: i64) -> Tx {
        let mut held = Tx::begin(&self.db).await.expect("a transaction");
        let hold = sqlx::query("select from users where id = $1 for update").bind(user);
        hold.execute(&mut *held).await.expect("it is there");
        held
    }

    /// Waits until so many requests wait for a lock.
    pub(crate) async fn until_waiting(&self, count: i64) {
        const WAITING: &str = "select count(*) from pg_stat_activity
                               where datname = current_database() and wait_event_type = 'Lock'";
        let waiting = async || (self.ask::<i64>(WAITING).await == count).then_some(());
        eventually("the requests wait", SOON, waiting).await;
    }
}

/// Sends a request on a task of its own.
fn send(request: RequestBuilder) -> tokio::task::JoinHandle<Answer> {
    tokio::spawn(Answer::to(request))
}

/// A request that needs ada's password or session, and its answer once both are invalid.
fn acts_of(site: &Site, ada: &Person) -> Vec<(&'static str, RequestBuilder, u16)> {
    let login = [("email", "ada@example.org"), ("password", PASSWORD)];
    let email = [("email", "thief@example.org"), ("current_password", PASSWORD)];
    let password = [("password", "the thief's own one"), ("current_password", PASSWORD)];
    let patch = json!({ "email": "thief@example.org", "password": "the thief's own one",
                        "name": "thief", "current_password": PASSWORD });
    let patch_name = json!({ "name": "thief" });
    vec![
        ("login", site.visitor().own("/login").form(&login), 403),
        (
            "api login",
            site.api().call(Method::POST, "tokens").json(&json!(
            { "email": "ada@example.org", "password": PASSWORD })),
            403,
        ),
        ("name", ada.pages.own("/settings/name").form(&[("name", "thief")]), 401),
        ("email", ada.pages.own("/settings/email").form(&email), 401),
        ("password", ada.pages.own("/settings/password").form(&password), 401),
        ("delete", ada.pages.own("/settings/delete").form(&[("password", PASSWORD)]), 401),
        ("api patch", ada.api.call(Method::PATCH, "users/me").json(&patch), 401),
        ("api name", ada.api.call(Method::PATCH, "users/me").json(&patch_name), 401),
        ("api delete", ada.api.call(Method::DELETE, "users/me").json(&json!({ "password": PASSWORD })), 401),
    ]
}

const ACCOUNT: &str = "select concat_ws(' ', name, email, password_hash) from users where name = 'ada'";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn requests_in_progress_during_a_password_change_fail(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    let other: String = site.ask("select password_hash from users where name = 'ada'").await;
    for number in 0..9 {
        let ada = site.log_in("ada").await;
        let (what, request, status) = acts_of(&site, &ada).swap_remove(number);
        let mut held = site.hold_user(ada.id).await;
        let answer = send(request);
        site.until_waiting(1).await;
        // Its password has been found right by now. The owner sets another and ends every session.
        for change in [
            "update users set password_hash = password_hash || 'x' where name = 'ada'",
            "delete from sessions",
        ] {
            sqlx::query(change).execute(&mut *held).await.expect("the statement is right");
        }
        held.commit().await.expect("it is committed");
        assert_eq!(answer.await.expect("it is answered").status, status, "{what}");
        assert_eq!(site.ask::<String>(ACCOUNT).await, format!("ada ada@example.org {other}x"), "{what}");
        assert_eq!(site.ask::<i64>("select count(*) from sessions").await, 0, "{what}");
        let back = sqlx::query("update users set password_hash = $1").bind(&other);
        back.execute(&site.db).await.expect("the statement is right");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_kept_session_doesnt_revive_an_old_password(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    for (number, status) in [(3, 400), (4, 400), (5, 400), (6, 400), (8, 400)] {
        let ada = site.log_in("ada").await;
        let (what, request, _) = acts_of(&site, &ada).swap_remove(number);
        let mut held = site.hold_user(ada.id).await;
        let answer = send(request);
        site.until_waiting(1).await;
        let change = "update users set password_hash = password_hash || 'x' where name = 'ada'";
        sqlx::query(change).execute(&mut *held).await.expect("the statement is right");
        held.commit().await.expect("it is committed");
        assert_eq!(answer.await.expect("it is answered").status, status, "{what}");
        assert_eq!(site.ask::<i64>("select count(*) from users where name = 'ada'").await, 1, "{what}");
        site.change("update users set password_hash = left(password_hash, -1)").await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_thief_beside_the_owners_reset_gets_nothing(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let thief = site.log_in("ada").await;
    site.api().post("password-resets", json!({ "email": ada.email() })).await.expect(202);
    let link = site.reset_letters().await[0].link(&site, "reset");
    let form = site.get(&link).await.expect(200).attribute("form[action^='/reset']", "action");

    let held = site.hold_user(ada.id).await;
    let reset = send(site.visitor().own(&form).form(&[("password", NEW)]));
    let change = [("password", "the thief's own one"), ("current_password", PASSWORD)];
    let change = send(thief.pages.own("/settings/password").form(&change));
    let login = [("email", "ada@example.org"), ("password", PASSWORD)];
    let login = send(site.visitor().own("/login").form(&login));
    site.until_waiting(3).await;
    held.commit().await.expect("it is committed");

    // The owner's reset wins in either order.
    assert_eq!(reset.await.expect("it is answered").location(), "/login");
    for thiefs in [change, login] {
        let status = thiefs.await.expect("it is answered").status;
        assert!([303, 401, 403].contains(&status), "{status}");
    }
    assert_eq!(site.ask::<i64>("select count(*) from sessions").await, 0);
    site.api().post("tokens", json!({ "email": ada.email(), "password": NEW })).await.expect(201);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_anonymous_user_who_logged_out_is_neither_merged_nor_upgraded_afterwards(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    let login = [("email", "ada@example.org"), ("password", PASSWORD)];
    let register = [("name", "bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    for (path, form) in [("/login", &login[..]), ("/register", &register[..])] {
        let anonymous = site.anonymous().await;
        let mut held = site.hold_user(anonymous.id).await;
        let answer = send(anonymous.pages.own(path).form(form));
        site.until_waiting(1).await;
        let logout = sqlx::query("delete from sessions where user_id = $1").bind(anonymous.id);
        logout.execute(&mut *held).await.expect("the statement is right");
        held.commit().await.expect("it is committed");
        assert_eq!(answer.await.expect("it is answered").location(), "/", "the act itself is fine");
        let kept: i64 =
            site.ask_of("select count(*) from users where id = $1 and name is null", anonymous.id).await;
        assert_eq!(kept, 1, "{path}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn deleting_an_account_during_a_change_ends_the_session(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    // Somebody else deletes it before the change is answered.
    sqlx::raw_sql(
        "create function forget() returns trigger language plpgsql as $$
         begin delete from users where id = new.id; return null; end $$;
         create constraint trigger forget after update of name on users
         deferrable initially deferred for each row execute function forget()",
    )
    .execute(&site.db)
    .await
    .expect("it can be made");
    let answer = ada.api.patch("users/me", json!({ "name": "lovelace" })).await;
    assert_eq!(answer.status, 401);
    assert_eq!(site.ask::<i64>("select count(*) from users where name is not null").await, 0);
}

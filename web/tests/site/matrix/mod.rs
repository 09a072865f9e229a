//! Who may do what: every route for every role, over real HTTP.
//!
//! The tables in `table/` have a row for each method and path of the table of routes (`web/src/routes/`), and more rows
//! where it matters what a path leads to. A row is
//!
//! ```text
//! POST /photos/{photo:live}/delete   403 403 403 403 ok  403 403 ok  ok   < a=form&of=fields
//! ```
//!
//! with a cell for each [`Role`](row::Role): `ok` is done, `in` is asked to log in. [`things`] says what `live` is. The
//! body is a form, JSON, or the fields that go with a picture after `@`, with an archive after `#`. A route without a
//! row fails, and so does a row without a route. `docs/roles.md` shows all of it: `PAWDIUM_TEST_ROLES=write` writes it
//! anew, `print` prints what the site does.

mod page;
mod request;
mod routes;
mod row;
mod sanctioned;
mod scene;
mod secrets;
mod things;

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use sqlx::PgPool;
use strum::VariantArray as _;

use self::request::Request;
use self::row::{Outcome, ROLES, Role, Row};
use self::scene::Scene;
use crate::harness::{Answer, Setup, Site};

/// A site where every route has something to show, and where members without a verified address may do less.
async fn start(db: PgPool) -> Site {
    let gated = r#"["comments", "hubs", "tokens"]"#;
    Setup::on(db).demo().named_localhost().set("security.verified_only", gated).start().await
}

/// What becomes of all rows for one role. Rows that change nothing share a scene.
async fn outcomes(site: &Site, role: Role, rows: &[Row]) -> Vec<Answer> {
    let mut shared = Scene::new(site, role);
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        let mut own = Scene::new(site, role);
        let scene = if row.changes() { &mut own } else { &mut shared };
        let request = Request::of(scene, row).await;
        answers.push(request.send(&*scene.viewer().await).await);
    }
    answers
}

/// The answers to each row, in the order of roles.
async fn answers(site: &Site, rows: &[Row]) -> Vec<Vec<Answer>> {
    let by_role = join_all(Role::VARIANTS.iter().map(|role| outcomes(site, *role, rows))).await;
    (0..rows.len()).map(|row| by_role.iter().map(|answers| answers[row].clone()).collect()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn everybody_does_what_the_tables_say_and_nothing_else(db: PgPool) {
    let site = start(db).await;
    let rows = Row::all();
    let mut wrong = Vec::new();
    for (row, answers) in rows.iter().zip(answers(&site, &rows).await) {
        let outcomes: Vec<_> = answers.iter().map(Outcome::of).collect();
        let outcomes: [Outcome; ROLES] = outcomes.try_into().expect("one for each role");
        if page::flag() == "print" {
            println!("{}", row.written(&outcomes));
        }
        if outcomes == row.expected {
            continue;
        }
        wrong.push(format!("{}: this row says\n  {}", row.place(), row.written(&row.expected)));
        wrong.push(format!("but the site does\n  {}", row.written(&outcomes)));
        let differing = (answers.iter().zip(Role::VARIANTS)).zip(outcomes.iter().zip(&row.expected));
        for ((answer, role), _) in differing.filter(|(_, (is, should))| is != should) {
            let reason: String = answer.texts("h1, .lead, .field-error").join(" ");
            let reason = if reason.is_empty() { answer.text() } else { reason };
            let reason: String = reason.chars().take(200).collect();
            wrong.push(format!("    {}: {} {} {reason}", role.name(), answer.asked, answer.status));
        }
    }
    assert!(!site.log().contains("request failed"), "{}", site.log());
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_head_request_is_answered_like_a_get_without_the_body(db: PgPool) {
    let site = start(db).await;
    let rows: Vec<_> = Row::all().into_iter().filter(|row| !row.changes()).collect();
    let by_role = Role::VARIANTS.iter().map(async |role| {
        let mut scene = Scene::new(&site, *role);
        for row in &rows {
            let mut request = Request::of(&mut scene, row).await;
            let get = request.send(&*scene.viewer().await).await;
            request.method = Method::HEAD;
            let head = request.send(&*scene.viewer().await).await;
            request.method = Method::GET;
            let again = request.send(&*scene.viewer().await).await;
            let told = |answer: &Answer| {
                (answer.status, ["content-type", "location"].map(|name| answer.header(name).to_owned()))
            };
            // The other roles' photos may be shown since.
            assert!(
                [told(&get), told(&again)].contains(&told(&head)),
                "{} as {}: {:?}, not {:?}",
                head.asked,
                role.name(),
                told(&head),
                told(&again)
            );
            assert!(head.body.is_empty(), "{}", head.asked);
        }
    });
    join_all(by_role).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn looking_at_pages_makes_nobody_a_user(db: PgPool) {
    let site = start(db).await;
    let mut scene = Scene::new(&site, Role::Nobody);
    let rows: Vec<_> = Row::all().into_iter().filter(|row| !row.changes()).collect();
    let mut requests = Vec::new();
    for row in &rows {
        requests.push(Request::of(&mut scene, row).await);
    }
    let users = "select count(*) + (select count(*) from sessions) from users";
    let before: i64 = site.ask(users).await;
    for request in requests {
        let answer = request.send(&scene::nobody(&site)).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a text");
            assert!(!cookie.contains("session="), "{} sets {cookie}", answer.asked);
        }
    }
    assert_eq!(site.ask::<i64>(users).await, before);
}

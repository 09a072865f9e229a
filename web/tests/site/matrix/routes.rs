//! The tables and the table of routes have the same routes, and what holds for each of them.

use std::collections::BTreeSet;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::hubs::Slug;
use reqwest::Method;
use sqlx::PgPool;
use strum::VariantArray as _;

use super::request::{API, Request};
use super::row::{FOLDER, Outcome, PLACE, ROLES, Role, Row};
use super::scene::{Scene, nobody};
use super::{answers, start};
use crate::harness::{Answer, Site};

/// A path and a method.
pub(super) type Route = (String, String);

/// The methods of a path, which the site itself names when it is asked with another one.
async fn methods(site: &Site, path: &str) -> Vec<String> {
    let parts: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
    let unknown = Method::from_bytes(b"BREW").expect("a method");
    let request = site.visitor().request(unknown, &parts.join("/")).header("sec-fetch-site", "same-origin");
    let answer = Answer::to(request).await.expect(405);
    let allowed = answer.header("allow").split(',').map(|method| method.trim().to_owned());
    allowed.filter(|method| !method.is_empty() && method != "HEAD").collect()
}

/// Every route of the site.
pub(super) async fn routes(site: &Site) -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    for path in site.paths().all() {
        let methods = methods(site, path).await;
        assert!(!methods.is_empty(), "{path} says no methods");
        routes.extend(methods.into_iter().map(|method| (path.to_owned(), method)));
    }
    routes
}

/// A row for a route that has none, beside the one with the most similar path.
fn proposed(rows: &[Row], (path, method): &Route) -> Row {
    let parts: Vec<_> = path.split('/').collect();
    let alike = |row: &Row| {
        let route = row.route();
        route.split('/').zip(&parts).take_while(|(part, own)| part == *own).count()
    };
    let nearest = rows.iter().max_by_key(|row| alike(row)).expect("there are rows");
    let common = alike(nearest);
    let written = nearest.path.split(['?', '/']).take(common).map(str::to_owned);
    let rest = parts[common..].iter().map(|part| match part.strip_suffix('}') {
        Some(name) => format!("{name}=1}}"),
        None => (*part).to_owned(),
    });
    Row {
        file: nearest.file,
        line: 0,
        method: method.parse().expect("a method"),
        path: written.chain(rest).collect::<Vec<_>>().join("/"),
        expected: [Outcome::Refused(404); ROLES],
        body: String::new(),
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_route_has_a_row_and_every_row_a_route(db: PgPool) {
    let site = start(db).await;
    let (rows, routes) = (Row::all(), routes(&site).await);
    let route = |row: &Row| (row.route(), row.method.to_string());
    let written: BTreeSet<Route> = rows.iter().map(route).collect();
    let mut problems: Vec<_> = rows
        .iter()
        .filter(|row| !routes.contains(&route(row)))
        .map(|row| format!("{}: there is no route {} {}", row.place(), row.method, row.route()))
        .collect();
    let missing: Vec<_> = routes.difference(&written).map(|route| proposed(&rows, route)).collect();
    for (row, answers) in missing.iter().zip(answers(&site, &missing).await) {
        let outcomes: Vec<_> = answers.iter().map(Outcome::of).collect();
        let now = row.written(&outcomes.try_into().expect("one for each role"));
        problems.push(format!(
            "{} {} has no row. Say in {FOLDER}/{} who may do it. The site now does\n  {now}\nWrite a form or JSON \
             that it takes after ` < `, and what its parameters are as in other rows (web/tests/site/matrix/things/).",
            row.method,
            row.route(),
            row.file,
        ));
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    assert!(routes.len() > 200, "the routes were read: {routes:?}");
}

/// The first row of each route that changes something.
fn changing() -> Vec<Row> {
    let mut seen = BTreeSet::new();
    let rows = Row::all().into_iter().filter(Row::changes);
    rows.filter(|row| seen.insert((row.route(), row.method.to_string()))).collect()
}

/// What a request from another site may look like.
const FOREIGN: [&[(&str, &str)]; 4] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("origin", "https://evil.test")],
    &[("origin", "null")],
];

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_is_changed_from_another_site(db: PgPool) {
    let site = start(db).await;
    let paths = site.paths();
    let said = "This request came from another site.";
    let mut open = Vec::new();
    for row in changing() {
        let route = row.route();
        let (is_page, is_call) = (paths.pages.contains(&route), paths.calls.contains(&route));
        if !is_page && !is_call {
            open.push(format!("{} {route}", row.method));
            continue;
        }
        let mut may = Role::VARIANTS.iter().rev().zip(row.expected.iter().rev());
        let role = may.find(|(_, outcome)| **outcome == Outcome::Done).map(|(role, _)| *role);
        let mut scene = Scene::new(&site, role.unwrap_or(Role::Admin));
        let request = Request::of(&mut scene, &row).await;
        // A token says where a call comes from, so only calls without one are refused.
        let viewer = if is_page { scene.viewer().await } else { nobody(&site).into() };
        // Pages take nothing that doesn't say where it comes from.
        for headers in FOREIGN.into_iter().chain(is_page.then_some(&[][..])) {
            let sent =
                headers.iter().fold(request.by(&viewer), |sent, (name, value)| sent.header(*name, *value));
            let answer = Answer::to(sent).await;
            assert!(
                answer.status == 403 && answer.text().contains(said),
                "{}: {}",
                answer.asked,
                answer.status
            );
            assert!(!answer.headers.contains_key("set-cookie"), "{}", answer.asked);
        }
    }
    // Mail programs follow this link by themselves. Its token says whose mails are meant.
    assert_eq!(open, ["POST /unsubscribe/{token}"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_hub_is_called_like_a_part_of_the_site(db: PgPool) {
    let site = Site::start(db).await;
    let (paths, mut checked, mut free) = (site.paths(), 0, BTreeSet::new());
    for path in paths.all() {
        let parts: Vec<_> = path.split('/').skip(1).collect();
        let (["h", "{slug}", word, ..] | [word, ..]) = parts[..] else { continue };
        if Slug::new(word).is_ok() {
            checked += 1;
            if Slug::choose(word).is_ok() {
                free.insert(word);
            }
        }
    }
    assert!(free.is_empty(), "reserve {free:?} in shared/src/hubs/slug.rs");
    assert!(checked > 30, "the routes were read");
}

#[test]
fn a_row_stands_for_its_route() {
    for row in Row::all() {
        let (route, path) = (row.route(), row.path.split('?').next().unwrap_or_default());
        assert!(!PLACE.is_match(&route), "{}: {route}", row.place());
        assert_eq!(route.split('/').count(), path.split('/').count(), "{}", row.place());
        let is_call = route.starts_with(API);
        assert_eq!(
            row.file.starts_with("api_"),
            is_call,
            "{}: calls and pages have tables of their own",
            row.place()
        );
        assert!(row.changes() || row.body.is_empty(), "{}: a GET has no body", row.place());
        // A passkey's answer is signed by a browser.
        assert!(
            route.contains("passkey") || !row.expected.contains(&Outcome::Refused(400)),
            "{}: 400 says nothing of who may do it",
            row.place()
        );
    }
}

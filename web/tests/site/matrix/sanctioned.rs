//! What sanctioned members may do, over all routes: nothing but what the table in `web/src/http/acts.rs` says.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use pawdium_shared::accounts::factors::fresh;
use pawdium_shared::accounts::{Act, Role as SiteRole, queries, sessions};
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::UserId;
use pawdium_web::http::acts::{ACTS, act_of};
use serde_json::json;
use sqlx::PgPool;
use strum::VariantArray as _;

use super::request::{API, Request};
use super::row::{Outcome, Role, Row};
use super::scene::Scene;
use super::{routes, start};
use crate::harness::{Answer, Person, Site};

/// How many requests are tried at once.
const TOGETHER: usize = 8;

/// These ask for no user, so there is nobody whom a sanction could forbid it: a former address, which redirects.
const FOR_ANYBODY: [&str; 1] = ["POST /admin/blocked/{id}/unblock"];

/// A row, and what becomes of it for somebody who may do it, and is sanctioned.
struct Tried {
    row: Row,
    role: Role,
    answer: Answer,
}

impl Tried {
    /// What it does, which the route tells, and in three calls the body: joining, and a new name.
    fn act(&self) -> Act {
        let (route, body) = (self.row.route(), &self.row.body);
        if route.contains("/roles/") && body == "act=take" || body.starts_with(r#"{"name""#) {
            return Act::Publish;
        }
        act_of(&self.row.method, Some(&route))
    }

    fn is_done(&self) -> bool {
        Outcome::of(&self.answer) == Outcome::Done
    }

    /// Whether the answer says which sanction forbids it.
    fn tells(&self, sanction: &str) -> bool {
        self.answer.status == 403 && self.answer.text().contains(sanction)
    }

    fn described(&self) -> String {
        let Self { row, role, answer } = self;
        let (act, reason) = (self.act(), answer.texts("h1, .lead, .field-error").join(" "));
        format!("{} {} as {}, {act:?}: {} {reason}", row.method, row.path, role.name(), answer.status)
    }
}

/// Who may do what a row says, of those with an account; moderators only if nobody else may.
fn who_may(row: &Row) -> Option<Role> {
    let may: Vec<_> = Role::VARIANTS.iter().zip(&row.expected).collect();
    let may = |is_staff: bool| {
        let mut may = may.iter().filter(|(_, outcome)| **outcome == Outcome::Done).map(|(role, _)| **role);
        may.rfind(|role| role.is_registered() && role.moderates() == is_staff)
    };
    may(false).or_else(|| may(true))
}

/// Tries every row as somebody who may do it, and has been sanctioned since.
async fn try_all(site: &Site, kind: &str) -> Vec<Tried> {
    let boss = site.enroll("boss").await;
    let mut db = site.db.acquire().await.expect("a connection");
    queries::set_role(&mut db, UserId(boss.id), SiteRole::Admin).await.expect("it is set");
    drop(db);
    let rows = Row::all().into_iter().filter_map(|row| Some((who_may(&row)?, row)));
    let tried = futures::stream::iter(rows).map(async |(role, row)| {
        let mut scene = Scene::new(site, role);
        let request = Request::of(&mut scene, &row).await;
        let viewer = sanctioned(site, &boss, &*scene.viewer().await, kind).await;
        let answer = request.send(&viewer).await;
        Tried { row, role, answer }
    });
    tried.buffer_unordered(TOGETHER).collect().await
}

/// Sanctions a member. Returns them with a session, as if one had outlived it.
async fn sanctioned(site: &Site, boss: &Person, member: &Person, kind: &str) -> Person {
    let form = [("kind", kind), ("days", "3"), ("content", "keep"), ("reason", "Spam")];
    boss.pages.post(&format!("/moderation/members/{}/sanctions", member.name), &form).await.location();
    let mut db = site.db.acquire().await.expect("a connection");
    let token = sessions::open(&mut db, UserId(member.id)).await.expect("it is open");
    fresh::note(&mut db, &token).await.expect("it is noted");
    Person::of(site, &json!({ "id": member.id, "name": member.name, "access_token": token.expose() }))
}

fn assert_none(wrong: &[&Tried], what: &str) {
    let wrong: Vec<_> = wrong.iter().map(|tried| tried.described()).collect();
    assert!(wrong.is_empty(), "{what}\n{}\n", wrong.join("\n"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn silenced_members_do_nothing_that_others_see(db: PgPool) {
    let site = start(db).await;
    let tried = try_all(&site, "silence").await;
    let (mut refused, mut kept) = (0, 0);
    let (mut wrong, mut for_anybody) = (Vec::new(), BTreeSet::new());
    for one in &tried {
        let publishes = one.act() == Act::Publish;
        if one.role.moderates() {
            // Who is silenced moderates nothing.
            refused += 1;
            if one.is_done() && !is_for_anybody(&one.row) {
                wrong.push(one);
            }
        } else if publishes && one.is_done() {
            for_anybody.insert(format!("{} {}", one.row.method, one.row.route()));
        } else if publishes {
            refused += 1;
            if !one.tells("You are silenced until") {
                wrong.push(one);
            }
        } else {
            kept += 1;
            if !one.is_done() {
                wrong.push(one);
            }
        }
    }
    assert_none(&wrong, "these should be otherwise for silenced members:");
    assert_eq!(for_anybody.iter().map(String::as_str).collect::<Vec<_>>(), FOR_ANYBODY);
    assert!(refused > 100 && kept > 150, "{refused} were refused, {kept} were done");
    site.histograms_are_right().await;
}

/// Whether anybody may do what a row says, without a session or a token.
fn is_for_anybody(row: &Row) -> bool {
    row.expected[0] == Outcome::Done
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn suspended_members_can_leave_and_appeal_and_nothing_else(db: PgPool) {
    let site = start(db).await;
    let (mut wrong, mut refused) = (Vec::new(), 0);
    let tried = try_all(&site, "suspend").await;
    for one in &tried {
        let (route, may) = (one.row.route(), matches!(one.act(), Act::Leave | Act::Appeal));
        let is_call = route.starts_with(API);
        let is_right = match (may, is_for_anybody(&one.row)) {
            (true, _) => one.is_done(),
            // In a browser the session is void.
            (false, true) if !is_call => true,
            (false, true) => {
                let looks_at_nobody = one.is_done()
                    && (!one.row.changes()
                        || FOR_ANYBODY.contains(&format!("{} {route}", one.row.method).as_str()));
                looks_at_nobody || one.tells("You are suspended until")
            }
            (false, false) if is_call => one.tells("You are suspended until"),
            (false, false) => Outcome::of(&one.answer) == one.row.expected[0],
        };
        refused += usize::from(!one.is_done());
        if !is_right {
            wrong.push(one);
        }
    }
    assert_none(&wrong, "these should be otherwise for suspended members:");
    assert!(refused > 250, "{refused}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_act_that_sanctioned_members_may_do_is_a_route(db: PgPool) {
    let site = start(db).await;
    let routes = routes::routes(&site).await;
    for (method, route, act) in ACTS {
        let route = ((*route).to_owned(), (*method).to_owned());
        assert!(routes.contains(&route), "{route:?}, {act:?}, is in web/src/http/acts.rs and no route");
    }
}

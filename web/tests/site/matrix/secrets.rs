//! No route tells others of a private hub, whatever is cached of it.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;

use super::request::{API, Request};
use super::row::{Role, Row};
use super::scene::Scene;
use super::start;

/// The roles that belong to no hub.
const OUTSIDERS: [Role; 5] = [Role::Nobody, Role::Anonymous, Role::Member, Role::Verified, Role::Owner];

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_route_names_a_private_hub_to_others(db: PgPool) {
    let site = start(db).await;
    let is_about = |row: &Row| row.path.contains(":private") || row.path.contains("-private");
    let rows: Vec<_> = Row::all().into_iter().filter(|row| !row.changes() && !is_about(row)).collect();
    for role in OUTSIDERS {
        let mut scene = Scene::new(&site, role);
        // Its slug is its name as well.
        let secret = scene.thing("private").await;
        for thing in ["private-widget", "talk-private"] {
            scene.thing(thing).await;
        }
        let (insider, outsider) = (scene.person(Role::HubMember).await, scene.viewer().await);
        let photo = site.photo().by(&insider).titled("Posted").live().await;
        insider.api.put(&format!("hubs/{secret}/photos/{photo}"), Value::Null).await.expect(204);
        let mut requests = Vec::new();
        for row in &rows {
            requests.push(Request::of(&mut scene, row).await);
        }
        let own = ["/photos/{}", "/members/{}", "/api/v1/photos/{}", "/api/v1/users/{}"].map(|path| {
            let named = if path.contains("photos") { photo.to_string() } else { insider.name.clone() };
            Request { method: Method::GET, path: path.replace("{}", &named), body: String::new() }
        });
        requests.extend(own);
        let mut told = 0;
        for request in &requests {
            // Who may see it comes first.
            told += usize::from(request.send(&insider).await.text().contains(&secret));
            let answer = request.send(&outsider).await;
            assert!(!answer.text().contains(&secret), "{} names {secret} to {}", answer.asked, role.name());
            for (name, value) in &answer.headers {
                assert!(
                    !String::from_utf8_lossy(value.as_bytes()).contains(&secret),
                    "{} {name}",
                    answer.asked
                );
            }
        }
        let calls = requests.iter().filter(|request| request.path.starts_with(API)).count();
        assert!(told > 3 && calls > 20, "its member is told of it {told} times");
    }
}

//! Roles in hubs, and what private and archived hubs answer.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, SOON, Site, eventually};

/// Everybody who may come to a hub.
pub(crate) struct Cast {
    pub(crate) nobody: Person,
    pub(crate) anonymous: Person,
    pub(crate) stranger: Person,
    pub(crate) subscriber: Person,
    pub(crate) member: Person,
    pub(crate) owner: Person,
    pub(crate) moderator: Person,
}

impl Cast {
    pub(crate) async fn of(site: &Site, settings: Value) -> Self {
        let owner = site.member("olga").await;
        site.hub_with(&owner, "cats", settings).await;
        let (member, subscriber) = (site.member("mia").await, site.member("sam").await);
        owner.api.put("hubs/cats/members/mia", json!({ "role": "member" })).await.expect(204);
        let nobody = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
        let cast = Self {
            nobody,
            anonymous: site.anonymous().await,
            stranger: site.member("stan").await,
            subscriber,
            member,
            owner,
            moderator: site.moderator("mod").await,
        };
        site.change(
            "insert into hub_roles (hub_id, user_id, role)
             select hubs.id, users.id, 'subscriber' from hubs, users where slug = 'cats' and users.name = 'sam'",
        )
        .await;
        site.member("target").await;
        cast
    }

    pub(crate) fn all(&self) -> [&Person; 7] {
        let Self { nobody, anonymous, stranger, subscriber, member, owner, moderator } = self;
        [nobody, anonymous, stranger, subscriber, member, owner, moderator]
    }
}

type Call = (Method, &'static str, Value);

/// What can be asked of a hub.
fn calls() -> Vec<Call> {
    let member = || json!({ "role": "member" });
    let mut calls = vec![
        (Method::GET, "hubs/cats", Value::Null),
        (Method::GET, "hubs/cats/members", Value::Null),
        (Method::PATCH, "hubs/cats", json!({})),
        (Method::PATCH, "hubs/cats", json!({ "name": "All about cats" })),
        (Method::GET, "hubs/cats/requests", Value::Null),
        (Method::POST, "hubs/cats/requests/target", json!({ "accept": true })),
        (Method::PUT, "hubs/cats/members/target", member()),
        (Method::DELETE, "hubs/cats/members/target", Value::Null),
        (Method::PUT, "hubs/cats/members/ghost", member()),
        (Method::GET, "hubs/cats/calls", Value::Null),
        (Method::POST, "hubs/cats/calls", json!({ "title": "Lightning talks" })),
    ];
    let roles = [
        "hubs/cats/roles/owner",
        "hubs/cats/roles/subscriber",
        "hubs/cats/roles/stargazer",
        "hubs/cats/roles/member",
    ];
    for role in roles {
        calls.extend([Method::PUT, Method::DELETE].map(|method| (method, role, Value::Null)));
    }
    calls
}

async fn call(person: &Person, (method, path, body): &Call) -> Answer {
    let call = person.api.call(method.clone(), path);
    Answer::to(if body.is_null() { call } else { call.json(body) }).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn roles_are_taken_and_dropped_twice_and_the_last_owner_stays(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({})).await;
    for role in ["subscriber", "stargazer", "member"] {
        let path = format!("hubs/cats/roles/{role}");
        for person in cast.all().into_iter().filter(|person| !person.name.is_empty()) {
            for _ in 0..2 {
                person.api.put(&path, Value::Null).await.expect(204);
            }
            for _ in 0..2 {
                let is_last = role == "member" && person.name == "olga";
                person.api.delete(&path, Value::Null).await.expect(if is_last { 409 } else { 204 });
            }
        }
        assert_eq!(
            cast.anonymous.api.put(&path, Value::Null).await.error(403).0,
            "Log in or register to do that."
        );
    }
    cast.owner.api.delete("hubs/cats/roles/owner", Value::Null).await.error(409);
    let hub = site.api().get("hubs/cats").await.json();
    assert_eq!((&hub["members"], &hub["owners"]), (&json!(1), &json!(["olga"])), "the others have left");
    let log: i64 = site.ask("select count(*) from audit_log").await;
    assert_eq!(log, 0);
    cast.moderator.api.delete("hubs/cats", Value::Null).await.expect(204);
    let entry: String =
        site.ask("select concat(action, ' ', actor, ' ', detail->>'slug') from audit_log").await;
    assert_eq!(entry, "hub.delete mod cats");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_private_hub_is_like_none_to_others(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({ "visibility": "private" })).await;
    cast.owner.api.patch("hubs/cats", json!({ "slug": "secret-cats" })).await.expect(200);
    cast.owner.api.patch("hubs/secret-cats", json!({ "slug": "cats" })).await.expect(200);
    let outsiders = [&cast.nobody, &cast.anonymous, &cast.stranger, &cast.subscriber];
    for (method, path, body) in calls() {
        for other in ["hubs/cats", "hubs/secret-cats"] {
            for outsider in outsiders {
                // A subscriber who doesn't belong to it may still give that up.
                if outsider.name == cast.subscriber.name
                    && method == Method::DELETE
                    && path.contains("/roles/")
                {
                    continue;
                }
                let of = |slug: &str| (method.clone(), path.replace("hubs/cats", slug), body.clone());
                let ask = async |(method, path, body): (Method, String, Value)| {
                    let call = outsider.api.call(method, &path);
                    Answer::to(if body.is_null() { call } else { call.json(&body) }).await
                };
                let (shown, unknown) = (ask(of(other)).await, ask(of("hubs/unknown")).await);
                assert_eq!((shown.status, shown.text()), (unknown.status, unknown.text()), "{}", shown.asked);
                assert!([401, 404].contains(&shown.status), "{}", shown.asked);
            }
        }
    }
    for outsider in outsiders {
        for page in ["members", "settings"] {
            let shown = outsider.pages.get(&format!("/h/cats/{page}")).await;
            let unknown = outsider.pages.get(&format!("/h/unknown/{page}")).await;
            assert_eq!(shown.status, 404);
            assert_eq!(shown.text(), unknown.text().replace("unknown", "cats"), "{page}");
        }
        for list in ["/hubs", "/hubs?q=cats"] {
            assert!(!outsider.pages.get(list).await.expect(200).has(".hub-card"), "{list}");
        }
    }
    assert_eq!(cast.subscriber.api.get("users/me/hubs").await.json()["data"], json!([]));
    for insider in [&cast.member, &cast.owner, &cast.moderator] {
        insider.api.get("hubs/cats").await.expect(200);
        insider.pages.get("/h/cats/members").await.expect(200);
        insider.api.get("hubs/secret-cats").await.expect(308);
    }
    assert!(cast.member.pages.get("/hubs").await.has(".hub-card"));
    cast.member.api.delete("hubs/cats/roles/member", Value::Null).await.expect(204);
    cast.member.api.get("hubs/cats").await.error(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archived_hub_is_read_only_and_says_so(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({})).await;
    let owner = &cast.owner;
    assert_eq!(
        owner.api.patch("hubs/cats", json!({ "archived": true })).await.expect(200).json()["archived"],
        true
    );
    owner.api.patch("hubs/cats", json!({ "archived": true })).await.expect(200);
    let state = async || -> String {
        site.ask(
            "select concat((select string_agg(t::text, ';' order by t::text) from hub_roles as t),
                           (select hubs::text from hubs where slug = 'cats'))",
        )
        .await
    };
    let before = state().await;
    let said = "This hub is archived, so nothing in it can change.";
    for row in calls() {
        let (method, path, body) = &row;
        let changes_nothing = *method == Method::GET || *body == json!({}) || path.ends_with("ghost");
        let own_role = *method == Method::DELETE && path.contains("/roles/");
        let is_same = body["name"] == "All about cats";
        if changes_nothing || own_role || is_same {
            continue;
        }
        assert_eq!(call(owner, &row).await.error(403).0, said, "{method} {path}");
    }
    assert_eq!(owner.api.patch("hubs/cats", json!({ "name": "Dogs" })).await.error(403).0, said);
    assert_eq!(cast.stranger.api.put("hubs/cats/roles/member", Value::Null).await.error(403).0, said);
    assert_eq!(cast.stranger.api.put("hubs/cats/roles/stargazer", Value::Null).await.error(403).0, said);
    assert_eq!(state().await, before);
    cast.member.api.delete("hubs/cats/roles/member", Value::Null).await.expect(204);

    let page = cast.stranger.pages.get("/h/cats/members").await.expect(200);
    assert!(page.text().contains("This hub has been archived since"));
    assert!(!page.has(".hub-acts button") && !page.has(".person-acts"));
    assert!(
        !site.get("/h/cats").await.expect(200).has(".hub-acts"),
        "nobody is invited to what nobody can join"
    );
    assert_eq!(cast.stranger.pages.post("/h/cats/roles/member", &[("act", "take")]).await.status, 403);
    let opened =
        owner.api.patch("hubs/cats", json!({ "archived": false, "name": "Dogs" })).await.expect(200).json();
    assert_eq!((&opened["archived"], &opened["name"]), (&json!(false), &json!("Dogs")));
    assert_eq!(site.get("/h/cats").await.texts(".hub-acts a"), ["Log in to join"]);
    owner.api.patch("hubs/cats", json!({ "join": "invite" })).await.expect(200);
    let invites =
        async || (site.get("/h/cats").await.texts(".hub-acts a") == ["Log in to subscribe"]).then_some(());
    eventually("nobody joins by themselves", SOON, invites).await;
    let verbs: String = site.ask("select string_agg(verb, ',' order by id) from activity").await;
    assert!(verbs.ends_with("archived,renamed,reopened"), "{verbs}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_other_sites_show_is_for_everybody_or_for_nobody(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({})).await;
    let frame: i64 = site.ask("select min(widgets.id) from widgets join hubs on hubs.id = hub_id where slug = 'cats' and kind = 'about'").await;
    let personal: i64 = site.ask("select min(id) from widgets where kind = 'drafts'").await;
    let paths = [
        (format!("/embed/h/cats/{frame}"), 200),
        (format!("/embed/h/cats/{personal}"), 404),
        (format!("/oembed?url={}", site.url("/h/cats")), 200),
    ];
    for (visibility, is_shown) in [("public", true), ("private", false)] {
        cast.owner.api.patch("hubs/cats", json!({ "visibility": visibility })).await.expect(200);
        for (path, status) in &paths {
            let expected = if is_shown { *status } else { 404 };
            for person in cast.all() {
                assert_eq!(person.pages.get(path).await.status, expected, "{path} as {:?}", person.name);
            }
        }
    }
    let follow = "/members/mia/roles/subscriber";
    for (person, expected) in cast.all().into_iter().zip([403, 403, 303, 303, 403, 303, 303]) {
        assert_eq!(person.pages.post(follow, &[("act", "take")]).await.status, expected, "{:?}", person.name);
    }
}

//! A hub's page of widgets: through the API, by forms, in its parts, and when something in it breaks.

use std::time::{Duration, Instant};

use pawdium_shared::db::{Db, MIGRATIONS};
use pawdium_widgets::cached::PATIENCE;
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Pages, Person, Site, eventually};

const LAYOUT: &str = "select string_agg(side || ' ' || position || ' ' || kind, ', ' order by side, position)
    from widgets join hubs on hubs.id = hub_id where slug = 'cats'";

async fn widgets(site: &Site) -> Vec<Value> {
    site.api().get("hubs/cats").await.expect(200).json()["widgets"].as_array().expect("a list").clone()
}

async fn id_of(site: &Site, kind: &str) -> i64 {
    let all = widgets(site).await;
    all.iter().find(|widget| widget["kind"] == kind).expect("it is there")["id"].as_i64().expect("a number")
}

async fn version(site: &Site) -> i64 {
    site.api().get("hubs/cats").await.json()["layout_version"].as_i64().expect("a number")
}

async fn conditional(person: &Person, method: Method, path: &str, version: &str, body: Value) -> Answer {
    Answer::to(person.api.call(method, path).header(IF_MATCH, version).json(&body)).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_add_configure_order_and_remove_widgets_through_the_api(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let kinds = site.api().get("widget-kinds").await.expect(200).json();
    let kinds = kinds.as_array().expect("a list");
    assert!(kinds.len() >= 16, "{}", kinds.len());
    assert!(
        kinds
            .iter()
            .all(|kind| kind["config"]["properties"].is_object() || kind["config"]["type"] == "object")
    );

    let body =
        json!({ "kind": "sticky-note", "column": "right", "position": 1, "config": { "text": "Hi *all*" } });
    let added = ada.api.post("hubs/cats/widgets", body).await.expect(201).json();
    assert_eq!(
        (&added["column"], &added["position"], &added["kind"]),
        (&json!("right"), &json!(1), &json!("sticky-note"))
    );
    assert_eq!(added["config"]["text"], "Hi *all*");
    let note = added["id"].as_i64().expect("a number");
    let path = format!("hubs/cats/widgets/{note}");
    let shown = site.api().get(&path).await.expect(200);
    assert_eq!(shown.header("etag"), format!("\"{}\"", shown.json()["version"]));
    assert_eq!(shown.json()["failed"], Value::Null);
    assert!(shown.json()["as_of"].is_string());

    let moved = ada.api.patch(&path, json!({ "position": 0 })).await.expect(200).json();
    assert_eq!((&moved["position"], &moved["config"]["text"]), (&json!(0), &json!("Hi *all*")));
    let changed = ada.api.patch(&path, json!({ "config": { "text": "Bye" } })).await.expect(200).json();
    assert_eq!((&changed["position"], &changed["config"]["text"]), (&json!(0), &json!("Bye")));
    let page = site.get("/h/cats").await.expect(200).text();
    assert!(page.contains("Bye") && !page.contains("Hi <em>all"), "the page shows it at once");
    ada.api.delete(&path, Value::Null).await.expect(204);
    site.api().get(&path).await.error(404);
    let numbered: i64 = site.ask("select max(position)::bigint from widgets where side = 'right'").await;
    assert_eq!(numbered, 3, "places are numbered without gaps");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_leaves_a_page_as_it_is_makes_no_version(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let body = json!({ "kind": "sticky-note", "column": "right", "position": 1, "config": { "text": "Hi" } });
    let note = ada.api.post("hubs/cats/widgets", body).await.expect(201).json();
    let path = format!("hubs/cats/widgets/{}", note["id"]);
    let before = version(&site).await;
    let same = json!({ "column": "right", "position": 1, "config": note["config"] });
    for body in [json!({}), json!({ "position": 1 }), json!({ "config": { "text": "Hi" } }), same] {
        ada.api.patch(&path, body).await.expect(200);
    }
    let form = format!("/h/cats/widgets/{}", note["id"]);
    press(&ada.pages, &form, &[("act", "save"), ("text", "Hi"), ("colour", "yellow")]).await;
    assert_eq!(version(&site).await, before);
    ada.api.patch(&path, json!({ "position": 0 })).await.expect(200);
    assert_eq!(version(&site).await, before + 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bad_configurations_name_their_key_and_change_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let newest = id_of(&site, "newest-photos").await;
    let before: String = site.ask("select md5(string_agg(widgets::text, '' order by id)) from widgets").await;
    let bad = [
        (json!({ "limit": 0 }), "config.limit"),
        (json!({ "limit": 1000 }), "config.limit"),
        (json!({ "limit": -1 }), "config.limit"),
        (json!({ "limit": "six" }), "config.limit"),
        (json!({ "limit": 9_223_372_036_854_775_807_i64 }), "config.limit"),
        (json!({ "limits": 6 }), "config.limits"),
        (json!({ "limit": { "x": [1, 2] } }), "config.limit"),
        (json!([]), "config"),
        (json!("x"), "config"),
        (json!({ "limit": "x".repeat(9000) }), "config"),
    ];
    for (config, field) in bad {
        let body = json!({ "kind": "newest-photos", "column": "left", "config": config });
        let refused = ada.api.post("hubs/cats/widgets", body).await.error(400);
        assert_eq!(refused.1.as_deref(), Some(field), "{config}: {}", refused.0);
        let path = format!("hubs/cats/widgets/{newest}");
        let refused = ada.api.patch(&path, json!({ "config": config })).await.error(400);
        assert_eq!(refused.1.as_deref(), Some(field), "{config}: {}", refused.0);
    }
    for (body, field) in [
        (json!({}), "kind"),
        (json!({ "kind": "nope", "column": "left" }), "kind"),
        (json!({ "kind": "rules" }), "column"),
        (json!({ "kind": "rules", "column": "middle" }), "column"),
        (json!({ "kind": "rules", "column": "left", "position": -1 }), "position"),
    ] {
        let refused = ada.api.post("hubs/cats/widgets", body.clone()).await.error(400);
        assert_eq!(refused.1.as_deref(), Some(field), "{body}");
    }
    for body in [json!({ "kind": "rules", "column": "left", "x": 1 }), json!({ "kind": 7, "column": "left" })]
    {
        ada.api.post("hubs/cats/widgets", body).await.error(400);
    }
    for id in ["0", "-1", "x", "9223372036854775808", "999999"] {
        ada.api.patch(&format!("hubs/cats/widgets/{id}"), json!({ "position": 0 })).await.error(404);
        site.api().get(&format!("hubs/cats/widgets/{id}")).await.error(404);
    }
    let after: String = site.ask("select md5(string_agg(widgets::text, '' order by id)) from widgets").await;
    assert_eq!(before, after);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_owners_change_a_page(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    site.hub(&ada, "cats").await;
    site.hub(&eve, "dogs").await;
    bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
    let rules = id_of(&site, "rules").await;
    let path = format!("hubs/cats/widgets/{rules}");
    for person in [&bob, &eve, &site.anonymous().await] {
        let body = json!({ "kind": "rules", "column": "left" });
        assert_eq!(person.api.post("hubs/cats/widgets", body).await.status, 403);
        assert_eq!(person.api.patch(&path, json!({ "position": 0 })).await.status, 403);
        assert_eq!(person.api.delete(&path, Value::Null).await.status, 403);
        assert_eq!(person.pages.post("/h/cats/widgets", &[("kind", "rules")]).await.status, 403);
        assert_eq!(
            person.pages.post(&format!("/h/cats/widgets/{rules}"), &[("act", "remove")]).await.status,
            403
        );
        assert_eq!(person.pages.get("/h/cats/widgets/new").await.status, 403);
    }
    assert_eq!(site.api().delete(&path, Value::Null).await.status, 401);
    let elsewhere = format!("hubs/dogs/widgets/{rules}");
    assert_eq!(eve.api.delete(&elsewhere, Value::Null).await.status, 404, "it stands on another hub's page");
    ada.api.patch("hubs/cats", json!({ "archived": true })).await.expect(200);
    assert_eq!(ada.api.delete(&path, Value::Null).await.status, 403, "the hub is archived");
    assert_eq!(ada.pages.get("/h/cats/widgets/new").await.status, 403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_owners_dont_overwrite_each_others_layout(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let rules = format!("hubs/cats/widgets/{}", id_of(&site, "rules").await);
    let current = version(&site).await;
    let tag = format!("\"{current}\"");
    conditional(&ada, Method::PATCH, &rules, &tag, json!({ "position": 0 })).await.expect(200);
    let conflict =
        conditional(&ada, Method::PATCH, &rules, &tag, json!({ "position": 2 })).await.expect(409).json();
    assert_eq!(conflict["layout_version"], current + 1);
    assert_eq!(conflict["widgets"].as_array().map(Vec::len), Some(8), "the layout as it is now");
    conditional(&ada, Method::DELETE, &rules, &tag, Value::Null).await.expect(409);
    let body = json!({ "kind": "rules", "column": "left" });
    conditional(&ada, Method::POST, "hubs/cats/widgets", &tag, body).await.expect(409);
    conditional(&ada, Method::PATCH, &rules, "12", json!({ "position": 0 })).await.error(400);
    conditional(&ada, Method::PATCH, &rules, "*", json!({ "position": 1 })).await.expect(200);
    let stale = [("act", "up"), ("layout_version", "1")];
    assert_eq!(
        ada.pages.post(&format!("/h/cats/widgets/{}", id_of(&site, "rules").await), &stale).await.status,
        409
    );
}

/// Follows a form as a browser without JavaScript would.
async fn press(pages: &Pages, path: &str, fields: &[(&str, &str)]) -> Answer {
    let answer = pages.post(path, fields).await.expect(303);
    pages.get(answer.location()).await.expect(200)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn everything_can_be_edited_without_javascript(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let gallery = ada.pages.get("/h/cats/widgets/new").await.expect(200);
    let kinds = site.kinds_for("hubs").await;
    assert_eq!(gallery.texts(".kind-card h3").len(), kinds.len(), "each kind has a preview");

    let form = press(&ada.pages, "/h/cats/widgets", &[("kind", "links"), ("side", "right")]).await;
    assert!(form.has("textarea[name=links], textarea"), "its settings follow: {}", form.text());
    let links = id_of(&site, "links").await;
    let (at, act) = (format!("/h/cats/widgets/{links}"), |act: &'static str| [("act", act)]);
    let refused = ada.pages.post(&at, &[("act", "save"), ("links", "javascript:alert(1)")]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.has("[aria-invalid]"), "the field says why");
    press(&ada.pages, &at, &[("act", "save"), ("links", "The cats https://example.org/cats")]).await;

    press(&ada.pages, &at, &act("up")).await;
    assert_eq!(
        site.ask::<String>("select side || ' ' || position from widgets where kind = 'links'").await,
        "right 3"
    );
    press(&ada.pages, &at, &act("across")).await;
    assert_eq!(
        site.ask::<String>("select side || ' ' || position from widgets where kind = 'links'").await,
        "left 4"
    );
    press(&ada.pages, &at, &act("down")).await;
    press(&ada.pages, &at, &[("act", "place"), ("side", "left"), ("position", "0")]).await;
    let before: String = site.ask(LAYOUT).await;
    assert!(before.starts_with("left 0 links, left 1 about"), "{before}");
    let removed = press(&ada.pages, &at, &act("remove")).await;
    assert!(removed.has("button[name=restore]"), "it can be undone");
    assert_eq!(ada.pages.post(&at, &act("remove")).await.status, 404);
    let id = links.to_string();
    press(&ada.pages, "/h/cats/widgets", &[("restore", &id)]).await;
    press(&ada.pages, "/h/cats/widgets", &[("restore", &id)]).await;
    assert_eq!(site.ask::<String>(LAYOUT).await, before, "everything is as it was");
    let page = site.get("/h/cats").await.expect(200);
    assert!(page.text().contains("https://example.org/cats"));
    assert!(!page.has(".widget-controls"), "visitors see no controls");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_widget_that_fails_leaves_the_others_alone(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    site.change("update widgets set config = '{\"text\": \"Be kind.\"}' where kind = 'rules'").await;
    let activity = id_of(&site, "activity").await;
    let page = site.get_rendered("/h/cats").await.expect(200);
    assert!(page.has(".widget-activity .widget-body"));
    let part = format!("/h/cats/w/{activity}");

    site.change("alter table activity rename to activity_away").await;
    for what in ["update widgets set config = '{\"limit\": 4}' where kind = 'activity'", "select 1"] {
        site.change(what).await;
        ada.api.patch(&format!("hubs/cats/widgets/{activity}"), json!({ "position": 0 })).await.expect(200);
        let page = site.get_rendered("/h/cats").await.expect(200);
        assert!(page.text().contains("Be kind."), "the others are there");
        assert!(page.has(".widget-activity"), "it keeps its slot");
    }
    site.change("update widgets set kind = 'nobody-knows' where kind = 'numbers'").await;
    let page = site.get_rendered("/h/cats").await.expect(200);
    assert!(page.has(".widget-nobody-knows"), "a kind of a later version is a card, no error");
    site.get(&part).await.expect(200);
    site.change("alter table activity_away rename to activity").await;
    let page = site.get_rendered("/h/cats").await.expect(200);
    assert!(page.has(".widget-activity .widget-body"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_widget_that_fails_slowly_delays_one_page_and_is_counted(db: PgPool) {
    let site = Site::start(db.clone()).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let mut stuck = Db::from(db).begin().await.expect("a transaction");
    sqlx::query("lock table activity in access exclusive mode").execute(&mut *stuck).await.expect("the lock");
    let mut took = Vec::new();
    for _ in 0..3 {
        let begin = Instant::now();
        assert!(site.get("/h/cats").await.expect(200).has(".widget-activity [data-retry]"));
        took.push(begin.elapsed());
    }
    assert!(took[0] > PATIENCE && took[1] < PATIENCE && took[2] < PATIENCE, "{took:?}");
    stuck.rollback().await.expect("the end");
    let is_there = async || site.get("/h/cats").await.has(".widget-activity .happened").then_some(());
    eventually("it is shown", Duration::from_secs(10), is_there).await;

    let root = site.admin("root").await;
    let counted = async || {
        let page = root.pages.get("/admin/cache").await;
        page.texts(".failures li").iter().any(|error| error.contains("longer than 2 s")).then_some(())
    };
    eventually("operators see it", Duration::from_secs(30), counted).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_an_owner_wrote_outlives_the_widget(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let about = id_of(&site, "about").await;
    ada.api.delete(&format!("hubs/cats/widgets/{about}"), Value::Null).await.expect(204);
    let form = [("act", "save"), ("title", "Us"), ("text", "A long text")];
    let refused = ada.pages.post(&format!("/h/cats/widgets/{about}"), &form).await.expect(409);
    assert_eq!(refused.texts("#text"), ["A long text"]);
    assert!(refused.texts(".flash.bad")[0].contains("has removed this widget"));
    let other = ada.pages.post(&format!("/h/cats/widgets/{about}"), &[("act", "up")]).await;
    other.expect(404);
    ada.pages.post("/h/cats/widgets/999999", &form).await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_of_many_personal_widgets_leaves_connections_to_others(db: PgPool) {
    let site = Site::start(db.clone()).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    for _ in 0..30 {
        let add = json!({ "kind": "rate-one", "column": "right" });
        ada.api.post("hubs/cats/widgets", add).await.expect(201);
    }
    let mut stuck = Db::from(db).begin().await.expect("a transaction");
    let lock = "lock table hub_positions in access exclusive mode";
    sqlx::query(lock).execute(&mut *stuck).await.expect("the lock");
    let waiting = "select count(*) from pg_stat_activity
                   where wait_event_type = 'Lock' and datname = current_database()";
    let most = async {
        let mut most: i64 = 0;
        for _ in 0..15 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            most = most.max(site.ask(waiting).await);
        }
        most
    };
    let begin = Instant::now();
    let (page, most) = tokio::join!(ada.pages.get("/h/cats"), most);
    page.expect(200);
    assert!((1..=4).contains(&most), "the page waits on {most} connections");
    assert!(begin.elapsed() < 2 * PATIENCE, "its widgets don't wait one after the other");
    stuck.rollback().await.expect("the end");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_part_is_the_same_for_everybody_and_has_its_version(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    site.hub_with(&ada, "secret", json!({ "visibility": "private" })).await;
    let versions = site.get("/h/cats/versions").await.expect(200).json();
    let newest = id_of(&site, "newest-photos").await;
    let told = versions["widgets"][newest.to_string()].as_u64().expect("a version");
    let part = site.get(&format!("/h/cats/w/{newest}?v={told}")).await.expect(200);
    assert_eq!(part.header("cache-control"), "public, max-age=60");
    assert_eq!(part.header("etag"), format!("\"{told}\""));
    for pages in [&ada.pages, &bob.pages] {
        assert_eq!(pages.get(&format!("/h/cats/w/{newest}?v={told}")).await.text(), part.text());
    }
    let other = site.get(&format!("/h/cats/w/{newest}?v=1")).await.expect(200);
    assert_eq!(other.header("cache-control"), "private, no-cache", "that isn't what was asked for");
    let personal = id_of(&site, "rate-one").await;
    assert_eq!(site.get(&format!("/h/cats/w/{personal}")).await.header("cache-control"), "private, no-cache");

    let hidden: i64 = site
        .ask("select min(widgets.id) from widgets join hubs on hubs.id = hub_id where slug = 'secret'")
        .await;
    for path in
        ["/h/secret", "/h/secret/versions", &format!("/h/secret/w/{hidden}"), &format!("/h/cats/w/{hidden}")]
    {
        let (unknown, found) = (site.get("/h/nowhere/versions").await, bob.pages.get(path).await);
        assert_eq!(found.status, 404, "{path}");
        assert_eq!(unknown.status, 404);
    }
    bob.api.get(&format!("hubs/secret/widgets/{hidden}")).await.error(404);
    let own = ada.pages.get(&format!("/h/secret/w/{hidden}")).await.expect(200);
    assert!(
        own.header("cache-control").starts_with("private, no-"),
        "no cache on the way keeps a private hub's parts"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_profile_is_a_page_of_widgets_that_its_member_edits(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    let page = site.get("/members/ada").await.expect(200);
    assert!(page.has(&format!(".widget-newest-photos a[href='/photos/{photo}?from=member:ada']")));
    assert!(!page.has("a[href$='?edit=1']"), "visitors can't edit it");
    assert!(ada.pages.get("/members/ada").await.has("a[href='/members/ada?edit=1']"));
    assert_eq!(bob.pages.get("/members/ada/widgets/new").await.status, 403);
    press(&ada.pages, "/members/ada/widgets", &[("kind", "sticky-note"), ("side", "right")]).await;
    assert!(ada.pages.get("/members/ada?edit=1").await.has(".widget-sticky-note"));
    site.get("/members/ada/versions").await.expect(200);
    assert_eq!(site.get("/members/nobody").await.status, 404);
}

//! Making, finding, renaming and deleting hubs.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

impl Site {
    /// A public hub that everybody may join.
    pub(crate) async fn hub(&self, owner: &Person, slug: &str) -> Value {
        self.hub_with(owner, slug, json!({})).await
    }

    /// A hub with these settings.
    pub(crate) async fn hub_with(&self, owner: &Person, slug: &str, settings: Value) -> Value {
        let name = format!("All about {slug}");
        let mut body = json!({ "slug": slug, "name": name, "join": "open", "visibility": "public" });
        let fields = body.as_object_mut().expect("an object");
        fields.extend(settings.as_object().expect("an object").clone());
        owner.api.post("hubs", body).await.expect(201).json()
    }
}

fn slugs(list: &Value) -> Vec<&str> {
    list["data"].as_array().expect("a list").iter().filter_map(|hub| hub["slug"].as_str()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_new_hub_belongs_to_its_maker_and_has_widgets(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let settings = json!({ "name": " Orange cats ", "summary": "One braincell,\nshared." });
    let hub = site.hub_with(&ada, "orange-cats", settings).await;
    for (key, value) in [
        ("slug", json!("orange-cats")),
        ("name", json!("Orange cats")),
        ("summary", json!("One braincell, shared.")),
        ("join", json!("open")),
        ("visibility", json!("public")),
        ("archived", json!(false)),
        ("owners", json!(["ada"])),
        ("members", json!(1)),
        ("photos", json!(0)),
        ("subscribers", json!(0)),
        ("stars", json!(0)),
        ("my_roles", json!(["owner"])),
    ] {
        assert_eq!(hub[key], value, "{key}");
    }
    let shown = ada.api.get("hubs/orange-cats").await.expect(200).json();
    assert_eq!(shown["layout_version"], 1);
    assert_eq!(shown["created_at"], hub["created_at"]);
    let nobody = site.api().get("hubs/orange-cats").await.expect(200).json();
    assert_eq!(nobody["my_roles"], json!([]));
    let widgets: String = site
        .ask(
            "select string_agg(concat_ws(' ', side, position, kind), ', ' order by side, position)
              from widgets join hubs on hubs.id = hub_id where slug = 'orange-cats'",
        )
        .await;
    assert_eq!(
        widgets,
        "left 0 about, left 1 newest-photos, left 2 top-photos, left 3 activity, \
         right 0 members, right 1 numbers, right 2 rules, right 3 rate-one"
    );
    let verbs: String = site.ask("select string_agg(verb, ',') from activity").await;
    assert_eq!(verbs, "created");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bad_input_is_400_and_names_what_is_wrong(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let long = "x".repeat(81);
    let summary = "x".repeat(281);
    let bad = [
        (json!({ "slug": "" }), Some("slug")),
        (json!({ "slug": "a" }), Some("slug")),
        (json!({ "slug": "Cats" }), Some("slug")),
        (json!({ "slug": "a--b" }), Some("slug")),
        (json!({ "slug": "a\0b" }), Some("slug")),
        (json!({ "slug": "new" }), Some("slug")),
        (json!({ "slug": "settings" }), Some("slug")),
        (json!({ "slug": "x".repeat(50) }), Some("slug")),
        (json!({ "name": "" }), Some("name")),
        (json!({ "name": " \u{200b} " }), Some("name")),
        (json!({ "name": "Ca\u{202e}ts" }), Some("name")),
        (json!({ "name": long }), Some("name")),
        (json!({ "summary": summary }), Some("summary")),
        (json!({ "summary": "\u{3164}" }), Some("summary")),
        (json!({ "join": "never" }), Some("join")),
        (json!({ "join": "" }), Some("join")),
        (json!({ "visibility": "secret" }), Some("visibility")),
    ];
    for (change, field) in bad {
        let mut body = json!({ "slug": "dogs", "name": "Dogs", "join": "open", "visibility": "public" });
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let (made, changed) = (
            ada.api.post("hubs", body).await.error(400),
            ada.api.patch("hubs/cats", change.clone()).await.error(400),
        );
        assert_eq!((made.1.as_deref(), changed.1.as_deref()), (field, field), "{change}");
    }
    for (change, named) in [
        (json!({ "slug": 5 }), "slug"),
        (json!({ "name": ["x"] }), "name"),
        (json!({ "join": { "a": 1 } }), "join"),
        (json!({ "archived": "yes" }), "archived"),
        (json!({ "owner": "bob" }), "owner"),
        (json!({ "id": 1e300 }), "id"),
    ] {
        let (message, _) = ada.api.patch("hubs/cats", change).await.error(400);
        assert!(message.contains(named), "{message}");
    }
    for body in [json!([]), json!("hub"), json!(5)] {
        ada.api.post("hubs", body).await.error(400);
    }
    for (query, field) in [
        ("sort=best", "sort"),
        ("page=0", "page"),
        ("page=99999999999999999999", "page"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("q=%00", "q"),
        (&format!("q={}", "x".repeat(101)), "q"),
    ] {
        assert_eq!(
            site.api().get(&format!("hubs?{query}")).await.error(400).1.as_deref(),
            Some(field),
            "{query}"
        );
    }
    assert_eq!(site.api().get("hubs/cats/members?role=king").await.error(400).1.as_deref(), Some("role"));
    ada.api.put("hubs/cats/members/ada", json!({ "role": "stargazer" })).await.error(400);
    ada.api.put("hubs/cats/members/ada", json!({})).await.error(400);
    ada.api.post("hubs/cats/requests/ada", json!({ "accept": "maybe" })).await.error(400);
    for path in [
        "hubs/%00",
        "hubs/99999999999999999999",
        "hubs/cats%00",
        "hubs/CATS",
        "hubs/cats/roles/king",
        "hubs/cats/members/%00",
        "hubs/cats/requests/%FF",
    ] {
        let answer = ada.api.delete(path, Value::Null).await;
        assert!([404, 405].contains(&answer.status), "{path}: {}", answer.text());
    }
    for path in ["/hubs?sort=%00&q=%00&page=-1", "/hubs?q=%25%5F&page=999999999999", "/h/cats/members?page=x"]
    {
        ada.pages.get(path).await.expect(200);
    }
    for path in ["/h/%00/members", "/h/CATS/members", "/h/dogs/settings"] {
        ada.pages.get(path).await.expect(404);
    }
    assert_eq!(site.ask::<i64>("select count(*) from hubs where slug is not null").await, 1);
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_renamed_hub_redirects_and_keeps_its_former_slugs(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    site.hub(&bob, "dogs").await;
    ada.api.patch("hubs/cats", json!({ "slug": "dogs" })).await.error(409);
    assert_eq!(
        ada.api.patch("hubs/cats", json!({ "slug": "felines" })).await.expect(200).json()["slug"],
        "felines"
    );

    let moved = site.api().get("hubs/cats").await.expect(308);
    assert_eq!(moved.header("location"), "/api/v1/hubs/felines");
    let moved = site.get("/h/cats/members?page=2").await.expect(308);
    assert_eq!(moved.header("location"), "/h/felines/members?page=2");
    let moved = bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(308);
    assert_eq!(moved.header("location"), "/api/v1/hubs/felines/roles/member");

    let body = json!({ "slug": "cats", "name": "Cats", "join": "open", "visibility": "public" });
    assert_eq!(bob.api.post("hubs", body.clone()).await.error(409).1.as_deref(), Some("slug"));
    assert_eq!(
        bob.api.patch("hubs/dogs", json!({ "slug": "cats" })).await.error(409).1.as_deref(),
        Some("slug")
    );
    ada.api.patch("hubs/felines", json!({ "slug": "cats" })).await.expect(200);
    assert_eq!(site.api().get("hubs/felines").await.expect(308).header("location"), "/api/v1/hubs/cats");
    ada.api.delete("hubs/cats", Value::Null).await.expect(204);
    site.api().get("hubs/felines").await.error(404);
    bob.api.post("hubs", body).await.error(409);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_slugs_of_a_deleted_hub_are_nobodys_for_a_month(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    site.hub(&bob, "dogs").await;
    ada.api.patch("hubs/cats", json!({ "slug": "felines" })).await.expect(200);
    ada.api.delete("hubs/felines", Value::Null).await.expect(204);
    for slug in ["cats", "felines"] {
        let body = json!({ "slug": slug, "name": "Mine", "join": "open", "visibility": "public" });
        let (message, field) = bob.api.post("hubs", body).await.error(409);
        assert!(field.as_deref() == Some("slug") && message.contains("30 days"), "{message}");
        bob.api.patch("hubs/dogs", json!({ "slug": slug })).await.error(409);
        let page = bob.pages.post("/hubs/new", &[("slug", slug), ("name", "Mine")]).await;
        assert!(page.status == 409 && page.text().contains("30 days"), "{}", page.text());
        site.get(&format!("/h/{slug}")).await.expect(404);
    }
    site.change("update hub_slugs set freed_at = freed_at - interval '31 days' where hub_id is null").await;
    bob.api.patch("hubs/dogs", json!({ "slug": "cats" })).await.expect(200);
    site.hub(&ada, "felines").await;
    assert_eq!(site.get("/h/dogs").await.expect(308).header("location"), "/h/cats");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_of_many_gets_a_slug(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "old").await;
    let body = |name: &str| json!({ "slug": "wanted", "name": name, "join": "open", "visibility": "public" });
    let rename = ada.api.patch("hubs/old", json!({ "slug": "wanted" }));
    let make = join_all((0..4).map(|_| bob.api.post("hubs", body("Wanted"))));
    let (renamed, made) = tokio::join!(rename, make);
    let mut got: Vec<_> = made.iter().map(|answer| answer.status).chain([renamed.status]).collect();
    got.sort_unstable();
    assert_eq!(got[1..], [409; 4], "{got:?}");
    assert!([200, 201].contains(&got[0]), "{got:?}");

    // A hub that frees a slug keeps it, even if another waits for it.
    site.hub(&ada, "left").await;
    let (away, taken) = tokio::join!(
        ada.api.patch("hubs/left", json!({ "slug": "right" })),
        bob.api
            .post("hubs", json!({ "slug": "left", "name": "Left", "join": "open", "visibility": "public" })),
    );
    assert_eq!((away.status, taken.status), (200, 409));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn lists_are_ordered_searched_and_paged(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for slug in ["zebras", "apes", "moles"] {
        site.hub(&ada, slug).await;
    }
    site.hub_with(&ada, "quiet", json!({ "name": "Bats 100%", "visibility": "private" })).await;
    ada.api.patch("hubs/zebras", json!({ "name": "Zebras" })).await.expect(200);
    let list = async |query: &str| site.api().get(&format!("hubs{query}")).await.expect(200).json();
    assert_eq!(slugs(&list("").await), ["zebras", "moles", "apes"]);
    assert_eq!(slugs(&list("?sort=new").await), ["moles", "apes", "zebras"]);
    assert_eq!(slugs(&list("?sort=name").await), ["apes", "moles", "zebras"]);
    assert_eq!(slugs(&list("?q=ABOUT").await), ["moles", "apes"]);
    assert_eq!(slugs(&list("?q=zebrs").await), ["zebras"], "nearly right");
    assert_eq!(slugs(&list("?q=%25").await), [""; 0], "a character like any other");
    let page = list("?sort=name&limit=2&page=2").await;
    assert_eq!((slugs(&page), &page["paging"]), (vec!["zebras"], &json!({ "page": 2, "last_page": 2 })));

    let own = ada.api.get("hubs?q=100%25").await.expect(200).json();
    assert_eq!(slugs(&own), ["quiet"], "its members find a private hub");
    let own = ada.api.get("users/me/hubs").await.expect(200).json();
    assert_eq!(slugs(&own), ["apes", "moles", "quiet", "zebras"]);
    site.api().get("users/me/hubs").await.error(401);
    let bob = site.member("bob").await;
    assert_eq!(slugs(&bob.api.get("users/me/hubs").await.json()), [""; 0]);
    bob.api.put("hubs/moles/roles/stargazer", Value::Null).await.expect(204);
    assert_eq!(slugs(&bob.api.get("users/me/hubs").await.json()), ["moles"]);

    let page = site.get("/hubs?sort=name").await.expect(200);
    assert_eq!(page.texts(".hub-card h2"), ["All about apes", "All about moles", "Zebras"]);
    assert_eq!(page.attribute(".hub-card h2 a", "href"), "/h/apes");
    assert_eq!(page.texts(".hubs-filters [aria-current]"), ["By name"]);
    assert!(site.get("/hubs?q=nothing-like-it").await.expect(200).has(".nothing"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_form_makes_a_hub_and_says_what_is_wrong(db: PgPool) {
    let site = Setup::on(db).set("security.hubs_per_hour", "2").start().await;
    let ada = site.member("ada").await;
    assert!(site.get("/hubs/new").await.expect(200).has(".gate"));
    ada.pages.get("/hubs/new").await.expect(200);
    let refused = ada
        .pages
        .post("/hubs/new", &[("name", "Cats"), ("slug", "admin"), ("join", "invite")])
        .await
        .expect(400);
    assert_eq!(refused.attribute("#slug", "aria-invalid"), "true");
    assert_eq!(refused.attribute("#name", "value"), "Cats");
    assert!(refused.has("input[value=invite][checked]"));
    for (field, said) in [("join", "Choose open, request"), ("visibility", "Choose public or private")] {
        let form = [("name", "Cats"), ("slug", "cats"), (field, "nobody")];
        let refused = ada.pages.post("/hubs/new", &form).await.expect(400);
        assert!(refused.texts(".flash.bad")[0].contains(said), "{field}");
    }
    let form =
        [("name", "Cats"), ("slug", " Cats "), ("summary", ""), ("join", "open"), ("visibility", "public")];
    assert_eq!(ada.pages.post("/hubs/new", &form).await.location(), "/h/cats");
    assert_eq!(ada.pages.post("/hubs/new", &form).await.location(), "/h/cats", "pressed twice");
    let bob = site.member("bob").await;
    assert!(bob.pages.post("/hubs/new", &form).await.expect(409).has("#slug-error"));
    site.hub(&ada, "dogs").await;
    let (_, field) = ada.api.post("hubs", json!({ "slug": "birds", "name": "Birds" })).await.error(429);
    assert_eq!(field, None);
    let late = [("name", "Birds"), ("slug", "birds"), ("summary", "All of them"), ("visibility", "private")];
    let late = ada.pages.post("/hubs/new", &late).await.expect(429);
    assert!(late.header("retry-after").parse::<u64>().is_ok() && late.has(".flash.bad"));
    assert_eq!(late.attribute("#summary", "value"), "All of them", "nothing is lost");
    assert!(late.has("input[value=private][checked]"));
    for stranger in [site.visitor(), site.anonymous().await.pages] {
        assert!(
            stranger
                .post("/hubs/new", &form)
                .await
                .expect(403)
                .text()
                .contains("Log in or register to do that.")
        );
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_change_settings_on_their_page(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    bob.pages.get("/h/cats/settings").await.expect(403);
    let post = async |form: &[(&str, &str)]| ada.pages.post("/h/cats/settings", form).await;
    assert_eq!(post(&[("name", "Felines"), ("summary", "Purr.")]).await.location(), "/h/cats/settings");
    let refused = post(&[("name", ""), ("summary", "Purr!")]).await.expect(400);
    assert!(refused.has("#name-error") && refused.attribute("#summary", "value") == "Purr!");
    let refused = post(&[("join", "nobody"), ("visibility", "private")]).await.expect(400);
    assert!(refused.texts(".flash.bad")[0].contains("Choose open, request"));
    assert!(refused.has("input[value=private][checked]"), "what was chosen stays chosen");
    assert_eq!(post(&[("join", "request"), ("visibility", "private")]).await.location(), "/h/cats/settings");
    let hub = ada.api.get("hubs/cats").await.json();
    assert_eq!(
        (&hub["name"], &hub["join"], &hub["visibility"]),
        (&json!("Felines"), &json!("request"), &json!("private"))
    );
    assert_eq!(post(&[("slug", "Felines")]).await.location(), "/h/felines/settings");

    let archive = ada.pages.post("/h/felines/settings", &[("archived", "true")]).await;
    assert_eq!(archive.location(), "/h/felines/settings");
    let page = ada.pages.get("/h/felines/settings").await.expect(200);
    assert!(page.text().contains("This hub has been archived since"));
    assert!(!page.has("#name") && page.has("button[name=archived][value=false]"));

    let wrong = ada.pages.post("/h/felines/delete", &[("confirm", "cats")]).await.expect(400);
    assert!(wrong.has("details[open] #confirm-error"));
    assert_eq!(ada.pages.post("/h/felines/delete", &[("confirm", "felines")]).await.location(), "/hubs");
    ada.pages.get("/h/felines/members").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_idle_hub_has_cobwebs(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    assert!(!site.get("/h/cats/members").await.expect(200).has(".cobweb"));
    site.change("update hubs set active_at = now() - interval '32 days' where slug = 'cats'").await;
    assert!(site.get("/h/cats/members").await.expect(200).has(".cobweb"));
    assert!(site.get("/hubs").await.expect(200).has(".cobweb"));
    site.member("bob").await.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
    assert!(!site.get("/h/cats/members").await.expect(200).has(".cobweb"), "a new member wakes it");
}

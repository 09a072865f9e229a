//! What the demo fills a site with.

use std::collections::BTreeSet;
use std::time::Duration;

use pawdium_demo::logins::PASSWORD;
use pawdium_demo::seed::{self, Amounts, Bustle};
use pawdium_shared::db::{Db, MIGRATIONS};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Site};

/// All that acts of the demo's people change.
async fn state(site: &Site) -> String {
    site.ask(
        "select concat((select sum(value) from ratings), ' ', (select count(*) from ratings), ' ',
                       (select count(*) from hub_roles), ' ', (select count(*) from hub_photos))",
    )
    .await
}

async fn hubs(ada: &Person) -> Vec<Value> {
    let list = ada.api.get("hubs?limit=100&sort=name").await.expect(200).json();
    list["data"].as_array().expect("a list").clone()
}

fn number(hub: &Value, key: &str) -> i64 {
    hub[key].as_i64().expect("a number")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_demo_has_hubs_full_of_life(pool: PgPool) {
    let site = Site::start_with_worker(pool.clone()).await;
    let db = Db::from(pool);
    assert!(!seed::is_finished(&db).await.expect("no error"));
    let amounts = Amounts { photos: 20, raters: 2, patience: Duration::from_mins(3) };
    seed::seed(&site.base, &db, amounts, |_| ()).await.expect("it is filled");
    assert!(seed::is_finished(&db).await.expect("no error"));

    let ada = json!({ "email": "ada@pawdium.example", "password": PASSWORD });
    let ada = Person::of(&site, &site.api().post("tokens", ada).await.expect(201).json());
    let hubs = hubs(&ada).await;
    assert_eq!(hubs.len(), 6);
    for hub in &hubs {
        assert!(number(hub, "members") >= 3 && number(hub, "subscribers") >= 1, "{hub}");
        assert!(number(hub, "photos") >= 1, "{hub}");
        assert_eq!(hub["owners"].as_array().map(Vec::len), Some(2), "{hub}");
    }
    assert!(hubs.iter().any(|hub| number(hub, "members") >= 12));
    for (key, value, count) in
        [("join", "open", 3), ("join", "request", 1), ("join", "invite", 2), ("visibility", "private", 1)]
    {
        assert_eq!(hubs.iter().filter(|hub| hub[key] == value).count(), count, "{key} {value}");
    }
    let archived: Vec<_> = hubs.iter().filter(|hub| hub["archived"] == true).collect();
    assert_eq!(archived.len(), 1);
    assert_eq!(site.ask::<i64>("select count(*) from hub_requests").await, 3);
    let idle =
        "select count(*) from hubs where archived_at is not null and active_at < now() - interval '31 days'";
    assert_eq!(site.ask::<i64>(idle).await, 1);

    let mut placed = BTreeSet::new();
    for hub in &hubs {
        let path = format!("hubs/{}", hub["slug"].as_str().expect("a slug"));
        let page = ada.api.get(&path).await.expect(200).json();
        let widgets = page["widgets"].as_array().expect("a list");
        placed.extend(widgets.iter().map(|widget| widget["kind"].as_str().expect("a kind").to_owned()));
        let about = widgets.iter().find(|widget| widget["kind"] == "about").expect("each has one");
        assert_ne!(about["config"]["text"], "", "{path}");
    }
    let kinds = site.api().get("widget-kinds").await.expect(200).json();
    for kind in kinds.as_array().expect("a list") {
        assert!(placed.contains(kind["kind"].as_str().expect("a name")), "{kind} is on no page");
    }

    // Once more, it changes nothing.
    let before = state(&site).await;
    seed::seed(&site.base, &db, amounts, |_| ()).await.expect("it is filled");
    assert_eq!(state(&site).await, before);

    let mut bustle = Bustle::new(&site.base, &db).expect("a client");
    for _ in 0..25 {
        bustle.act().await.expect("the site answers");
    }
    assert_ne!(state(&site).await, before, "something has happened");
    site.settle().await;
    site.histograms_are_right().await;
}

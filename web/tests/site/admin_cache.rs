//! The page about the cache, and why widgets refresh.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{NOBODY, Person, SOON, Setup, Site, eventually};

/// The name in the cache of a hub's widget of a kind.
async fn widget(site: &Site, owner: &Person, slug: &str, kind: &str) -> String {
    let hub = owner.api.get(&format!("hubs/{slug}")).await.expect(200).json();
    let widgets = hub["widgets"].as_array().expect("a list");
    let widget = widgets.iter().find(|widget| widget["kind"] == kind).expect("a hub begins with it");
    let id = widget["id"].as_i64().expect("a number");
    site.ask_of("select concat(hub_id, '.', id) from widgets where id = $1", id).await
}

/// The cells of the row of a kind on the page.
async fn figures(root: &Person, kind: &str) -> Vec<String> {
    let page = root.pages.get("/admin/cache/board").await.expect(200);
    let place = page.texts(".cache-kinds tbody th").iter().position(|name| name == kind);
    let place = place.unwrap_or_else(|| panic!("{kind} is missing: {}", page.text()));
    page.texts(&format!(".cache-kinds tbody tr:nth-child({}) td", place + 1))
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_reload_is_explained_from_the_event_to_the_message(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    site.hub(&ada, "cats").await;
    let members = widget(&site, &ada, "cats", "members").await;
    site.settle().await;
    site.get("/h/cats").await.expect(200);
    let path = format!("/admin/cache/{members}");
    let page = mo.pages.get(&path).await.expect(200);
    assert_eq!(page.texts("h1"), ["Why did “Members” refresh?"]);
    assert!(page.text().contains("No event has made a worker load it"), "{}", page.text());
    assert!(page.texts(".cache-sum")[0].starts_with("Cached as"), "{}", page.text());

    mo.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
    site.settle().await;
    let page = mo.pages.get(&format!("{path}/reloads")).await.expect(200);
    let (hub, _) = members.split_once('.').expect("hub and widget");
    let user: i64 = site.ask("select id from users where name = 'mo'").await;
    assert_eq!(page.texts(".reloads th[scope=row]"), [format!("hub-roles:{hub}:{user}:member")]);
    assert_eq!(page.texts(".reloads .badge"), ["changed, pages told"]);
    let cells = page.texts(".reloads td.figure");
    assert_eq!(cells.len(), 5);
    assert!(cells.iter().all(|cell| cell.ends_with("ms") || cell.ends_with(" s")), "{cells:?}");
    assert!(page.texts(".cache-sum")[0].starts_with("Cached as"), "{}", page.text());

    // The same data again: the pages aren't told.
    ada.api.patch("hubs/cats", json!({ "name": "Cats again" })).await.expect(200);
    site.settle().await;
    let page = mo.pages.get(&path).await.expect(200);
    assert_eq!(page.texts(".reloads .badge"), ["unchanged", "changed, pages told"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_figures_of_each_kind_are_shown(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    site.hub(&ada, "cats").await;
    site.settle().await;
    let before = figures(&root, "members").await;
    assert_eq!(before[..2], ["0", "1"]);
    for _ in 0..4 {
        site.get_rendered("/h/cats").await.expect(200);
    }
    let after = eventually("the widget counts as cached", SOON, async || {
        Some(figures(&root, "members").await).filter(|figures| figures[..2] == ["1", "0"])
    })
    .await;
    assert!(after[2].ends_with('s') && after[3].ends_with('s'), "{after:?}");
    root.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
    site.settle().await;
    eventually("the process has reported its reads", SOON, async || {
        (figures(&root, "members").await[4..6] == ["3", "75 %"]).then_some(())
    })
    .await;
    let reloaded = eventually("the reload counts", SOON, async || {
        Some(figures(&root, "members").await).filter(|figures| figures[8] == "0 %")
    })
    .await;
    assert!(reloaded[6].ends_with("ms") && reloaded[7].ends_with("ms"), "{reloaded:?}");
    assert_eq!(reloaded[9], "0");
    let page = root.pages.get("/admin/cache").await.expect(200);
    assert!(page.texts(".cache-sum")[0].contains(" percent coverage."), "{}", page.text());
    assert!(page.has("[data-live='queues=1'][data-part='/admin/cache/board']"));
    assert_eq!(page.texts(".admin-tabs [aria-current=page]"), ["Cache"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_find_a_hubs_widgets_from_its_page(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    site.hub(&ada, "cats").await;
    assert!(!ada.pages.get("/h/cats").await.expect(200).has(".hub-cache"), "not even its owner");
    for (page, hub) in [("/h/cats", "cats"), ("/members/ada", "members%2Fada")] {
        let link = mo.pages.get(page).await.expect(200).attribute(".hub-cache a", "href");
        assert_eq!(link, format!("/admin/cache?hub={hub}"));
        let list = mo.pages.get(&link).await.expect(200);
        assert!(list.has(".hub-widgets a[href^='/admin/cache/']"), "{}", list.text());
    }
    let about = widget(&site, &ada, "cats", "about").await;
    let list = mo.pages.get("/admin/cache?hub=cats").await.expect(200);
    assert!(list.has(&format!(".hub-widgets a[href='/admin/cache/{about}']")), "{}", list.text());
    let none = mo.pages.get("/admin/cache?hub=cows").await.expect(200);
    assert_eq!(none.texts(".field-error"), ["There is no such hub."]);
    assert!(!none.has(".hub-widgets"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_redis_the_page_says_so(db: PgPool) {
    let site = Setup::on(db).set("redis.url", &format!("redis://{NOBODY}")).start().await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    site.hub(&ada, "cats").await;
    let page = root.pages.get("/admin/cache").await.expect(200);
    assert!(page.texts(".flash.bad")[0].contains("Redis can't be reached"), "{}", page.text());
    let about = widget(&site, &ada, "cats", "about").await;
    let page = root.pages.get(&format!("/admin/cache/{about}")).await.expect(200);
    assert!(page.text().contains("Redis can't be reached"), "{}", page.text());
    assert_eq!(ada.api.get("hubs/cats").await.expect(200).json()["archived"], Value::Bool(false));
}

//! Every page passes axe in both themes, on a phone and on a desktop: `make axe`.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Browser, Setup, pages_of};

/// Checks the page with everything unfolded, and says which rules which elements break.
const CHECK: &str = "
    for (const part of document.querySelectorAll('details')) part.open = true;
    const named = ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`;
    return axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => {
        if (passes.length < 10) return ['axe has checked nothing'];
        return violations.map(named);
    });
";

async fn pass(browser: &Browser, paths: &[String]) {
    let mut broken = Vec::new();
    for (width, theme) in [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")] {
        browser.phone(width, 800).await;
        browser.goto("/").await;
        browser.run_with("document.cookie = `theme=${arguments[0]}; path=/`", json!(theme)).await;
        for path in paths {
            browser.goto(path).await;
            browser.find(&format!("html[data-theme={theme}] h1")).await;
            let found = browser.run(CHECK).await;
            for violation in found.as_array().expect("a list") {
                broken.push(format!("{path}, {theme}, {width} pixels wide: {violation}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
#[ignore = "needs axe-core: `make axe` fetches it and runs this"]
async fn every_page_passes_axe_in_both_themes(db: PgPool) {
    let file = std::env::var("PAWDIUM_AXE").expect("the path of axe.min.js: `make axe` sets it");
    let axe = std::fs::read_to_string(file).expect("axe-core is readable");
    let site = Setup::on(db).demo().worker().start().await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    let photo = site.photo().by(&ada).live().await;
    let failed = site.photo().by(&root).failed("It is not a picture.").await;
    for other in site.photos(6).await {
        site.rate(&ada, other, 1 + other % 10).await;
    }
    site.rate(&root, photo, 9).await;
    root.api.post(&format!("photos/{photo}/shares"), Value::Null).await.expect(201);
    let blocked = site.photo().by(&ada).live().await;
    root.pages.post(&format!("/photos/{blocked}/block"), &[("reason", "Not an animal")]).await.location();
    site.change("insert into hubs (slug, name) values ('cats', 'Cats')").await;
    site.change(
        "insert into hub_roles (hub_id, user_id, role)
         select hubs.id, users.id, 'member' from hubs, users where slug = 'cats' and users.name = 'root'",
    )
    .await;
    site.run(RefreshRanks {}).await;
    site.run(RefreshVirality {}).await;

    let browser = site.browser().await;
    browser.begin_with(&axe).await;
    let mut open = pages_of(&ada, photo);
    open.retain(|path| path != "/settings");
    open.extend(
        ["/login", "/register", "/nothing", "/demo/mail", "/reset/x", "/search?q=xyzzy"].map(str::to_owned),
    );
    pass(&browser, &open).await;
    browser.log_in(&root.email()).await;
    let mut own = vec![
        format!("/photos/{photo}?from=new:all"),
        format!("/photos/{failed}"),
        format!("/photos/{blocked}"),
    ];
    own.extend(["/", "/new", "/search?q=cat", "/submit", "/settings", "/members/root"].map(str::to_owned));
    own.extend(
        ["", "/queues", "/jobs", "/jobs?state=dead&id=x", "/schedules", "/audit"]
            .map(|path| format!("/admin{path}")),
    );
    own.extend(["", "/doubtful", "/blocked"].map(|path| format!("/moderation{path}")));
    pass(&browser, &own).await;
}

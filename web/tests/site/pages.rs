//! Every page renders for every kind of visitor, and its links work.

use std::collections::{BTreeMap, BTreeSet};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use sqlx::PgPool;

use crate::harness::{Answer, Pages, Setup, Site, pages_of, select};

/// A site where every page has something to show, and those who look at it.
async fn filled(db: PgPool) -> (Site, Vec<(&'static str, Pages, Vec<String>)>) {
    let site = Setup::on(db).demo().worker().start().await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    let anonymous = site.anonymous().await;
    let hers = site.photo().by(&ada).live().await;
    let failed = site.photo().by(&ada).failed("It is not a picture.").await;
    let draft = crate::harness::submission("A draft", crate::harness::pictures::quarters(300, 300))
        .text("draft", "1");
    let draft = ada.api.upload(draft).await.expect(202).json()["id"].as_i64().expect("an id");
    let photos = site.photos(30).await;
    for photo in &photos {
        site.rate(&ada, *photo, 1 + photo % 10).await;
    }
    site.rate(&anonymous, hers, 9).await;
    anonymous.api.post(&format!("photos/{hers}/shares"), serde_json::Value::Null).await.expect(201);
    site.run(RefreshRanks {}).await;
    site.run(RefreshVirality {}).await;
    sqlx::query(
        "insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim, created_at, expires_at, payload, last_error)
         values (0, 'mail', 'mail.send.v1', 'dead', 0, 3, 3, 3, now(), now() + interval '1 day', '{}', 'it was <refused>')",
    )
    .execute(&site.db)
    .await
    .expect("it is inserted");

    let mut open = pages_of(&ada, hers);
    open.push("/demo/mail".into());
    let with = |more: &[String]| [open.clone(), more.to_vec()].concat();
    let own = [format!("/photos/{failed}"), format!("/photos/{draft}"), format!("/photos/{failed}/status")];
    let hers = ["edit", "revisions"].map(|page| format!("/photos/{hers}/{page}"));
    let changes =
        [hers.as_slice(), &["/drafts".to_owned(), "/imports".to_owned(), format!("/photos/{draft}/edit")]]
            .concat();
    let back =
        ["", "/queues", "/queues?window=24h", "/jobs", "/jobs?state=dead", "/jobs/0", "/schedules", "/audit"];
    let mut back = back.map(|page| format!("/admin{page}")).to_vec();
    back.extend(
        ["", "/review", "/doubtful", "/blocked", "/acts", "/members", "/members/ada"]
            .map(|page| format!("/moderation{page}")),
    );
    let doors = ["/login".to_owned(), "/register".to_owned()];
    let viewers = vec![
        ("nobody", site.visitor(), with(&doors)),
        ("an anonymous user", anonymous.pages, with(&doors)),
        ("a member", ada.pages, with(&[own.as_slice(), changes.as_slice()].concat())),
        ("an admin", root.pages, with(&[own.as_slice(), back.as_slice()].concat())),
    ];
    (site, viewers)
}

/// The addresses on this site that a page leads to or needs.
fn links(page: &Answer, base: &str) -> BTreeSet<String> {
    let html = page.html();
    let selector = select("[href], img[src], script[src]");
    let found = html.select(&selector).filter_map(|element| {
        let address = element.attr("href").or_else(|| element.attr("src"))?;
        let address = address.split('#').next().unwrap_or_default();
        let address = address.strip_prefix(base.trim_end_matches('/')).unwrap_or(address);
        address.starts_with('/').then(|| address.to_owned())
    });
    found.collect()
}

/// So that nothing moves when they arrive, and none is larger than its place. A draft's upload has one size.
fn pictures_say_their_size(page: &Answer) {
    for picture in page.html().select(&select("img")) {
        let is_upload = picture.attr("src").is_some_and(|src| src.ends_with("/original"));
        let of_any = ["width", "height", "alt"];
        // A portrait has one size, too.
        let is_portrait = picture.attr("alt") == Some("");
        let of_published =
            if is_upload || is_portrait { &[][..] } else { &["srcset", "sizes", "data-placeholder"] };
        for needed in of_any.iter().chain(of_published) {
            assert!(picture.attr(needed).is_some(), "{}: {} without {needed}", page.asked, picture.html());
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_page_renders_for_everybody_and_its_links_work(db: PgPool) {
    let (site, viewers) = filled(db).await;
    for (who, pages, paths) in viewers {
        let mut leads = BTreeMap::new();
        for path in paths {
            let page = pages.get(&path).await;
            if page.status == 303 {
                assert!(
                    path.starts_with("/settings") && page.location().starts_with("/login"),
                    "{who}: {path} leads away"
                );
                continue;
            }
            let page = page.expect(200);
            assert!(page.header("content-type").starts_with("text/html"), "{who}: {path}");
            let headings = page.texts("h1").len();
            assert_eq!(headings, usize::from(!path.ends_with("/status")), "{who}: {path}");
            assert!(!page.text().contains("panic"), "{who}: {path}");
            assert!(
                path != "/demo/mail" || page.texts(".mails li").len() == 2,
                "two addresses are to be verified"
            );
            pictures_say_their_size(&page);
            leads.extend(links(&page, site.base.as_str()).into_iter().map(|link| (link, path.clone())));
        }
        assert!(leads.len() > 20, "{who}: {leads:?}");
        for (link, from) in leads {
            let status = pages.get(&link).await.status;
            assert!(status < 400, "{who}: {from} leads to {link}, which answers {status}");
        }
    }
    assert!(!site.log().contains("panicked"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_empty_site_has_every_page_too(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    for path in [
        "/",
        "/top",
        "/trending",
        "/new",
        "/search",
        "/search?q=cat",
        "/submit",
        "/members/root",
        "/settings",
        "/settings/sessions",
        "/settings/tokens",
        "/admin",
        "/admin/queues",
        "/admin/jobs",
        "/admin/schedules",
        "/admin/audit",
        "/moderation",
        "/moderation/review",
        "/reports",
        "/moderation/doubtful",
        "/moderation/blocked",
        "/moderation/members",
        "/moderation/members/root",
        "/settings/standing",
        "/moderation/acts",
        "/transparency",
        "/moderation/topics",
        "/topics",
        "/api",
    ] {
        assert_eq!(root.pages.get(path).await.expect(200).texts("h1").len(), 1, "{path}");
    }
    assert!(root.pages.get("/admin").await.text().contains("No worker is alive"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_error_page_knows_who_is_looking_and_keeps_notices_for_the_next(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    ada.pages.post("/settings/name", &[("name", "ada2")]).await.location();
    let missing = ada.pages.get("/nowhere?at=all").await.expect(404);
    assert_eq!(missing.texts(".menu-name"), ["ada2"]);
    assert!(!missing.has(".flash"));
    assert_eq!(ada.pages.get("/settings").await.expect(200).texts(".flash").len(), 1);
    let refused = ada.pages.post("/admin/jobs/1/retry", &[]).await.expect(404);
    assert_eq!(refused.texts(".menu-name"), ["ada2"]);

    let nobody = site.get("/nowhere?at=all").await.expect(404);
    assert!(!nobody.has(".menu-name"));
    assert_eq!(
        nobody.attribute("a.quiet-button[href^='/login']", "href"),
        "/login?next=%2Fnowhere%3Fat%3Dall"
    );
    let refused = site.visitor().post("/settings/name", &[("name", "ada3")]).await.expect(403);
    assert_eq!(refused.attribute("a.quiet-button[href^='/login']", "href"), "/login?next=", "not for a form");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn paging_a_profile_and_the_lists_never_leaves_them(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for _ in 0..26 {
        let photo = site.photo().by(&ada).live().await;
        site.rate(&bob, photo, 5).await;
    }
    site.run(RefreshRanks {}).await;
    for (list, second) in [("/members/ada/photos", 2), ("/top", 2), ("/new", 2)] {
        assert_eq!(
            site.get(&format!("{list}?page=2")).await.expect(200).texts(".card h2").len(),
            second,
            "{list}"
        );
        for page in ["0", "-1", "x", "999", "18446744073709551616", ""] {
            site.get(&format!("{list}?page={page}")).await.expect(200);
        }
    }
    assert_eq!(ada.pages.get("/members/ADA").await.expect(200).texts("h1"), ["ada"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_members_write_is_never_markup(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let title = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";
    let photo = site.photo().by(&ada).titled(title).live().await;
    for path in [
        format!("/photos/{photo}"),
        "/".into(),
        "/members/ada".into(),
        "/new".into(),
        "/search?q=script".into(),
    ] {
        let page = site.get(&path).await.expect(200);
        assert!(!page.has("script:not([src]), img[src=x], [onerror]"), "{path}");
    }
    assert_eq!(site.get(&format!("/photos/{photo}")).await.texts("h1"), [title]);
}

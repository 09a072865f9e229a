//! Widgets in frames on other sites.

use std::collections::BTreeSet;

use pawdium_shared::db::MIGRATIONS;
use pawdium_widgets::KINDS;
use reqwest::Method;
use reqwest::header::IF_NONE_MATCH;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site, select};

/// The most bytes of script and style of a frame.
const MOST: usize = 15 * 1024;

/// The path of a frame with a hub's widget of a kind.
async fn frame_of(owner: &Person, slug: &str, kind: &str) -> String {
    let hub = owner.api.get(&format!("hubs/{slug}")).await.expect(200).json();
    let widgets = hub["widgets"].as_array().expect("a list");
    let widget = widgets.iter().find(|widget| widget["kind"] == kind).expect("it is there");
    format!("/embed/h/{slug}/{}", widget["id"])
}

async fn posted(site: &Site, owner: &Person, slug: &str) -> i64 {
    let photo = site.photo().by(owner).titled("Framed").live().await;
    site.post(owner, slug, photo).await;
    photo
}

#[track_caller]
fn is_framable(answer: &Answer) -> bool {
    assert_eq!(answer.header("x-frame-options"), "");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("frame-ancestors"), "{}: {policy}", answer.asked);
    policy.contains("frame-ancestors *")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_format_that_there_isnt_is_no_fault_of_the_site(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.url(&format!("/photos/{}", site.photos(1).await[0]));
    let (message, _) = site.get(&format!("/oembed?format=xml&url={photo}")).await.error(501);
    assert_eq!(message, "There is only format=json.");
    site.get(&format!("/oembed?format=json&url={photo}")).await.expect(200);
    assert!(!site.log().contains("ERROR"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn any_site_may_frame_a_widget_and_nothing_else(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let photo = posted(&site, &ada, "cats").await;
    let frame = frame_of(&ada, "cats", "newest-photos").await;
    let page = site.get(&frame).await.expect(200);
    assert!(is_framable(&page));
    assert!(page.has(&format!(".body a[href='/photos/{photo}?from=hub:cats'] img")));
    assert_eq!(
        page.attribute(".home a", "href"),
        site.url(&format!("/h/cats#widget-{}", frame.rsplit('/').next().expect("an id")))
    );
    assert!(page.header("content-security-policy").contains("form-action 'none'"));
    for unknown in ["/embed/h/cats/999999", "/embed/h/cats/x", "/embed/h/nowhere/1", "/embed/h/%20/1"] {
        let answer = site.get(unknown).await.expect(404);
        assert!(is_framable(&answer), "a frame says by itself that there is nothing");
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    let hub_part = frame.replace("/embed/h/cats/", "/h/cats/w/");
    for path in [
        "/",
        "/h/cats",
        &hub_part,
        &format!("/photos/{photo}"),
        "/login",
        "/nowhere",
        "/embed",
        "/embed/h/cats",
        "/oembed",
    ] {
        assert!(!is_framable(&ada.pages.get(path).await), "{path}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_frame_knows_nobody(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    posted(&site, &ada, "cats").await;
    let kinds = ["newest-photos", "rate-one"];
    let mut frames = vec!["/embed/h/cats/999999".to_owned()];
    for kind in kinds {
        frames.push(frame_of(&ada, "cats", kind).await);
    }
    for pair in ["notice=HubMade", "theme=dark", "visitor=nothing"] {
        ada.pages.keep(pair);
    }
    // Asking for a session fails now.
    site.change("alter table sessions rename to sessions_away").await;
    assert_eq!(ada.pages.get("/h/cats").await.status, 500);
    for frame in &frames {
        let nobody = site.get(frame).await;
        let known = ada.pages.get(frame).await;
        for answer in [&nobody, &known] {
            assert!(answer.headers.get("set-cookie").is_none(), "{frame}");
            let vary = answer.header("vary");
            assert!(!vary.contains("cookie"), "{vary}");
        }
        assert_eq!((nobody.status, nobody.text()), (known.status, known.text()), "{frame}");
        for header in ["cache-control", "etag", "content-security-policy"] {
            assert_eq!(nobody.header(header), known.header(header), "{frame}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn caches_keep_a_frame_for_a_minute(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let frame = frame_of(&ada, "cats", "newest-photos").await;
    let page = site.get(&frame).await.expect(200);
    assert_eq!(page.header("cache-control"), "public, max-age=60");
    let version = page.attribute("main", "data-version");
    let told = site.get(&format!("{frame}?v={version}")).await.expect(200);
    assert_eq!((told.header("cache-control"), told.text()), ("public, max-age=60", page.text()));
    for other in ["v=0", "v=1"] {
        let answer = site.get(&format!("{frame}?{other}")).await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-cache", "that isn't what was asked for");
    }
    site.get(&format!("{frame}?v=x&v=y")).await.expect(200);
    let again = site.visitor().request(Method::GET, &frame).header(IF_NONE_MATCH, page.header("etag"));
    let again = Answer::to(again).await.expect(304);
    assert!(again.body.is_empty());
    posted(&site, &ada, "cats").await;
    assert_ne!(site.get(&frame).await.attribute("main", "data-version"), version);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_kind_that_is_the_same_for_all_can_be_framed_without_forms(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    posted(&site, &ada, "cats").await;
    let text = "Read [this](https://example.org) and <a href=x>that</a>.";
    let configs = json!({
        "about": { "text": text }, "rules": { "text": text }, "sticky-note": { "text": text },
        "links": { "links": "Cats https://example.org" },
    });
    let (mut framed, mut refused) = (Vec::new(), Vec::new());
    for kind in KINDS.iter().filter(|kind| kind.pages.name() != "profiles") {
        let column = if kind.columns.name() == "right" { "right" } else { "left" };
        let config = configs.get(kind.name).cloned().unwrap_or_else(|| json!({}));
        let body = json!({ "kind": kind.name, "column": column, "config": config });
        let widget = ada.api.post("hubs/cats/widgets", body).await.expect(201).json()["id"].clone();
        let page = ada.pages.get(&format!("/embed/h/cats/{widget}")).await;
        if page.status == 404 {
            refused.push(kind.name);
            continue;
        }
        let page = page.expect(200);
        framed.push(kind.name);
        assert!(!page.has("form, button, input"), "{}", kind.name);
        let html = page.html();
        for link in html.select(&select("a")) {
            assert_eq!(link.attr("target"), Some("_blank"), "{}", kind.name);
            assert!(
                link.attr("rel").is_some_and(|rel| rel.split(' ').any(|word| word == "noopener")),
                "{}",
                kind.name
            );
        }
        assert_eq!(html.select(&select("h1")).count(), 1, "{}", kind.name);
    }
    assert_eq!(refused, ["join-requests"], "its data is for one viewer");
    assert!(framed.len() >= 15, "{framed:?}");
    let rate = site.get(&frame_of(&ada, "cats", "rate-one").await).await.expect(200);
    assert_eq!(rate.attribute(".body .button", "href"), "/h/cats/rate");
    assert!(!rate.text().contains("ballot"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_frame_loads_at_most_15_kib_of_script_and_style(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    posted(&site, &ada, "cats").await;
    let page = site.get(&frame_of(&ada, "cats", "top-photos").await).await.expect(200);
    let html = page.html();
    let mut needed: BTreeSet<String> = BTreeSet::new();
    for element in
        html.select(&select("script, link:not([rel=canonical]), style, iframe, object, video, audio"))
    {
        let address = element.attr("src").or_else(|| element.attr("href"));
        needed.insert(address.expect("nothing is inline").to_owned());
    }
    let mut open: Vec<_> = needed.iter().cloned().collect();
    let mut bytes = 0;
    while let Some(address) = open.pop() {
        let file = site.get(&address).await.expect(200);
        bytes += file.body.len();
        let text = file.text();
        assert!(!text.contains("@import") && !text.contains("url("), "{address} loads more");
        assert!(!text.contains("import("), "{address} loads more");
        for import in text.lines().filter(|line| line.starts_with("import ")) {
            let name = import.split('"').nth(1).expect("a name");
            let base = reqwest::Url::parse(&site.url(&address)).expect("a URL");
            let address = base.join(name).expect("a path").path().to_owned();
            if needed.insert(address.clone()) {
                open.push(address);
            }
        }
    }
    println!("{bytes} bytes in {needed:?}");
    assert!(needed.len() >= 4 && bytes <= MOST, "{bytes} bytes in {needed:?}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_private_is_like_what_does_not_exist_and_what_fails_is_a_card(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    site.hub_with(&ada, "secret", json!({ "visibility": "private" })).await;
    let hidden = frame_of(&ada, "secret", "newest-photos").await;
    let unknown = site.get("/embed/h/unknown/1").await.expect(404);
    for pages in [site.visitor(), ada.pages.clone(), site.moderator("mod").await.pages] {
        let answer = pages.get(&hidden).await.expect(404);
        assert_eq!(answer.text(), unknown.text());
    }
    let shown = frame_of(&ada, "cats", "activity").await;
    let elsewhere = hidden.replace("/secret/", "/cats/");
    assert_eq!(site.get(&elsewhere).await.expect(404).text(), unknown.text(), "a widget of another hub");
    site.get(&shown).await.expect(200);

    ada.api.patch("hubs/cats", json!({ "archived": true })).await.expect(200);
    assert!(site.get(&shown).await.expect(200).text().contains("archived"));
    ada.api.patch("hubs/cats", json!({ "archived": false, "slug": "felines" })).await.expect(200);
    let moved = site.get(&shown).await.expect(308);
    assert_eq!(moved.header("location"), shown.replace("/cats/", "/felines/"));
    let shown = shown.replace("/cats/", "/felines/");

    site.change("alter table activity rename to activity_away").await;
    site.change("update widgets set config = '{\"limit\": 4}' where kind = 'activity'").await;
    ada.api
        .patch(
            &shown.replace("/embed/h/felines/", "hubs/felines/widgets/"),
            json!({ "config": { "limit": 3 } }),
        )
        .await
        .expect(200);
    let failed = site.get(&shown).await.expect(200);
    assert!(is_framable(&failed) && failed.has("main[data-hub=felines] .home"));
    assert!(failed.text().contains("couldn"), "it says so");
    assert_eq!(failed.header("cache-control"), "no-cache");
    site.change("alter table activity_away rename to activity").await;
    assert_eq!(site.get(&shown).await.expect(200).header("cache-control"), "public, max-age=60");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hubs_page_offers_its_widgets_to_other_sites(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub_with(&ada, "cats", json!({ "name": "Cats \"&\" <co>" })).await;
    let page = site.get("/h/cats").await.expect(200);
    let snippets = page.texts(".widget-embed textarea");
    assert!(snippets.len() >= 6, "{}", snippets.len());
    let newest = frame_of(&ada, "cats", "newest-photos").await;
    let of_newest = page.texts(".widget-newest-photos textarea").remove(0);
    let html = scraper::Html::parse_fragment(&of_newest);
    let frame = html.select(&select("iframe")).next().expect("a frame").value().clone();
    assert_eq!(frame.attr("src"), Some(&*site.url(&newest)));
    assert_eq!(frame.attr("title"), Some("Newest photos · Cats \"&\" <co>"));
    assert!(
        ["width", "height"]
            .iter()
            .all(|size| frame.attr(size).is_some_and(|size| size.parse::<u32>().is_ok()))
    );
    assert_eq!(html.select(&select("*")).count(), 2, "nothing else, within html");
    let part = site.get(&newest.replace("/embed/h/cats/", "/h/cats/w/")).await.expect(200);
    assert!(part.has(".widget-embed textarea"), "it stays when the widget is redrawn");
    assert!(!ada.pages.get("/h/cats?edit=1").await.expect(200).has(".widget-embed"));
    assert!(!ada.pages.get("/h/cats/widgets/new").await.expect(200).has(".widget-embed"));
    assert!(!site.get("/members/ada").await.expect(200).has(".widget-embed"));
    assert!(!page.has(".widget-drafts .widget-embed, .widget-join-requests .widget-embed"));
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    assert!(!ada.pages.get("/h/cats").await.expect(200).has(".widget-embed"));
    assert_eq!(ada.api.get("hubs/cats").await.json()["visibility"], Value::from("private"));
}

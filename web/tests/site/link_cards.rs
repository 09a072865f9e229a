//! What other sites are told about links to hubs and photos: oEmbed, OpenGraph and Twitter's cards.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Setup, Site, select, submission};

async fn ask(site: &Site, url: &str, more: &str) -> Answer {
    let query = reqwest::Url::parse_with_params(&site.url("/oembed"), [("url", url)]).expect("a URL");
    site.get(&format!("{}?{}{more}", query.path(), query.query().unwrap_or_default())).await
}

/// The content of a tag; `None` if the page has none.
fn tag(page: &Answer, name: &str) -> Option<String> {
    let html = page.html();
    let selector = select(&format!("meta[property='{name}'], meta[name='{name}']"));
    let mut found = html.select(&selector).map(|tag| tag.attr("content").unwrap_or_default().to_owned());
    let first = found.next();
    assert!(found.next().is_none(), "{name} is there once");
    first
}

const DISCOVERY: &str = "link[rel=alternate][type='application/json+oembed']";

async fn discovered(site: &Site, page: &Answer) -> Value {
    let address = page.attribute(DISCOVERY, "href");
    let path = address.strip_prefix(site.base.as_str()).expect("an absolute URL of the site");
    site.get(&format!("/{path}")).await.expect(200).json()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_is_told_with_its_picture(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).titled("A \"<b>cat</b>\"").live().await;
    let url = site.url(&format!("/photos/{photo}"));
    let answer = ask(&site, &url, "&format=json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.headers.get("set-cookie").is_none());
    let document = answer.json();
    for (key, value) in [
        ("version", json!("1.0")),
        ("type", json!("photo")),
        ("title", json!("A \"<b>cat</b>\"")),
        ("author_name", json!("ada")),
        ("author_url", json!(site.url("/members/ada"))),
        ("provider_name", json!("Pawdium")),
        ("provider_url", json!(site.url("/"))),
        ("width", json!(1080)),
        ("height", json!(1080)),
        ("thumbnail_width", json!(160)),
        ("thumbnail_height", json!(160)),
    ] {
        assert_eq!(document[key], value, "{key}");
    }
    for key in ["url", "thumbnail_url"] {
        let picture = document[key].as_str().and_then(|url| url.strip_prefix(site.base.as_str()));
        let picture = site.get(&format!("/{}", picture.expect("an absolute URL"))).await.expect(200);
        assert_eq!(picture.header("content-type"), "image/jpeg");
    }
    for (bounds, edge) in [("&maxwidth=800", 540), ("&maxheight=300&maxwidth=700", 160), ("&maxwidth=50", 50)]
    {
        let document = ask(&site, &url, bounds).await.expect(200).json();
        assert_eq!((&document["width"], &document["height"]), (&json!(edge), &json!(edge)), "{bounds}");
        assert!(document["thumbnail_width"].as_i64().is_some_and(|width| width <= edge), "{bounds}");
    }

    let page = site.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(discovered(&site, &page).await["url"], document["url"]);
    assert_eq!(tag(&page, "og:url"), Some(url));
    assert_eq!(tag(&page, "og:title").as_deref(), Some("A \"<b>cat</b>\""));
    assert_eq!(tag(&page, "og:image").as_deref(), document["url"].as_str());
    assert_eq!(tag(&page, "twitter:card").as_deref(), Some("summary_large_image"));
    assert!(
        ["og:type", "og:description", "og:site_name", "og:image:alt"]
            .iter()
            .all(|name| tag(&page, name).is_some())
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hub_is_told_with_a_frame(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub_with(&ada, "cats", json!({ "name": "Cats & co", "summary": "All of them." })).await;
    let photo = site.photo().by(&ada).live().await;
    site.post(&ada, "cats", photo).await;
    let document = ask(&site, &site.url("/h/cats"), "").await.expect(200).json();
    assert_eq!((&document["type"], &document["title"]), (&json!("rich"), &json!("Cats & co")));
    assert!(document["thumbnail_url"].as_str().is_some_and(|url| url.starts_with(site.base.as_str())));
    let frame = async |document: &Value| {
        let html = scraper::Html::parse_fragment(document["html"].as_str().expect("HTML"));
        let frame = html.select(&select("iframe")).next().expect("a frame").value().clone();
        for size in ["width", "height"] {
            assert_eq!(frame.attr(size), Some(&*document[size].to_string()), "{size}");
        }
        let path = frame.attr("src").and_then(|url| url.strip_prefix(site.base.as_str()).map(str::to_owned));
        site.get(&format!("/{}", path.expect("an absolute URL"))).await.expect(200)
    };
    assert!(!frame(&document).await.has(".widget-empty"), "it shows something");
    let small = ask(&site, &site.url("/h/cats"), "&maxwidth=200&maxheight=100").await.expect(200).json();
    assert_eq!((&small["width"], &small["height"]), (&json!(200), &json!(100)));
    frame(&small).await;
    let widgets = site.api().get("hubs/cats").await.json()["widgets"].as_array().expect("a list").clone();
    let of =
        |kind: &str| widgets.iter().find(|widget| widget["kind"] == kind).expect("it is there")["id"].clone();
    let top =
        ask(&site, &site.url(&format!("/h/cats#widget-{}", of("top-photos"))), "").await.expect(200).json();
    assert!(frame(&top).await.has("main.widget-top-photos"));

    let page = site.get("/h/cats").await.expect(200);
    assert_eq!(discovered(&site, &page).await["html"], document["html"]);
    assert_eq!(tag(&page, "og:url"), Some(site.url("/h/cats")));
    assert_eq!(tag(&page, "og:description").as_deref(), Some("All of them."));
    assert!(tag(&page, "og:image").is_some_and(|url| url.starts_with(site.base.as_str())));
    ada.api.patch("hubs/cats", json!({ "slug": "felines" })).await.expect(200);
    assert_eq!(
        ask(&site, &site.url("/h/cats"), "").await.expect(200).json()["type"],
        "rich",
        "links to it live on"
    );
    site.change("delete from widgets").await;
    assert_eq!(ask(&site, &site.url("/h/felines"), "").await.expect(200).json()["type"], "link");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_is_told_of_what_not_everybody_may_see(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub_with(&ada, "secret", json!({ "visibility": "private" })).await;
    site.hub(&ada, "cats").await;
    let draft = submission("A draft", crate::harness::pictures::quarters(300, 300)).text("draft", "1");
    let draft = ada.api.upload(draft).await.expect(202).json()["id"].as_i64().expect("an id");
    let failed = site.photo().by(&ada).failed("No.").await;
    let gone = site.photo().by(&ada).live().await;
    ada.api.delete(&format!("photos/{gone}"), Value::Null).await.expect(204);
    let unknown = ask(&site, &site.url("/h/unknown"), "").await;
    for path in [
        "/h/secret",
        "/h/nowhere",
        "/photos/0",
        "/photos/x",
        "/",
        "/h/cats/members",
        "/members/ada",
        "/login",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([draft, failed, gone].map(|photo| format!("/photos/{photo}")))
    {
        let answer = ask(&site, &site.url(&path), "").await.expect(404);
        assert_eq!(answer.text(), unknown.text(), "{path}");
        assert_eq!(answer.error(404).0, "resource not found");
    }
    for url in ["", "https://example.org/photos/1", "//photos/1", "cats", "data:text/html,x"] {
        ask(&site, url, "").await.error(404);
    }
    for path in ["/h/secret".to_owned(), format!("/photos/{draft}"), format!("/photos/{failed}")] {
        let page = ada.pages.get(&path).await.expect(200);
        assert!(
            !page.has(DISCOVERY) && tag(&page, "og:title").is_none() && tag(&page, "twitter:card").is_none(),
            "{path}"
        );
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_what_the_specification_knows_is_asked_for(db: PgPool) {
    let site = Setup::on(db).set("security.oembeds_per_minute", "4").start().await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let hub = site.url("/h/cats");
    for format in ["xml", "yaml", "", "JSON"] {
        let refused = ask(&site, &hub, &format!("&format={format}")).await;
        assert_eq!(refused.error(501).0, "There is only format=json.");
    }
    for (bound, field) in [
        ("maxwidth=0", "maxwidth"),
        ("maxwidth=-1", "maxwidth"),
        ("maxheight=x", "maxheight"),
        ("maxheight=99999999999", "maxheight"),
    ] {
        assert_eq!(
            ask(&site, &hub, &format!("&{bound}")).await.error(400).1.as_deref(),
            Some(field),
            "{bound}"
        );
    }
    ask(&site, &hub, &format!("&url={hub}")).await.error(400);
    site.get("/oembed").await.error(404);
    for _ in 0..3 {
        ask(&site, &hub, "").await.expect(200);
    }
    let limited = ask(&site, &hub, "").await;
    assert!(!limited.header("retry-after").is_empty());
    limited.error(429);
}

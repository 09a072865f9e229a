//! Strange input about topics.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::Site;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_unknown_topic_suggests_those_that_are_called_nearly_so(db: PgPool) {
    let site = Site::start(db).await;
    for tags in ["tongue, upside-down", "tongues", "zebra"] {
        site.photo().tagged(tags).live().await;
    }
    let page = site.get("/topics/tonguue").await.expect(404);
    assert_eq!(page.attribute(".topic-nearest a", "href"), "/topics/tongue");
    assert!(page.texts("h1")[0].contains("tonguue"));
    let nothing = site.get("/topics/qqqqqq").await.expect(404);
    assert!(!nothing.has(".topic-nearest"));
    let (message, _) = site.api().get("topics/tonguue").await.error(404);
    assert_eq!(message, "resource not found");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_spelling_leads_to_the_topics_own_address(db: PgPool) {
    let site = Site::start(db).await;
    site.photo().tagged("Straße").live().await;
    for spelling in ["STRASSE", "Stra%C3%9Fe", "%EF%BC%B3trasse", "stra%E2%80%8Dsse"] {
        let moved = site.get(&format!("/topics/{spelling}?sort=top")).await.expect(308);
        assert_eq!(moved.header("location"), "/topics/strasse?sort=top", "{spelling}");
        let moved = site.api().get(&format!("topics/{spelling}")).await.expect(308);
        assert_eq!(moved.header("location"), "/api/v1/topics/strasse", "{spelling}");
    }
    assert_eq!(site.get("/topics/strasse").await.expect(200).texts("h1"), ["Straße"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_no_topic_is_answered_clearly(db: PgPool) {
    let site = Site::start(db).await;
    site.photo().tagged("blep, sofa").live().await;
    for path in [
        "/topics/%FF%FE",
        "/topics/%00",
        "/topics/%3Cscript%3E",
        "/topics/%F0%9F%90%88",
        "/topics/..%2F..%2Fetc",
        "/topics/%E2%80%AE",
        "/topics/-",
        &format!("/topics/{}", "a".repeat(3000)),
    ] {
        let answer = site.get(path).await.expect(404);
        assert!(!answer.has("script:not([src])"), "{path}");
        site.api().get(&path[1..]).await.expect(404);
    }
    let many = (0..50).map(|number| format!("x{number}")).collect::<Vec<_>>().join(",");
    for with in ["nothing", "sofa,nothing", "%3Cb%3E", "%F0%9F%90%88", "%00", &many] {
        site.get(&format!("/topics/blep?with={with}")).await.expect(400);
        for path in ["topics/blep", "topics", "sections"] {
            let (message, field) = site.api().get(&format!("{path}?with={with}")).await.error(400);
            assert_eq!(field.as_deref(), Some("with"), "{path}: {message}");
        }
    }
    let (message, _) = site.api().get(&format!("topics/blep?with={many}")).await.error(400);
    assert_eq!(message, "Combine at most 5 topics.");
    for page in ["0", "-1", "x", "%00", "99999999999999999999", "10000"] {
        assert!(site.get(&format!("/topics/blep?page={page}")).await.expect(200).has(".card"), "{page}");
        site.get(&format!("/topics/blep?with=sofa&page={page}")).await.expect(200);
        site.get(&format!("/topics?page={page}")).await.expect(200);
    }
    for (query, field) in
        [("page=0", "page"), ("limit=101", "limit"), ("sort=best", "sort"), ("page=x", "page")]
    {
        for path in ["topics/blep", "topics"] {
            assert_eq!(site.api().get(&format!("{path}?{query}")).await.error(400).1.as_deref(), Some(field));
        }
    }
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn tags_over_their_limits_are_refused_by_field(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for tags in ["a,b,c,d,e,f,g,h,i,j,k", "<b>", "🐈", "\u{200d}", &"ß".repeat(16), &"a".repeat(31)] {
        let form = crate::harness::submission("A cat", crate::harness::pictures::quarters(300, 300))
            .text("tags", tags.to_owned());
        let (message, field) = ada.api.upload(form).await.error(400);
        assert_eq!(field.as_deref(), Some("tags"), "{tags}: {message}");
    }
}

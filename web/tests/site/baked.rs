//! Baked pages: rendered once for everybody whom the site doesn't know.

use std::time::{Duration, Instant};

use futures::future::join_all;
use pawdium_shared::db::{MIGRATIONS, Tx};
use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Bakery, Pages, SOON, Setup, eventually, source, until_shown};

/// How long a change may take until everybody sees it.
const A_SECOND: Duration = Duration::from_secs(1);

async fn with(pages: &Pages, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = pages.request(Method::GET, path);
    Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

fn ballot_of(page: &Answer) -> String {
    page.attribute("input[name=ballot]", "value")
}

/// The text of a page without the ballot that each answer has of its own.
fn without_ballot(page: &Answer) -> String {
    if page.has("input[name=ballot]") { page.text().replace(&ballot_of(page), "") } else { page.text() }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_is_rendered_once_and_then_sent_from_memory(db: PgPool) {
    let Bakery { site, paths, photo, .. } = Bakery::open(Setup::on(db)).await;
    for path in &paths {
        let first = site.get(path).await.expect(200);
        assert_eq!(source(&first), "MISS", "{path}");
        let second = site.get(path).await.expect(200);
        assert_eq!((source(&second), without_ballot(&second)), ("HIT", without_ballot(&first)), "{path}");
        assert!(second.header("age").parse::<u64>().is_ok_and(|age| age < 10), "{path}");
        // Views of photos are counted, and not everybody gets the same order of talks.
        let is_asked = path.starts_with("/photos/")
            || path.starts_with("/talks/")
            || path.starts_with("/calls/") && !path.ends_with("/results");
        let shared = u8::from(!is_asked);
        let caching = match path.as_str() {
            "/" => "private, no-store".to_owned(),
            _ => format!(
                "public, max-age=0, s-maxage={shared}, stale-while-revalidate=30, stale-if-error=86400"
            ),
        };
        assert_eq!(second.header("cache-control"), caching, "{path}");
        assert_eq!(second.header("vary"), "accept-encoding, cookie", "{path}");
        assert_eq!(second.header("content-type"), "text/html; charset=utf-8", "{path}");
        for answer in [&first, &second] {
            assert!(!answer.headers.contains_key("set-cookie"), "{path}");
            for header in ["content-security-policy", "x-content-type-options", "referrer-policy"] {
                assert!(answer.headers.contains_key(header), "{path}: {header}");
            }
        }
        if path == "/" {
            assert_eq!(second.header("etag"), "", "each answer is another");
            continue;
        }
        let known =
            with(&site.visitor(), path, &[("if-none-match", second.header("etag"))]).await.expect(304);
        assert_eq!((source(&known), known.body.len()), ("HIT", 0), "{path}");
        assert_eq!(known.header("etag"), second.header("etag"), "{path}");
    }
    assert_eq!(site.get("/search?q=blep").await.expect(200).header("x-cache"), "");
    assert_eq!(site.get("/hubs?q=cats").await.expect(200).header("x-cache"), "");
    assert_eq!(site.get("/?rated=1").await.expect(200).header("x-cache"), "", "that is the visitor's own");
    for gone in ["/photos/999999".to_owned(), "/h/nowhere".to_owned(), format!("/members/x{photo}")] {
        for _ in 0..2 {
            let answer = site.get(&gone).await.expect(404);
            assert_eq!(source(&answer), "MISS", "{gone}");
            assert_eq!(answer.header("cache-control"), "public, max-age=0, s-maxage=1", "{gone}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_means_nothing_makes_no_other_page(db: PgPool) {
    let Bakery { site, .. } = Bakery::open(Setup::on(db)).await;
    let page = site.get("/top?period=week").await.expect(200);
    for same in ["/top?period=week&utm_source=mail", "/top?_=17&period=week", "/top?period=week&page="] {
        let same = site.get(same).await.expect(200);
        assert_eq!((source(&same), same.text()), ("HIT", page.text()));
    }
    assert_eq!(source(&site.get("/top?period=day").await), "MISS");
    assert_eq!(source(&site.get("/top?page=1&page=2").await.expect(400)), "", "as without baking");
    // The site speaks one language to all.
    for language in ["en", "de-DE,de;q=0.9", "*"] {
        let same = with(&site.visitor(), "/top?period=week", &[("accept-language", language)]).await;
        assert_eq!((source(&same), same.text()), ("HIT", page.text()), "{language}");
        assert_eq!(same.attribute("html", "lang"), "en");
    }
    let dark = with(&site.visitor(), "/top?period=week", &[("cookie", "theme=dark; _ga=1")]).await;
    assert_eq!((source(&dark), dark.attribute("html", "data-theme")), ("MISS", "dark".to_owned()));
    let dark = with(&site.visitor(), "/top?period=week", &[("cookie", "theme=dark")]).await;
    assert_eq!(source(&dark), "HIT");

    let gzip =
        with(&site.visitor(), "/top?period=week", &[("accept-encoding", "gzip, br")]).await.expect(200);
    assert_eq!((source(&gzip), gzip.header("content-encoding")), ("HIT", "gzip"));
    assert!(gzip.body.len() < page.body.len() / 2);
    assert_ne!(gzip.header("etag"), page.header("etag"));
    let head = Answer::to(site.visitor().request(Method::HEAD, "/top?period=week")).await.expect(200);
    assert_eq!((source(&head), head.header("content-length")), ("HIT", &*page.body.len().to_string()));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_gets_a_page_that_was_made_for_somebody(db: PgPool) {
    let bakery = Bakery::open(Setup::on(db)).await;
    let (site, ada) = (&bakery.site, &bakery.ada);
    let mallory = site.moderator("mallory").await;
    let rate_one =
        Regex::new(r#"(?s)<section class="widget widget-rate-one".*?</section>"#).expect("a regex");
    let common = |page: &Answer| {
        let text = without_ballot(page).replace(" data-baked", "");
        rate_one.replace(&text, "").into_owned()
    };
    for path in &bakery.paths {
        for person in [ada, &mallory] {
            person.pages.keep("notice=PhotoDeleted");
            let own = person.pages.get(path).await.expect(200);
            assert!(own.text().contains("Log out") && own.has(".flash"), "{path}");
            assert_eq!((source(&own), own.header("cache-control")), ("", "private, no-store"), "{path}");
        }
        // A session that nobody has is answered by the handler, as nobody's.
        let ended = site.visitor().with_session("ended");
        let rendered = ended.get(path).await.expect(200);
        assert_eq!(source(&rendered), "", "{path}");
        let baked = site.get(path).await.expect(200);
        assert_eq!(source(&baked), "MISS", "{path}: nothing of theirs was kept");
        if path == "/" {
            assert_ne!(ballot_of(&baked), ballot_of(&site.get(path).await), "each answer has its own");
        } else {
            assert_eq!(common(&baked), common(&rendered), "{path}");
            assert!(!baked.has("input[name=ballot]"), "{path}");
        }
        assert!(!baked.has(".flash"), "{path}");
        for person in [ada, &mallory] {
            let own = person.pages.get(path).await.expect(200);
            assert!(own.text().contains("Log out") && source(&own).is_empty(), "{path}: still their own");
        }
        assert_eq!(source(&site.get(path).await), "HIT");
        for cookie in ["visitor=x", "notice=PhotoDeleted", "%73ession=x"] {
            let known = with(&site.visitor(), path, &[("cookie", cookie)]).await.expect(200);
            assert_eq!(source(&known), "", "{path} with {cookie}");
        }
        let caller = with(&site.visitor(), path, &[("authorization", "Bearer x")]).await;
        assert_eq!(source(&caller), "", "{path} with a token");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_thousand_who_miss_at_the_same_time_make_one_rendering(db: PgPool) {
    const VISITORS: usize = 1000;
    let bakery = Bakery::open(Setup::on(db).set("log.filter", "info,sqlx=debug")).await;
    let site = &bakery.site;
    let renderings = || site.log().matches("count!\\\" from hubs").count();
    let before = renderings();
    site.get("/hubs?sort=new").await.expect(200);
    let one = renderings() - before;
    assert!(one > 0, "{}", site.log());

    let mut held = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("lock table hubs").execute(&mut *held).await.expect("it is locked");
    let visitor = site.visitor();
    let asking = join_all((0..VISITORS).map(|_| visitor.get("/hubs")));
    let release = async {
        tokio::time::sleep(A_SECOND).await;
        held.rollback().await.expect("it is unlocked");
    };
    let (answers, ()) = tokio::join!(asking, release);
    assert!(answers.iter().all(|answer| answer.status == 200));
    let missed = answers.iter().filter(|answer| source(answer) == "MISS").count();
    assert!(missed > 10, "{missed} waited");
    assert_eq!(renderings() - before, 2 * one);

    // A change, and again they all ask while the page is rendered.
    let body = json!({ "name": "More cats" });
    bakery.ada.api.patch("hubs/cats", body).await.expect(200);
    site.settle().await;
    site.get("/hubs").await.expect(200);
    bakery.ada.api.put("hubs/cats/roles/stargazer", Value::Null).await.expect(204);
    site.settle().await;
    let before = renderings();
    let mut held = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("lock table hubs").execute(&mut *held).await.expect("it is locked");
    let begin = Instant::now();
    let answers = join_all((0..20).map(|_| visitor.get("/hubs"))).await;
    let took = begin.elapsed();
    held.rollback().await.expect("it is unlocked");
    assert!(answers.iter().all(|answer| answer.status == 200 && source(answer) == "STALE"));
    assert!(took < Duration::from_millis(2500), "nobody waits for the end of it: {took:?}");
    let took = until_shown(site, "/hubs", |page| source(page) == "HIT").await;
    println!("current {took:.1?} later");
    assert!(renderings() - before <= 2 * one);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_change_is_shown_within_a_second_by_every_process(db: PgPool) {
    let prefix = format!("test-{}:", ulid::Ulid::generate());
    let other = Setup::on(db.clone()).set("redis.prefix", &prefix).start().await;
    let Bakery { site, ada, photo, paths } = Bakery::open(Setup::on(db).set("redis.prefix", &prefix)).await;
    let bake = async || {
        for site in [&site, &other] {
            for path in &paths {
                site.get(path).await.expect(200);
                assert_eq!(source(&site.get(path).await), "HIT", "{path}");
            }
        }
    };
    bake().await;
    let new = site.photo().by(&ada).titled("Mlem").live().await;
    for site in [&site, &other] {
        for path in ["/new", "/h/cats", "/members/ada", "/members/ada/photos"] {
            let shows = path != "/h/cats";
            let took =
                until_shown(site, path, |page| page.text().contains(&format!("/photos/{new}")) == shows)
                    .await;
            println!("{path} is current {took:.1?} after a photo went live");
        }
    }
    bake().await;
    let eve = site.member("eve").await;
    site.rate(&eve, photo, 9).await;
    for site in [&site, &other] {
        let took = until_shown(site, "/top", |page| page.text().contains("9.0")).await;
        assert!(took < A_SECOND * 3, "{took:?}");
    }
    bake().await;
    ada.api.patch("hubs/cats", json!({ "name": "Felines", "summary": "Furry." })).await.expect(200);
    for path in ["/h/cats", "/hubs", &format!("/photos/{photo}"), &format!("/photos/{photo}?from=hub:cats")] {
        assert!(site.get(path).await.text().contains("Felines"), "{path} at once");
        let took = until_shown(&other, path, |page| page.text().contains("Felines")).await;
        assert!(took < A_SECOND, "{path} took {took:?} in another process");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_withdrawn_is_gone_at_once(db: PgPool) {
    let Bakery { site, ada, photo, paths } = Bakery::open(Setup::on(db)).await;
    let mallory = site.moderator("mallory").await;
    let bake = async || {
        for path in &paths {
            site.get(path).await;
        }
    };
    for path in &paths {
        site.get(path).await.expect(200);
        assert_eq!(source(&site.get(path).await), "HIT", "{path}");
    }
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    site.get("/h/cats").await.expect(404);
    let (within, others): (Vec<_>, Vec<_>) =
        paths.iter().partition(|path| ["/h/", "/calls/", "/talks/"].iter().any(|of| path.starts_with(of)));
    for path in within {
        site.get(path).await.expect(404);
    }
    for path in others {
        let page = site.get(path).await.expect(200);
        assert!(!page.text().contains("/h/cats") && !page.text().contains(">cats<"), "{path}");
    }
    ada.api.patch("hubs/cats", json!({ "visibility": "public" })).await.expect(200);
    site.get("/h/cats").await.expect(200);
    bake().await;
    assert!(site.get("/h/cats").await.text().contains("Blep"));

    let form = [("reason", "Not an animal")];
    assert_eq!(mallory.pages.post(&format!("/photos/{photo}/block"), &form).await.status, 303);
    for path in &paths {
        let page = site.get(path).await;
        // It was the only photo of its topics.
        let is_gone = ["/photos/", "/topics/"].iter().any(|gone| path.starts_with(gone));
        assert_eq!(page.status, if is_gone { 404 } else { 200 }, "{path}");
        assert!(!page.text().contains("Blep"), "{path}");
    }

    let body = json!({ "password": crate::harness::PASSWORD });
    bake().await;
    ada.api.delete("users/me", body).await.expect(204);
    for path in ["/members/ada", "/members/ada/photos"] {
        site.get(path).await.expect(404);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_view_of_a_photo_counts_whoever_answers_it(db: PgPool) {
    let Bakery { site, photo, .. } = Bakery::open(Setup::on(db)).await;
    for visitor in 1..=3 {
        for _ in 0..3 {
            let address = format!("203.0.{visitor}.9");
            let path = format!("/photos/{photo}");
            with(&site.visitor(), &path, &[("x-forwarded-for", &address)]).await.expect(200);
        }
    }
    let viewed = "select count(*) from virality_events where kind = 'view' and photo_id = $1";
    eventually("all are counted", SOON, async || {
        (site.ask_of::<i64>(viewed, photo).await == 3).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_of_a_baked_hub_can_rate(db: PgPool) {
    let Bakery { site, .. } = Bakery::open(Setup::on(db)).await;
    let visitor = site.visitor();
    let page = visitor.get("/h/cats").await.expect(200);
    assert_eq!(page.attribute(".rate-one .button", "href"), "/h/cats/rate", "without a script");
    let rating = site.visitor().get("/h/cats/rate").await.expect(200);
    assert!(rating.has("input[name=ballot]"));
    // With one, the page loads what is the visitor's own.
    let widget = page.attribute(".widget-rate-one", "data-widget");
    let part = visitor.get(&format!("/h/cats/w/{widget}")).await.expect(200);
    let (ballot, action) = (part.attribute("input[name=ballot]", "value"), part.attribute("form", "action"));
    let form = [("value", "7"), ("ballot", ballot.as_str()), ("from", "hub"), ("hub", "cats")];
    assert_eq!(visitor.post(&action, &form).await.status, 303);
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 1);
    assert_eq!(source(&visitor.get("/h/cats").await.expect(200)), "", "the site knows them now");
}

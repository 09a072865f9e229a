//! Topics: their list, their pages, feeds and calls.

use pawdium_shared::db::{MIGRATIONS, Tx};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::jobs::topics::{CountTopics, RelateTopics};
use pawdium_shared::photos::Tags;
use pawdium_shared::topics;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Setup, Site};

async fn retag(site: &Site, photo: i64, tags: &str) {
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    topics::set(&mut tx, PhotoId(photo), &Tags::new(tags).expect("tags")).await.expect("they are set");
    tx.commit().await.expect("it is committed");
}

/// What the API says of a topic.
async fn topic(site: &Site, path: &str) -> Value {
    site.api().get(&format!("topics/{path}")).await.expect(200).json()
}

fn ids(answer: &Value) -> Vec<i64> {
    answer["data"].as_array().expect("a list").iter().filter_map(|photo| photo["id"].as_i64()).collect()
}

fn tags_of(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|topic| topic["tag"].as_str()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_topics_page_counts_and_lists_its_live_photos(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let first = site.photo().by(&ada).titled("First").tagged("Blep, sofa").live().await;
    let second = site.photo().by(&ada).titled("Second").tagged("blep").live().await;
    site.photo().by(&ada).titled("Other").tagged("sofa").live().await;
    site.photo().by(&ada).tagged("blep, secret").processing().await;

    let page = site.get("/topics/blep").await.expect(200);
    assert_eq!(page.texts("h1"), ["Blep"], "as its first user wrote it");
    assert!(page.text().contains("2 photos"));
    assert_eq!(page.texts(".card h2"), ["Second", "First"]);
    assert_eq!(page.attribute(".card h2 a", "href"), format!("/photos/{second}?from=topic:blep"));
    assert_eq!(page.texts(".explore-tabs [aria-current]"), ["Topics"]);
    let photo = site.get(&format!("/photos/{second}?from=topic:blep")).await.expect(200);
    assert_eq!(photo.attribute(".place-list", "href"), "/topics/blep");
    assert_eq!(photo.attribute("a[rel=next]", "href"), format!("/photos/{first}?from=topic:blep"));
    assert_eq!(photo.attribute(".tags a", "href"), "/topics/blep");

    let list = site.get("/topics").await.expect(200);
    assert_eq!(list.texts(".topic-cloud a").len(), 2, "what only drafts have is no topic");
    site.get("/topics/secret").await.expect(404);
    let answer = topic(&site, "blep").await;
    assert_eq!(
        (&answer["name"], &answer["photos"], ids(&answer)),
        (&json!("Blep"), &json!(2), vec![second, first])
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_happens_to_a_photo_shows_in_its_topics_at_once(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let mut photos = Vec::new();
    for _ in 0..4 {
        photos.push(site.photo().by(&ada).tagged("blep, sofa").live().await);
    }
    let seen = async || {
        let answer = topic(&site, "blep").await;
        let page = site.get("/topics/blep").await.expect(200);
        let feed = site.get("/topics/blep/feed.atom").await.expect(200).text();
        let found = site.api().get("search?q=blep&in=photos").await.expect(200).json();
        let count = (answer["photos"].as_u64(), ids(&answer).len(), page.texts(".card").len());
        (count, feed.matches("<entry>").count(), found["photos"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(seen().await, ((Some(4), 4, 4), 4, 4));
    ada.api.delete(&format!("photos/{}", photos[0]), Value::Null).await.expect(204);
    assert_eq!(seen().await, ((Some(3), 3, 3), 3, 3), "deleted");
    mo.pages.post(&format!("/photos/{}/block", photos[1]), &[("reason", "Not an animal")]).await.location();
    assert_eq!(seen().await, ((Some(2), 2, 2), 2, 2), "hidden");
    retag(&site, photos[2], "sofa, Zwölf").await;
    site.settle().await;
    let page = site.get("/topics/blep").await.expect(200);
    assert!(page.text().contains("1 photo<") || page.texts(".card").len() == 1, "tagged otherwise");
    assert_eq!(site.get("/topics/zw%C3%B6lf").await.expect(200).texts("h1"), ["Zwölf"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_share_places_if_they_have_as_many_photos(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, cyd) = (site.member("ada").await, site.member("bob").await, site.member("cyd").await);
    for person in [&cyd, &ada, &bob, &bob, &ada, &bob] {
        site.photo().by(person).tagged("blep").live().await;
    }
    site.photo().by(&cyd).tagged("blep").live().await;
    site.photo().by(&cyd).tagged("sofa").live().await;
    let leaders = &topic(&site, "blep").await["leaders"];
    let places: Vec<_> = leaders
        .as_array()
        .expect("a list")
        .iter()
        .map(|leader| (leader["place"].as_i64(), leader["name"].as_str(), leader["photos"].as_i64()))
        .collect();
    let expected = [(1, "bob", 3), (2, "ada", 2), (2, "cyd", 2)];
    assert_eq!(places, expected.map(|(place, name, photos)| (Some(place), Some(name), Some(photos))));
    let page = site.get("/topics/blep").await.expect(200);
    assert_eq!(page.texts(".topic-leaders a"), ["bob", "ada", "cyd"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn topics_are_related_by_how_much_more_often_they_occur_together(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    for tags in
        ["blep, sofa", "blep, sofa", "blep, meadow", "blep, meadow", "meadow", "meadow", "meadow", "night"]
    {
        site.photo().tagged(tags).live().await;
    }
    assert_eq!(topic(&site, "blep").await["related"], json!([]), "nothing is computed yet");
    site.run(RelateTopics {}).await;
    site.settle().await;
    // Sofa is on 2 photos of 8 and always beside blep (lift 2); meadow is on 5, and rarely (lift 0.8).
    assert_eq!(tags_of(&topic(&site, "blep").await["related"]), ["sofa"]);
    assert_eq!(tags_of(&topic(&site, "sofa").await["related"]), ["blep"]);
    let page = site.get("/topics/blep").await.expect(200);
    assert_eq!(page.attribute("[aria-label='Related topics'] a", "href"), "/topics/blep?with=sofa");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn several_topics_show_what_has_all_of_them(db: PgPool) {
    let site = Site::start(db).await;
    let all = site.photo().titled("All").tagged("blep, sofa, night").live().await;
    let two = site.photo().titled("Two").tagged("sofa, blep").live().await;
    site.photo().titled("One").tagged("blep").live().await;
    assert_eq!(ids(&topic(&site, "blep?with=sofa").await), [two, all]);
    assert_eq!(ids(&topic(&site, "sofa?with=BLEP").await), [two, all]);
    assert_eq!(ids(&topic(&site, "blep?with=sofa,night").await), [all]);
    assert_eq!(ids(&topic(&site, "blep?with=blep").await).len(), 3, "itself is no other");
    let page = site.get("/topics/blep?with=sofa").await.expect(200);
    assert_eq!(page.texts(".card h2"), ["Two", "All"]);
    assert_eq!(page.attribute("[aria-label='Combined with'] a", "href"), "/topics/blep");
    assert_eq!(page.attribute("[aria-label='Related topics'] a", "href"), "/topics/blep?with=sofa,night");
    let beside = site.api().get("topics?with=blep,sofa").await.expect(200).json();
    assert_eq!((tags_of(&beside["data"]), &beside["data"][0]["photos"]), (vec!["night"], &json!(1)));
    site.photo().tagged("meadow").live().await;
    let none = site.get("/topics/meadow?with=sofa").await.expect(200);
    assert_eq!(none.texts(".nothing h2"), ["No photo has all of these"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_of_five_topics_counts_however_rare_the_rarest_is(db: PgPool) {
    let site = Site::start(db).await;
    let tags = ["blep", "sofa", "night", "meadow", "zoom"];
    let whole = site.photo().tagged(&tags.join(", ")).live().await;
    for missing in tags {
        let others: Vec<_> = tags.into_iter().filter(|tag| *tag != missing).collect();
        let rare = site.photo().tagged(&format!("rare-{missing}, {}", others.join(", "))).live().await;
        for _ in 0..3 {
            site.photo().tagged(&others.join(", ")).live().await;
        }
        assert_eq!(ids(&topic(&site, &format!("rare-{missing}?with={}", others.join(","))).await), [rare]);
        for present in &others {
            let asked: Vec<_> = tags.into_iter().filter(|tag| tag != present).collect();
            let found = topic(&site, &format!("rare-{missing}?with={}", asked.join(","))).await;
            assert_eq!(ids(&found), Vec::<i64>::new(), "{asked:?}");
        }
    }
    assert_eq!(ids(&topic(&site, "blep?with=sofa,night,meadow,zoom").await), [whole]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_best_photos_of_a_topic_come_first(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, eve) = (site.member("ada").await, site.member("eve").await);
    let [low, high, other] =
        [site.photo(), site.photo(), site.photo().tagged("sofa")].map(|photo| photo.by(&ada));
    let (low, high, other) = (low.live().await, high.live().await, other.live().await);
    for (photo, value) in [(low, 2), (high, 9), (other, 10)] {
        site.rate(&eve, photo, value).await;
    }
    site.run(RefreshRanks {}).await;
    site.settle().await;
    assert_eq!(ids(&topic(&site, "tongue?sort=top").await), [high, low]);
    let page = site.get("/topics/tongue?sort=top").await.expect(200);
    assert_eq!(page.attribute(".card h2 a", "href"), format!("/photos/{high}?from=topic-top:tongue"));
    assert_eq!(page.texts(".filters [aria-current]"), ["Top"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_list_has_orders_and_pages(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    for tags in ["zebra, apple", "zebra, mint", "zebra"] {
        site.photo().tagged(tags).live().await;
    }
    site.run(CountTopics { all: false }).await;
    let listed = async |query: &str| {
        let list = site.api().get(&format!("topics{query}")).await.expect(200).json();
        tags_of(&list["data"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed("").await[0], "zebra");
    assert_eq!(listed("?sort=name").await, ["apple", "mint", "zebra"]);
    assert_eq!(listed("?sort=new").await, ["mint", "zebra", "apple"]);
    assert_eq!(listed("?sort=name&limit=1&page=2").await, ["mint"]);
    assert_eq!(listed("?page=2").await, Vec::<String>::new());
    let page = site.get("/topics?sort=name&page=99").await.expect(200);
    assert_eq!(page.texts(".topic-cloud a").len(), 3, "beyond the end is the end");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_topics_feed_is_valid_and_leads_back(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photo().titled("<b>Blep</b> & co").tagged("Blep").live().await;
    let page = site.get("/topics/blep").await.expect(200);
    let path = page.attribute("link[rel=alternate]", "href");
    assert_eq!(path, "/topics/blep/feed.atom");
    let feed = site.get(&path).await.expect(200);
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let text = feed.text();
    assert!(!text.contains("<b>") && text.contains(&format!("/photos/{photo}")), "{text}");
    let mut reader = quick_xml::Reader::from_str(&text);
    while reader.read_event().expect("it is well-formed") != quick_xml::events::Event::Eof {}
    site.get("/topics/none/feed.atom").await.expect(404);
    assert_eq!(site.get("/topics/Blep/feed.atom").await.expect(308).header("location"), path);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hub_has_the_topics_of_its_photos(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub_of("cats", &[&ada]).await;
    let first = site.photo().by(&ada).titled("First").tagged("Blep, sofa").live().await;
    let second = site.photo().by(&ada).titled("Second").tagged("blep").live().await;
    site.photo().by(&ada).titled("Elsewhere").tagged("blep, barn").live().await;
    for photo in [first, second] {
        ada.api.put(&format!("hubs/cats/photos/{photo}"), Value::Null).await.expect(204);
    }

    let all = site.get("/h/cats/topics").await.expect(200);
    assert_eq!(all.texts(".hub-tabs [aria-current]"), ["Topics"]);
    assert_eq!(all.texts(".topic-count"), [", photos: 2", ", photos: 1"], "of the hub, not of the site");
    assert!(all.texts(".card h2").is_empty());
    let blep = site.get("/h/cats/topics?topic=blep").await.expect(200);
    assert_eq!(blep.texts(".card h2"), ["Second", "First"], "the latest posted first");
    assert_eq!(blep.attribute(".topic-cloud [aria-current]", "href"), "/h/cats/topics", "leaves it again");
    assert_eq!(site.get("/h/cats/topics?topic=sofa").await.expect(200).texts(".card h2"), ["First"]);
    let barn = site.get("/h/cats/topics?topic=barn").await.expect(200);
    assert!(barn.text().contains("No photo here has this topic."));
    for odd in ["?topic=%00", "?topic=none", "?topic=blep&page=99", "?topic=blep&page=-1", "?page=x"] {
        site.get(&format!("/h/cats/topics{odd}")).await.expect(200);
    }
    site.change("update photos set state = 'hidden' where title = 'First'").await;
    assert_eq!(site.get("/h/cats/topics").await.expect(200).texts(".topic-count"), [", photos: 1"]);

    site.change("update hubs set visibility = 'private' where slug = 'cats'").await;
    bob.pages.get("/h/cats/topics?topic=blep").await.expect(404);
    ada.pages.get("/h/cats/topics?topic=blep").await.expect(200);
}

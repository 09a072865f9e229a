//! The feed as a page, as an Atom document and through the API.

use pawdium_shared::db::MIGRATIONS;
use quick_xml::events::Event;
use quick_xml::reader::NsReader;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};

impl Site {
    /// Records that somebody did something in a hub that many minutes ago.
    async fn did(&self, hub: i64, verb: &str, actor: &Person, minutes: i32) {
        let did = sqlx::query(
            "insert into activity (hub_id, verb, actor_id, at) values ($1, $2, $3, now() - make_interval(mins => $4))",
        );
        let did = did.bind(hub).bind(verb).bind(actor.id).bind(minutes);
        did.execute(&self.db).await.expect("it is recorded");
    }
}

async fn texts(person: &Person) -> Vec<String> {
    let feed = person.api.get("users/me/feed").await.expect(200).json();
    let entries = feed["data"].as_array().expect("a list").clone();
    entries.iter().map(|entry| entry["text"].as_str().expect("a sentence").to_owned()).collect()
}

/// The texts of the elements at a path of names below `feed`, such as `entry/title`. Panics unless the document is
/// well-formed and all of its elements are Atom's.
fn atom(answer: &Answer, path: &str) -> Vec<String> {
    assert_eq!(answer.header("content-type"), "application/atom+xml; charset=utf-8");
    let text = answer.text();
    let mut reader = NsReader::from_str(&text);
    let (mut open, mut found): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut is_there = false;
    loop {
        let (namespace, event) = reader.read_resolved_event().expect("the document is well-formed");
        match event {
            Event::Start(start) => {
                let atom = quick_xml::name::Namespace(b"http://www.w3.org/2005/Atom");
                assert_eq!(namespace, quick_xml::name::ResolveResult::Bound(atom));
                open.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                is_there = open[1..].join("/") == path;
                if is_there {
                    found.push(String::new());
                }
            }
            Event::End(_) => {
                open.pop();
                is_there = false;
            }
            Event::Text(text) if is_there => {
                found.last_mut().expect("one is open").push_str(&text.decode().expect("it is UTF-8"));
            }
            Event::GeneralRef(reference) if is_there => {
                let letter = reference.resolve_char_ref().expect("it is a character").expect("a number");
                found.last_mut().expect("one is open").push(letter);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    found
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_feed_tells_what_happened_in_hubs_that_one_follows(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let reader = site.member("rita").await;
    let hub = site.hub_of("derps", &[&ada, &bob, &eve]).await;
    let other = site.hub_of("others", &[&ada]).await;
    site.give_role(hub, &reader, "subscriber").await;
    site.give_role(other, &reader, "stargazer").await;
    site.did(hub, "created", &ada, 600).await;
    site.did(hub, "joined", &bob, 30).await;
    site.did(hub, "joined", &eve, 20).await;
    site.did(hub, "joined", &ada, 10).await;
    site.did(hub, "invented_later", &ada, 9).await;
    site.did(other, "created", &ada, 5).await;
    let mut photos = Vec::new();
    for _ in 0..3 {
        photos.push(site.photo().by(&ada).live().await);
        site.post(&ada, "derps", photos[photos.len() - 1]).await;
    }
    let draft = site.photo().by(&ada).processing().await;
    site.post(&ada, "derps", draft).await;
    let told = ["ada posted 3 photos in derps", "ada and 2 others joined derps", "ada created derps"];
    assert_eq!(texts(&reader).await, told);
    assert_eq!(texts(&bob).await, told, "members are told, too");
    assert_eq!(texts(&site.member("zoe").await).await, [""; 0]);
    let entry = reader.api.get("users/me/feed").await.json()["data"][0].clone();
    assert_eq!(entry["photos"], json!([photos[2], photos[1], photos[0]]));
    assert_eq!((&entry["verb"], &entry["actors"]), (&json!("posted"), &json!(["ada"])));
    assert_eq!(entry["hub"]["url"], site.url("/h/derps"));

    let page = reader.pages.get("/feed").await.expect(200);
    assert_eq!(page.texts(".feed-entry p"), told);
    assert_eq!(page.texts(".feed-entry time").len(), 3);
    assert_eq!(page.html().select(&crate::harness::select(".feed-photos img")).count(), 3);
    // What is removed, hidden or deleted is told no more.
    ada.api.delete(&format!("hubs/derps/photos/{}", photos[0]), Value::Null).await.expect(204);
    ada.api.delete(&format!("photos/{}", photos[1]), Value::Null).await.expect(204);
    assert_eq!(texts(&reader).await[0], "ada posted a photo in derps");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_feed_has_at_most_100_entries_and_an_end(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let hub = site.hub_of("derps", &[&ada]).await;
    assert_eq!(ada.pages.get("/feed").await.expect(200).attribute(".nothing a", "href"), "/hubs");
    for hour in 0..120 {
        site.did(hub, "joined", &ada, hour * 61).await;
    }
    assert_eq!(texts(&ada).await.len(), 100);
    let gate = site.get("/feed").await.expect(200);
    assert!(gate.has(".gate") && !gate.has("#feed-url"));
    site.api().get("users/me/feed").await.error(401);
    assert_eq!(texts(&site.anonymous().await).await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_private_hub_is_told_to_its_members_alone(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let hub = site.hub_of("secret", &[&ada, &bob]).await;
    site.give_role(hub, &bob, "subscriber").await;
    site.make_private(hub).await;
    site.did(hub, "created", &ada, 1).await;
    let url = bob.pages.get("/feed").await.expect(200).attribute("#feed-url", "value");
    let path = url.strip_prefix(site.base.as_str()).expect("it is ours").to_owned();
    assert_eq!(atom(&site.get(&path).await.expect(200), "entry/title"), ["ada created secret"]);
    assert_eq!(texts(&bob).await, ["ada created secret"]);
    bob.pages.get("/h/secret/feed.atom").await.expect(200);
    site.get("/h/secret/feed.atom").await.expect(404);
    // Being subscribed is not enough.
    sqlx::query("delete from hub_roles where user_id = $1 and role = 'member'")
        .bind(bob.id)
        .execute(&site.db)
        .await
        .expect("it is taken");
    let left = site.get(&path).await.expect(200);
    assert_eq!(atom(&left, "entry/title"), [""; 0]);
    assert!(!left.text().contains("secret"));
    assert_eq!(texts(&bob).await, [""; 0]);
    assert!(!bob.pages.get("/feed").await.text().contains("secret"));
    bob.pages.get("/h/secret/feed.atom").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_address_of_a_feed_is_private_and_can_be_renewed(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let address = async |person: &Person| {
        let url = person.pages.get("/feed").await.expect(200).attribute("#feed-url", "value");
        url.strip_prefix(site.base.as_str()).expect("it is ours").to_owned()
    };
    let (hers, his) = (address(&ada).await, address(&bob).await);
    assert_eq!(address(&ada).await, hers, "it stays");
    assert_ne!(hers, his);
    let answer = site.get(&hers).await.expect(200);
    assert!(answer.header("cache-control").contains("private"));
    for wrong in
        ["feed.atom", "feed.atom?token=", "feed.atom?token=x", "feed.atom?token=%00", "feed.atom?token=%ff"]
    {
        let status = ada.pages.get(&format!("/{wrong}")).await.status;
        assert!([400, 404].contains(&status), "{wrong}: {status}");
    }
    assert_eq!(ada.pages.post("/feed/link", &[]).await.location(), "/feed");
    site.get(&hers).await.expect(404);
    site.get(&his).await.expect(200);
    site.get(&address(&ada).await).await.expect(200);
    assert_eq!(site.visitor().post("/feed/link", &[]).await.status, 403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_hubs_atom_feed_is_valid_whatever_members_write(db: PgPool) {
    const HOSTILE: &str = "</title><script>alert(1)</script>&amp;]]>\u{fffe}\"'";
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let hub = site.hub_of("derps", &[&ada]).await;
    let named = sqlx::query("update hubs set name = $1, summary = $1 where id = $2").bind(HOSTILE).bind(hub);
    named.execute(&site.db).await.expect("it is named");
    let photo = site.photo().by(&ada).titled(HOSTILE).live().await;
    site.post(&ada, "derps", photo).await;
    site.did(hub, "joined", &ada, 200).await;
    let feed = site.get("/h/derps/feed.atom").await.expect(200);
    let shown = HOSTILE.replace('\u{fffe}', "\u{fffd}");
    assert_eq!(atom(&feed, "title"), std::slice::from_ref(&shown));
    assert_eq!(
        atom(&feed, "entry/title"),
        [format!("ada posted a photo in {shown}"), format!("ada joined {shown}")]
    );
    assert_eq!(atom(&feed, "entry/author/name"), ["ada", "ada"]);
    // The content is HTML, in which the texts are escaped once more.
    let content = scraper::Html::parse_fragment(&atom(&feed, "entry/content")[0]);
    assert_eq!(content.select(&crate::harness::select("script")).count(), 0);
    let picture = content.select(&crate::harness::select("img")).next().expect("a thumbnail");
    assert!(picture.attr("src").is_some_and(|src| src.starts_with(site.base.as_str())));
    assert_eq!(
        content.select(&crate::harness::select("a")).next().and_then(|link| link.attr("href")),
        Some(&*site.url("/members/ada"))
    );

    let ids = [atom(&feed, "id"), atom(&feed, "entry/id")].concat();
    let tag = regex::Regex::new(r"^tag:127\.0\.0\.1,\d{4}-\d\d-\d\d:(hub|activity)/\d+$").expect("a pattern");
    assert!(ids.iter().all(|id| tag.is_match(id)), "{ids:?}");
    let updated = atom(&feed, "updated");
    assert_eq!(updated[0], atom(&feed, "entry/updated")[0], "the feed is as new as its newest entry");
    for time in [updated, atom(&feed, "entry/updated"), atom(&feed, "entry/published")].concat() {
        chrono::DateTime::parse_from_rfc3339(&time).expect("a time of RFC 3339");
    }
    assert_eq!(atom(&feed, "author/name"), ["Pawdium"]);
    // Ids stay the same when more happens.
    site.did(hub, "joined", &ada, 190).await;
    let again = site.get("/h/derps/feed.atom").await.expect(200);
    assert_eq!([atom(&again, "id"), atom(&again, "entry/id")].concat(), ids);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_subscribes_to_a_member_is_told_what_they_do(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, rita) = (site.member("ada").await, site.member("bob").await, site.member("rita").await);
    let derps = site.hub_of("derps", &[&ada, &bob]).await;
    let secret = site.hub_of("secret", &[&ada]).await;
    site.make_private(secret).await;
    let button = ".hub-acts form[action='/members/ada/roles/subscriber'] button[name=act]";
    let press = async |person: &Person, act: &str| {
        let form = [("act", act), ("next", "/members/ada")];
        assert_eq!(
            person.pages.post("/members/ada/roles/subscriber", &form).await.location(),
            "/members/ada"
        );
    };
    let page = rita.pages.get("/members/ada").await.expect(200);
    assert_eq!(page.texts(button), ["Subscribe"]);
    assert!(
        !page.has(".hub-acts [formaction], .hub-acts form:not([action$=subscriber])"),
        "and nothing else"
    );
    press(&rita, "take").await;
    press(&rita, "take").await;
    assert_eq!(rita.pages.get("/members/ada").await.texts(button), ["Subscribed"]);

    site.did(derps, "joined", &ada, 30).await;
    site.did(derps, "joined", &bob, 20).await;
    site.did(secret, "joined", &ada, 10).await;
    for _ in 0..2 {
        site.photo().by(&ada).live().await;
    }
    let posted = site.photo().by(&ada).live().await;
    site.post(&ada, "derps", posted).await;
    site.photo().by(&ada).processing().await;
    let mut told = texts(&rita).await;
    told.sort();
    assert_eq!(told, ["ada joined derps", "ada posted 2 photos", "ada posted a photo in derps"]);
    let feed = rita.pages.get("/feed").await.expect(200);
    assert!(feed.texts(".feed-entry p").contains(&"ada posted 2 photos".to_owned()));
    let link = feed.attribute("#feed-url", "value");
    let link = link.strip_prefix(site.base.as_str()).expect("it is ours");
    assert_eq!(atom(&site.get(&format!("/{link}")).await.expect(200), "entry/title").len(), 3);
    assert_eq!(texts(&ada).await.len(), 3, "her own profile isn't in her feed, her hubs are");

    press(&rita, "drop").await;
    assert_eq!(texts(&rita).await, [""; 0]);
    assert!(!ada.pages.get("/members/ada").await.has(".hub-acts"), "nobody subscribes to themselves");
    for (person, path, status) in [
        (&ada, "/members/ada/roles/subscriber", 403),
        (&rita, "/members/ada/roles/member", 403),
        (&rita, "/members/ada/roles/stargazer", 403),
        (&rita, "/members/nobody/roles/subscriber", 404),
        (&rita, "/members/ada/roles/king", 404),
    ] {
        assert_eq!(person.pages.post(path, &[("act", "take")]).await.status, status, "{path}");
    }
    assert_eq!(site.visitor().post("/members/ada/roles/subscriber", &[("act", "take")]).await.status, 403);
    let gate = site.get("/members/ada").await.expect(200);
    assert_eq!(gate.texts(".hub-acts a"), ["Log in to subscribe"]);
}

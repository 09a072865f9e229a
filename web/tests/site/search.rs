//! Search finds photos, members, hubs and topics, and nothing that the viewer may not see.

use pawdium_shared::db::{MIGRATIONS, Tx};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::Tags;
use pawdium_shared::topics;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Site};

async fn describe(site: &Site, photo: i64, tags: &str, alt: &str) {
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    let tags = Tags::new(tags).expect("tags");
    topics::set(&mut tx, PhotoId(photo), &tags).await.expect("they are set");
    let update = sqlx::query("update photos set alt = $2 where id = $1").bind(photo).bind(alt);
    update.execute(&mut *tx).await.expect("the statement is right");
    tx.commit().await.expect("it is committed");
}

async fn hub(site: &Site, slug: &str, name: &str, visibility: &str) {
    let insert = sqlx::query(
        "insert into hubs (slug, name, summary, visibility) values ($1, $2, 'Tongues and more', $3)",
    );
    let insert = insert.bind(slug).bind(name).bind(visibility);
    insert.execute(&site.db).await.expect("the statement is right");
}

async fn join(site: &Site, slug: &str, person: &Person, role: &str) {
    let insert = sqlx::query(
        "insert into hub_roles (hub_id, user_id, role) select id, $2, $3 from hubs where slug = $1",
    );
    insert.bind(slug).bind(person.id).bind(role).execute(&site.db).await.expect("the statement is right");
}

/// The ids, names or slugs of what a search answers.
fn found(answer: &Value, kind: &str, field: &str) -> Vec<Value> {
    answer[kind].as_array().expect("a list").iter().map(|one| one[field].clone()).collect()
}

async fn photos(site: &Site, query: &str) -> Vec<Value> {
    found(&site.api().get(&format!("search?q={query}")).await.expect(200).json(), "photos", "id")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn photos_are_found_by_title_then_tags_then_description(db: PgPool) {
    let site = Site::start(db).await;
    let described = site.photo().titled("Asleep").live().await;
    let tagged = site.photo().titled("Awake").live().await;
    let titled = site.photo().titled("Radiator, with cat").live().await;
    let longer = site.photo().titled("The radiators of Rome").live().await;
    site.photo().titled("A radio").live().await;
    describe(&site, described, "", "On a radiator").await;
    describe(&site, tagged, "Radiator, upside-down", "").await;
    assert_eq!(photos(&site, "radiator").await, [titled, tagged, longer, described].map(|id| json!(id)));
    assert_eq!(photos(&site, "RADIATORS").await, [json!(longer)], "whatever the case");
    assert_eq!(photos(&site, "cat%20radiat").await, [json!(titled)], "all words, and beginnings");
    assert_eq!(photos(&site, "upside%20down").await, [json!(tagged)]);
    assert_eq!(photos(&site, "upside-down").await, [json!(tagged)]);
    assert_eq!(photos(&site, "adiator").await, Vec::<Value>::new(), "not the middle of a word");

    let page = site.get("/search?q=radiator").await.expect(200);
    assert_eq!(page.texts(".card h2"), ["Radiator, with cat", "Awake", "The radiators of Rome", "Asleep"]);
    assert_eq!(page.texts("#found-photos"), ["4 photos"]);
    let tags = site.get(&format!("/photos/{tagged}")).await.expect(200);
    assert_eq!(tags.attribute(".tags a", "href"), "/topics/radiator");
    assert_eq!(tags.texts(".tags a"), ["Radiator", "upside-down"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_live_photos_are_found(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    site.photo().by(&ada).titled("Gerald fails").failed("It is not a picture.").await;
    site.photo().by(&ada).titled("Gerald waits").processing().await;
    let (deleted, hidden) = (
        site.photo().by(&ada).titled("Gerald leaves").live().await,
        site.photo().by(&ada).titled("Gerald hides").live().await,
    );
    assert_eq!(photos(&site, "gerald").await.len(), 2);
    ada.api.delete(&format!("photos/{deleted}"), Value::Null).await.expect(204);
    mo.pages.post(&format!("/photos/{hidden}/block"), &[("reason", "Not an animal")]).await.location();
    for person in [&ada, &mo] {
        let answer = person.api.get("search?q=gerald").await.expect(200).json();
        assert_eq!(found(&answer, "photos", "id"), Vec::<Value>::new());
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_are_found_by_any_part_of_their_name(db: PgPool) {
    let site = Site::start(db).await;
    for name in ["Kassandra-von-Pfoten", "sandra", "sandrine", "otto"] {
        site.member(name).await;
    }
    site.anonymous().await;
    let names = async |query: &str| {
        found(
            &site.api().get(&format!("search?in=members&q={query}")).await.expect(200).json(),
            "members",
            "name",
        )
    };
    assert_eq!(names("SANDR").await, [json!("sandra"), json!("sandrine"), json!("Kassandra-von-Pfoten")]);
    assert_eq!(names("sa").await, [json!("sandra"), json!("sandrine")], "two letters begin a name");
    assert_eq!(names("kassandra%20pfoten").await, [json!("Kassandra-von-Pfoten")]);
    assert_eq!(names("nobody").await, Vec::<Value>::new());
    let page = site.get("/search?q=otto").await.expect(200);
    assert_eq!(page.attribute(".found-members a", "href"), "/members/otto");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn private_hubs_are_found_by_their_members_alone(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    hub(&site, "tongues", "Tongues Out", "public").await;
    hub(&site, "secret-tongues", "Secret Society", "private").await;
    join(&site, "secret-tongues", &ada, "member").await;
    join(&site, "secret-tongues", &bob, "owner").await;
    join(&site, "secret-tongues", &eve, "stargazer").await;
    let both = [json!("tongues"), json!("secret-tongues")];
    for (person, slugs) in [(&ada, &both[..]), (&bob, &both[..]), (&eve, &both[..1])] {
        let answer = person.api.get("search?q=tongues").await.expect(200).json();
        assert_eq!(found(&answer, "hubs", "slug"), slugs, "{}", person.name);
        let page = person.pages.get("/search?q=tongues").await.expect(200);
        assert_eq!(page.texts(".found-hubs b").len(), slugs.len(), "{}", person.name);
    }
    let page = site.get("/search?q=tongues").await.expect(200);
    assert!(!page.text().contains("ecret"), "strangers learn nothing of it");
    // A profile is a member, not a hub.
    let answer = site.api().get("search?q=ada").await.expect(200).json();
    assert_eq!((found(&answer, "hubs", "slug").len(), found(&answer, "members", "name").len()), (0, 1));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn topics_are_found_by_any_part_of_their_name(db: PgPool) {
    let site = Site::start(db).await;
    for tags in ["Upside-Down, sofa", "upside down, Sofas", "sofa-bed", "sofa"] {
        site.photo().tagged(tags).live().await;
    }
    site.photo().tagged("sofa-secret").processing().await;
    let names = async |query: &str| {
        found(
            &site.api().get(&format!("search?in=topics&q={query}")).await.expect(200).json(),
            "topics",
            "tag",
        )
    };
    assert_eq!(
        names("SOFA").await,
        [json!("sofa"), json!("sofas"), json!("sofa-bed")],
        "drafts stay unknown"
    );
    assert_eq!(names("so").await.len(), 3);
    assert_eq!(names("down").await, [json!("upside-down")]);
    assert_eq!(names("upside%20down").await, [json!("upside-down")]);
    assert_eq!(names("x").await, Vec::<Value>::new());
    let page = site.get("/search?q=upside").await.expect(200);
    assert_eq!(page.attribute(".topic-cloud a", "href"), "/topics/upside-down");
    assert!(page.texts(".topic-cloud a")[0].starts_with("Upside-Down"), "as its first user wrote it");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_call_answers_what_was_asked_for(db: PgPool) {
    let site = Site::start(db).await;
    site.member("catherine").await;
    site.photos(3).await;
    hub(&site, "cats", "Cats", "public").await;
    let answer = site.api().get("search?q=cat&in=hubs,members").await.expect(200).json();
    assert_eq!(answer["photos"], json!([]));
    assert_eq!(answer["hubs"], json!([{ "slug": "cats", "name": "Cats", "summary": "Tongues and more" }]));
    assert_eq!(found(&answer, "members", "name"), [json!("catherine")]);
    let answer = site.api().get("search?q=cat&limit=2").await.expect(200).json();
    assert_eq!((found(&answer, "photos", "id").len(), found(&answer, "hubs", "slug").len()), (2, 1));
    for (query, field) in [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=cat&in=everything", "in"),
        ("q=cat&in=photos,,hubs", "in"),
        ("q=cat&limit=0", "limit"),
        ("q=cat&limit=101", "limit"),
        ("q=cat&limit=x", "limit"),
    ] {
        let (_, refused) = site.api().get(&format!("search?{query}")).await.error(400);
        assert_eq!(refused.as_deref(), Some(field), "{query}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn all_photos_have_pages(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(30).await;
    let first = site.get("/search?q=cat").await.expect(200);
    assert_eq!(
        (first.texts(".card h2").len(), first.texts("#found-photos")),
        (8, vec!["30 photos".to_owned()])
    );
    let all = first.attribute(".found-head a", "href");
    assert_eq!(all, "/search?q=cat&in=photos");
    let (one, two) = (site.get(&all).await.expect(200), site.get(&format!("{all}&page=2")).await.expect(200));
    assert_eq!((one.texts(".card h2").len(), two.texts(".card h2").len()), (24, 6));
    assert_eq!(one.attribute(".paging-turn[rel=next]", "href"), "/search?q=cat&in=photos&page=2");
    for page in ["0", "-1", "x", "3", "99999999999999999999", ""] {
        assert!(site.get(&format!("{all}&page={page}")).await.expect(200).has(".card"), "{page}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn hostile_searches_are_answered_and_never_markup(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(1).await;
    let long = "w".repeat(6000);
    let many = "a%20".repeat(2000);
    for query in [
        "%00",
        "%FF%FE",
        "'%3B--",
        "%27%20or%201%3D1",
        "%25%25%25",
        "_",
        "%5C",
        "a%26%7C%21%3A*%28%29",
        "%3Cscript%3E",
        "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E",
        "%F0%9F%90%88",
        "%E2%80%AE",
        "\u{0308}",
        "1e999",
        "-5",
        "3.14",
        &long,
        &many,
    ] {
        let page = site.get(&format!("/search?q={query}")).await.expect(200);
        assert!(!page.has("script:not([src]), img[src=x], [onerror]"), "{query}");
        assert_eq!(page.texts("h1"), ["Search"], "{query}");
        let status = site.api().get(&format!("search?q={query}")).await.status;
        assert!(status == 200 || (status == 400 && query.contains("%0")), "{query} is answered {status}");
    }
    assert_eq!(
        site.get("/search?q=a&q=b").await.expect(200).texts(".nothing").len(),
        0,
        "twice is like never"
    );
    let kept = site.get("/search?q=%22quoted%22%20%26%20more").await.expect(200);
    assert_eq!(kept.attribute("#q", "value"), "\"quoted\" & more");
    assert_eq!(kept.texts(".nothing h2"), ["Nothing found"]);
    assert!(!site.get("/search?q=%20").await.expect(200).has(".nothing"));
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

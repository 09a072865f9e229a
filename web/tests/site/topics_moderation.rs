//! What moderators do to topics, and who may.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Setup, Site};

async fn act(person: &Person, act: &str, form: &[(&str, &str)]) -> Answer {
    person.pages.post(&format!("/moderation/topics/{act}"), form).await
}

async fn undo_last(site: &Site, person: &Person) -> Answer {
    let last: i64 = site.ask("select max(id) from topic_acts where undone_at is null").await;
    act(person, &format!("acts/{last}/undo"), &[]).await
}

/// All that is stored of topics, in a form to compare.
async fn stored(site: &Site) -> String {
    site.ask(
        "select concat(
             (select json_agg(json_build_array(id, key, name, merged_into, root_id, banned_at) order by id) from topics),
             (select json_agg(k order by key) from topic_keys as k),
             (select json_agg(t order by photo_id, written_id) from taggings as t),
             (select json_agg(s order by id) from sections as s),
             (select json_agg(s order by section_id, place) from section_topics as s),
             (select json_agg(json_build_array(id, tags) order by id) from photos),
             (select json_agg(json_build_array(id, photos + coalesce((select sum(photos) from topic_moves
                                                                      where topic_id = topics.id), 0)) order by id)
              from topics))",
    )
    .await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_moderators_change_topics(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let visitor = site.visitor();
    site.photo().tagged("sofa, couch").live().await;
    let forms: [(&str, &[(&str, &str)]); 6] = [
        ("rename", &[("topic", "sofa"), ("to", "settee")]),
        ("alias", &[("topic", "sofa"), ("to", "settee")]),
        ("merge", &[("topic", "sofa"), ("to", "couch")]),
        ("ban", &[("topic", "sofa")]),
        ("sections", &[("name", "Things"), ("topics", "sofa")]),
        ("acts/1/undo", &[]),
    ];
    let before = stored(&site).await;
    for (name, form) in forms {
        assert_eq!(act(&ada, name, form).await.status, 403, "{name}");
        assert_eq!(visitor.post(&format!("/moderation/topics/{name}"), form).await.status, 403, "{name}");
    }
    ada.pages.get("/moderation/topics").await.expect(404);
    site.get("/moderation/topics").await.expect(404);
    assert_eq!(stored(&site).await, before);
    assert_eq!(act(&mo, "explode", &[]).await.status, 404);
    for (name, form) in &forms[..1] {
        assert_eq!(act(&mo, name, form).await.location(), "/moderation/topics");
    }
    let entries: i64 =
        site.ask("select count(*) from audit_log where action = 'topic.rename' and actor = 'mo'").await;
    assert_eq!(entries, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_renamed_topic_redirects_and_photos_show_its_new_name(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let mo = site.moderator("mo").await;
    let photo = site.photo().tagged("sofa").live().await;
    site.settle().await;
    let before = stored(&site).await;
    site.get("/topics/sofa").await.expect(200);
    act(&mo, "rename", &[("topic", "Sofa"), ("to", "Chesterfield")]).await.location();
    assert_eq!(
        site.get("/topics/sofa?sort=top").await.expect(308).header("location"),
        "/topics/chesterfield?sort=top"
    );
    assert_eq!(site.get("/topics/chesterfield").await.expect(200).texts("h1"), ["Chesterfield"]);
    site.settle().await;
    assert_eq!(site.get(&format!("/photos/{photo}")).await.expect(200).texts(".tags a"), ["Chesterfield"]);
    let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(shape["tags"], json!(["Chesterfield"]));
    let found = site.api().get("search?q=chesterfield").await.expect(200).json();
    assert_eq!(
        (found["photos"][0]["id"].as_i64(), found["topics"][0]["tag"].as_str()),
        (Some(photo), Some("chesterfield"))
    );
    // The former name belongs to it.
    let other = site.photo().tagged("Sofa").live().await;
    assert_eq!(
        site.api().get(&format!("photos/{other}")).await.expect(200).json()["tags"],
        json!(["Chesterfield"])
    );
    site.change("update photos set state = 'hidden' where id = (select max(id) from photos)").await;
    site.change("delete from photos where id = (select max(id) from photos)").await;
    undo_last(&site, &mo).await.location();
    site.settle().await;
    assert_eq!(stored(&site).await, before);
    site.get("/topics/chesterfield").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_act_is_undone_exactly(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let mo = site.moderator("mo").await;
    for tags in ["sofa, couch", "couch", "settee, sofa, couch", "night"] {
        site.photo().tagged(tags).live().await;
    }
    act(&mo, "sections", &[("name", "Things"), ("topics", "night, sofa")]).await.location();
    let section: i64 = site.ask("select id from sections").await;
    site.settle().await;
    let id = section.to_string();
    let forms: [(&str, &[(&str, &str)]); 7] = [
        ("rename", &[("topic", "sofa"), ("to", "Chair")]),
        ("alias", &[("topic", "sofa"), ("to", "davenport")]),
        ("merge", &[("topic", "sofa"), ("to", "couch")]),
        ("ban", &[("topic", "couch")]),
        ("sections", &[("name", "More"), ("topics", "couch, settee")]),
        ("sections", &[("id", id.as_str()), ("name", "Furniture"), ("topics", "couch")]),
        ("sections", &[("id", id.as_str()), ("delete", "1")]),
    ];
    let before = stored(&site).await;
    for (name, form) in forms {
        assert_eq!(act(&mo, name, form).await.location(), "/moderation/topics", "{name}");
        site.settle().await;
        assert_ne!(stored(&site).await, before, "{name}");
        undo_last(&site, &mo).await.location();
        site.settle().await;
        assert_eq!(stored(&site).await, before, "{name}");
    }
    let undone: i64 = site.ask("select count(*) from audit_log where action = 'topic.undo'").await;
    assert_eq!(undone, 7);
    let first: i64 = site.ask("select min(id) from topic_acts where undone_at is not null").await;
    assert_eq!(act(&mo, &format!("acts/{first}/undo"), &[]).await.status, 404, "twice");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_merged_topic_counts_each_photo_once_and_leads_on(db: PgPool) {
    let site = Site::start(db).await;
    let mo = site.moderator("mo").await;
    let both = site.photo().tagged("couch, sofa").live().await;
    let one = site.photo().tagged("couch").live().await;
    act(&mo, "merge", &[("topic", "couch"), ("to", "sofa")]).await.location();
    let sofa = site.api().get("topics/sofa").await.expect(200).json();
    assert_eq!((&sofa["photos"], sofa["data"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    assert_eq!(site.get("/topics/couch").await.expect(308).header("location"), "/topics/sofa");
    for photo in [both, one] {
        let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
        assert_eq!(shape["tags"], json!(["sofa"]), "{photo}");
    }
    let list = site.api().get("topics").await.expect(200).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    // Merged topics can be merged on, and undone in any order.
    site.photo().tagged("bench").live().await;
    act(&mo, "merge", &[("topic", "couch"), ("to", "bench")]).await.location();
    assert_eq!(site.api().get("topics/bench").await.expect(200).json()["photos"], json!(3));
    let first: i64 = site.ask("select min(id) from topic_acts").await;
    act(&mo, &format!("acts/{first}/undo"), &[]).await.location();
    assert_eq!(site.api().get("topics/couch").await.expect(200).json()["photos"], json!(2));
    assert_eq!(site.api().get("topics/bench").await.expect(200).json()["photos"], json!(2));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_banned_topic_is_nowhere(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let mo = site.moderator("mo").await;
    let photo = site.photo().tagged("sofa, rude").live().await;
    act(&mo, "sections", &[("name", "Things"), ("topics", "rude, sofa")]).await.location();
    for path in ["/topics", "/topics/rude", "/topics/sofa"] {
        site.get(path).await.expect(200);
    }
    act(&mo, "ban", &[("topic", "rude")]).await.location();
    site.settle().await;
    site.get("/topics/rude").await.expect(404);
    site.get("/topics/rude/feed.atom").await.expect(404);
    for path in ["/topics", "/topics/sofa", "/search?q=rude", &format!("/photos/{photo}")] {
        let page = site.get(path).await.expect(200);
        assert!(!page.texts("main a").iter().any(|text| text.contains("rude")), "{path}");
    }
    for path in ["topics", "sections", "search?q=rude", &format!("photos/{photo}")] {
        let text = site.api().get(path).await.expect(200).text();
        assert!(!text.contains("rude"), "{path}: {text}");
    }
    site.api().get("topics/sofa?with=rude").await.expect(400);
    let again = site.photo().tagged("Rude, night").live().await;
    assert_eq!(site.api().get(&format!("photos/{again}")).await.expect(200).json()["tags"], json!(["night"]));
    undo_last(&site, &mo).await.location();
    site.settle().await;
    assert_eq!(site.api().get("topics/rude").await.expect(200).json()["photos"], json!(2));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn sections_group_topics_in_the_moderators_order(db: PgPool) {
    let site = Site::start(db).await;
    let mo = site.moderator("mo").await;
    site.photo().tagged("sofa, blep, night").live().await;
    site.photo().tagged("draft-only").processing().await;
    act(&mo, "sections", &[("name", "Faces"), ("topics", "Blep")]).await.location();
    act(&mo, "sections", &[("name", "Things"), ("topics", "sofa, draft-only, night, SOFA")]).await.location();
    let page = site.get("/topics").await.expect(200);
    assert_eq!(page.texts(".topic-section h2"), ["Faces", "Things", "All topics"]);
    let answer = site.api().get("sections").await.expect(200).json();
    let names = |section: &Value| -> Vec<String> {
        let topics = section["topics"].as_array().expect("a list").iter();
        topics.filter_map(|topic| topic["tag"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(
        answer["data"].as_array().expect("a list").iter().map(names).collect::<Vec<_>>(),
        [vec!["blep".to_owned()], vec!["sofa".to_owned(), "night".to_owned()]]
    );
    let beside = site.api().get("sections?with=blep").await.expect(200).json();
    assert_eq!(beside["data"].as_array().map(Vec::len), Some(1));
}

/// The fields of a form.
type Form<'a> = &'a [(&'a str, &'a str)];

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_cannot_be_done_is_said_and_nothing_changes(db: PgPool) {
    let site = Site::start(db).await;
    let mo = site.moderator("mo").await;
    site.photo().tagged("sofa, couch").live().await;
    act(&mo, "sections", &[("name", "Things"), ("topics", "sofa")]).await.location();
    let before = stored(&site).await;
    let long = "a".repeat(31);
    let forms: [(&str, Form<'_>, u16); 14] = [
        ("rename", &[("topic", "none"), ("to", "x")], 400),
        ("rename", &[("topic", "sofa"), ("to", "couch")], 409),
        ("rename", &[("topic", "sofa"), ("to", "sofa")], 409),
        ("rename", &[("topic", "sofa"), ("to", "<b>")], 400),
        ("rename", &[("topic", "sofa"), ("to", long.as_str())], 400),
        ("rename", &[], 400),
        ("alias", &[("topic", "sofa"), ("to", "couch")], 409),
        ("alias", &[("topic", "sofa"), ("to", "sofa")], 409),
        ("merge", &[("topic", "sofa"), ("to", "sofa")], 400),
        ("merge", &[("topic", "sofa"), ("to", "none")], 400),
        ("ban", &[("topic", "\0")], 400),
        ("sections", &[("name", " "), ("topics", "sofa")], 400),
        ("sections", &[("name", "THINGS"), ("topics", "sofa")], 400),
        ("sections", &[("id", "99"), ("name", "x")], 404),
    ];
    for (name, form, status) in forms {
        let answer = act(&mo, name, form).await.expect(status);
        assert!(answer.has(".flash"), "{name} {form:?}");
    }
    assert_eq!(stored(&site).await, before);
    let kept = act(&mo, "merge", &[("topic", "sofa"), ("to", "nowhere")]).await;
    assert_eq!(
        (kept.attribute("#merge-topic", "value"), kept.attribute("#merge-to", "value")),
        ("sofa".into(), "nowhere".into())
    );
    assert_eq!(act(&mo, "acts/9999/undo", &[]).await.status, 404);
    // A later act on the same name comes first.
    act(&mo, "rename", &[("topic", "sofa"), ("to", "one")]).await.location();
    let first: i64 = site.ask("select max(id) from topic_acts").await;
    act(&mo, "rename", &[("topic", "one"), ("to", "two")]).await.location();
    assert_eq!(act(&mo, &format!("acts/{first}/undo"), &[]).await.status, 409);
}

//! Hubs against whatever can be sent to them: it is refused with a reason, and nothing changes.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};

const SCRIPT: &str = "<script>alert(1)</script>";

/// A form: its path below the hub, and fields that make it do something.
type Form = (&'static str, &'static [(&'static str, &'static str)]);

/// Every form of a hub. `{own}` is one of its widgets.
const FORMS: [Form; 15] = [
    ("/widgets", &[("kind", "links"), ("side", "right")]),
    ("/widgets", &[("restore", "{gone}")]),
    ("/widgets/{own}", &[("act", "down")]),
    ("/widgets/{own}", &[("act", "across")]),
    ("/widgets/{own}", &[("act", "place"), ("side", "right"), ("position", "1")]),
    ("/widgets/{own}", &[("act", "save"), ("text", "Other rules")]),
    ("/widgets/{own}", &[("act", "remove")]),
    ("/members", &[("act", "add"), ("name", "sam")]),
    ("/members", &[("act", "promote"), ("name", "mia")]),
    ("/members", &[("act", "remove"), ("name", "mia")]),
    ("/requests", &[("act", "accept"), ("name", "ken")]),
    ("/settings", &[("name", "Other"), ("summary", "Other")]),
    ("/settings", &[("archived", "true")]),
    ("/settings", &[("slug", "other")]),
    ("/delete", &[("confirm", "cats")]),
];

/// Every call that changes a hub, with a body that does.
fn calls() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::PATCH, "", json!({ "name": "Other" })),
        (Method::POST, "/widgets", json!({ "kind": "links", "column": "right" })),
        (Method::PATCH, "/widgets/{own}", json!({ "position": 1 })),
        (Method::PATCH, "/widgets/{own}", json!({ "config": { "text": "Other" } })),
        (Method::DELETE, "/widgets/{own}", Value::Null),
        (Method::PUT, "/members/sam", json!({ "role": "member" })),
        (Method::DELETE, "/members/mia", Value::Null),
        (Method::POST, "/requests/ken", json!({ "accept": true })),
        (Method::POST, "/calls", json!({ "title": "Lightning talks" })),
        (Method::DELETE, "", Value::Null),
    ]
}

/// A hub of two owners and a member, with somebody who asks to join.
struct Stage {
    site: Site,
    ada: Person,
    bob: Person,
    /// A widget of the hub, one that was removed from it, and one of another hub.
    own: i64,
    gone: i64,
    foreign: i64,
}

impl Stage {
    async fn set(db: PgPool) -> Self {
        let site = Site::start(db).await;
        let (ada, bob) = (site.member("ada").await, site.member("bob").await);
        let (eve, ken) = (site.member("eve").await, site.member("ken").await);
        site.member("mia").await;
        site.member("sam").await;
        site.hub_with(&ada, "cats", json!({ "join": "request" })).await;
        site.hub(&eve, "dogs").await;
        for (name, role) in [("bob", "owner"), ("mia", "member")] {
            ada.api.put(&format!("hubs/cats/members/{name}"), json!({ "role": role })).await.expect(204);
        }
        ken.api.put("hubs/cats/roles/member", Value::Null).await.expect(202);
        let widget = async |person: &Person, slug: &str, kind: &str| {
            let body = json!({ "kind": kind, "column": "left" });
            let path = format!("hubs/{slug}/widgets");
            person.api.post(&path, body).await.expect(201).json()["id"].as_i64().expect("an id")
        };
        let gone = widget(&ada, "cats", "links").await;
        ada.api.delete(&format!("hubs/cats/widgets/{gone}"), Value::Null).await.expect(204);
        let (own, foreign) = (widget(&ada, "cats", "rules").await, widget(&eve, "dogs", "rules").await);
        Self { site, ada, bob, own, gone, foreign }
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{own}", &self.own.to_string()).replace("{gone}", &self.gone.to_string())
    }

    /// A form of the hub.
    async fn send(&self, person: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, self.filled(value))).collect();
        let request = person.pages.own(&format!("/h/cats{}", self.filled(path)));
        Answer::to(request.form(&fields)).await
    }

    async fn call(&self, person: &Person, (method, path, body): &(Method, &str, Value)) -> Answer {
        let call = person.api.call(method.clone(), &format!("hubs/cats{}", self.filled(path)));
        Answer::to(if body.is_null() { call } else { call.json(body) }).await
    }

    /// All that is stored of hubs.
    async fn stored(&self) -> String {
        self.site
            .ask(
                "select md5(concat(
                    (select string_agg(t::text, ';' order by t::text) from
                        (select id, slug, name, summary, joining, visibility, layout_version, archived_at from hubs) as t),
                    (select string_agg(t::text, ';' order by t::text) from hub_roles as t),
                    (select string_agg(t::text, ';' order by t::text) from hub_requests as t),
                    (select string_agg(t::text, ';' order by t::text) from hub_slugs as t),
                    (select string_agg(t::text, ';' order by t::text) from hub_photos as t),
                    (select string_agg(t::text, ';' order by t::text) from calls as t),
                    (select string_agg(t::text, ';' order by t::text) from widgets as t),
                    (select string_agg(t::text, ';' order by t::text) from removed_widgets as t)))",
            )
            .await
    }
}

/// Asserts that an answer refuses, says why, and runs no script.
#[track_caller]
fn refuses(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.asked, answer.status);
    assert!(!answer.text().contains(SCRIPT), "{what}: {}", answer.text());
    let is_json = answer.header("content-type").starts_with("application/json");
    let said = if is_json { answer.json()["message"].is_string() } else { answer.has("h1") };
    assert!(said, "{what}: {} doesn't say why: {}", answer.asked, answer.text());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bodies_that_are_none_are_refused_everywhere(db: PgPool) {
    let stage = Stage::set(db).await;
    let before = stage.stored().await;
    let (form, json_type) = ("application/x-www-form-urlencoded", "application/json");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    let unknown = "{\"name\":\"Other\",\"x\":1}";
    let bodies: [(&str, &[u8]); 14] = [
        (form, b""),
        (form, b"act"),
        (form, b"act=%00&title=%ff"),
        (form, b"act=save%00"),
        (form, b"\xff\xfe=\xff"),
        (json_type, b""),
        (json_type, b"{"),
        (json_type, b"[]"),
        (json_type, b"\"x\""),
        (json_type, b"{\"\xff\":1}"),
        (json_type, deep.as_bytes()),
        (json_type, long.as_bytes()),
        ("text/plain", b"act=remove"),
        ("", b"x"),
    ];
    for (kind, body) in bodies {
        let what = format!("{kind} {}", String::from_utf8_lossy(&body[..body.len().min(40)]));
        for (path, _) in FORMS {
            let request = stage.ada.pages.own(&format!("/h/cats{}", stage.filled(path)));
            let request = if kind.is_empty() { request } else { request.header(CONTENT_TYPE, kind) };
            let answer = Answer::to(request.body(body.to_vec())).await;
            // A form of settings without fields changes none.
            if !(answer.status == 303 && path == "/settings" && kind == form) {
                refuses(&answer, &what);
            }
        }
        for (method, path, valid) in calls().into_iter().filter(|(_, _, body)| !body.is_null()) {
            let call = stage.ada.api.call(method, &format!("hubs/cats{}", stage.filled(path)));
            let call = if kind.is_empty() { call } else { call.header(CONTENT_TYPE, kind) };
            refuses(&Answer::to(call.body(body.to_vec())).await, &format!("{what} instead of {valid}"));
        }
    }
    for (method, path, _) in calls().into_iter().filter(|(_, _, body)| !body.is_null()) {
        let path = format!("hubs/cats{}", stage.filled(path));
        let call = stage.ada.api.call(method, &path).header(CONTENT_TYPE, json_type).body(unknown);
        refuses(&Answer::to(call).await, "an unknown key");
    }
    assert_eq!(stage.stored().await, before);
    assert!(!stage.site.log().contains("request failed"), "{}", stage.site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn fields_that_are_wrong_are_refused_and_change_nothing(db: PgPool) {
    let stage = Stage::set(db).await;
    let before = stage.stored().await;
    let foreign = stage.foreign.to_string();
    let long = "x".repeat(20_000);
    let wrong: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("/widgets", vec![("kind", "")]),
        ("/widgets", vec![("kind", "nope")]),
        ("/widgets", vec![("kind", SCRIPT)]),
        ("/widgets", vec![("kind", &long)]),
        ("/widgets", vec![("kind", "rules"), ("side", "middle")]),
        ("/widgets", vec![("kind", "rules"), ("layout_version", "x")]),
        ("/widgets", vec![("kind", "rules"), ("layout_version", "9223372036854775808")]),
        ("/widgets", vec![("kind", "rules"), ("layout_version", "-1")]),
        ("/widgets", vec![("restore", "x")]),
        ("/widgets", vec![("restore", "-1")]),
        ("/widgets", vec![("restore", "9223372036854775808")]),
        ("/widgets", vec![("restore", "99999999")]),
        ("/widgets", vec![("restore", &foreign)]),
        ("/widgets/{own}", vec![("act", "")]),
        ("/widgets/{own}", vec![("act", SCRIPT)]),
        ("/widgets/{own}", vec![("act", "place"), ("side", "middle"), ("position", "0")]),
        ("/widgets/{own}", vec![("act", "place"), ("side", "left"), ("position", "x")]),
        ("/widgets/{own}", vec![("act", "place"), ("side", "left"), ("position", "2147483648")]),
        ("/widgets/{own}", vec![("act", "remove"), ("layout_version", "1e9")]),
        ("/widgets/{own}", vec![("act", "save"), ("text", &long)]),
        ("/widgets/{own}", vec![("act", "save"), ("text", "\0")]),
        ("/members", vec![("name", "mia")]),
        ("/members", vec![("name", "mia"), ("act", "crown")]),
        ("/members", vec![("name", ""), ("act", "add")]),
        ("/members", vec![("name", SCRIPT), ("act", "add")]),
        ("/members", vec![("name", &long), ("act", "add")]),
        ("/members", vec![("name", "ghost"), ("act", "promote")]),
        ("/members", vec![("name", "ghost"), ("act", "remove")]),
        ("/requests", vec![("name", "ken")]),
        ("/requests", vec![("name", "ghost"), ("act", "accept")]),
        ("/requests", vec![("name", "sam"), ("act", "decline")]),
        ("/requests", vec![("name", SCRIPT), ("act", "accept")]),
        ("/roles/member", vec![("act", "")]),
        ("/roles/king", vec![("act", "take")]),
        ("/roles/%00", vec![("act", "take")]),
        ("/settings", vec![("name", "")]),
        ("/settings", vec![("name", &long)]),
        ("/settings", vec![("name", "a\0b")]),
        ("/settings", vec![("summary", &long)]),
        ("/settings", vec![("slug", "")]),
        ("/settings", vec![("slug", SCRIPT)]),
        ("/settings", vec![("slug", "dogs")]),
        ("/settings", vec![("slug", "new")]),
        ("/settings", vec![("join", "never")]),
        ("/settings", vec![("visibility", "secret")]),
        ("/settings", vec![("archived", "banana")]),
        // All of a form or nothing.
        ("/settings", vec![("name", "Other"), ("slug", "x y")]),
        ("/settings", vec![("name", "Other"), ("join", "never")]),
        ("/delete", vec![("confirm", "")]),
        ("/delete", vec![("confirm", "dogs")]),
        ("/delete", vec![("confirm", SCRIPT)]),
    ];
    for (path, fields) in &wrong {
        let shown: Vec<_> =
            fields.iter().map(|(name, value)| (name, &value[..value.len().min(40)])).collect();
        let answer = stage.send(&stage.ada, path, fields).await;
        refuses(&answer, &format!("{path} {shown:?}"));
        assert_eq!(stage.stored().await, before, "{path} {shown:?}");
    }
    for widget in ["0", "-1", "x", "%00", "9223372036854775808", "99999999999999999999", &foreign] {
        for (path, fields) in FORMS.iter().filter(|(path, _)| path.contains("{own}")) {
            let path = path.replace("{own}", widget);
            stage.send(&stage.ada, &path, fields).await.expect(404);
        }
        for path in ["/widgets/", "/w/"] {
            stage.ada.pages.get(&format!("/h/cats{path}{widget}")).await.expect(404);
        }
        let path = format!("hubs/cats/widgets/{widget}");
        stage.ada.api.patch(&path, json!({ "config": {} })).await.error(404);
        stage.ada.api.delete(&path, Value::Null).await.error(404);
        stage.ada.api.put(&format!("hubs/cats/photos/{widget}"), Value::Null).await.error(404);
    }
    for tag in ["", "1", "\"x\"", "W/\"1\"", "\"9223372036854775808\"", "\"1\", \"2\""] {
        let call = stage.ada.api.call(Method::DELETE, &stage.filled("hubs/cats/widgets/{own}"));
        Answer::to(call.header(IF_MATCH, tag)).await.error(400);
    }
    assert_eq!(stage.stored().await, before);
    assert!(!stage.site.log().contains("request failed"), "{}", stage.site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_who_has_lost_the_role_since_the_page_was_loaded_changes_nothing(db: PgPool) {
    let stage = Stage::set(db).await;
    for path in ["", "/members", "/settings", "/widgets/new", "/widgets/{own}"] {
        stage.bob.pages.get(&format!("/h/cats{}?edit=1", stage.filled(path))).await.expect(200);
    }
    for (lost, expected) in [(json!({ "role": "member" }), 403), (Value::Null, 403), (Value::Null, 404)] {
        if lost.is_null() {
            stage.ada.api.delete("hubs/cats/members/bob", Value::Null).await.expect(204);
        } else {
            stage.ada.api.put("hubs/cats/members/bob", lost).await.expect(204);
        }
        if expected == 404 {
            stage.ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
        }
        let before = stage.stored().await;
        for (path, fields) in FORMS {
            let answer = stage.send(&stage.bob, path, fields).await.expect(expected);
            refuses(&answer, path);
        }
        for row in calls() {
            stage.call(&stage.bob, &row).await.error(expected);
        }
        assert_eq!(stage.stored().await, before);
    }
    // The forms were right: an owner is not refused.
    for (path, fields) in FORMS {
        if path != "/requests"
            && !fields.contains(&("archived", "true"))
            && !fields.contains(&("slug", "other"))
        {
            let answer = stage.send(&stage.ada, path, fields).await;
            let is_gone = path == "/widgets/{own}" && answer.status == 404;
            assert!(answer.status == 303 || is_gone, "{path} {fields:?}: {}", answer.status);
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn of_two_owners_at_once_one_wins_and_the_page_stays_whole(db: PgPool) {
    const WHOLE: &str = "select bool_and(place = position) from
        (select position, row_number() over (partition by side order by position) - 1 as place
         from widgets join hubs on hubs.id = hub_id where slug = 'cats') as placed";
    let stage = Stage::set(db).await;
    // Each changes something: what leaves the page as it is makes no version, so nobody is second. The widget is the
    // first of its column before and after each round.
    let acts = ["down", "up", "across", "place"];
    let first = [("act", "place"), ("position", "0")];
    stage.send(&stage.ada, "/widgets/{own}", &first).await.expect(303);
    for round in 0..12 {
        let version: i64 = stage.site.ask("select layout_version from hubs where slug = 'cats'").await;
        let version = version.to_string();
        let act = acts[round % acts.len()];
        let fields = [("act", act), ("position", "0"), ("layout_version", version.as_str())];
        let sent = [&stage.ada, &stage.bob, &stage.ada, &stage.bob];
        let sent = join_all(sent.map(|owner| stage.send(owner, "/widgets/{own}", &fields))).await;
        let mut answers: Vec<_> = sent.iter().map(|answer| answer.status).collect();
        answers.sort_unstable();
        assert_eq!(answers, [303, 409, 409, 409], "{act}");
        assert!(stage.site.ask::<bool>(WHOLE).await, "{act}");
    }
    let sent = join_all(
        [&stage.ada, &stage.bob].map(|owner| stage.send(owner, "/widgets/{own}", &[("act", "remove")])),
    )
    .await;
    let mut answers: Vec<_> = sent.iter().map(|answer| answer.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [303, 404]);
    assert!(stage.site.ask::<bool>(WHOLE).await);
    // Without versions both count, one after the other.
    let both =
        join_all([&stage.ada, &stage.bob].map(|owner| stage.send(owner, "/widgets", FORMS[0].1))).await;
    assert!(both.iter().all(|answer| answer.status == 303));
    assert!(stage.site.ask::<bool>(WHOLE).await);
    assert!(!stage.site.log().contains("request failed"), "{}", stage.site.log());
}

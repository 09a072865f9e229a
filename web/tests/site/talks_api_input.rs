//! Talks against whatever can be sent to them: it is refused with a reason, and nothing changes.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};

const SCRIPT: &str = "<script>alert(1)</script>";

/// Ids that no row has, and some that no row can have.
const NO_IDS: [&str; 8] =
    ["0", "-1", "x", "%00", "1.5", "9223372036854775807", "9223372036854775808", "99999999999999999999"];

struct Stage {
    site: Site,
    olga: Person,
    ada: Person,
    call: i64,
    talk: i64,
    /// A photo of somebody else, and one of ada's that isn't live.
    photos: [i64; 2],
}

impl Stage {
    async fn set(db: PgPool) -> Self {
        let site = Site::start(db).await;
        let (olga, ada) = (site.member("olga").await, site.member("ada").await);
        site.hub(&olga, "cats").await;
        site.join("cats", &[&ada]).await;
        let call = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
        let talk = ada.pitch(call, "Naps").await;
        let photos = [site.photo().by(&olga).live().await, site.photo().by(&ada).processing().await];
        Self { site, olga, ada, call, talk, photos }
    }

    /// All that a refused call must leave as it is.
    async fn stored(&self) -> String {
        let all = "select concat_ws('; ', (select string_agg(calls::text, ',' order by id) from calls),
                             (select string_agg(talks::text, ',' order by id) from talks),
                             (select string_agg(talk_revisions::text, ',' order by talk_id, revision) from talk_revisions),
                             (select string_agg(talk_votes::text, ',' order by talk_id, voter_id) from talk_votes),
                             (select count(*) from audit_log))";
        self.site.ask(all).await
    }

    /// Sends each body and expects 400 about that field, if there is one, and no change.
    async fn refuses(&self, person: &Person, (method, path): (&Method, &str), wrong: &[(Value, &str)]) {
        let before = self.stored().await;
        for (body, field) in wrong {
            let answer = Answer::to(person.api.call(method.clone(), path).json(body)).await;
            let shown: String = body.to_string().chars().take(80).collect();
            let (message, refused) =
                Answer { asked: format!("{method} {path} {shown}"), ..answer }.error(400);
            if field.is_empty() {
                assert!(message.len() > 10, "{shown}: {message}");
            } else {
                assert_eq!(refused.as_deref(), Some(*field), "{shown}: {message}");
            }
            assert_eq!(self.stored().await, before, "{shown}");
        }
    }
}

/// What is refused of a call's fields, new or changed.
fn wrong_calls() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "title": "" }), "title"),
        (json!({ "title": "  \t " }), "title"),
        (json!({ "title": "x".repeat(121) }), "title"),
        (json!({ "title": "a\u{0}b" }), "title"),
        (json!({ "title": "a\u{1b}b" }), "title"),
        (json!({ "title": 7 }), ""),
        (json!({ "title": ["x"] }), ""),
        (json!({ "title": {} }), ""),
        (json!({ "text": "x".repeat(5001) }), "text"),
        (json!({ "text": "a\u{0}b" }), "text"),
        (json!({ "text": 7 }), ""),
        (json!({ "pitch_from": "" }), "pitch_from"),
        (json!({ "pitch_from": "tomorrow" }), "pitch_from"),
        (json!({ "voting_from": "2099-05-01" }), "voting_from"),
        (json!({ "voting_from": "2099-05-01T12:00:00" }), "voting_from"),
        (json!({ "voting_from": "2099-13-01T12:00:00Z" }), "voting_from"),
        (json!({ "closes_at": "2099-02-30T12:00:00Z" }), "closes_at"),
        (json!({ "closes_at": 4_081_000_000_u64 }), ""),
        (json!({ "closes_at": true }), ""),
        (json!({ "voting_from": "2099-05-02T12:00:00Z", "closes_at": "2099-05-01T12:00:00Z" }), "closes_at"),
        (json!({ "voters": "" }), "voters"),
        (json!({ "voters": "owners" }), "voters"),
        (json!({ "voters": "Members" }), "voters"),
        (json!({ "voters": SCRIPT }), "voters"),
        (json!({ "voters": 1 }), ""),
        (json!({ "votes_each": 0 }), "votes_each"),
        (json!({ "votes_each": -1 }), "votes_each"),
        (json!({ "votes_each": 101 }), "votes_each"),
        (json!({ "votes_each": 40_000 }), "votes_each"),
        (json!({ "votes_each": 1.5 }), ""),
        (json!({ "votes_each": 9_223_372_036_854_775_808_u64 }), ""),
        (json!({ "votes_each": "3" }), ""),
        (json!({ "totals": "" }), "totals"),
        (json!({ "totals": "secret" }), "totals"),
        (json!({ "totals": false }), ""),
        (json!({ "blind": "yes" }), ""),
        (json!({ "blind": 1 }), ""),
        (json!({ "moderated": "no" }), ""),
        (json!({ "hub": "dogs" }), ""),
        (json!({ "id": 1 }), ""),
        (json!({ "seed": "x" }), ""),
        (json!([]), ""),
        (json!("x"), ""),
        (Value::Null, ""),
    ]
}

fn wrong_talks(photos: [i64; 2]) -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "title": "" }), "title"),
        (json!({ "title": " \u{a0} " }), "title"),
        (json!({ "title": "x".repeat(121) }), "title"),
        (json!({ "title": "a\u{0}b" }), "title"),
        (json!({ "title": 7 }), ""),
        (json!({ "title": null, "description": 7 }), ""),
        (json!({ "description": "x".repeat(2001) }), "description"),
        (json!({ "description": "a\u{0}b" }), "description"),
        (json!({ "description": [] }), ""),
        (json!({ "photo": photos[0] }), "photo"),
        (json!({ "photo": photos[1] }), "photo"),
        (json!({ "photo": 0 }), "photo"),
        (json!({ "photo": -1 }), "photo"),
        (json!({ "photo": i64::MAX }), "photo"),
        (json!({ "photo": 9_223_372_036_854_775_808_u64 }), ""),
        (json!({ "photo": "1" }), ""),
        (json!({ "photo": 1.5 }), ""),
        (json!({ "author": "olga" }), ""),
        (json!({ "votes": 100 }), ""),
        (json!({ "call": 1 }), ""),
        (json!([]), ""),
        (Value::Null, ""),
    ]
}

/// The same bodies with what a new one needs, unless they are about that.
fn completed(wrong: Vec<(Value, &'static str)>) -> Vec<(Value, &'static str)> {
    let complete = |(mut body, field): (Value, &'static str)| {
        if let Some(fields) = body.as_object_mut() {
            fields.entry("title").or_insert_with(|| json!("Fine"));
        }
        (body, field)
    };
    wrong.into_iter().map(complete).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_call_with_a_wrong_field_is_refused_and_changes_nothing(db: PgPool) {
    let stage = Stage::set(db).await;
    let path = format!("calls/{}", stage.call);
    stage.refuses(&stage.olga, (&Method::PATCH, &path), &wrong_calls()).await;
    let mut new = completed(wrong_calls());
    new.extend([
        (json!({}), "title"),
        (json!({ "text": "Fine" }), "title"),
        (json!({ "title": null }), "title"),
        (json!({ "title": "Fine", "phase": "voting" }), "phase"),
    ]);
    stage.refuses(&stage.olga, (&Method::POST, "hubs/cats/calls"), &new).await;
    let phases = [
        (json!({ "phase": "draft" }), "phase"),
        (json!({ "phase": "pitch" }), "phase"),
        (json!({ "phase": "" }), "phase"),
        (json!({ "phase": "over" }), "phase"),
        (json!({ "phase": SCRIPT }), "phase"),
        (json!({ "phase": 1 }), ""),
        // All or nothing.
        (json!({ "title": "Other", "phase": "draft" }), "phase"),
        (json!({ "title": "Other", "voters": "owners" }), "voters"),
        // What has begun stays begun.
        (json!({ "pitch_from": "2099-01-01T00:00:00Z" }), "pitch_from"),
        (json!({ "voting_from": "2001-01-01T00:00:00Z" }), "voting_from"),
    ];
    stage.refuses(&stage.olga, (&Method::PATCH, &path), &phases).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_talk_with_a_wrong_field_is_refused_and_changes_nothing(db: PgPool) {
    let stage = Stage::set(db).await;
    let (wrong, path) = (wrong_talks(stage.photos), format!("talks/{}", stage.talk));
    stage.refuses(&stage.ada, (&Method::PATCH, &path), &wrong).await;
    let mut new = completed(wrong);
    new.extend([
        (json!({}), "title"),
        (json!({ "description": "Without a title" }), "title"),
        (json!({ "title": null }), "title"),
    ]);
    stage.refuses(&stage.ada, (&Method::POST, &format!("calls/{}/talks", stage.call)), &new).await;
    // The same title twice by one author, however it is written.
    let before = stage.stored().await;
    for title in ["Naps", " naps ", "NAPS", "Ｎaps"] {
        let body = json!({ "title": title });
        let call = format!("calls/{}/talks", stage.call);
        let (_, field) = stage.ada.api.post(&call, body).await.error(409);
        assert_eq!(field.as_deref(), Some("title"), "{title}");
    }
    assert_eq!(stage.stored().await, before);
    stage.olga.pitch(stage.call, "Naps").await;
    let other = stage.ada.pitch(stage.call, "Boxes").await;
    stage.ada.api.patch(&format!("talks/{other}"), json!({ "title": "naps" })).await.error(409);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bodies_that_are_no_json_are_refused(db: PgPool) {
    let stage = Stage::set(db).await;
    let before = stage.stored().await;
    let (call, talk) = (format!("calls/{}", stage.call), format!("talks/{}", stage.talk));
    let pitches = format!("{call}/talks");
    for (person, method, path) in [
        (&stage.olga, Method::POST, "hubs/cats/calls"),
        (&stage.olga, Method::PATCH, call.as_str()),
        (&stage.ada, Method::POST, pitches.as_str()),
        (&stage.ada, Method::PATCH, talk.as_str()),
    ] {
        let request = || person.api.call(method.clone(), path);
        for (body, kind, status) in [
            ("", "application/json", 400),
            ("{", "application/json", 400),
            ("{\"title\":\"x\"}", "text/plain", 400),
            ("title=x", "application/x-www-form-urlencoded", 400),
            ("{\"title\":\"x\",\"title\":\"y\"}", "application/json", 400),
            ("{\"title\":\"\\ud800\"}", "application/json", 400),
        ] {
            Answer::to(request().header(CONTENT_TYPE, kind).body(body)).await.error(status);
        }
        let long = json!({ "title": "x", "description": "x".repeat(70_000), "text": "x" }).to_string();
        Answer::to(request().header(CONTENT_TYPE, "application/json").body(long)).await.error(413);
        Answer::to(request()).await.error(400);
        let latin =
            Answer::to(request().header(CONTENT_TYPE, "application/json").body(&b"{\"title\":\"\xe4\"}"[..]));
        latin.await.error(400);
    }
    assert_eq!(stage.stored().await, before);
    assert!(!stage.site.log().contains("request failed"), "{}", stage.site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ids_of_nothing_are_not_found_and_ids_of_others_not_theirs(db: PgPool) {
    let stage = Stage::set(db).await;
    stage.olga.move_to(stage.call, "voting").await;
    let before = stage.stored().await;
    let (call, talk) = (json!({ "title": "x" }), json!({ "title": "x" }));
    let reason = json!({ "voters": [stage.ada.id], "reason": "x" });
    for id in NO_IDS {
        for person in [&stage.olga, &stage.ada] {
            for (method, path, body) in [
                (Method::GET, format!("calls/{id}"), &Value::Null),
                (Method::PATCH, format!("calls/{id}"), &call),
                (Method::POST, format!("calls/{id}/talks"), &talk),
                (Method::GET, format!("calls/{id}/results"), &Value::Null),
                (Method::GET, format!("calls/{id}/receipts"), &Value::Null),
                (Method::GET, format!("calls/{id}/receipts.txt"), &Value::Null),
                (Method::GET, format!("calls/{id}/dashboard"), &Value::Null),
                (Method::GET, format!("calls/{id}/votes.csv"), &Value::Null),
                (Method::POST, format!("calls/{id}/votes/set-aside"), &reason),
                (Method::POST, format!("calls/{id}/votes/restore"), &reason),
                (Method::PATCH, format!("talks/{id}"), &talk),
                (Method::DELETE, format!("talks/{id}"), &Value::Null),
                (Method::POST, format!("talks/{id}/vote"), &Value::Null),
                (Method::PUT, format!("talks/{id}/vote"), &Value::Null),
                (Method::DELETE, format!("talks/{id}/vote"), &Value::Null),
            ] {
                let request = person.api.call(method, &path);
                let request = if body.is_null() { request } else { request.json(body) };
                assert_eq!(Answer::to(request).await.error(404).0, "resource not found", "{path}");
            }
        }
    }
    // A photo's or a user's id is not a talk's, and somebody else's talk is theirs.
    let own = stage.site.member("stan").await;
    own.api.patch(&format!("talks/{}", stage.talk), json!({ "title": "Mine" })).await.error(403);
    own.api.delete(&format!("talks/{}", stage.talk), Value::Null).await.error(403);
    assert_eq!(stage.stored().await, before);
    assert!(!stage.site.log().contains("request failed"), "{}", stage.site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn scripts_are_text(db: PgPool) {
    let stage = Stage::set(db).await;
    let settings = json!({ "title": SCRIPT, "text": SCRIPT });
    let call = stage.site.open_call(&stage.olga, "cats", settings).await;
    let body = json!({ "title": SCRIPT, "description": SCRIPT });
    stage.ada.api.post(&format!("calls/{call}/talks"), body).await.expect(201);
    let answer = stage.site.api().get(&format!("calls/{call}")).await.expect(200);
    assert!(answer.header("content-type").starts_with("application/json"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let seen = answer.json();
    assert_eq!((&seen["title"], &seen["talks"][0]["title"]), (&json!(SCRIPT), &json!(SCRIPT)));
    // Bidirectional and wide characters come back as they were.
    let title = "שלום ⚡ 👩‍🚀 naïve";
    let talk = stage.ada.pitch(call, title).await;
    let seen = stage.ada.see(call).await;
    let talks = seen["talks"].as_array().expect("a list");
    let shown = talks.iter().find(|one| one["id"] == talk).expect("it is shown");
    assert_eq!(shown["title"], title);
    stage.ada.pitch(call, &"ä".repeat(120)).await;
}

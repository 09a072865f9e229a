//! Talks through the API: what each call answers, from the draft of a call to its results.

use std::collections::BTreeMap;

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, Site, talks_in};

const CALL: &str = "id hub title text phase pitch_from voting_from closes_at announced_at time_zone voters \
                    votes_each totals blind moderated created_at";
const TALK: &str = "id title description author photo state votes guest_votes voted created_at";

/// Fails unless an object has exactly these fields.
#[track_caller]
pub(crate) fn has(object: &Value, fields: &str) {
    let mut found: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut wanted: Vec<_> = fields.split_whitespace().collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{object}");
}

#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().expect("a text");
    let time = chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339");
    assert_eq!(time.offset().local_minus_utc(), 0, "{text} is in UTC");
}

/// The counts of talks by title.
fn tallies(answer: &Value) -> BTreeMap<String, Value> {
    let talks = answer["talks"].as_array().expect("a list");
    talks
        .iter()
        .map(|talk| (talk["title"].as_str().expect("a title").to_owned(), talk["votes"].clone()))
        .collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_call_goes_from_a_draft_to_its_results(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let voters = site.crowd("voter", 3).await;
    let speakers = site.crowd("speaker", 3).await;
    site.join("cats", &speakers.iter().collect::<Vec<_>>()).await;

    let body = json!({ "title": " Lightning talks ", "text": "Five *minutes* each.", "voters": "verified",
                       "totals": "hidden" });
    let call = olga.api.post("hubs/cats/calls", body).await.expect(201).json();
    has(&call, CALL);
    is_time(&call["created_at"]);
    for (key, value) in [
        ("hub", json!("cats")),
        ("title", json!("Lightning talks")),
        ("text", json!("Five *minutes* each.")),
        ("phase", json!("draft")),
        ("pitch_from", Value::Null),
        ("voting_from", Value::Null),
        ("closes_at", Value::Null),
        ("announced_at", Value::Null),
        ("time_zone", json!("UTC")),
        ("voters", json!("verified")),
        ("votes_each", Value::Null),
        ("totals", json!("hidden")),
        ("blind", json!(false)),
        ("moderated", json!(false)),
    ] {
        assert_eq!(call[key], value, "{key}");
    }
    let call = call["id"].as_i64().expect("an id");
    let path = format!("calls/{call}");
    assert_eq!(olga.see(call).await["talks"], json!([]));

    let moved = olga.api.patch(&path, json!({ "phase": "pitch" })).await.expect(200).json();
    has(&moved, CALL);
    is_time(&moved["pitch_from"]);
    let titles =
        ["Having The Time Of Your Life", "This Cheese Is Full Of Nails", "Where Did I Put That Thing?"];
    let mut talks = Vec::new();
    for (speaker, title) in speakers.iter().zip(titles) {
        let body = json!({ "title": format!("  {title}"), "description": "With **slides**." });
        let talk = speaker.api.post(&format!("{path}/talks"), body).await.expect(201).json();
        has(&talk, TALK);
        is_time(&talk["created_at"]);
        for (key, value) in [
            ("title", json!(title)),
            ("description", json!("With **slides**.")),
            ("author", json!(speaker.name)),
            ("photo", Value::Null),
            ("state", json!("shown")),
            ("votes", Value::Null),
            ("voted", json!(false)),
        ] {
            assert_eq!(talk[key], value, "{key}");
        }
        talks.push(talk["id"].as_i64().expect("an id"));
    }
    let newest_first: Vec<_> = talks.iter().rev().copied().collect();
    assert_eq!(talks_in(&site.api().get(&path).await.expect(200).json()), newest_first);

    olga.move_to(call, "voting").await;
    for (place, talk) in talks.iter().enumerate() {
        for voter in &voters[..=place] {
            let voted = voter.toggle(*talk).await.expect(200).json();
            assert_eq!(voted, json!({ "action": "create vote", "voted": true, "votes": voted["votes"] }));
            assert!(voted["votes"].as_i64() >= Some(1), "who has voted sees the count: {voted}");
        }
    }
    let seen = voters[0].see(call).await;
    has(&seen, &format!("{CALL} talks paging"));
    assert!(seen["talks"].as_array().expect("a list").iter().all(|talk| talk["voted"] == true));

    site.api().get(&format!("{path}/results")).await.error(403);
    olga.move_to(call, "closed").await;
    let results = site.api().get(&format!("{path}/results")).await.expect(200).json();
    has(&results, "talks voters guests hash frozen_at gini chi_square degrees");
    has(&results["talks"][0], "id title votes guest_votes share place exposure");
    assert_eq!(results["voters"], 3);
    let expected: BTreeMap<_, _> =
        titles.iter().zip(1..).map(|(title, votes)| ((*title).to_owned(), json!(votes))).collect();
    assert_eq!(tallies(&results), expected);
    let shown = site.api().get(&path).await.expect(200).json();
    assert_eq!(talks_in(&shown), newest_first, "by votes");
    assert_eq!(tallies(&shown), tallies(&results), "whoever looks");
    assert_eq!(shown["talks"][0]["title"], "Where Did I Put That Thing?");
    assert_eq!(shown["talks"][0]["votes"], 3);
    olga.move_to(call, "announced").await;
    is_time(&olga.see(call).await["announced_at"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_login_tells_what_the_account_votes_for(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    let ada = site.member("ada").await;
    site.verify(&ada).await;
    site.hub(&olga, "cats").await;
    let votes = async || {
        let body = json!({ "email": "ada@example.org", "password": PASSWORD });
        site.api().post("tokens", body).await.expect(201).json()["votes"].clone()
    };
    assert_eq!(votes().await, json!([]));
    let mut talks = Vec::new();
    for title in ["Naps", "Boxes"] {
        let call = site.open_call(&olga, "cats", json!({})).await;
        talks.push(olga.pitch(call, title).await);
        olga.pitch(call, "Unloved").await;
        olga.move_to(call, "voting").await;
    }
    for talk in &talks {
        ada.vote(*talk).await.expect(200);
        ada.vote(*talk).await.expect(200);
    }
    assert_eq!(votes().await, json!(talks));
    ada.unvote(talks[0]).await.expect(200);
    assert_eq!(votes().await, json!([talks[1]]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_calls_of_a_hub_are_listed_newest_first(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    site.hub(&olga, "dogs").await;
    site.call(&olga, "dogs", json!({})).await;
    let titles = async |person: &Person, query: &str| -> Vec<String> {
        let list = person.api.get(&format!("hubs/cats/calls{query}")).await.expect(200).json();
        has(&list, "data paging");
        let calls = list["data"].as_array().expect("a list");
        calls.iter().map(|call| call["title"].as_str().expect("a title").to_owned()).collect()
    };
    assert!(titles(&olga, "").await.is_empty());
    for number in 1..=3 {
        site.open_call(&olga, "cats", json!({ "title": format!("Call {number}") })).await;
    }
    let draft = site.call(&olga, "cats", json!({ "title": "Draft" })).await;
    let ada = site.member("ada").await;
    assert_eq!(titles(&olga, "").await, ["Draft", "Call 3", "Call 2", "Call 1"]);
    assert_eq!(titles(&ada, "").await, ["Call 3", "Call 2", "Call 1"], "drafts are the owners'");
    assert_eq!(titles(&ada, "?limit=2").await, ["Call 3", "Call 2"]);
    assert_eq!(titles(&ada, "?limit=2&page=2").await, ["Call 1"]);
    assert!(titles(&ada, "?limit=2&page=3").await.is_empty());
    for wrong in ["?limit=0", "?limit=101", "?limit=x", "?page=0", "?page=-1", "?page=99999999999999999999"] {
        let (_, field) = ada.api.get(&format!("hubs/cats/calls{wrong}")).await.error(400);
        assert_eq!(field.as_deref(), Some(&wrong[1..wrong.find('=').expect("one")]), "{wrong}");
    }
    ada.api.get(&format!("calls/{draft}")).await.error(404);
    let list = site.api().get("hubs/cats/calls").await.expect(200).json();
    has(&list["data"][0], CALL);
    assert_eq!(list["paging"], json!({ "page": 1, "last_page": 1 }));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_changes_a_call_and_an_author_a_talk(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub(&olga, "cats").await;
    site.join("cats", &[&ada]).await;
    let call = site.open_call(&olga, "cats", json!({})).await;
    let path = format!("calls/{call}");
    let closes = "2099-05-01T12:00:00+02:00";
    let body = json!({ "title": "Talks", "text": "New", "closes_at": closes, "voters": "members",
                       "votes_each": 3, "totals": "shown", "blind": true });
    let changed = olga.api.patch(&path, body).await.expect(200).json();
    for (key, value) in [
        ("title", json!("Talks")),
        ("text", json!("New")),
        ("closes_at", json!("2099-05-01T10:00:00Z")),
        ("voters", json!("members")),
        ("votes_each", json!(3)),
        ("totals", json!("shown")),
        ("blind", json!(true)),
        ("phase", json!("pitch")),
    ] {
        assert_eq!(changed[key], value, "{key}");
    }
    let cleared =
        olga.api.patch(&path, json!({ "closes_at": null, "votes_each": null })).await.expect(200).json();
    assert_eq!((&cleared["closes_at"], &cleared["votes_each"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["title"], "Talks", "what is left out stays");
    let same = olga.api.patch(&path, json!({})).await.expect(200).json();
    assert_eq!(same, cleared);

    let talk = ada.pitch(call, "Naps").await;
    assert_eq!(ada.see(call).await["talks"][0]["author"], "ada", "authors know their own talk");
    assert_eq!(site.api().get(&path).await.json()["talks"][0]["author"], Value::Null, "it is blind");
    let photo = site.photo().by(&ada).live().await;
    let body = json!({ "title": "Longer naps", "photo": photo });
    let edited = ada.api.patch(&format!("talks/{talk}"), body).await.expect(200).json();
    has(&edited, TALK);
    assert_eq!((&edited["title"], &edited["photo"]), (&json!("Longer naps"), &json!(photo)));
    assert_eq!(edited["description"], "About Naps", "what is left out stays");
    let edited = ada.api.patch(&format!("talks/{talk}"), json!({ "photo": null })).await.expect(200).json();
    assert_eq!((&edited["title"], &edited["photo"]), (&json!("Longer naps"), &Value::Null));
    let revisions: i64 = site.ask("select count(*) from talk_revisions").await;
    assert!(revisions >= 2, "what it was is kept: {revisions}");

    assert_eq!(ada.api.delete(&format!("talks/{talk}"), Value::Null).await.expect(204).text(), "");
    assert_eq!(ada.see(call).await["talks"], json!([]));
    ada.api.patch(&format!("talks/{talk}"), json!({ "title": "Back" })).await.error(404);
    ada.pitch(call, "Longer naps").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_pitch_in_a_moderated_call_waits_for_an_owner(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, mia) = (site.member("olga").await, site.member("ada").await, site.member("mia").await);
    site.hub(&olga, "cats").await;
    site.join("cats", &[&ada, &mia]).await;
    let call = site.open_call(&olga, "cats", json!({ "moderated": true })).await;
    let talk = ada.pitch(call, "Naps").await;
    let path = format!("talks/{talk}");
    let states = async || {
        let mut states = Vec::new();
        for person in [&olga, &ada, &mia] {
            states.push(person.see(call).await["talks"][0]["state"].clone());
        }
        states.push(site.api().get(&format!("calls/{call}")).await.json()["talks"][0]["state"].clone());
        states
    };
    let (waiting, shown) = (json!("waiting"), json!("shown"));
    assert_eq!(states().await, [waiting.clone(), waiting.clone(), Value::Null, Value::Null]);
    mia.api.patch(&path, json!({ "title": "Mine" })).await.error(404);
    mia.api.delete(&path, Value::Null).await.error(404);
    site.change("update talks set state = 'shown'").await;
    assert_eq!(states().await, [shown.clone(), shown.clone(), shown.clone(), shown.clone()]);
    let edited = ada.api.patch(&path, json!({ "title": "Longer naps" })).await.expect(200).json();
    assert_eq!(edited["state"], "waiting", "its new text waits too");
    assert_eq!(states().await, [waiting.clone(), waiting.clone(), Value::Null, Value::Null]);
    olga.move_to(call, "voting").await;
    mia.vote(talk).await.error(404);
    assert_eq!(talks_in(&mia.see(call).await), [0; 0]);
}

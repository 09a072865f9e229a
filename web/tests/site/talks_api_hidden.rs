//! While totals are hidden, nothing that anybody is answered or told depends on the votes of others.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Setup};

/// Long enough for what would come.
const QUIET: Duration = Duration::from_millis(1500);

/// All that an answer says, except when it was given.
fn whole(answer: &Answer) -> String {
    let differs = ["date", "x-request-id", "age"];
    let headers = answer.headers.iter().filter(|(name, _)| !differs.contains(&name.as_str()));
    let mut lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    format!("{} {}\n{}\n\n{}", answer.asked, answer.status, lines.join("\n"), answer.text())
}

async fn look(person: &Person, path: &str) -> Answer {
    match path.strip_prefix("/api/v1/") {
        Some(call) => Answer::to(person.api.call(Method::GET, call)).await,
        None => person.pages.get(path).await,
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_vote_of_somebody_else_changes_no_byte_while_totals_are_hidden(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({ "totals": "hidden" })).await;
    let mut talks = Vec::new();
    for title in ["Naps", "Boxes", "String"] {
        talks.push(olga.pitch(call, title).await);
    }
    olga.move_to(call, "voting").await;
    let voters = site.crowd("voter", 4).await;
    let [voter, reader, turncoat, early] = &voters[..] else { panic!("four") };
    early.vote(talks[0]).await.expect(200);
    // Who takes all votes back sees no totals any more.
    turncoat.vote(talks[1]).await.expect(200);
    turncoat.unvote(talks[1]).await.expect(200);
    site.settle().await;

    let nobody = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
    let ada = site.member("ada").await;
    let paths = [
        format!("/api/v1/calls/{call}?limit=100"),
        format!("/api/v1/calls/{call}?limit=1&page=2"),
        format!("/calls/{call}"),
        format!("/calls/{call}/part"),
        format!("/talks/{}", talks[0]),
        format!("/calls/{call}/receipt"),
        "/h/cats/talks".to_owned(),
        format!("/api/v1/calls/{call}/results"),
        "/api/v1/hubs/cats/calls".to_owned(),
        "/api/v1/hubs/cats".to_owned(),
        "/api/v1/users/me/feed".to_owned(),
        "/api/v1/search?q=naps".to_owned(),
        "/h/cats".to_owned(),
        "/h/cats/versions".to_owned(),
        "/h/cats/feed.atom".to_owned(),
        "/h/cats/members".to_owned(),
        "/search?q=naps".to_owned(),
        "/feed".to_owned(),
    ];
    // Nobody has an order that lasts, so only what isn't ordered is compared for them.
    let lookers = [(&nobody, 5), (reader, 0), (turncoat, 0), (&ada, 0)];
    let see = async || {
        let mut seen = Vec::new();
        for (person, from) in lookers {
            for path in &paths[from..] {
                seen.push(whole(&look(person, path).await));
            }
        }
        seen
    };
    see().await;
    let before = see().await;
    let mut stream = reader.pages.stream(&format!("hub=cats&call={call}")).await;
    stream.begin().await;
    for talk in &talks {
        voter.vote(*talk).await.expect(200);
    }
    let counts = "select string_agg(votes::text, ',' order by id) from talks";
    assert_eq!(site.ask::<String>(counts).await, "2,1,1");
    site.settle().await;
    for (before, after) in before.iter().zip(see().await) {
        assert_eq!(*before, after);
    }
    let mut standing = reader.pages.stream(&format!("standing={call}")).await;
    assert_eq!(
        standing.until("gone").await.data["topic"],
        format!("standing={call}"),
        "only those who know the totals hear of votes"
    );
    assert_eq!(stream.within(QUIET).await, None, "the stream tells nothing of votes");
    // It is the votes that are hidden, not the test: who votes sees them, and so does everybody after the close.
    let totals = async |person: &Person| -> Vec<Value> {
        let seen = person.see(call).await;
        let mut talks = seen["talks"].as_array().expect("a list").clone();
        talks.sort_by_key(|talk| talk["id"].as_i64());
        talks.iter().map(|talk| talk["votes"].clone()).collect()
    };
    assert_eq!(totals(reader).await, [Value::Null, Value::Null, Value::Null]);
    assert_eq!(totals(turncoat).await, [Value::Null, Value::Null, Value::Null]);
    assert_eq!(totals(voter).await, [2, 1, 1]);
    let voted = reader.vote(talks[0]).await.expect(200).json();
    assert_eq!(voted["votes"], 3);
    assert_eq!(totals(reader).await, [3, 1, 1]);
    let taken_back = reader.unvote(talks[0]).await.expect(200).json();
    assert_eq!(taken_back, json!({ "action": "delete vote", "voted": false, "votes": null }));
    assert_eq!(totals(reader).await, [Value::Null, Value::Null, Value::Null]);
    olga.move_to(call, "closed").await;
    assert_eq!(totals(reader).await, [2, 1, 1]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn totals_that_are_shown_are_shown_to_all(db: PgPool) {
    let site = Setup::on(db).start().await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({ "totals": "shown" })).await;
    let talk = olga.pitch(call, "Naps").await;
    olga.move_to(call, "voting").await;
    let votes = async || site.api().get(&format!("calls/{call}")).await.json()["talks"][0]["votes"].clone();
    assert_eq!(votes().await, 0);
    site.crowd("voter", 1).await[0].vote(talk).await.expect(200);
    assert_eq!(votes().await, 1);
}

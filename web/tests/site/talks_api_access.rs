//! Calls and talks of private and of archived hubs.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};
use crate::hub_access::Cast;

/// A call in each phase, each with a talk of the owner's and one of the member's.
struct Calls {
    draft: i64,
    pitch: (i64, [i64; 2]),
    voting: (i64, [i64; 2]),
    closed: (i64, [i64; 2]),
}

impl Calls {
    async fn open(site: &Site, cast: &Cast) -> Self {
        let (owner, member) = (&cast.owner, &cast.member);
        let in_phase = async |phases: &[&str]| {
            let call = site.open_call(owner, "cats", json!({ "voters": "members" })).await;
            let talks = [owner.pitch(call, "The owner's").await, member.pitch(call, "The member's").await];
            for phase in phases {
                owner.move_to(call, phase).await;
            }
            (call, talks)
        };
        Self {
            draft: site.call(owner, "cats", json!({})).await,
            pitch: in_phase(&[]).await,
            voting: in_phase(&["voting"]).await,
            closed: in_phase(&["voting", "closed"]).await,
        }
    }

    /// A path with its placeholders filled.
    fn filled(&self, path: &str) -> String {
        let Self { draft, pitch, voting, closed } = self;
        let ids = [*draft, pitch.0, voting.0, closed.0, pitch.1[1], voting.1[0], closed.1[0]];
        fill(path, ids)
    }
}

fn fill(path: &str, ids: [i64; 7]) -> String {
    let names = ["{draft}", "{pitch}", "{voting}", "{closed}", "{pitched}", "{voted}", "{over}"];
    names.iter().zip(ids).fold(path.to_owned(), |path, (name, id)| path.replace(name, &id.to_string()))
}

type Asked = (Method, &'static str, Value);

/// What can be asked of calls and talks.
fn calls() -> Vec<Asked> {
    let title = || json!({ "title": "A new one" });
    let aside = || json!({ "voters": [1], "reason": "Twice" });
    let none = || Value::Null;
    let mut calls = vec![
        (Method::GET, "hubs/cats/calls", none()),
        (Method::POST, "hubs/cats/calls", title()),
        (Method::PATCH, "calls/{closed}", json!({ "phase": "pitch" })),
        (Method::PATCH, "talks/{pitched}", title()),
        (Method::PATCH, "talks/{voted}", json!({ "description": "New" })),
        (Method::DELETE, "talks/{voted}", none()),
        (Method::PUT, "talks/{voted}/vote", none()),
        (Method::POST, "talks/{voted}/vote", none()),
        (Method::DELETE, "talks/{voted}/vote", none()),
        (Method::PUT, "talks/{over}/vote", none()),
        (Method::GET, "calls/{closed}/results", none()),
        (Method::GET, "calls/{voting}/receipts", none()),
        (Method::GET, "calls/{closed}/receipts.txt", none()),
        (Method::GET, "calls/{voting}/dashboard", none()),
        (Method::GET, "calls/{voting}/votes.csv", none()),
        (Method::POST, "calls/{voting}/votes/set-aside", aside()),
        (Method::POST, "calls/{voting}/votes/restore", aside()),
    ];
    for call in ["calls/{draft}", "calls/{pitch}", "calls/{voting}"] {
        calls.extend([(Method::GET, call, none()), (Method::PATCH, call, title())]);
    }
    for call in ["calls/{draft}/talks", "calls/{pitch}/talks", "calls/{voting}/talks"] {
        calls.push((Method::POST, call, title()));
    }
    calls
}

async fn call(person: &Person, method: &Method, path: &str, body: &Value) -> Answer {
    let call = person.api.call(method.clone(), path);
    Answer::to(if body.is_null() { call } else { call.json(body) }).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_calls_of_a_private_hub_do_not_exist_for_others(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({ "visibility": "private" })).await;
    let open = Calls::open(&site, &cast).await;
    let outsiders = [&cast.nobody, &cast.anonymous, &cast.stranger, &cast.subscriber];
    for (method, path, body) in calls() {
        let hidden = open.filled(path);
        let unknown = fill(path, [999_999; 7]).replace("hubs/cats", "hubs/unknown");
        for outsider in outsiders {
            let (shown, none) = (
                call(outsider, &method, &hidden, &body).await,
                call(outsider, &method, &unknown, &body).await,
            );
            assert_eq!(
                (shown.status, shown.text()),
                (none.status, none.text()),
                "{} {}",
                shown.asked,
                none.asked
            );
            assert!([401, 404].contains(&shown.status), "{}: {}", shown.asked, shown.status);
        }
    }
    for insider in [&cast.member, &cast.owner, &cast.moderator] {
        insider.api.get("hubs/cats/calls").await.expect(200);
        insider.api.get(&open.filled("calls/{voting}")).await.expect(200);
    }
    // Who leaves sees it no longer, whatever they had there.
    cast.member.vote(open.voting.1[0]).await.expect(200);
    cast.member.api.delete("hubs/cats/roles/member", Value::Null).await.expect(204);
    cast.member.api.get(&open.filled("calls/{voting}")).await.error(404);
    cast.member.unvote(open.voting.1[0]).await.error(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_changes_in_an_archived_hub(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({})).await;
    let open = Calls::open(&site, &cast).await;
    cast.member.vote(open.voting.1[0]).await.expect(200);
    cast.owner.api.patch("hubs/cats", json!({ "archived": true })).await.expect(200);
    let stored = "select concat_ws('; ', (select string_agg(calls::text, ',' order by id) from calls),
                             (select string_agg(talks::text, ',' order by id) from talks),
                             (select string_agg(talk_votes::text, ',' order by talk_id, voter_id) from talk_votes))";
    let before: String = site.ask(stored).await;
    let said = "This hub is archived, so nothing in it can change.";
    let (owner, member) = (&cast.owner, &cast.member);
    let (title, none) = (json!({ "title": "A new one" }), Value::Null);
    for (person, method, path, body) in [
        (owner, Method::POST, "hubs/cats/calls", &title),
        (owner, Method::PATCH, "calls/{pitch}", &title),
        (owner, Method::PATCH, "calls/{pitch}", &json!({ "phase": "voting" })),
        (owner, Method::POST, "calls/{pitch}/talks", &title),
        (member, Method::PATCH, "talks/{pitched}", &title),
        (member, Method::DELETE, "talks/{pitched}", &none),
        (member, Method::POST, "talks/{voted}/vote", &none),
        (member, Method::DELETE, "talks/{voted}/vote", &none),
        (
            owner,
            Method::POST,
            "calls/{voting}/votes/set-aside",
            &json!({ "voters": [member.id], "reason": "Twice" }),
        ),
    ] {
        let answer = call(person, &method, &open.filled(path), body).await;
        assert_eq!(answer.error(403).0, said, "{method} {path}");
    }
    assert_eq!(site.ask::<String>(stored).await, before);
    for path in ["hubs/cats/calls", "calls/{voting}", "calls/{closed}/results"] {
        site.api().get(&open.filled(path)).await.expect(200);
    }
    owner.api.get(&open.filled("calls/{voting}/dashboard")).await.expect(200);
}

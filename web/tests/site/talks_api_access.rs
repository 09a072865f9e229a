//! Who may do what with calls and talks.

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

type Row = (Method, &'static str, Value, [u16; 7]);

/// Every call with the answers to nobody, an anonymous user, a member of the site, a subscriber, a member, an owner
/// and a moderator.
fn calls() -> Vec<Row> {
    let owners = |status| [401, 403, 403, 403, 403, status, 403];
    let runners = |status| [404, 404, 404, 404, 404, status, status];
    let title = || json!({ "title": "A new one" });
    let aside = || json!({ "voters": [1], "reason": "Twice" });
    let none = Value::Null;
    vec![
        (Method::GET, "hubs/cats/calls", none.clone(), [200; 7]),
        (Method::POST, "hubs/cats/calls", title(), owners(201)),
        (Method::GET, "calls/{draft}", none.clone(), runners(200)),
        (Method::GET, "calls/{pitch}", none.clone(), [200; 7]),
        (Method::GET, "calls/{voting}", none.clone(), [200; 7]),
        (Method::GET, "calls/{closed}", none.clone(), [200; 7]),
        (Method::PATCH, "calls/{draft}", title(), [401, 404, 404, 404, 404, 200, 403]),
        (Method::PATCH, "calls/{pitch}", title(), owners(200)),
        (Method::PATCH, "calls/{voting}", title(), owners(200)),
        (Method::PATCH, "calls/{closed}", json!({ "phase": "pitch" }), owners(400)),
        (Method::POST, "calls/{draft}/talks", title(), [401, 404, 404, 404, 404, 403, 403]),
        (Method::POST, "calls/{pitch}/talks", title(), [401, 403, 403, 403, 201, 201, 403]),
        (Method::POST, "calls/{voting}/talks", title(), [401, 403, 403, 403, 403, 403, 403]),
        (Method::PATCH, "talks/{pitched}", title(), [401, 403, 403, 403, 409, 403, 403]),
        (
            Method::PATCH,
            "talks/{pitched}",
            json!({ "description": "New" }),
            [401, 403, 403, 403, 200, 403, 403],
        ),
        (
            Method::PATCH,
            "talks/{voted}",
            json!({ "description": "New" }),
            [401, 403, 403, 403, 403, 403, 403],
        ),
        (Method::DELETE, "talks/{voted}", none.clone(), [401, 403, 403, 403, 403, 403, 403]),
        (Method::POST, "talks/{pitched}/vote", none.clone(), [401, 403, 403, 403, 403, 403, 403]),
        (Method::PUT, "talks/{voted}/vote", none.clone(), [401, 403, 403, 403, 200, 403, 403]),
        (Method::POST, "talks/{voted}/vote", none.clone(), [401, 403, 403, 403, 200, 403, 403]),
        // There is nothing to take back.
        (Method::DELETE, "talks/{voted}/vote", none.clone(), [401, 200, 200, 200, 200, 403, 200]),
        (Method::PUT, "talks/{over}/vote", none.clone(), [401, 403, 403, 403, 403, 403, 403]),
        (Method::GET, "calls/{draft}/results", none.clone(), [404, 404, 404, 404, 404, 403, 403]),
        (Method::GET, "calls/{voting}/results", none.clone(), [403; 7]),
        (Method::GET, "calls/{closed}/results", none.clone(), [200; 7]),
        (Method::GET, "calls/{voting}/receipts", none.clone(), [401, 200, 200, 200, 200, 200, 200]),
        (Method::GET, "calls/{closed}/receipts", none.clone(), [401, 200, 200, 200, 200, 200, 200]),
        (Method::GET, "calls/{voting}/receipts.txt", none.clone(), [403; 7]),
        (Method::GET, "calls/{closed}/receipts.txt", none.clone(), [200; 7]),
        (Method::GET, "calls/{voting}/dashboard", none.clone(), owners(200)),
        (Method::GET, "calls/{voting}/votes.csv", none.clone(), owners(200)),
        (Method::GET, "calls/{draft}/dashboard", none.clone(), [401, 404, 404, 404, 404, 200, 403]),
        (Method::POST, "calls/{voting}/votes/set-aside", aside(), owners(200)),
        (Method::POST, "calls/{voting}/votes/restore", aside(), owners(200)),
        (Method::POST, "calls/{closed}/votes/set-aside", aside(), owners(409)),
        // The others no longer see it.
        (Method::DELETE, "talks/{pitched}", none, [401, 403, 403, 403, 204, 404, 404]),
    ]
}

async fn call(person: &Person, method: &Method, path: &str, body: &Value) -> Answer {
    let call = person.api.call(method.clone(), path);
    Answer::to(if body.is_null() { call } else { call.json(body) }).await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn everybody_does_what_they_may_with_talks(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({})).await;
    let open = Calls::open(&site, &cast).await;
    for (method, path, body, expected) in calls() {
        let path = open.filled(path);
        for (person, expected) in cast.all().into_iter().zip(expected) {
            let answer = call(person, &method, &path, &body).await;
            assert_eq!(answer.status, expected, "{} as {:?}: {}", answer.asked, person.name, answer.text());
            if !(200..300).contains(&expected) {
                answer.error(expected);
            }
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_calls_of_a_private_hub_do_not_exist_for_others(db: PgPool) {
    let site = Site::start(db).await;
    let cast = Cast::of(&site, json!({ "visibility": "private" })).await;
    let open = Calls::open(&site, &cast).await;
    let outsiders = [&cast.nobody, &cast.anonymous, &cast.stranger, &cast.subscriber];
    for (method, path, body, _) in calls() {
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

//! Votes through the API: who may, when, how often, and that none is lost or counted twice.

use std::time::Duration;

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::COOKIE;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site, talks_in};

/// A hub of olga's with a call and the talks of ada, who is a member.
struct Stage {
    site: Site,
    olga: Person,
    ada: Person,
    call: i64,
    talks: Vec<i64>,
}

impl Stage {
    async fn set(db: PgPool, settings: Value, talks: usize) -> Self {
        let site = Site::start(db).await;
        let (olga, ada) = (site.member("olga").await, site.member("ada").await);
        site.hub(&olga, "cats").await;
        site.join("cats", &[&ada]).await;
        let call = site.open_call(&olga, "cats", settings).await;
        let mut pitched = Vec::new();
        for number in 0..talks {
            pitched.push(ada.pitch(call, &format!("Talk {number}")).await);
        }
        Self { site, olga, ada, call, talks: pitched }
    }

    /// The stored votes, as text to compare.
    async fn stored(&self) -> String {
        let stored = "select concat_ws('; ', (select string_agg(talk_votes::text, ',' order by talk_id, voter_id) from talk_votes),
                             (select string_agg(concat_ws(' ', id, votes, guest_votes), ',' order by id) from talks))";
        self.site.ask(stored).await
    }

    /// Panics unless every talk counts its votes.
    async fn counts_are_right(&self) {
        let wrong: i64 = self
            .site
            .ask(
                "select count(*) from talks
                 where votes <> (select count(*) from talk_votes
                                 where talk_id = id and not guest and set_aside_at is null)
                    or guest_votes <> (select count(*) from talk_votes
                                       where talk_id = id and guest and set_aside_at is null)",
            )
            .await;
        assert_eq!(wrong, 0, "counts differ from rows");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_vote_is_toggled_and_set(db: PgPool) {
    let stage = Stage::set(db, json!({ "totals": "shown" }), 1).await;
    stage.olga.move_to(stage.call, "voting").await;
    let voters = stage.site.crowd("voter", 2).await;
    let (voter, other) = (&voters[0], &voters[1]);
    let talk = stage.talks[0];
    let answer =
        |action: &str, voted: bool, votes: i64| json!({ "action": action, "voted": voted, "votes": votes });
    for (answered, expected) in [
        (voter.toggle(talk).await, answer("create vote", true, 1)),
        (voter.toggle(talk).await, answer("delete vote", false, 0)),
        (voter.toggle(talk).await, answer("create vote", true, 1)),
        (other.vote(talk).await, answer("create vote", true, 2)),
        (other.vote(talk).await, answer("create vote", true, 2)),
        (voter.unvote(talk).await, answer("delete vote", false, 1)),
        (voter.unvote(talk).await, answer("delete vote", false, 1)),
        (other.toggle(talk).await, answer("delete vote", false, 0)),
    ] {
        assert_eq!(answered.expect(200).json(), expected);
        stage.counts_are_right().await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn fifty_toggles_at_once_leave_one_vote_or_none(db: PgPool) {
    let stage = Stage::set(db, json!({}), 1).await;
    stage.olga.move_to(stage.call, "voting").await;
    let voter = &stage.site.crowd("voter", 1).await[0];
    let talk = stage.talks[0];
    for count in [50, 49] {
        let before: i64 = stage.site.ask("select count(*) from talk_votes").await;
        let answers = join_all((0..count).map(|_| voter.toggle(talk))).await;
        let mut made = 0;
        for answer in answers {
            made += if answer.expect(200).json()["voted"] == true { 1 } else { -1 };
        }
        let after: i64 = stage.site.ask("select count(*) from talk_votes").await;
        assert_eq!(after - before, made, "each answer is true");
        assert_eq!(after, (before + count) % 2);
        stage.counts_are_right().await;
    }
    // As many who set it one way are one vote.
    for answer in join_all((0..50).map(|_| voter.vote(talk))).await {
        assert_eq!(answer.expect(200).json()["votes"], 1);
    }
    for answer in join_all((0..50).map(|_| voter.unvote(talk))).await {
        assert_eq!(answer.expect(200).json()["voted"], false);
    }
    assert_eq!(stage.site.ask::<i64>("select count(*) from talk_votes").await, 0);
    stage.counts_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_votes_for_their_own_talk(db: PgPool) {
    let stage = Stage::set(db, json!({}), 2).await;
    stage.site.verify(&stage.ada).await;
    stage.olga.move_to(stage.call, "voting").await;
    let before = stage.stored().await;
    for talk in &stage.talks {
        for answer in
            [stage.ada.toggle(*talk).await, stage.ada.vote(*talk).await, stage.ada.unvote(*talk).await]
        {
            assert_eq!(answer.error(403).0, "you can't vote for your own talk");
        }
    }
    assert_eq!(stage.stored().await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn votes_count_while_voting_and_never_else(db: PgPool) {
    let stage = Stage::set(db, json!({}), 1).await;
    let voter = &stage.site.crowd("voter", 1).await[0];
    let talk = stage.talks[0];
    let path = format!("calls/{}", stage.call);
    let refused = async || {
        let before = stage.stored().await;
        for answer in [voter.toggle(talk).await, voter.vote(talk).await, voter.unvote(talk).await] {
            assert!(answer.error(403).0.len() > 10, "it says why");
        }
        assert_eq!(stage.stored().await, before);
    };
    refused().await;
    stage.olga.move_to(stage.call, "voting").await;
    voter.vote(talk).await.expect(200);
    // Nothing is pitched, edited or withdrawn any more.
    stage.ada.api.post(&format!("{path}/talks"), json!({ "title": "Late" })).await.error(403);
    stage.ada.api.patch(&format!("talks/{talk}"), json!({ "title": "Other" })).await.error(403);
    stage.ada.api.delete(&format!("talks/{talk}"), Value::Null).await.error(403);
    stage.site.api().get(&format!("{path}/results")).await.error(403);
    stage.olga.move_to(stage.call, "closed").await;
    refused().await;
    stage.olga.move_to(stage.call, "announced").await;
    refused().await;
    assert_eq!(voter.see(stage.call).await["talks"][0]["votes"], 1);
    // Who comes late is no attacker, whose address is banned by this log.
    assert!(!stage.site.log().contains("security: refused"), "{}", stage.site.log());
    // Forwards only, and nobody enters the same phase twice.
    let before: String = stage.site.ask("select calls::text from calls").await;
    for phase in ["draft", "pitch", "voting", "closed", "over", "", "VOTING"] {
        let (_, field) = stage.olga.api.patch(&path, json!({ "phase": phase })).await.error(400);
        assert_eq!(field.as_deref(), Some("phase"), "{phase}");
    }
    assert_eq!(stage.site.ask::<String>("select calls::text from calls").await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn phases_begin_by_the_clock(db: PgPool) {
    let stage = Stage::set(db, json!({}), 1).await;
    let voter = &stage.site.crowd("voter", 1).await[0];
    let path = format!("calls/{}", stage.call);
    let in_millis = |millis| chrono::Utc::now() + Duration::from_millis(millis);
    let body = json!({ "voting_from": in_millis(2000), "closes_at": in_millis(4500) });
    assert_eq!(stage.olga.api.patch(&path, body).await.expect(200).json()["phase"], "pitch");
    voter.vote(stage.talks[0]).await.error(403);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(voter.see(stage.call).await["phase"], "voting");
    voter.vote(stage.talks[0]).await.expect(200);
    tokio::time::sleep(Duration::from_millis(2600)).await;
    assert_eq!(voter.see(stage.call).await["phase"], "closed");
    voter.unvote(stage.talks[0]).await.error(403);
    let results = stage.site.api().get(&format!("{path}/results")).await.expect(200).json();
    assert_eq!((&results["talks"][0]["votes"], &results["voters"]), (&json!(1), &json!(1)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_was_answered_200_across_the_close_is_what_counts(db: PgPool) {
    const CLIENTS: usize = 200;
    let stage = Stage::set(db, json!({}), 1).await;
    let voters = stage.site.crowd("voter", CLIENTS).await;
    stage.olga.move_to(stage.call, "voting").await;
    let path = format!("calls/{}", stage.call);
    let closes = chrono::Utc::now() + Duration::from_millis(2500);
    stage.olga.api.patch(&path, json!({ "closes_at": closes })).await.expect(200);
    let talk = stage.talks[0];
    // A few early, most of them around the instant, in one crowd.
    let answers = join_all(voters.iter().enumerate().map(|(number, voter)| async move {
        let at = closes - Duration::from_millis(1200)
            + Duration::from_millis(12) * u32::try_from(number).expect("few");
        let wait = (at - chrono::Utc::now()).to_std().unwrap_or_default();
        tokio::time::sleep(wait).await;
        voter.toggle(talk).await
    }))
    .await;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 403).count();
    assert_eq!(accepted + refused, CLIENTS, "no other answer");
    assert!(accepted > 0 && refused > 0, "it closed in between: {accepted} and {refused}");
    let accepted = i64::try_from(accepted).expect("few");
    assert_eq!(stage.site.ask::<i64>("select count(*) from talk_votes").await, accepted);
    stage.counts_are_right().await;
    let results = stage.site.api().get(&format!("{path}/results")).await.expect(200).json();
    assert_eq!((&results["talks"][0]["votes"], &results["voters"]), (&json!(accepted), &json!(accepted)));
    assert_eq!(stage.ada.see(stage.call).await["talks"][0]["votes"], accepted);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_owner_who_closes_early_loses_no_vote_that_was_answered(db: PgPool) {
    let stage = Stage::set(db, json!({}), 2).await;
    let voters = stage.site.crowd("voter", 60).await;
    stage.olga.move_to(stage.call, "voting").await;
    let talks = &stage.talks;
    let votes = join_all(voters.iter().enumerate().map(|(number, voter)| async move {
        tokio::time::sleep(Duration::from_millis(10) * u32::try_from(number).expect("few")).await;
        voter.vote(talks[number % 2]).await.status
    }));
    let close = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stage.olga.move_to(stage.call, "closed").await;
    };
    let (answers, ()) = tokio::join!(votes, close);
    let accepted = answers.iter().filter(|status| **status == 200).count();
    assert!(answers.iter().all(|status| [200, 403].contains(status)), "{answers:?}");
    let results = stage.site.api().get(&format!("calls/{}/results", stage.call)).await.expect(200).json();
    let counted: i64 =
        [0, 1].iter().map(|at| results["talks"][at]["votes"].as_i64().expect("a number")).sum();
    assert_eq!(counted, i64::try_from(accepted).expect("few"));
    assert_eq!(results["voters"], counted);
    stage.counts_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn those_whom_the_call_names_vote(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub(&olga, "cats").await;
    let (mia, stan) = (site.member("mia").await, site.member("stan").await);
    let vera = site.crowd("vera", 1).await.remove(0);
    let guest = site.anonymous().await;
    site.join("cats", &[&ada, &mia]).await;
    // Statuses for a member of the hub, a verified and an unverified member of the site, and somebody anonymous.
    for (voters, expected) in [
        ("members", [200, 403, 403, 403]),
        ("verified", [403, 200, 403, 403]),
        ("anybody", [200, 200, 200, 200]),
    ] {
        let call = site.open_call(&olga, "cats", json!({ "voters": voters, "totals": "shown" })).await;
        let talk = ada.pitch(call, "Naps").await;
        olga.move_to(call, "voting").await;
        for (person, status) in [&mia, &vera, &stan, &guest].into_iter().zip(expected) {
            let answer = person.vote(talk).await;
            assert_eq!(answer.status, status, "{voters}: {} {}", person.name, answer.text());
        }
        assert_eq!(
            site.api().put(&format!("talks/{talk}/vote"), Value::Null).await.error(401).0,
            "access token required"
        );
        olga.move_to(call, "closed").await;
        let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
        let counted = (&results["talks"][0]["votes"], &results["talks"][0]["guest_votes"]);
        let expected = match voters {
            "anybody" => (2, 2),
            _ => (1, 0),
        };
        assert_eq!(counted, (&json!(expected.0), &json!(expected.1)), "{voters}: guests are shown apart");
        assert_eq!((&results["voters"], &results["guests"]), (&json!(expected.0), &json!(expected.1)));
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_browser_is_one_guest_however_many_users_it_becomes(db: PgPool) {
    let stage = Stage::set(db, json!({ "voters": "anybody", "votes_each": 2 }), 3).await;
    stage.olga.move_to(stage.call, "voting").await;
    let [first, second] = [stage.site.anonymous().await, stage.site.anonymous().await];
    let vote = async |guest: &Person, talk: i64, cookie: &str| {
        let request = guest.api.call(Method::PUT, &format!("talks/{talk}/vote"));
        Answer::to(request.header(COOKIE, cookie.to_owned())).await
    };
    let given = vote(&first, stage.talks[0], "").await.expect(200);
    let cookie = given.header("set-cookie").split(';').next().expect("a pair").to_owned();
    vote(&first, stage.talks[0], &cookie).await.expect(200);
    let said = "Somebody has voted for this talk from this browser. Log in to vote for yourself.";
    assert_eq!(vote(&second, stage.talks[0], &cookie).await.error(403).0, said);
    vote(&second, stage.talks[1], &cookie).await.expect(200);
    let (said, _) = vote(&second, stage.talks[2], &cookie).await.error(403);
    assert!(said.starts_with("You have no vote left here"), "{said}");
    // Of many at once only one counts.
    first.unvote(stage.talks[0]).await.expect(200);
    let mut guests = Vec::new();
    for _ in 0..8 {
        guests.push(stage.site.anonymous().await);
    }
    let answers = join_all(guests.iter().map(|guest| vote(guest, stage.talks[0], &cookie))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 403].contains(&answer.status)));
    // On another device, and with an account, each votes for themselves.
    vote(&second, stage.talks[0], "").await.expect(200);
    let member = stage.site.crowd("voter", 1).await.remove(0);
    vote(&member, stage.talks[0], &cookie).await.expect(200);
    stage.counts_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_voter_has_as_many_votes_as_the_call_gives(db: PgPool) {
    let stage = Stage::set(db, json!({ "votes_each": 2 }), 4).await;
    stage.olga.move_to(stage.call, "voting").await;
    let voter = &stage.site.crowd("voter", 1).await[0];
    let talks = &stage.talks;
    for talk in &talks[..2] {
        voter.vote(*talk).await.expect(200);
        voter.vote(*talk).await.expect(200);
    }
    let before = stage.stored().await;
    voter.vote(talks[2]).await.error(403);
    voter.toggle(talks[2]).await.error(403);
    assert_eq!(stage.stored().await, before);
    voter.unvote(talks[0]).await.expect(200);
    // Of many at once, none is one too many.
    let answers = join_all(talks.iter().cycle().take(40).map(|talk| voter.vote(*talk))).await;
    assert!(answers.iter().all(|answer| [200, 403].contains(&answer.status)));
    assert_eq!(stage.site.ask::<i64>("select count(*) from talk_votes").await, 2);
    stage.counts_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_talk_that_is_hidden_or_withdrawn_takes_no_votes(db: PgPool) {
    let stage = Stage::set(db, json!({}), 3).await;
    let voter = &stage.site.crowd("voter", 1).await[0];
    stage.ada.api.delete(&format!("talks/{}", stage.talks[0]), Value::Null).await.expect(204);
    stage.olga.move_to(stage.call, "voting").await;
    stage.site.change("update talks set state = 'hidden' where title = 'Talk 1'").await;
    for talk in &stage.talks[..2] {
        voter.toggle(*talk).await.error(404);
        voter.vote(*talk).await.error(404);
    }
    assert_eq!(talks_in(&voter.see(stage.call).await), stage.talks[2..]);
    voter.vote(stage.talks[2]).await.expect(200);
}

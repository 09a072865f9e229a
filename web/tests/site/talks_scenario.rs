//! A ballot of talks from its tallies to a count that somebody has broken, all through HTTP; and what is refused on the
//! way.

use chrono::{TimeDelta, Utc};
use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::talks::TallyTalks;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Setup, Site};
use crate::talks_pages::{press, titles};

const MODEL: [(&str, usize); 3] = [
    ("Where Did I Put That Thing?", 3),
    ("This Cheese Is Full Of Nails", 2),
    ("Having The Time Of Your Life", 1),
];

async fn tallies(person: &Person, call: i64) -> Vec<(String, i64)> {
    let seen = person.see(call).await;
    let talks = seen["talks"].as_array().expect("a list").iter();
    let tally = |talk: &Value| {
        (talk["title"].as_str().expect("a text").to_owned(), talk["votes"].as_i64().expect("a number"))
    };
    let mut tallies: Vec<_> = talks.map(tally).collect();
    tallies.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
    tallies
}

fn model() -> Vec<(String, i64)> {
    MODEL.iter().map(|(title, votes)| ((*title).to_owned(), i64::try_from(*votes).expect("few"))).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_ballot_of_talks_from_its_tallies_to_a_mended_count(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub(&olga, "cats").await;
    site.verify(&ada).await;
    let call = site.open_call(&olga, "cats", json!({ "totals": "shown" })).await;
    let voters = site.crowd("voter", 3).await;
    let mut talks = Vec::new();
    for (title, _) in MODEL {
        talks.push(olga.pitch(call, title).await);
    }
    ada.toggle(talks[0]).await.error(403);
    olga.move_to(call, "voting").await;
    for ((_, votes), talk) in MODEL.iter().zip(&talks) {
        for voter in voters.iter().take(*votes) {
            voter.vote(*talk).await.expect(200);
        }
    }
    assert_eq!(tallies(&ada, call).await, model());

    // Toggled, and toggled back.
    let voted = ada.toggle(talks[2]).await.expect(200).json();
    assert_eq!(
        (&voted["action"], &voted["voted"], &voted["votes"]),
        (&json!("create vote"), &json!(true), &json!(2))
    );
    let voted = ada.toggle(talks[2]).await.expect(200).json();
    assert_eq!(
        (&voted["action"], &voted["voted"], &voted["votes"]),
        (&json!("delete vote"), &json!(false), &json!(1))
    );
    assert_eq!(tallies(&ada, call).await, model());

    // Fifty quick clicks of one voter.
    let answers = join_all((0..50).map(|_| ada.toggle(talks[1]))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let own = "select count(*) from talk_votes where voter_id = $1";
    let left = site.ask_of::<i64>(own, ada.id).await;
    assert!(left == 0 || left == 1, "{left} votes");
    assert_eq!(tallies(&ada, call).await[1].1, 2 + left);
    if left == 1 {
        ada.unvote(talks[1]).await.expect(200);
    }

    // A count that something else has changed is right again after the tally.
    site.change("update talks set votes = 99").await;
    site.run(TallyTalks { all: false }).await;
    assert_eq!(tallies(&ada, call).await, model());
    let corrected: i64 = site.ask("select count(*) from audit_log where action = 'talks.correct'").await;
    assert_eq!(corrected, 1, "and it is on the record");

    // Closed: 403, and nothing changes.
    olga.move_to(call, "closed").await;
    for (method, talk) in [(Method::POST, talks[0]), (Method::PUT, talks[0]), (Method::DELETE, talks[1])] {
        let request = voters[2].api.call(method, &format!("talks/{talk}/vote"));
        let (message, _) = Answer::to(request).await.error(403);
        assert!(message.contains("ended"), "{message}");
    }
    assert_eq!(tallies(&ada, call).await, model());
    let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    let places: Vec<_> =
        results["talks"].as_array().expect("a list").iter().map(|talk| &talk["votes"]).collect();
    assert_eq!(places, [&json!(3), &json!(2), &json!(1)]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_pitches_out_of_time_or_in_a_hub_that_is_not_theirs(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada, eve) = (site.member("olga").await, site.member("ada").await, site.member("eve").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.call(&olga, "cats", json!({})).await;
    let body = || json!({ "title": "Naps" });
    let path = format!("calls/{call}/talks");
    let fields = [("title", "Naps")];
    ada.api.post(&path, body()).await.error(404);
    for phase in ["pitch", "voting", "closed", "announced"] {
        olga.move_to(call, phase).await;
        site.api().post(&path, body()).await.error(401);
        for stranger in [&eve, &site.anonymous().await] {
            stranger.api.post(&path, body()).await.error(403);
            stranger.pages.post(&format!("/calls/{call}/pitch"), &fields).await.expect(403);
        }
        site.visitor().post(&format!("/calls/{call}/pitch"), &fields).await.expect(403);
        if phase != "pitch" {
            ada.api.post(&path, body()).await.error(403);
            ada.pages.post(&format!("/calls/{call}/pitch"), &fields).await.expect(403);
        }
        assert_eq!(site.ask::<i64>("select count(*) from talks").await, 0, "{phase}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn votes_in_one_call_leave_those_in_another_alone(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let mut calls = Vec::new();
    for _ in 0..2 {
        let call = site.open_call(&olga, "cats", json!({ "voters": "members", "votes_each": 1 })).await;
        let talks = [olga.pitch(call, "Naps").await, olga.pitch(call, "Boxes").await];
        olga.move_to(call, "voting").await;
        calls.push((call, talks));
    }
    let [(one, ones), (two, twos)] = [calls[0], calls[1]];
    ada.vote(ones[0]).await.expect(200);
    let (message, _) = ada.vote(ones[1]).await.error(403);
    assert!(message.contains("vote"), "{message}");
    ada.vote(twos[1]).await.expect(200);
    for (call, talk) in [(one, ones[0]), (two, twos[1])] {
        let voted = "select talk_id from talk_votes where call_id = $1";
        assert_eq!(site.ask_of::<i64>(voted, call).await, talk);
    }
    // A guest's permit is for one call.
    let open = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
    let other = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
    let (naps, boxes) = (olga.pitch(open, "Naps").await, olga.pitch(other, "Boxes").await);
    olga.move_to(open, "voting").await;
    olga.move_to(other, "voting").await;
    let guest = site.visitor();
    let page = guest.get(&format!("/calls/{open}")).await.expect(200);
    let permit = page.attribute(&format!("#talk-{naps} input[name=permit]"), "value");
    let form = [("voted", "true"), ("permit", permit.as_str())];
    let refused = guest.post(&format!("/talks/{boxes}/vote"), &form).await;
    assert_eq!(refused.location(), format!("/calls/{other}#talk-{boxes}"));
    assert_eq!(site.ask::<i64>("select count(*) from talk_votes where guest").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_vote_leads_back_to_the_page_with_the_reason_beside_the_talk(db: PgPool) {
    let site = Site::start(db).await;
    let (olga, ada) = (site.member("olga").await, site.member("ada").await);
    site.hub_of("cats", &[&olga, &ada]).await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "members", "votes_each": 1 })).await;
    let (naps, boxes) = (olga.pitch(call, "Naps").await, olga.pitch(call, "Boxes").await);
    olga.move_to(call, "voting").await;
    let path = format!("/calls/{call}");
    let both = ada.pages.get(&path).await.expect(200);
    press(&ada, &both, &format!("#talk-{naps} .vote")).await.location();
    let refused = press(&ada, &both, &format!("#talk-{boxes} .vote")).await;
    assert_eq!(refused.location(), format!("{path}#talk-{boxes}"));
    let page = ada.pages.get(&path).await.expect(200);
    assert!(page.texts(&format!("#talk-{boxes} .talk-refused"))[0].contains("no vote left"));
    assert_eq!(page.texts(".flash").len(), 1, "it stands there and nowhere else");
    assert_eq!(titles(&page).len(), 2);
    assert!(!ada.pages.get(&path).await.has(".flash"), "it is said once");
    // On the talk's own page, and after the close.
    olga.move_to(call, "closed").await;
    let form = [("voted", "true"), ("back", &format!("/talks/{boxes}"))]
        .map(|(name, value)| (name, value.to_owned()));
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ada.pages.post(&format!("/talks/{boxes}/vote"), &form).await.location();
    let own = ada.pages.get(&format!("/talks/{boxes}")).await.expect(200);
    assert!(own.texts(".talk-refused")[0].contains("ended"));
    // Where the talk isn't shown, it stands above the page.
    ada.pages.post(&format!("/talks/{boxes}/vote"), &form).await.location();
    let elsewhere = ada.pages.get("/top").await.expect(200);
    assert!(elsewhere.texts("main > .flash")[0].contains("ended"));
    assert_eq!(site.ask::<i64>("select count(*) from talk_votes").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_vote_closes_at_its_hour_also_when_clocks_change_then(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    olga.pages.post("/h/cats/settings", &[("time_zone", "Europe/Berlin")]).await.location();
    let new = |closes: &'static str| {
        [
            ("title", "Lightning"),
            ("voters", "members"),
            ("voting_from", "2031-03-01T12:00"),
            ("closes_at", closes),
        ]
    };
    let closes = "select to_char(closes_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from calls order by id desc limit 1";
    for (local, utc) in [
        // In 2031 clocks go forward on 30 March at 2:00, and back on 26 October at 3:00.
        ("2031-03-30T01:59", "2031-03-30 00:59"),
        ("2031-03-30T03:00", "2031-03-30 01:00"),
        ("2031-10-26T01:59", "2031-10-25 23:59"),
        ("2031-10-26T03:00", "2031-10-26 02:00"),
    ] {
        olga.pages.post("/h/cats/calls/new", &new(local)).await.location();
        assert_eq!(site.ask::<String>(closes).await, utc, "{local}");
    }
    let calls: i64 = site.ask("select count(*) from calls").await;
    for skipped_or_twice in ["2031-03-30T02:30", "2031-10-26T02:30"] {
        let page = olga.pages.post("/h/cats/calls/new", &new(skipped_or_twice)).await.expect(400);
        assert!(page.has("#closes_at[aria-invalid]"), "{skipped_or_twice}");
    }
    // Out of order, and in the past.
    let page = olga.pages.post("/h/cats/calls/new", &new("2031-02-28T12:00")).await.expect(400);
    assert!(page.has("#closes_at[aria-invalid]"));
    let past = (Utc::now() - TimeDelta::days(2)).format("%Y-%m-%dT%H:%M").to_string();
    let fields = [("title", "Lightning"), ("voters", "members"), ("closes_at", past.as_str())];
    let page = olga.pages.post("/h/cats/calls/new", &fields).await.expect(400);
    assert!(page.has("#closes_at[aria-invalid]"), "it would be over before it begins");
    assert_eq!(site.ask::<i64>("select count(*) from calls").await, calls);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_large_call_shows_its_result_or_that_it_is_counted_and_never_an_error(db: PgPool) {
    const VOTERS: i64 = 4000;
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
    for title in ["Naps", "Boxes"] {
        olga.pitch(call, title).await;
    }
    olga.move_to(call, "voting").await;
    sqlx::query(
        "with votes as (
             insert into talk_votes (talk_id, voter_id, call_id, nonce)
             select id, 1000000 + n, call_id, decode(md5(n::text || id), 'hex')
             from talks, generate_series(1, $1) as n
             returning talk_id
         )
         update talks set votes = $1 from (select distinct talk_id from votes) as voted where id = talk_id",
    )
    .bind(i32::try_from(VOTERS).expect("small"))
    .execute(&site.db)
    .await
    .expect("they vote");
    olga.move_to(call, "closed").await;
    let path = format!("/calls/{call}/results");
    let begin = std::time::Instant::now();
    let page = loop {
        let page = site.get(&path).await;
        match page.status {
            200 => break page,
            202 => assert!(page.has("meta[http-equiv=refresh]") && page.text().contains("being counted")),
            status => panic!("{status}: {}", page.text()),
        }
        assert!(begin.elapsed() < crate::harness::SOON * 3, "it is counted");
    };
    println!("shown {:.1?} after the close, without a tally", begin.elapsed());
    assert_eq!(page.texts(".talk-tally b"), ["4,000", "4,000"]);
    let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    assert_eq!(results["voters"], VOTERS);
    let list = site.get(&format!("/calls/{call}/receipts.txt")).await.expect(200).text();
    assert_eq!(list.lines().count(), 8000);
    let receipt = list.lines().nth(4321).and_then(|line| line.split(' ').nth(1)).expect("a receipt");
    assert!(
        site.get(&format!("/calls/{call}/receipt?receipt={receipt}")).await.expect(200).has(".flash.good")
    );
}

//! Results: frozen at the close, with receipts by which every voter can check them.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, Site, talks_in};
use crate::talks_api::has;

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hexadecimal digits")
}

/// The receipt that a voter computes, as the API documents it.
fn receipt(nonce: &str, call: i64, talk: i64, voter: i64) -> String {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&hex(nonce));
    blake3::keyed_hash(&key, format!("{call} {talk} {voter}").as_bytes()).to_hex().to_string()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_voter_can_check_the_result(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
    let mut talks = Vec::new();
    for title in ["Naps", "Boxes", "String"] {
        talks.push(olga.pitch(call, title).await);
    }
    olga.move_to(call, "voting").await;
    let ada = site.member("ada").await;
    site.verify(&ada).await;
    let mut voters = site.crowd("voter", 3).await;
    voters.insert(0, ada);
    let guest = site.anonymous().await;
    for (voter, count) in voters.iter().zip([3, 2, 1, 0]) {
        for talk in &talks[..count] {
            voter.vote(*talk).await.expect(200);
        }
    }
    guest.vote(talks[2]).await.expect(200);
    let own =
        async |person: &Person| person.api.get(&format!("calls/{call}/receipts")).await.expect(200).json();
    let early = own(&voters[0]).await;
    has(&early, "voter data hash");
    assert_eq!((&early["voter"], &early["hash"]), (&json!(voters[0].id), &Value::Null));
    assert!(early["data"].as_array().expect("a list").iter().all(|vote| vote["published"] == false));
    assert_eq!(own(&voters[3]).await["data"], json!([]));
    let path = format!("calls/{call}/receipts.txt");
    site.api().get(&path).await.error(403);

    olga.move_to(call, "closed").await;
    let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    let list = site.api().get(&path).await.expect(200);
    assert_eq!(list.header("content-type"), "text/plain; charset=utf-8");
    let text = list.text();
    assert_eq!(blake3::hash(text.as_bytes()).to_hex().to_string(), results["hash"].as_str().expect("a text"));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 7, "{text}");
    for (person, suffix) in [(&voters[0], ""), (&voters[1], ""), (&guest, " guest")] {
        let votes = own(person).await;
        assert_eq!(votes["hash"], results["hash"]);
        for vote in votes["data"].as_array().expect("a list") {
            has(vote, "talk title at nonce receipt set_aside published");
            let talk = vote["talk"].as_i64().expect("an id");
            let computed = receipt(vote["nonce"].as_str().expect("a text"), call, talk, person.id);
            assert_eq!(vote["receipt"], computed);
            assert_eq!(vote["published"], true);
            assert!(lines.contains(&format!("{talk} {computed}{suffix}").as_str()), "{text}");
        }
    }
    // Anybody counts the lines and gets the result.
    for talk in results["talks"].as_array().expect("a list") {
        let of_talk = || lines.iter().filter(|line| line.starts_with(&format!("{} ", talk["id"])));
        let guests = of_talk().filter(|line| line.ends_with(" guest")).count();
        assert_eq!(talk["votes"], of_talk().count() - guests);
        assert_eq!(talk["guest_votes"], guests);
        let votes = talk["votes"].as_f64().expect("a number");
        assert!((talk["share"].as_f64().expect("a number") - votes / 3.0).abs() < 1e-9, "{talk}");
    }
    assert_eq!((&results["voters"], &results["guests"]), (&json!(3), &json!(1)));
    // It is frozen: whatever becomes of the rows, it stays, and stays the same for all.
    site.change("update talks set votes = 99").await;
    voters[0].api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    let later = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    assert_eq!(later, results);
    assert_eq!(site.api().get(&path).await.text(), text);
    let seen = voters[3].see(call).await;
    assert_eq!(seen["talks"][0]["votes"], 3);
    assert_eq!(talks_in(&seen), talks);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn exposure_says_how_often_and_where_talks_were_shown_to_those_who_voted(db: PgPool) {
    const TALKS: usize = 6;
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({})).await;
    for number in 0..TALKS {
        olga.pitch(call, &format!("Talk {number}")).await;
    }
    olga.move_to(call, "voting").await;
    let voters = site.crowd("voter", 10).await;
    let mut shown = std::collections::BTreeMap::<i64, Vec<usize>>::new();
    for (number, voter) in voters.iter().enumerate() {
        let talks = talks_in(&voter.api.get(&format!("calls/{call}?limit=2")).await.expect(200).json());
        assert_eq!(talks.len(), 2);
        let more = if number < 4 {
            talks_in(&voter.api.get(&format!("calls/{call}?limit=2&page=2")).await.expect(200).json())
        } else {
            Vec::new()
        };
        // Those who vote for nothing are not counted.
        if number < 8 {
            voter.vote(talks[0]).await.expect(200);
            for (place, talk) in talks.iter().chain(&more).enumerate() {
                shown.entry(*talk).or_default().push(place + 1);
            }
        }
    }
    // Who only looks, and who looks without a user, leaves no trace.
    site.api().get(&format!("calls/{call}")).await.expect(200);
    olga.move_to(call, "closed").await;
    let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    for talk in results["talks"].as_array().expect("a list") {
        has(&talk["exposure"], "shown mean_place");
        let places = shown.remove(&talk["id"].as_i64().expect("an id")).unwrap_or_default();
        assert_eq!(talk["exposure"]["shown"], places.len(), "{talk}");
        let mean = talk["exposure"]["mean_place"].as_f64();
        let expected = (!places.is_empty()).then(|| {
            let sum = u32::try_from(places.iter().sum::<usize>()).expect("small");
            f64::from(sum) / f64::from(u32::try_from(places.len()).expect("small"))
        });
        assert!(
            mean.is_some() == expected.is_some()
                && mean.zip(expected).is_none_or(|(mean, expected)| (mean - expected).abs() < 1e-9),
            "{talk}: {expected:?}"
        );
    }
    assert!(shown.is_empty());
    let gini = results["gini"].as_f64().expect("a number");
    assert!((0.0..1.0).contains(&gini), "{gini}");
    assert_eq!(results["degrees"], TALKS - 1);
    assert!(results["chi_square"].as_f64().is_some_and(|chi_square| chi_square >= 0.0));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_call_without_votes_or_talks_has_a_result_too(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    for talks in [0, 2] {
        let call = site.open_call(&olga, "cats", json!({})).await;
        for number in 0..talks {
            olga.pitch(call, &format!("Talk {number}")).await;
        }
        olga.move_to(call, "announced").await;
        let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
        assert_eq!((&results["voters"], results["talks"].as_array().map(Vec::len)), (&json!(0), Some(talks)));
        assert_eq!(results["gini"].as_f64(), Some(0.0));
        for talk in results["talks"].as_array().expect("a list") {
            assert_eq!((&talk["share"], &talk["place"]), (&json!(0.0), &json!(1)));
        }
        assert_eq!(site.api().get(&format!("calls/{call}/receipts.txt")).await.expect(200).text(), "");
        assert_eq!(results["hash"], blake3::hash(b"").to_hex().to_string());
    }
}

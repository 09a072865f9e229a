//! The order of talks: personal while people vote, the same for all before and after.

use std::collections::{BTreeMap, BTreeSet};

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Person, Site, talks_in};

const TALKS: usize = 12;

/// A call with twelve talks of olga's, still in the phase of pitching.
async fn staged(db: PgPool) -> (Site, Person, i64, Vec<i64>) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({})).await;
    let mut talks = Vec::new();
    for number in 0..TALKS {
        talks.push(olga.pitch(call, &format!("Talk {number:02}")).await);
    }
    (site, olga, call, talks)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_voter_has_an_order_of_their_own_that_stays(db: PgPool) {
    let (site, olga, call, talks) = staged(db).await;
    let ada = site.member("ada").await;
    let voters = site.crowd("voter", 5).await;
    let newest_first: Vec<_> = talks.iter().rev().copied().collect();
    for person in [&ada, &voters[0]] {
        assert_eq!(talks_in(&person.see(call).await), newest_first, "before voting");
    }
    olga.move_to(call, "voting").await;
    let order = talks_in(&ada.see(call).await);
    let sorted: BTreeSet<_> = order.iter().copied().collect();
    assert_eq!(sorted, talks.iter().copied().collect(), "all of them, each once");
    assert_eq!(order.len(), TALKS);
    let elsewhere = site.log_in("ada").await;
    for _ in 0..3 {
        assert_eq!(talks_in(&ada.see(call).await), order, "after a reload");
        assert_eq!(talks_in(&elsewhere.see(call).await), order, "on another device");
    }
    voters[0].vote(order[3]).await.expect(200);
    assert_eq!(talks_in(&ada.see(call).await), order, "whatever others do");
    let mut orders = vec![order.clone()];
    for voter in &voters {
        orders.push(talks_in(&voter.see(call).await));
    }
    let different: BTreeSet<_> = orders.iter().collect();
    assert_eq!(different.len(), orders.len(), "of six orders of twelve talks no two are alike");
    // Another call of the same talks' titles is in another order, for the same voter.
    let other = site.open_call(&olga, "cats", json!({})).await;
    for number in 0..TALKS {
        olga.pitch(other, &format!("Talk {number:02}")).await;
    }
    olga.move_to(other, "voting").await;
    let titles = async |call| -> Vec<String> {
        let seen = ada.see(call).await;
        let talks = seen["talks"].as_array().expect("a list").clone();
        talks.iter().map(|talk| talk["title"].as_str().expect("a title").to_owned()).collect()
    };
    assert_ne!(titles(call).await, titles(other).await);
    // An anonymous user who registers keeps the order.
    let guest = site.anonymous().await;
    let before = talks_in(&guest.see(call).await);
    let registration = crate::harness::registration("gina");
    let gina = Person::of(&site, &guest.api.post("users", registration).await.expect(201).json());
    assert_eq!((gina.id, talks_in(&gina.see(call).await)), (guest.id, before));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn places_are_shared_fairly_among_talks(db: PgPool) {
    const VOTERS: usize = 360;
    let (site, olga, call, talks) = staged(db).await;
    olga.move_to(call, "voting").await;
    let mut first: BTreeMap<i64, usize> = talks.iter().map(|talk| (*talk, 0)).collect();
    for voter in site.crowd("voter", VOTERS).await {
        *first.get_mut(&talks_in(&voter.see(call).await)[0]).expect("a talk of the call") += 1;
    }
    // 30 each are expected, with a standard deviation of 5.2.
    for (talk, times) in &first {
        assert!((9..=51).contains(times), "talk {talk} stands first {times} times: {first:?}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_of_the_list_show_each_talk_once(db: PgPool) {
    let (site, olga, call, talks) = staged(db).await;
    let ada = site.member("ada").await;
    let pages = async |person: &Person, limit: usize| -> Vec<i64> {
        let mut shown = Vec::new();
        for page in 1..=TALKS.div_ceil(limit) {
            let path = format!("calls/{call}?limit={limit}&page={page}");
            let answer = person.api.get(&path).await.expect(200).json();
            assert_eq!(answer["paging"], json!({ "page": page, "last_page": TALKS.div_ceil(limit) }));
            let part = talks_in(&answer);
            assert!(part.len() <= limit);
            shown.extend(part);
        }
        shown
    };
    for phase in ["pitch", "voting", "closed"] {
        if phase != "pitch" {
            olga.move_to(call, phase).await;
        }
        let whole = talks_in(&ada.see(call).await);
        for limit in [1, 5, TALKS, 100] {
            assert_eq!(pages(&ada, limit).await, whole, "{phase}, {limit} on a page");
        }
        // Somebody without a user has no order to keep, but sees all.
        let seen: BTreeSet<_> =
            talks_in(&site.api().get(&format!("calls/{call}")).await.json()).into_iter().collect();
        assert_eq!(seen, talks.iter().copied().collect(), "{phase}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("page=0", "page"),
        ("limit=3&page=-1", "page"),
        ("limit=99999999999999999999", "limit"),
    ] {
        let (_, refused) = ada.api.get(&format!("calls/{call}?{query}")).await.error(400);
        assert_eq!(refused.as_deref(), Some(field), "{query}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn after_the_close_talks_stand_by_votes_and_ties_by_title(db: PgPool) {
    let site = Site::start(db).await;
    let olga = site.member("olga").await;
    site.hub(&olga, "cats").await;
    let call = site.open_call(&olga, "cats", json!({})).await;
    let mut talks = BTreeMap::new();
    for title in ["Naps", "boxes", "Apples", "Catnip", "Dust"] {
        talks.insert(title, olga.pitch(call, title).await);
    }
    olga.move_to(call, "voting").await;
    let voters = site.crowd("voter", 2).await;
    for (title, votes) in [("Naps", 2), ("boxes", 1), ("Apples", 1), ("Catnip", 1)] {
        for voter in &voters[..votes] {
            voter.vote(talks[title]).await.expect(200);
        }
    }
    olga.move_to(call, "closed").await;
    let expected = ["Naps", "Apples", "boxes", "Catnip", "Dust"].map(|title| talks[title]);
    assert_eq!(talks_in(&voters[0].see(call).await), expected);
    let results = site.api().get(&format!("calls/{call}/results")).await.expect(200).json();
    assert_eq!(talks_in(&results), expected);
    let places: Vec<_> =
        results["talks"].as_array().expect("a list").iter().map(|talk| talk["place"].clone()).collect();
    assert_eq!(places, [1, 2, 2, 2, 5], "those who tie share a place");
}

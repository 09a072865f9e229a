//! Voting, also by many at once.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use pawdium_kit::waiting::count;
use pawdium_kit::workers::transact;
use pawdium_shared::accounts::{RaterKey, queries};
use pawdium_shared::db::Tx;
use pawdium_shared::talks::lists::talks_for;
use pawdium_shared::talks::{
    CallChange, NewCall, Phase, Refusal, Totals, Viewer, Voter, Voters, calls, results, vote,
};
use sqlx::PgPool;

use super::stage::{Stage, a_call, crowded, set_in, visitor, voter, votes_each};

const ROWS: &str = "select count(*) from talk_votes";

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn votes_that_were_answered_at_the_closing_instant_are_counted_and_no_others(db: PgPool) {
    let stage = Stage::new(db).await;
    let talks = stage.pitches(["Cheese", "Nails", "Life"]).await;
    let voters = stage.crowd(200).await;
    stage.move_to(Phase::Voting).await;
    let closes_at = Utc::now() + TimeDelta::milliseconds(1500);
    let change = CallChange { closes_at: Some(Some(closes_at)), ..CallChange::default() };
    let changed =
        transact(&stage.site.db, async |tx| calls::change(tx, stage.call, &stage.owner, &change).await);
    changed.await.expect("it is in the future");
    let pool = crowded(&stage.site.db);
    let voting: Vec<_> = (0..)
        .zip(voters)
        .map(|(n, user)| {
            let (pool, talk) = (pool.clone(), talks[n % 3]);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(500 + n as u64 * 10)).await;
                set_in(&pool, &voter(user), talk, true).await
            })
        })
        .collect();
    // The result is frozen while some still try.
    let freezing = tokio::spawn({
        let (db, call) = (stage.site.db.clone(), stage.call);
        async move {
            loop {
                let mut tx = Tx::begin(&db).await.expect("a transaction");
                match results::freeze(&mut tx, call).await {
                    Ok(_) => return tx.commit().await.expect("it commits"),
                    Err(Refusal::TooEarly) => tokio::time::sleep(Duration::from_millis(5)).await,
                    Err(refusal) => panic!("{refusal}"),
                }
            }
        }
    });
    let (mut answered, mut late) = (0, 0);
    for vote in voting {
        match vote.await.expect("no panic") {
            Ok(voted) => answered += i32::from(voted.voted),
            Err(Refusal::NotVoting(_)) => late += 1,
            Err(refusal) => panic!("{refusal}"),
        }
    }
    freezing.await.expect("no panic");
    assert!(answered > 0 && late > 0 && answered + late == 200, "{answered} answered, {late} late");
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let found = results::find(&mut db, stage.call).await.expect("no error").expect("it is frozen");
    assert_eq!(found.talks.iter().map(|talk| talk.votes).sum::<i32>(), answered);
    assert_eq!(found.voters, answered);
    assert_eq!(count(&stage.site.db, ROWS).await, i64::from(answered));
    assert_eq!(stage.verify().await.differences, []);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn toggles_of_one_voter_at_once_leave_one_vote_or_none(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    let bob = stage.member("bob").await;
    stage.move_to(Phase::Voting).await;
    let pool = crowded(&stage.site.db);
    for toggles in [50, 49] {
        let before = count(&stage.site.db, ROWS).await;
        let acts: Vec<_> = (0..toggles)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move {
                    let mut tx = Tx::begin(&pool).await?;
                    let voted = vote::toggle(&mut tx, talk, &voter(bob)).await?;
                    tx.commit().await?;
                    Ok::<_, Refusal>(voted)
                })
            })
            .collect();
        let mut balance = before;
        for act in acts {
            let voted = act.await.expect("no panic").expect("it can be toggled");
            balance += if voted.action == "create vote" { 1 } else { -1 };
        }
        let rows = count(&stage.site.db, ROWS).await;
        assert!([0, 1].contains(&rows) && rows == balance && rows == (before + toggles) % 2, "{rows}");
        assert_eq!(i64::from(stage.counts(talk).await.0), rows);
    }
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn nobody_has_more_votes_than_the_call_allows_however_fast(db: PgPool) {
    let stage = Stage::with(db, NewCall { votes_each: Some(votes_each(3)), ..a_call() }).await;
    let talks = stage.pitches(["a", "b", "c", "d", "e", "f", "g", "h"]).await;
    let bob = stage.member("bob").await;
    stage.move_to(Phase::Voting).await;
    let pool = crowded(&stage.site.db);
    let acts = talks.map(|talk| {
        let pool = pool.clone();
        tokio::spawn(async move { set_in(&pool, &voter(bob), talk, true).await })
    });
    let (mut cast, mut refused) = (0, 0);
    for act in acts {
        match act.await.expect("no panic") {
            Ok(_) => cast += 1,
            Err(Refusal::NoVoteLeft(3)) => refused += 1,
            Err(refusal) => panic!("{refusal}"),
        }
    }
    assert_eq!((cast, refused, count(&stage.site.db, ROWS).await), (3, 5, 3));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn votes_are_for_others_talks_by_those_who_may_and_in_time(db: PgPool) {
    let stage = Stage::new(db).await;
    let author = stage.member("bob").await;
    let talk = stage.pitch(author, "Cheese").await.expect("it can be pitched");
    let (stranger, member) = (stage.site.member("eve").await, stage.member("cyd").await);
    assert!(matches!(stage.vote(member, talk).await, Err(Refusal::NotVoting(Phase::Pitch))));
    stage.move_to(Phase::Voting).await;
    let own = stage.vote(author, talk).await.expect_err("their own");
    assert_eq!(own.to_string(), "you can't vote for your own talk");
    assert!(matches!(stage.vote(stranger, talk).await, Err(Refusal::NotMember)));
    let voted = stage.vote(member, talk).await.expect("a member");
    assert_eq!((voted.action, voted.voted, voted.votes), ("create vote", true, Some(1)));
    // Twice is once.
    assert_eq!(stage.vote(member, talk).await.expect("no error"), voted);
    let back = set_in(&stage.site.db, &voter(member), talk, false).await.expect("it is theirs");
    assert_eq!((back.action, back.voted, back.votes), ("delete vote", false, None));
    stage.vote(member, talk).await.expect("again");
    stage.move_to(Phase::Closed).await;
    for wanted in [true, false] {
        let late = set_in(&stage.site.db, &voter(member), talk, wanted).await;
        assert!(matches!(late, Err(Refusal::NotVoting(Phase::Closed))), "{late:?}");
    }
    assert_eq!(stage.counts(talk).await, (1, 0));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn guests_vote_on_a_page_that_was_served_and_are_counted_apart(db: PgPool) {
    let stage = Stage::with(db, NewCall { voters: Voters::Anybody, ..a_call() }).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    stage.move_to(Phase::Voting).await;
    let (guest, member) = (visitor(&stage.site).await, stage.member("bob").await);
    assert!(matches!(stage.vote(guest, talk).await, Err(Refusal::NotServed)));
    let served = Voter { served: true, ..voter(guest) };
    let voted = set_in(&stage.site.db, &served, talk, true).await.expect("it was served");
    assert_eq!((voted.votes, voted.guest_votes), (Some(0), Some(1)));
    stage.vote(member, talk).await.expect("a member");
    assert_eq!(stage.counts(talk).await, (1, 1));
    stage.move_to(Phase::Closed).await;
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let found = results::find(&mut db, stage.call).await.expect("no error").expect("it is frozen");
    assert_eq!((found.voters, found.guests, found.talks[0].share), (1, 1, 1.0));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn who_votes_is_verified_where_the_call_says_so(db: PgPool) {
    let stage = Stage::with(db, NewCall { voters: Voters::Verified, ..a_call() }).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    let bob = stage.site.member("bob").await;
    stage.move_to(Phase::Voting).await;
    assert!(matches!(stage.vote(bob, talk).await, Err(Refusal::NotVerified)));
    let mut db = stage.site.db.acquire().await.expect("a connection");
    queries::verify_email(&mut db, bob).await.expect("no error");
    stage.vote(bob, talk).await.expect("verified");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn totals_are_seen_by_those_who_have_voted_and_orders_are_personal(db: PgPool) {
    let stage = Stage::new(db).await;
    let talks = stage.pitches(["a", "b", "c", "d", "e", "f", "g", "h"]).await;
    let (bob, eve) = (stage.member("bob").await, stage.member("eve").await);
    let seen = async |user, key| {
        let viewer = Viewer { user: Some(user), key: RaterKey(key), runs_it: false };
        let mut db = stage.site.db.acquire().await.expect("a connection");
        talks_for(&mut db, &stage.found().await, &viewer).await.expect("no error")
    };
    let ids =
        |rows: &[pawdium_shared::talks::TalkRow]| rows.iter().map(|row| row.talk.id).collect::<Vec<_>>();
    let newest: Vec<_> = talks.into_iter().rev().collect();
    assert_eq!(ids(&seen(bob, 1).await), newest, "before voting the newest first");
    stage.move_to(Phase::Voting).await;
    stage.vote(bob, talks[2]).await.expect("a member");
    let (of_bob, of_eve) = (seen(bob, 1).await, seen(eve, 2).await);
    assert_eq!(ids(&of_bob), ids(&seen(bob, 1).await), "the same again");
    assert_ne!(ids(&of_bob), ids(&of_eve));
    assert!(of_bob.iter().all(|row| row.votes == Some(i32::from(row.talk.id == talks[2]))), "{of_bob:?}");
    assert!(of_eve.iter().all(|row| row.votes.is_none() && row.guest_votes.is_none() && row.place.is_none()));
    assert!(of_bob.iter().all(|row| row.voted == (row.talk.id == talks[2])));
    stage.vote(eve, talks[5]).await.expect("a member");
    stage.vote(bob, talks[5]).await.expect("a member");
    stage.move_to(Phase::Closed).await;
    let rows = seen(eve, 2).await;
    let places: Vec<_> = rows.iter().map(|row| (row.talk.title.as_str(), row.votes, row.place)).collect();
    assert_eq!(
        places[..4],
        [("f", Some(2), Some(1)), ("c", Some(1), Some(2)), ("a", Some(0), Some(3)), ("b", Some(0), Some(3))]
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_blind_call_names_its_authors_after_the_close(db: PgPool) {
    let stage = Stage::with(db, NewCall { blind: true, totals: Totals::Shown, ..a_call() }).await;
    stage.pitches(["Cheese"]).await;
    let named = async |runs_it| {
        let viewer = Viewer { user: None, key: RaterKey(1), runs_it };
        let mut db = stage.site.db.acquire().await.expect("a connection");
        let rows = talks_for(&mut db, &stage.found().await, &viewer).await.expect("no error");
        (rows[0].talk.author.is_some(), rows[0].talk.author_name.clone(), rows[0].votes)
    };
    assert_eq!(named(false).await, (false, None, Some(0)));
    assert_eq!(named(true).await, (true, Some("author0".to_owned()), Some(0)));
    stage.move_to(Phase::Voting).await;
    stage.move_to(Phase::Closed).await;
    assert_eq!(named(false).await, (true, Some("author0".to_owned()), Some(0)));
}

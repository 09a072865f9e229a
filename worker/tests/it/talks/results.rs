//! Results: frozen, published, and checked.

use pawdium_kit::waiting::count;
use pawdium_kit::workers::transact;
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::ids::{TalkId, UserId};
use pawdium_shared::talks::verify::Difference;
use pawdium_shared::talks::{Phase, Reason, Viewer, pitch, readers, receipts, results};
use sqlx::PgPool;

use super::stage::Stage;

/// A call whose three talks got 3, 2 and 1 votes, and is closed.
async fn closed(db: PgPool) -> (Stage, [TalkId; 3], Vec<UserId>) {
    let stage = Stage::new(db).await;
    let talks = stage.pitches([
        "Where Did I Put That Thing?",
        "This Cheese Is Full Of Nails",
        "Having The Time Of Your Life",
    ]);
    let talks = talks.await;
    let voters = stage.crowd(3).await;
    stage.move_to(Phase::Voting).await;
    let call = stage.found().await;
    for (n, voter) in voters.iter().enumerate() {
        let key = RaterKey(i64::try_from(n).expect("few"));
        let viewer = Viewer { user: Some(*voter), key, runs_it: false };
        let mut db = stage.site.db.acquire().await.expect("a connection");
        // The first voter has seen one talk in the list only.
        readers::record(&mut db, &call, &viewer, if n == 0 { 1 } else { 3 }).await.expect("no error");
        for talk in &talks[..=n] {
            stage.vote(*voter, *talk).await.expect("a member");
        }
    }
    stage.move_to(Phase::Closed).await;
    (stage, talks, voters)
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_result_says_who_won_how_often_talks_were_shown_and_has_a_hash_that_everybody_can_compute(
    db: PgPool,
) {
    let (stage, talks, voters) = closed(db).await;
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let found = results::find(&mut db, stage.call).await.expect("no error").expect("it is frozen");
    let counts: Vec<_> = found.talks.iter().map(|talk| (talk.id, talk.votes, talk.place)).collect();
    assert_eq!(counts, [(talks[0], 3, 1), (talks[1], 2, 2), (talks[2], 1, 3)]);
    assert_eq!((found.voters, found.guests, found.degrees), (3, 0, 2));
    assert!((found.talks[1].share - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(found.talks.iter().map(|talk| talk.shown).sum::<i32>(), 7, "1 + 3 + 3");
    let text = receipts::text(&mut db, stage.call).await.expect("no error").expect("it is published");
    assert_eq!(text.lines().count(), 6);
    assert_eq!(blake3::hash(text.as_bytes()).to_hex().as_str(), found.hash);
    for (n, voter) in voters.into_iter().enumerate() {
        let own = receipts::of_voter(&mut db, stage.call, voter).await.expect("no error");
        assert_eq!(own.len(), n + 1);
        for vote in own {
            assert!(vote.published && text.contains(&format!("{} {}\n", vote.talk, vote.receipt)));
            // With the nonce anybody can compute the receipt.
            let mut key = [0; 32];
            for (byte, digits) in key.iter_mut().zip(vote.nonce.as_bytes().chunks(2)) {
                let digits = std::str::from_utf8(digits).expect("digits");
                *byte = u8::from_str_radix(digits, 16).expect("digits");
            }
            let said = blake3::keyed_hash(&key, format!("{} {} {voter}", stage.call, vote.talk).as_bytes());
            assert_eq!(said.to_hex().as_str(), vote.receipt);
        }
    }
    let verified = stage.verify().await;
    assert_eq!((verified.votes, verified.voters, verified.differences), (6, 3, vec![]));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_owners_hide_or_show_after_the_close_changes_nothing_in_the_result(db: PgPool) {
    let stage = Stage::new(db).await;
    let [first, second, left_out] = stage.pitches(["Naps", "Boxes", "String"]).await;
    let voters = stage.crowd(2).await;
    stage.move_to(Phase::Voting).await;
    for voter in &voters {
        for talk in [first, second, left_out] {
            stage.vote(*voter, talk).await.expect("a member");
        }
    }
    let reason = Reason::new("Off topic").expect("a reason");
    let hide = async |talk| {
        transact(&stage.site.db, async |tx| pitch::hide(tx, talk, &stage.owner, &reason).await).await
    };
    hide(left_out).await.expect("an owner");
    // It closes by the clock, and the tally hasn't frozen the result yet.
    stage.sql("update calls set closes_at = clock_timestamp()").await;
    hide(first).await.expect("an owner");
    let shown = transact(&stage.site.db, async |tx| pitch::approve(tx, left_out, &stage.owner).await);
    shown.await.expect("an owner");
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let found = results::find(&mut db, stage.call).await.expect("no error").expect("it is frozen");
    let counts: Vec<_> = found.talks.iter().map(|talk| (talk.id, talk.votes)).collect();
    assert_eq!(counts, [(second, 2), (first, 2)], "Boxes and Naps by title");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn whatever_is_altered_after_the_close_is_found_and_named(db: PgPool) {
    let (stage, [_, cheese, life], _) = closed(db).await;
    let named = async |alter: &'static str, undo: &'static str| {
        assert!(stage.sql(alter).await > 0, "{alter}");
        let differences = stage.verify().await.differences;
        assert!(!differences.is_empty(), "{alter}");
        stage.sql(undo).await;
        assert_eq!(stage.verify().await.differences, [], "{undo}");
        differences
    };
    let a_result = named(
        "update call_result_talks set votes = votes + 5 where place = 2",
        "update call_result_talks set votes = votes - 5 where place = 2",
    )
    .await;
    let expected = Difference::Figure {
        talk: Some(cheese),
        figure: "votes",
        frozen: "7".to_owned(),
        computed: "2".to_owned(),
    };
    assert_eq!(a_result, [expected]);
    assert_eq!(a_result[0].to_string(), format!("talk {cheese}: votes: frozen 7, computed 2"));
    let titles = named(
        "update talks set title = 'Having The Time Of Your Life' where id = (select min(id) from talks)",
        "update talks set title = 'Where Did I Put That Thing?' where id = (select min(id) from talks)",
    )
    .await;
    assert!(titles.len() == 1 && titles[0].to_string().contains("title"), "{titles:?}");
    let a_vote = named(
        "update talk_votes set voter_id = voter_id + 1000 where voter_id = (select max(voter_id) from talk_votes)
                                                            and talk_id = (select max(talk_id) from talk_votes)",
        "update talk_votes set voter_id = voter_id - 1000 where voter_id > 1000",
    )
    .await;
    let talks = |differences: &[Difference]| -> Vec<_> {
        let talk = |difference: &Difference| match difference {
            Difference::Missing { talk, .. } => Some(("missing", *talk)),
            Difference::Unknown { talk, .. } => Some(("unknown", *talk)),
            _ => None,
        };
        differences.iter().filter_map(talk).collect()
    };
    assert_eq!(talks(&a_vote), [("missing", life), ("unknown", life)], "{a_vote:?}");
    stage.sql("delete from talk_votes where talk_id = (select max(talk_id) from talk_votes)").await;
    let removed = stage.verify().await.differences;
    assert_eq!(talks(&removed), [("missing", life)], "{removed:?}");
    assert!(removed.iter().any(|difference| matches!(difference, Difference::Votes { .. })));
    assert!(
        removed
            .iter()
            .any(|difference| difference.to_string() == format!("talk {life}: votes: frozen 1, computed 0"))
    );
    // Who takes the receipt away too still doesn't get the hash right.
    stage.sql("delete from call_receipts where talk_id = (select max(talk_id) from call_receipts)").await;
    stage
        .sql(
            "update call_result_talks set votes = 0, share = 0
         where talk_id = (select max(talk_id) from call_result_talks)",
        )
        .await;
    let hidden = stage.verify().await.differences;
    assert!(
        hidden.iter().any(|difference| matches!(difference, Difference::PublishedReceipts { .. })),
        "{hidden:?}"
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_result_is_frozen_once_and_not_before_the_close(db: PgPool) {
    let (stage, ..) = closed(db).await;
    let frozen_at = stage.found().await.frozen_at;
    stage.move_to(Phase::Announced).await;
    assert_eq!(stage.found().await.frozen_at, frozen_at);
    assert_eq!(count(&stage.site.db, "select count(*) from call_results").await, 1);
}

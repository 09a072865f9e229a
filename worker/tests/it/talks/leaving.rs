//! What becomes of talks and votes when accounts are deleted or merged, and when hubs are deleted.

use pawdium_kit::waiting::count;
use pawdium_kit::workers::transact;
use pawdium_shared::accounts::queries as accounts;
use pawdium_shared::departures;
use pawdium_shared::hubs::changes;
use pawdium_shared::photos::{Species, withheld};
use pawdium_shared::talks::queries::find_talk;
use pawdium_shared::talks::{Device, Network, NewCall, Phase, TalkChange, Voter, Voters, pitch};
use sqlx::PgPool;

use super::stage::{Stage, a_call, set_in, visitor, voter, votes_each};

const VOTES: &str = "select count(*) from talk_votes";

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_deleted_account_takes_its_votes_along_until_the_close_and_leaves_its_talks(db: PgPool) {
    let stage = Stage::new(db).await;
    let author = stage.member("bob").await;
    let talk = stage.pitch(author, "Cheese").await.expect("a member");
    let [other] = stage.pitches(["Nails"]).await;
    let (eve, cyd) = (stage.member("eve").await, stage.member("cyd").await);
    stage.move_to(Phase::Voting).await;
    for voter in [eve, cyd] {
        stage.vote(voter, talk).await.expect("a member");
    }
    stage.vote(eve, other).await.expect("a member");
    for gone in [eve, author] {
        transact(&stage.site.db, async |tx| departures::delete(tx, gone).await).await.expect("no error");
    }
    assert_eq!((stage.counts(talk).await, stage.counts(other).await), ((1, 0), (0, 0)));
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let left = find_talk(&mut db, talk).await.expect("no error").expect("it stays");
    assert_eq!((left.author, left.author_name, left.title.as_str()), (None, None, "Cheese"));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn after_the_close_a_vote_outlives_its_account_without_a_trace_of_where_it_came_from(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    let eve = stage.member("eve").await;
    stage.move_to(Phase::Voting).await;
    let network = Network::of("192.0.2.7".parse().expect("an address"));
    let from_home = Voter { device: Some(Device::generate()), network: Some(network), ..voter(eve) };
    set_in(&stage.site.db, &from_home, talk, true).await.expect("a member");
    stage.move_to(Phase::Closed).await;
    transact(&stage.site.db, async |tx| departures::delete(tx, eve).await).await.expect("no error");
    assert_eq!(stage.verify().await.differences, []);
    let traces = "select count(*) from talk_votes where device is not null or network is not null";
    assert_eq!((count(&stage.site.db, VOTES).await, count(&stage.site.db, traces).await), (1, 0));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_guest_who_logs_in_takes_the_votes_along_as_far_as_the_account_may_have_them(db: PgPool) {
    let stage =
        Stage::with(db, NewCall { voters: Voters::Anybody, votes_each: Some(votes_each(3)), ..a_call() })
            .await;
    let bob = stage.member("bob").await;
    let own = stage.pitch(bob, "Mine").await.expect("a member");
    let [both, a, b] = stage.pitches(["Both", "a", "b"]).await;
    let guest = visitor(&stage.site).await;
    stage.move_to(Phase::Voting).await;
    let served = Voter { served: true, ..voter(guest) };
    for talk in [own, both, a] {
        set_in(&stage.site.db, &served, talk, true).await.expect("it was served");
    }
    for talk in [both, b] {
        stage.vote(bob, talk).await.expect("a member");
    }
    transact(&stage.site.db, async |tx| departures::merge(tx, guest, bob).await).await.expect("no error");
    for (talk, counts) in [(own, (0, 0)), (both, (1, 0)), (a, (1, 0)), (b, (1, 0))] {
        assert_eq!(stage.counts(talk).await, counts, "{talk}");
    }
    assert_eq!(count(&stage.site.db, VOTES).await, 3);
    // A second one has no room left.
    let guest = visitor(&stage.site).await;
    let more = stage.site.db.clone();
    let served = Voter { served: true, ..voter(guest) };
    set_in(&more, &served, a, true).await.expect("it was served");
    set_in(&more, &served, own, true).await.expect("it was served");
    transact(&more, async |tx| departures::merge(tx, guest, bob).await).await.expect("no error");
    assert_eq!((stage.counts(a).await, stage.counts(own).await), ((1, 0), (0, 0)));
    stage.move_to(Phase::Closed).await;
    let verified = stage.verify().await;
    assert_eq!((verified.votes, verified.voters, verified.differences), (3, 1, vec![]));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn votes_beyond_what_an_account_may_have_are_dropped_when_a_guest_logs_in(db: PgPool) {
    let stage =
        Stage::with(db, NewCall { voters: Voters::Anybody, votes_each: Some(votes_each(2)), ..a_call() })
            .await;
    let [a, b, c] = stage.pitches(["a", "b", "c"]).await;
    let (bob, guest) = (stage.member("bob").await, visitor(&stage.site).await);
    stage.move_to(Phase::Voting).await;
    stage.vote(bob, c).await.expect("a member");
    let served = Voter { served: true, ..voter(guest) };
    for talk in [a, b] {
        set_in(&stage.site.db, &served, talk, true).await.expect("it was served");
    }
    transact(&stage.site.db, async |tx| departures::merge(tx, guest, bob).await).await.expect("no error");
    assert_eq!(
        [stage.counts(a).await, stage.counts(b).await, stage.counts(c).await],
        [(1, 0), (0, 0), (1, 0)]
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_photo_that_moderators_hide_leaves_its_talk(db: PgPool) {
    let stage = Stage::new(db).await;
    let bob = stage.member("bob").await;
    let talk = stage.pitch(bob, "Cheese").await.expect("a member");
    let photo = stage.site.live(bob, Species::Cat).await;
    let change = TalkChange { photo: Some(Some(photo)), ..TalkChange::default() };
    let edited = transact(&stage.site.db, async |tx| pitch::edit(tx, talk, bob, &change).await).await;
    assert_eq!(edited.expect("their own").photo, Some(photo));
    transact(&stage.site.db, async |tx| withheld::hide(tx, photo).await).await.expect("no error");
    let mut db = stage.site.db.acquire().await.expect("a connection");
    assert_eq!(find_talk(&mut db, talk).await.expect("no error").expect("it stays").photo, None);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_deleted_hub_takes_its_calls_along(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    let bob = stage.member("bob").await;
    stage.move_to(Phase::Voting).await;
    stage.vote(bob, talk).await.expect("a member");
    stage.move_to(Phase::Closed).await;
    transact(&stage.site.db, async |tx| changes::delete(tx, stage.hub, &stage.owner).await)
        .await
        .expect("an owner");
    for rows in [
        "select count(*) from calls",
        "select count(*) from talks",
        VOTES,
        "select count(*) from call_receipts",
    ] {
        assert_eq!(count(&stage.site.db, rows).await, 0, "{rows}");
    }
    let mut db = stage.site.db.acquire().await.expect("a connection");
    assert!(accounts::find(&mut db, bob).await.expect("no error").is_some());
}

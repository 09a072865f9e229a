//! What owners do: moving a call on, changing it, moderating talks, and setting votes aside.

use chrono::{TimeDelta, Utc};
use pawdium_kit::workers::transact;
use pawdium_shared::db::Tx;
use pawdium_shared::hubs::{HubChanges, HubRole, changes, members};
use pawdium_shared::ids::UserId;
use pawdium_shared::talks::devices::{Evidence, Level, Shared, report, restore, set_aside};
use pawdium_shared::talks::queries::{find_talk, list_revisions};
use pawdium_shared::talks::{
    CallChange, Description, Device, Network, NewCall, NewTalk, Phase, Reason, Refusal, TalkChange,
    TalkState, TalkTitle, Voter, Voters, calls, pitch,
};
use sqlx::PgPool;

use super::stage::{Stage, a_call, crowded, set_in, user, voter};

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn owners_who_move_a_call_at_once_skip_no_phase(db: PgPool) {
    let stage = Stage::new(db).await;
    let other = stage.member("bob").await;
    let made = transact(&stage.site.db, async |tx| {
        members::set(tx, stage.hub, stage.owner.id, other, HubRole::Owner).await
    });
    made.await.expect("a member");
    let other = user(&stage.site, other).await;
    let pool = crowded(&stage.site.db);
    let moves: Vec<_> = (0..20)
        .map(|n| {
            let (pool, call) = (pool.clone(), stage.call);
            let owner = if n % 2 == 0 { stage.owner.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut tx = Tx::begin(&pool).await?;
                let next = Phase::Pitch.next().expect("a phase");
                let moved = calls::move_to(&mut tx, call, &owner, Phase::Pitch, next).await?;
                tx.commit().await?;
                Ok::<_, Refusal>(moved)
            })
        })
        .collect();
    let mut moved = 0;
    for act in moves {
        match act.await.expect("no panic") {
            Ok(call) => {
                assert_eq!(call.phase, Phase::Voting);
                moved += 1;
            }
            Err(Refusal::Moved(Phase::Voting)) => {}
            Err(refusal) => panic!("{refusal}"),
        }
    }
    assert_eq!((moved, stage.found().await.phase), (1, Phase::Voting));
    let audited = stage.audited("call.move").await;
    assert_eq!(
        (audited.len(), &audited[0].1["from"], &audited[0].1["to"]),
        (1, &"pitch".into(), &"voting".into())
    );
    let back = transact(&stage.site.db, async |tx| {
        calls::move_to(tx, stage.call, &stage.owner, Phase::Voting, Phase::Pitch).await
    });
    assert!(matches!(back.await, Err(Refusal::Backwards)));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn changing_a_call_never_changes_its_phase_nor_what_voters_rely_on(db: PgPool) {
    let stage = Stage::new(db).await;
    let change = async |change: CallChange| {
        transact(&stage.site.db, async |tx| calls::change(tx, stage.call, &stage.owner, &change).await).await
    };
    let (past, future) = (Utc::now() - TimeDelta::hours(1), Utc::now() + TimeDelta::hours(1));
    let voting_from = |at| CallChange { voting_from: Some(Some(at)), ..CallChange::default() };
    assert!(matches!(change(voting_from(past)).await, Err(Refusal::OutOfOrder("voting_from"))));
    assert!(matches!(change(voting_from(Utc::now())).await, Err(Refusal::Past("voting_from"))));
    let no_pitch = CallChange { pitch_from: Some(None), ..CallChange::default() };
    assert!(matches!(change(no_pitch).await, Err(Refusal::Past("pitch_from"))));
    assert_eq!(
        change(voting_from(future)).await.expect("in the future").times.voting_from.map(|at| at.timestamp()),
        Some(future.timestamp())
    );
    let verified = CallChange { voters: Some(Voters::Verified), ..CallChange::default() };
    change(verified).await.expect("nobody votes yet");
    let audited = stage.audited("call.reschedule").await;
    assert_eq!(audited.len(), 1, "other times of a call that has begun");
    assert_eq!(
        (audited[0].1["from"]["voting_from"].is_null(), audited[0].1["to"]["voting_from"].is_string()),
        (true, true)
    );
    stage.move_to(Phase::Voting).await;
    let members = CallChange { voters: Some(Voters::Members), ..CallChange::default() };
    assert!(matches!(change(members).await, Err(Refusal::Settled("voters"))));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_author_has_twenty_talks_at_most_however_fast_they_pitch(db: PgPool) {
    let stage = Stage::new(db).await;
    let bob = stage.member("bob").await;
    let pool = crowded(&stage.site.db);
    let pitches: Vec<_> = (0..40)
        .map(|n| {
            let (pool, call) = (pool.clone(), stage.call);
            tokio::spawn(async move {
                let new = NewTalk {
                    title: TalkTitle::new(&format!("Talk {n}")).expect("a title"),
                    description: Description::default(),
                    photo: None,
                };
                let mut tx = Tx::begin(&pool).await?;
                let talk = pitch::pitch(&mut tx, call, bob, &new).await?;
                tx.commit().await?;
                Ok::<_, Refusal>(talk)
            })
        })
        .collect();
    let mut pitched = 0;
    for act in pitches {
        match act.await.expect("no panic") {
            Ok(_) => pitched += 1,
            Err(Refusal::TooManyTalks) => {}
            Err(refusal) => panic!("{refusal}"),
        }
    }
    assert_eq!(pitched, 20);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn talks_are_pitched_once_by_members_and_edited_until_voting(db: PgPool) {
    let stage = Stage::new(db).await;
    let (bob, eve) = (stage.member("bob").await, stage.site.member("eve").await);
    assert!(matches!(stage.pitch(eve, "Cheese").await, Err(Refusal::NotMember)));
    let talk = stage.pitch(bob, "This Cheese").await.expect("a member");
    for same in ["This Cheese", "this  CHEESE"] {
        assert!(matches!(stage.pitch(bob, same).await, Err(Refusal::SameTitle)), "{same}");
    }
    let other = stage.pitch(bob, "Nails").await.expect("another title");
    let edit = async |talk, who: UserId, title: &str| {
        let change = TalkChange {
            title: Some(TalkTitle::new(title).expect("a title")),
            description: Some(Description::new("More of it.").expect("a text")),
            photo: None,
        };
        transact(&stage.site.db, async |tx| pitch::edit(tx, talk, who, &change).await).await
    };
    assert!(matches!(edit(other, eve, "Mine").await, Err(Refusal::NotOwn)));
    let edited = edit(other, bob, "Rust and nails").await.expect("their own");
    assert_eq!((edited.revision, edited.title.as_str()), (2, "Rust and nails"));
    assert_eq!(
        edit(other, bob, "Rust and nails").await.expect("again").revision,
        2,
        "the same text is no revision"
    );
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let titles = list_revisions(&mut db, other, true).await.expect("no error");
    assert_eq!(
        titles.iter().map(|text| text.title.as_str()).collect::<Vec<_>>(),
        ["Rust and nails", "Nails"]
    );
    let withdraw =
        async |talk| transact(&stage.site.db, async |tx| pitch::withdraw(tx, talk, bob).await).await;
    withdraw(talk).await.expect("their own");
    withdraw(talk).await.expect("twice is once");
    stage.pitch(bob, "This Cheese").await.expect("the first one is withdrawn");
    stage.move_to(Phase::Voting).await;
    assert!(matches!(stage.pitch(bob, "Late").await, Err(Refusal::NotPitching(Phase::Voting))));
    assert!(matches!(edit(other, bob, "Late").await, Err(Refusal::TooLate)));
    assert!(matches!(withdraw(other).await, Err(Refusal::TooLate)));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_moderated_pitch_waits_and_a_hidden_talk_is_not_voted_for(db: PgPool) {
    let stage = Stage::with(db, NewCall { moderated: true, ..a_call() }).await;
    let [talk, hidden] = stage.pitches(["Cheese", "Nails"]).await;
    let state = async |talk| {
        let mut db = stage.site.db.acquire().await.expect("a connection");
        find_talk(&mut db, talk).await.expect("no error").expect("it is there").state
    };
    assert_eq!(state(talk).await, TalkState::Waiting);
    let bob = stage.member("bob").await;
    let not_owner = user(&stage.site, bob).await;
    let by = async |who| transact(&stage.site.db, async |tx| pitch::approve(tx, talk, who).await).await;
    assert!(matches!(by(&not_owner).await, Err(Refusal::NotOwner)));
    by(&stage.owner).await.expect("an owner");
    let reason = Reason::new("Off topic").expect("a reason");
    transact(&stage.site.db, async |tx| pitch::hide(tx, hidden, &stage.owner, &reason).await)
        .await
        .expect("an owner");
    assert_eq!((state(talk).await, state(hidden).await), (TalkState::Shown, TalkState::Hidden));
    assert_eq!(stage.audited("talk.hide").await[0].1["reason"], "Off topic");
    stage.move_to(Phase::Voting).await;
    assert!(matches!(stage.vote(bob, hidden).await, Err(Refusal::Gone)));
    stage.vote(bob, talk).await.expect("it is shown");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn nothing_changes_in_an_archived_hub(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    let bob = stage.member("bob").await;
    stage.move_to(Phase::Voting).await;
    let archive = HubChanges { archived: Some(true), ..HubChanges::default() };
    transact(&stage.site.db, async |tx| changes::update(tx, stage.hub, stage.owner.id, &archive).await)
        .await
        .expect("an owner");
    assert!(matches!(stage.vote(bob, talk).await, Err(Refusal::Archived)));
    let moved = transact(&stage.site.db, async |tx| {
        calls::move_to(tx, stage.call, &stage.owner, Phase::Voting, Phase::Closed).await
    });
    assert!(matches!(moved.await, Err(Refusal::Archived)));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_time_zone_is_one_that_postgres_knows(db: PgPool) {
    let stage = Stage::new(db).await;
    let set = async |zone: &str| {
        let changes = HubChanges { time_zone: Some(zone.to_owned()), ..HubChanges::default() };
        transact(&stage.site.db, async |tx| changes::update(tx, stage.hub, stage.owner.id, &changes).await)
            .await
    };
    assert_eq!(set("Europe/Berlin").await.expect("it exists").time_zone, "Europe/Berlin");
    for bad in ["Europe/Atlantis", "", "UTC+3", "'; drop table calls; --"] {
        assert!(set(bad).await.is_err(), "{bad}");
    }
    assert_eq!(stage.found().await.time_zone, "Europe/Berlin");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn seeded_fraud_is_reported_and_a_family_is_not_and_votes_are_set_aside(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk, other] = stage.pitches(["Cheese", "Nails"]).await;
    let home = Network::of("192.0.2.7".parse().expect("an address"));
    let family = [stage.member("mum").await, stage.member("dad").await, stage.member("kid").await];
    let frauds = [stage.member("f1").await, stage.member("f2").await, stage.member("f3").await];
    stage
        .sql("update users set created_at = now() - interval '1 year' where name in ('mum', 'dad', 'kid')")
        .await;
    stage.move_to(Phase::Voting).await;
    for member in family {
        let voter = Voter { device: Some(Device::generate()), network: Some(home.clone()), ..voter(member) };
        set_in(&stage.site.db, &voter, talk, true).await.expect("a member");
    }
    let device = Device::generate();
    for fraud in frauds {
        let voter = Voter { device: Some(device), network: Some(home.clone()), ..voter(fraud) };
        set_in(&stage.site.db, &voter, other, true).await.expect("a member");
    }
    let mut db = stage.site.db.acquire().await.expect("a connection");
    let groups = report(&mut db, stage.call).await.expect("no error");
    let accused: Vec<_> =
        groups.iter().flat_map(|group| group.voters.iter().map(|voter| voter.user)).collect();
    assert!(family.iter().all(|member| !accused.contains(member)), "{groups:?}");
    assert!(matches!(groups[0].shared, Shared::Device(_)) && groups[0].level == Level::Likely, "{groups:?}");
    assert_eq!(groups[0].voters.iter().map(|voter| voter.user).collect::<Vec<_>>(), frauds);
    assert!(
        groups[0].evidence.contains(&Evidence::SameDevice(3))
            && groups[0].evidence.contains(&Evidence::NewAccounts(3))
    );
    // They count no more, and their voters can't change them.
    let reason = Reason::new("One browser").expect("a reason");
    let aside = transact(&stage.site.db, async |tx| {
        set_aside(tx, stage.call, &stage.owner, &frauds, None, &reason).await
    });
    assert_eq!(aside.await.expect("an owner"), 3);
    assert_eq!((stage.counts(talk).await, stage.counts(other).await), ((3, 0), (0, 0)));
    assert!(matches!(set_in(&stage.site.db, &voter(frauds[0]), other, false).await, Err(Refusal::SetAside)));
    let restored = transact(&stage.site.db, async |tx| {
        restore(tx, stage.call, &stage.owner, &frauds[..1], Some(other), &reason).await
    });
    assert_eq!(restored.await.expect("an owner"), 1);
    assert_eq!(stage.counts(other).await, (1, 0));
    assert_eq!(stage.audited("votes.set_aside").await[0].1["reason"], "One browser");
    assert_eq!(stage.audited("votes.restore").await.len(), 1);
    stage.move_to(Phase::Closed).await;
    let late = transact(&stage.site.db, async |tx| {
        set_aside(tx, stage.call, &stage.owner, &frauds, None, &reason).await
    });
    assert!(matches!(late.await, Err(Refusal::Frozen)));
    assert_eq!((stage.verify().await.votes, stage.verify().await.differences), (4, vec![]));
}

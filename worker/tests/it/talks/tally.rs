//! The job that counts, and phases that begin by the clock.

use chrono::{TimeDelta, Utc};
use pawdium_kit::waiting::{count, until_idle};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_shared::jobs::talks::TallyTalks;
use pawdium_shared::talks::times::{NoMoment, moment};
use pawdium_shared::talks::{CallChange, Phase, calls};
use pawdium_worker::runner;
use sqlx::PgPool;

use super::stage::{Stage, at};
use crate::workers::start_workers;

const VERSIONS: &str = "select id, xmin::text from talks order by id";

async fn tally(stage: &Stage, all: bool) {
    let workers = start_workers(&stage.site.db, &runner(stage.site.env.clone())).await;
    enqueue(&stage.site.db, &TallyTalks { all }).await;
    until_idle(&stage.site.db).await;
    workers.stop().await;
}

async fn versions(stage: &Stage) -> Vec<(i64, String)> {
    sqlx::query_as(VERSIONS).fetch_all(&stage.site.db).await.expect("they can be read")
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_count_that_drifted_is_corrected_and_reported_and_nothing_else_is_written(db: PgPool) {
    let stage = Stage::new(db).await;
    let [cheese, nails, life] = stage.pitches(["Cheese", "Nails", "Life"]).await;
    let voters = [stage.member("bob").await, stage.member("cyd").await];
    stage.move_to(Phase::Voting).await;
    for voter in voters {
        stage.vote(voter, cheese).await.expect("a member");
    }
    stage.vote(voters[0], nails).await.expect("a member");
    let sound = versions(&stage).await;
    tally(&stage, false).await;
    assert_eq!(versions(&stage).await, sound, "no row is written if none differs");
    stage.sql("update talks set votes = 70, guest_votes = 3 where title = 'Cheese'").await;
    let before = versions(&stage).await;
    tally(&stage, false).await;
    assert_eq!(
        [stage.counts(cheese).await, stage.counts(nails).await, stage.counts(life).await],
        [(2, 0), (1, 0), (0, 0)]
    );
    let after = versions(&stage).await;
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1..], before[1..], "only rows that differ are written");
    let audited = stage.audited("talks.correct").await;
    let [(actor, detail)] = audited.as_slice() else { panic!("{audited:?}") };
    assert_eq!(actor, "talks.tally");
    assert_eq!(detail["talks"], serde_json::json!([{ "talk": cheese, "was": [70, 3], "is": [2, 0] }]));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_call_that_takes_no_votes_is_recounted_by_the_nightly_run(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    stage.sql("update talks set votes = 5").await;
    tally(&stage, false).await;
    assert_eq!(stage.counts(talk).await, (5, 0));
    tally(&stage, true).await;
    assert_eq!(stage.counts(talk).await, (0, 0));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn phases_begin_by_the_clock_are_told_once_and_the_result_is_frozen(db: PgPool) {
    let stage = Stage::new(db).await;
    let [talk] = stage.pitches(["Cheese"]).await;
    let bob = stage.member("bob").await;
    let soon = Utc::now() + TimeDelta::milliseconds(1200);
    let change = CallChange {
        voting_from: Some(Some(soon)),
        closes_at: Some(Some(soon + TimeDelta::milliseconds(1500))),
        ..CallChange::default()
    };
    let changed =
        transact(&stage.site.db, async |tx| calls::change(tx, stage.call, &stage.owner, &change).await);
    assert_eq!(changed.await.expect("in the future").phase, Phase::Pitch);
    let reach = async |phase| {
        while stage.found().await.phase != phase {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let told = "select count(*) from calls where told_phase = call_phase(calls)";
    reach(Phase::Voting).await;
    stage.vote(bob, talk).await.expect("it has begun");
    assert_eq!(count(&stage.site.db, told).await, 0);
    reach(Phase::Closed).await;
    tally(&stage, false).await;
    assert_eq!(count(&stage.site.db, told).await, 1);
    assert!(stage.found().await.frozen_at.is_some());
    assert_eq!(stage.verify().await.votes, 1);
    let events = "select last_value from jobs_id_seq";
    let before = count(&stage.site.db, events).await;
    tally(&stage, false).await;
    assert_eq!(count(&stage.site.db, events).await, before + 1, "nothing is told twice");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn local_times_follow_the_zone_and_those_that_clocks_skip_or_repeat_are_refused(db: PgPool) {
    let mut db = db.acquire().await.expect("a connection");
    for (zone, local, utc) in [
        ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59:00Z"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59:00Z"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00Z"),
        ("Asia/Kathmandu", "2026-05-01T18:00", "2026-05-01T12:15:00Z"),
        ("UTC", "2026-03-29T02:30", "2026-03-29T02:30:00Z"),
    ] {
        let found = moment(&mut db, zone, "closes_at", local).await.expect(local);
        assert_eq!(found, at(utc), "{zone} {local}");
    }
    for (zone, local, says) in [
        ("Europe/Berlin", "2026-03-29T02:30", "skip"),
        ("Europe/Berlin", "2026-10-25T02:30", "twice"),
        ("America/New_York", "2026-03-08T02:00", "skip"),
        ("America/New_York", "2026-11-01T01:00", "twice"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "twice"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "skip"),
    ] {
        match moment(&mut db, zone, "closes_at", local).await {
            Err(NoMoment::Field(refused)) => {
                assert!(
                    refused.field == "closes_at" && refused.message.contains(says),
                    "{zone} {local}: {refused}"
                );
            }
            other => panic!("{zone} {local}: {other:?}"),
        }
    }
}

//! Chains, fan-out and fan-in.

use std::sync::Arc;

use anyhow::anyhow;
use pawdium_db::Tx;
use pawdium_kit::operators::{assert_balanced, cancel, retry};
use pawdium_kit::waiting::{SOON, count, until, until_all_have_beaten, until_idle, until_job_is};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::JobId;
use pawdium_queue::groups::{fan_out, purge_groups};
use pawdium_queue::{Claim, Enqueue as _, JobError, Runner, control};
use sqlx::PgPool;

use crate::kinds::queues;
use crate::kinds::{Diary, Finale, Flaky, Single, Traceless};
use crate::workers::start_workers;

#[derive(Debug)]
struct Stage {
    db: PgPool,
    diary: Diary,
}

/// Fails or succeeds as its text says.
fn play(stage: &Stage, text: String, claim: &Claim) -> Result<(), JobError> {
    match text.as_str() {
        "fail" => Err(JobError::give_up(anyhow!("as the text says"))),
        "stumble" if claim.attempt() == 1 => Err(JobError::retry(anyhow!("as the text says"))),
        _ => {
            stage.diary.write(text);
            Ok(())
        }
    }
}

/// Completes its job in its own transaction, which enqueues the next job of a chain. The first attempt rolls back.
async fn play_in_a_transaction(stage: &Stage, job: Flaky, claim: &Claim) -> Result<(), JobError> {
    let mut tx = Tx::begin(&stage.db).await?;
    claim.complete(&mut tx, &job).await?;
    if job.text == "chain" {
        Finale::new("after the chain").enqueue(&mut tx).await?;
    }
    if claim.attempt() == 1 {
        drop(tx);
        return Err(JobError::retry(anyhow!("the commit failed")));
    }
    tx.commit().await?;
    Ok(())
}

fn playing(db: &PgPool) -> (Arc<Stage>, Runner<Stage>) {
    let stage = Arc::new(Stage { db: db.clone(), diary: Diary::default() });
    let runner = Runner::new(Arc::clone(&stage))
        .on::<Traceless>(|job, stage, claim| Box::pin(async { play(stage, job.text, claim) }))
        .on::<Single>(|job, stage, claim| Box::pin(async { play(stage, job.text, claim) }))
        .on::<Finale>(|job, stage, claim| Box::pin(async { play(stage, job.text, claim) }))
        .on::<Flaky>(|job, stage, claim| Box::pin(play_in_a_transaction(stage, job, claim)));
    (stage, runner)
}

async fn start_group(db: &PgPool, members: &[&str]) -> Vec<JobId> {
    let members: Vec<_> = members.iter().map(|text| Traceless::new(*text)).collect();
    let mut tx = Tx::begin(db).await.expect("a transaction");
    let ids = fan_out(&mut tx, &members, &Finale::new("finale")).await.expect("no error");
    tx.commit().await.expect("it commits");
    ids
}

const FINALES: &str =
    "select coalesce(sum(enqueued), 0)::bigint from job_movements where kind = 'test.finale.v1'";

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_last_step_starts_once_when_all_members_have_ended(db: PgPool) {
    let (stage, runner) = playing(&db);
    let workers = [start_workers(&db, &runner).await, start_workers(&db, &runner).await];
    let members: Vec<_> = (0..200)
        .map(|number| match number % 10 {
            3 => "fail",
            7 => "stumble",
            _ => "ok",
        })
        .collect();
    let ids = start_group(&db, &members).await;
    assert_eq!(ids.len(), 200);
    let cancelled = cancel(&db, &ids[150..]).await.len();
    until_idle(&db).await;
    assert_eq!(count(&db, FINALES).await, 1);
    let played = stage.diary.read();
    assert_eq!(played.iter().filter(|text| *text == "finale").count(), 1);
    assert_eq!(played.last().map(String::as_str), Some("finale"), "after all others");
    assert!(played.len() > 200 - cancelled - 20, "{} played and {cancelled} were cancelled", played.len());
    for workers in workers {
        workers.stop().await;
    }
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn members_that_complete_in_their_own_transactions_count_when_these_commit(db: PgPool) {
    let (stage, runner) = playing(&db);
    let members: Vec<_> = (0..20).map(|_| Flaky::new("member")).collect();
    transact(&db, async |tx| fan_out(tx, &members, &Finale::new("finale")).await.expect("no error")).await;
    let workers = [start_workers(&db, &runner).await, start_workers(&db, &runner).await];
    until_idle(&db).await;
    assert_eq!(stage.diary.read(), ["finale"]);
    assert_eq!(
        count(&db, "select count(*) from job_history where kind = 'test.flaky.v1' and attempt = 2").await,
        20
    );
    for workers in workers {
        workers.stop().await;
    }
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_last_step_waits_while_a_member_lives(db: PgPool) {
    let (stage, runner) = playing(&db);
    let ids = start_group(&db, &["ok", "ok", "later"]).await;
    let put_off = "update jobs set state = 'scheduled', run_at = now() + interval '1 hour' where id = $1";
    sqlx::query(put_off).bind(ids[2].0).execute(&db).await.expect("a job can wait");
    let workers = start_workers(&db, &runner).await;
    until("the others have played", SOON, async || (stage.diary.read().len() == 2).then_some(())).await;
    until_all_have_beaten(&db).await;
    assert_eq!(count(&db, FINALES).await, 0);
    assert_eq!(retry(&db, &ids[2..]).await, ids[2..]);
    until_idle(&db).await;
    assert_eq!(stage.diary.read(), ["ok", "ok", "later", "finale"]);
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_group_without_members_starts_its_last_step(db: PgPool) {
    let (stage, runner) = playing(&db);
    assert_eq!(start_group(&db, &[]).await, []);
    assert_eq!(count(&db, "select count(*) from job_groups").await, 0);
    let workers = start_workers(&db, &runner).await;
    until_idle(&db).await;
    assert_eq!(stage.diary.read(), ["finale"]);
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_group_does_not_wait_for_a_member_whose_key_another_job_has(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    control::pause(&mut connection, queues::CACHE).await.expect("no error");
    let taken = enqueue(&db, &Single::new("taken")).await;
    let members = [Single::new("taken"), Single::new("free"), Single::new("free")];
    let ids =
        transact(&db, async |tx| fan_out(tx, &members, &Finale::new("finale")).await.expect("no error"))
            .await;
    assert_eq!(ids.len(), 1);
    cancel(&db, &ids).await;
    assert_eq!(count(&db, FINALES).await, 1, "the only member has ended");

    let all_taken = transact(&db, async |tx| {
        fan_out(tx, &members[..1], &Finale::new("another")).await.expect("no error")
    })
    .await;
    assert_eq!(all_taken, []);
    assert_eq!(count(&db, FINALES).await, 2, "there is no member to wait for");
    cancel(&db, &[taken]).await;
    assert_eq!(count(&db, FINALES).await, 2);
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_group_exists_exactly_when_its_transaction_commits(db: PgPool) {
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    fan_out(&mut tx, &[Traceless::new("ok")], &Finale::new("finale")).await.expect("no error");
    tx.rollback().await.expect("it rolls back");
    assert_eq!(count(&db, "select count(*) from jobs").await, 0);
    assert_eq!(count(&db, "select count(*) from job_groups").await, 0);
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_retried_member_does_not_start_the_last_step_again(db: PgPool) {
    let (stage, runner) = playing(&db);
    let workers = start_workers(&db, &runner).await;
    let ids = start_group(&db, &["fail", "ok"]).await;
    until_idle(&db).await;
    until_job_is(&db, ids[0], "dead").await;
    assert_eq!(retry(&db, &ids[..1]).await, ids[..1]);
    until_job_is(&db, ids[0], "dead").await;
    until_idle(&db).await;
    assert_eq!(stage.diary.read(), ["ok", "finale"]);
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_next_job_of_a_chain_exists_exactly_when_the_first_is_done(db: PgPool) {
    let (stage, runner) = playing(&db);
    let workers = start_workers(&db, &runner).await;
    let first = enqueue(&db, &Flaky::new("chain")).await;
    assert_eq!(until_job_is(&db, first, "done").await.attempt, 2);
    until_idle(&db).await;
    assert_eq!(stage.diary.read(), ["after the chain"], "the job of the first attempt was rolled back");
    workers.stop().await;
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn only_finished_groups_are_purged(db: PgPool) {
    let ids = start_group(&db, &["ok"]).await;
    start_group(&db, &["ok"]).await;
    cancel(&db, &ids).await;
    sqlx::query("update job_groups set created_at = now() - interval '8 days'")
        .execute(&db)
        .await
        .expect("groups can age");
    let mut connection = db.acquire().await.expect("a connection");
    assert_eq!(purge_groups(&mut connection, 7).await.expect("no error"), 1);
    assert_eq!(count(&db, "select remaining::bigint from job_groups").await, 1);
}

//! The queue's accounts: no job is lost, whatever happens to it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use pawdium_db::Tx;
use pawdium_kit::operators::assert_balanced;
use pawdium_kit::waiting::{count, until_idle};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::JobId;
use pawdium_queue::groups::fan_out;
use pawdium_queue::{Claim, Enqueue as _, Job as _, JobError, Runner, control, ledger};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::gates::Gate;
use crate::kinds::queues;
use crate::kinds::{Finale, Flaky, Letter, Single, Traceless};
use crate::workers::start_workers;

/// Fails, gives up or succeeds, depending only on the text and the attempt.
fn fate(text: &str, attempt: i16) -> Result<(), JobError> {
    let sum: u32 = text.bytes().map(u32::from).sum();
    match (sum + u32::from(attempt.unsigned_abs())) % 7 {
        0 => Err(JobError::give_up(anyhow!("fate"))),
        1 | 2 => Err(JobError::retry(anyhow!("bad luck"))),
        _ => Ok(()),
    }
}

/// Writes its effect in the transaction that completes the job.
async fn write_an_effect(db: &PgPool, job: Flaky, claim: &Claim) -> Result<(), JobError> {
    fate(&job.text, claim.attempt())?;
    let mut tx = Tx::begin(db).await?;
    sqlx::query("insert into effects (job) values ($1)").bind(claim.job().0).execute(&mut *tx).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(())
}

fn runner(db: &PgPool) -> Runner<PgPool> {
    Runner::new(Arc::new(db.clone()))
        .on::<Flaky>(|job, db, claim| Box::pin(write_an_effect(db, job, claim)))
        .on::<Traceless>(|job, _, claim| Box::pin(async move { fate(&job.text, claim.attempt()) }))
        .on::<Single>(|_, _, _| Box::pin(async { Ok(()) }))
        .on::<Letter>(|_, _, _| Box::pin(async { Ok(()) }))
        .on::<Finale>(|_, _, _| Box::pin(async { Ok(()) }))
}

async fn connection(db: &PgPool) -> PgConnection {
    db.acquire().await.expect("a connection").detach()
}

/// Enqueues jobs of all kinds. Returns how many of them have an effect.
async fn enqueue_at_random(db: &PgPool, seed: u64) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let mut effects = 0;
    for round in 0..60 {
        let text = |number: usize| format!("{seed} {round} {number}");
        let size = random.random_range(1..20);
        match random.random_range(0..5) {
            0 => {
                let jobs: Vec<_> = (0..size).map(|number| Flaky::new(text(number))).collect();
                effects += transact(db, async |tx| Flaky::enqueue_all(tx, &jobs).await.expect("no error"))
                    .await
                    .len();
            }
            1 => {
                let delay = Duration::from_millis(random.random_range(1..200));
                transact(db, async |tx| {
                    Traceless::new(text(0)).enqueue_in(tx, delay).await.expect("no error")
                })
                .await;
            }
            2 => {
                let jobs: Vec<_> = (0..size).map(|number| Single::new((number % 5).to_string())).collect();
                transact(db, async |tx| Single::enqueue_all(tx, &jobs).await.expect("no error")).await;
            }
            3 => {
                let jobs: Vec<_> = (0..size).map(|number| Letter::new(format!("{}:", number % 3))).collect();
                transact(db, async |tx| Letter::enqueue_all(tx, &jobs).await.expect("no error")).await;
            }
            _ => {
                let members: Vec<_> = (0..size).map(|number| Traceless::new(text(number))).collect();
                transact(db, async |tx| {
                    fan_out(tx, &members, &Finale::new(text(0))).await.expect("no error")
                })
                .await;
            }
        }
    }
    effects
}

/// Cancels, retries and deletes random jobs and pauses random queues until it is stopped. Leaves no queue paused.
async fn meddle(db: &PgPool, seed: u64, stop: &CancellationToken) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut own = connection(db).await;
    while !stop.is_cancelled() {
        let last: i64 = sqlx::query_scalar("select last_value from jobs_id_seq")
            .fetch_one(&mut own)
            .await
            .expect("ids are numbered");
        let size = random.random_range(1..15);
        let jobs: Vec<_> = (0..size).map(|_| JobId(random.random_range(1..=last))).collect();
        let queue = queues::ALL[random.random_range(0..queues::ALL.len())];
        match random.random_range(0..6) {
            0 => drop(
                transact(db, async |tx| control::cancel(tx, &jobs, "meddling").await.expect("no error"))
                    .await,
            ),
            1 | 2 => drop(transact(db, async |tx| control::retry(tx, &jobs).await.expect("no error")).await),
            3 => drop(transact(db, async |tx| control::delete(tx, &jobs).await.expect("no error")).await),
            4 => {
                control::pause(&mut own, queue).await.expect("no error");
            }
            _ => {
                for queue in queues::ALL {
                    control::resume(&mut own, queue).await.expect("no error");
                }
            }
        }
    }
    for queue in queues::ALL {
        control::resume(&mut own, queue).await.expect("no error");
    }
}

/// Folds and balances until it is stopped, and checks that the accounts add up each time. Returns how often it did.
async fn keep_accounts(db: &PgPool, stop: &CancellationToken) -> usize {
    let mut db = connection(db).await;
    let mut balanced = 0;
    while !stop.is_cancelled() {
        ledger::fold(&mut db).await.expect("no error");
        let accounts = ledger::balance(&mut db).await.expect("no error");
        assert!(accounts.iter().all(|account| account.missing() == 0), "{accounts:#?}");
        balanced += 1;
    }
    balanced
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn the_accounts_add_up_at_every_moment_of_random_work(db: PgPool) {
    sqlx::query("create table effects (job bigint primary key)").execute(&db).await.expect("a table");
    let workers = [start_workers(&db, &runner(&db)).await, start_workers(&db, &runner(&db)).await];
    let (meddled, over) = (CancellationToken::new(), CancellationToken::new());
    let day = async {
        let enqueued = tokio::join!(enqueue_at_random(&db, 1), enqueue_at_random(&db, 2));
        meddled.cancel();
        until_idle(&db).await;
        over.cancel();
        enqueued.0 + enqueued.1
    };
    let (effects, (), first, second) =
        tokio::join!(day, meddle(&db, 3, &meddled), keep_accounts(&db, &over), keep_accounts(&db, &over));
    assert!(first > 0 && second > 0);
    for workers in workers {
        workers.stop().await;
    }
    assert_balanced(&db).await;
    let accounts = ledger::balance(&mut connection(&db).await).await.expect("no error");
    let flaky = accounts.iter().find(|account| account.kind == Flaky::KIND).expect("it has an account");
    assert_eq!(usize::try_from(flaky.enqueued), Ok(effects));
    assert_eq!(flaky.done, count(&db, "select count(*) from effects").await, "{flaky:?}");
    assert_eq!(count(&db, "select count(*) from job_groups where remaining > 0 or job_id is null").await, 0);
    // Minutes and totals agree on the folded movements.
    ledger::fold(&mut connection(&db).await).await.expect("no error");
    let differing = "select count(*) from job_totals as total full join (
                         select kind, sum(enqueued) as enqueued, sum(done) as done,
                                sum(dead) - sum(revived) as dead, sum(cancelled) as cancelled
                         from job_minutes group by kind) as minutes using (kind)
                     where (total.enqueued, total.done, total.dead, total.cancelled)
                           is distinct from (minutes.enqueued, minutes.done, minutes.dead, minutes.cancelled)";
    assert_eq!(count(&db, differing).await, 0);
}

/// Forgets a claim, like a crash of the database before the claim is on disk.
async fn forget_claim(db: &PgPool, job: JobId) {
    let forget = sqlx::query(
        "update jobs set state = 'ready', worker_id = null, claimed_at = null, claim = claim - 1, attempt = attempt - 1
         where id = $1",
    );
    forget.bind(job.0).execute(db).await.expect("a claim can be forgotten");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn an_outcome_counts_even_if_a_crash_of_the_database_forgot_its_claim(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    let jobs = [enqueue(&db, &Traceless::new("")).await, enqueue(&db, &Single::new("")).await];
    gate.until_inside("", 2).await;
    control::pause(&mut connection(&db).await, queues::CACHE).await.expect("no error");
    for job in jobs {
        forget_claim(&db, job).await;
    }
    gate.pass(2);
    until_idle(&db).await;
    assert_eq!(gate.started.read().len(), 2);
    workers.stop().await;
    assert_balanced(&db).await;
}

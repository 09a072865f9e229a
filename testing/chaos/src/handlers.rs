//! The handlers of the test's jobs.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use futures::future::BoxFuture;
use pawdium_queue::{Claim, JobError, Runner};
use pawdium_shared::db::Db;

use crate::effects;
use crate::kinds::{
    Aborts, Again, Bloats, Bulk, Chain, Debounced, Doomed, Effect, Flaky, Garbled, Hangs, Kept, Latest,
    Marathon, Member, Note, Panics, Slow, Tagged, Tick, Total,
};
use crate::starts::Starts;

/// How much memory [`bloat`] takes at a time, in bytes.
const GULP: usize = 64 << 20;

/// The environment of the handlers.
#[derive(Debug)]
pub struct Env {
    /// The database, with the process's own pool.
    pub db: Db,
    /// The log of starts.
    pub starts: Starts,
}

/// A runner with the handlers of all kinds.
#[must_use]
pub fn runner(env: Arc<Env>) -> Runner<Env> {
    let runner = Runner::new(env);
    let runner = on::<Effect>(runner, |job, env, claim| Box::pin(effect(job, env, claim)));
    let runner = on::<Member>(runner, |job, env, claim| Box::pin(effect(job, env, claim)));
    let runner = on::<Total>(runner, |job, env, claim| Box::pin(effect(job, env, claim)));
    let runner = on::<Kept>(runner, |job, env, claim| Box::pin(effect(job, env, claim)));
    let runner = on::<Again>(runner, |job, env, claim| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(job.ms)).await;
            effect(job, env, claim).await
        })
    });
    let runner = on::<Latest>(runner, |job, env, claim| Box::pin(effect(job, env, claim)));
    let runner = on::<Debounced>(runner, |job, env, claim| Box::pin(effect(job, env, claim)));
    let runner = on::<Slow>(runner, |job, env, claim| Box::pin(slow(job, env, claim)));
    let runner = on::<Marathon>(runner, |job, _, _| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(job.seconds)).await;
            Ok(())
        })
    });
    let runner = on::<Flaky>(runner, |job, env, claim| Box::pin(flaky(job, env, claim)));
    let runner = on::<Chain>(runner, |job, env, claim| {
        Box::pin(async move { effects::make_step(&env.db, claim, &job).await })
    });
    let runner = on::<Note>(runner, |job, _, claim| {
        Box::pin(async move {
            tokio::time::sleep(time(claim, job.first_ms, job.then_ms)).await;
            Ok(())
        })
    });
    let runner = on::<Bulk>(runner, |_, _, _| Box::pin(async { Ok(()) }));
    let runner = on::<Tick>(runner, |_, _, _| Box::pin(async { Ok(()) }));
    with_poison(runner)
}

fn with_poison(runner: Runner<Env>) -> Runner<Env> {
    let runner =
        on::<Doomed>(runner, |_, _, _| Box::pin(async { Err(JobError::retry(anyhow!("always fails"))) }));
    let runner = on::<Garbled>(runner, |_, _, _| Box::pin(async { Ok(()) }));
    let runner = on::<Panics>(runner, |_, _, _| Box::pin(async { panic!("as it was told to") }));
    let runner = on::<Hangs>(runner, |_, _, _| Box::pin(std::future::pending()));
    let runner = on::<Aborts>(runner, |_, _, _| Box::pin(async { std::process::abort() }));
    on::<Bloats>(runner, |_, _, _| Box::pin(async { bloat() }))
}

/// Registers a handler that logs each start.
fn on<J: Tagged>(
    runner: Runner<Env>,
    handle: for<'a> fn(J, &'a Env, &'a Claim) -> BoxFuture<'a, Result<(), JobError>>,
) -> Runner<Env> {
    runner.on::<J>(move |job, env, claim| {
        Box::pin(async move {
            let start = env.starts.begin(claim);
            let result = handle(job, env, claim).await;
            start.end();
            result
        })
    })
}

async fn effect<J: Tagged>(job: J, env: &Env, claim: &Claim) -> Result<(), JobError> {
    effects::make_and_complete(&env.db, claim, &job).await
}

async fn slow(job: Slow, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let time = time(claim, job.first_ms, job.then_ms);
    if !job.holds {
        tokio::time::sleep(time).await;
        return effects::make_and_complete(&env.db, claim, &job).await;
    }
    let mut tx = env.db.begin().await?;
    effects::make(&mut tx, claim, &job, 0).await?;
    tokio::time::sleep(time).await;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(())
}

async fn flaky(job: Flaky, env: &Env, claim: &Claim) -> Result<(), JobError> {
    if claim.attempt() <= job.fails {
        return Err(JobError::retry(anyhow!("failure {} of {}", claim.attempt(), job.fails)));
    }
    effects::make_and_complete(&env.db, claim, &job).await
}

fn time(claim: &Claim, first_ms: u64, then_ms: u64) -> Duration {
    Duration::from_millis(if claim.attempt() == 1 { first_ms } else { then_ms })
}

/// Takes memory until an allocation fails, which aborts the process. The process has a memory limit.
fn bloat() -> Result<(), JobError> {
    let mut taken = Vec::new();
    loop {
        taken.push(Vec::<u8>::with_capacity(GULP));
        std::hint::black_box(&taken);
    }
}

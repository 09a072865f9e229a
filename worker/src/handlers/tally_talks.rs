//! Tells of phases that began by the clock, freezes results, and checks the counts of talks against their votes.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::ids::CallId;
use pawdium_shared::jobs::talks::TallyTalks;
use pawdium_shared::talks::{Refusal, results, tally};
use tracing::{error, info};

use crate::env::Env;

/// Runs the tally, one transaction for each call. A call that is deleted meanwhile is left out. Drift is corrected and
/// logged as an error, because it means that some code forgot a count.
pub async fn tally_talks(job: TallyTalks, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let entered = tally::tell(&mut tx).await?;
    let (closed, counted) = (tally::list_to_freeze(&mut tx).await?, tally::list(&mut tx, job.all).await?);
    tx.commit().await?;
    for (call, phase) in entered {
        info!(%call, phase = phase.name(), "a call entered a phase");
    }
    for call in closed {
        freeze(env, call).await?;
    }
    for call in counted {
        recount(env, call).await?;
    }
    Ok(())
}

async fn freeze(env: &Env, call: CallId) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    if known(results::freeze(&mut tx, call).await)?.unwrap_or(false) {
        tx.commit().await?;
        info!(%call, "froze the result of a call");
    }
    Ok(())
}

async fn recount(env: &Env, call: CallId) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let drifted = known(tally::recount(&mut tx, call).await)?.unwrap_or_default();
    tx.commit().await?;
    for drift in drifted {
        error!(%call, talk = %drift.talk, was = ?drift.was, is = ?drift.is, "a count of votes had drifted");
    }
    Ok(())
}

/// `None` for a call that is gone.
fn known<T>(result: Result<T, Refusal>) -> Result<Option<T>, JobError> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(Refusal::Gone) => Ok(None),
        Err(Refusal::Database(error)) => Err(error.into()),
        Err(refusal) => Err(JobError::retry(refusal)),
    }
}

//! Gives imports and their files an outcome whose job has ended without it.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::imports::upkeep;
use pawdium_shared::jobs::imports::SettleImport;
use tracing::error;

use crate::env::Env;

/// Fails what the job has left open, unless another job is there meanwhile.
pub async fn settle_import(job: SettleImport, env: &Env, _: &Claim) -> Result<(), JobError> {
    settle(env, &job).await?;
    Ok(())
}

/// Returns false if there is another job, or nothing is open.
pub(super) async fn settle(env: &Env, job: &SettleImport) -> sqlx::Result<bool> {
    let settled = retry_conflicts(async || -> sqlx::Result<bool> {
        let mut tx = env.db.begin().await?;
        let settled = upkeep::settle(&mut tx, job).await?;
        tx.commit().await?;
        Ok(settled)
    });
    let settled = settled.await?;
    if settled {
        let SettleImport { import, number, ended } = job;
        error!(%import, number, kind = ended, "gave up a job of an import after an internal error; its owner may try again");
    }
    Ok(settled)
}

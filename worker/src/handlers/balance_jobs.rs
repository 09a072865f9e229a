//! Checks the queue's ledger.

use pawdium_queue::{Claim, JobError, ledger};
use pawdium_shared::jobs::upkeep::BalanceJobs;
use tracing::error;

use crate::env::Env;

/// Aggregates the ledger and checks all accounts. If the jobs of a kind don't add up, logs an error; the admin pages
/// and metrics show the kind until they do.
pub async fn balance_jobs(job: BalanceJobs, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    ledger::fold(&mut tx).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    for account in ledger::balance(&mut *env.db.acquire().await?).await? {
        let missing = account.missing();
        if missing != 0 {
            error!(kind = account.kind, missing, ?account, "jobs of a kind don't add up");
        }
    }
    Ok(())
}

//! The queue's accounts.

use pawdium_queue::{Claim, JobError, ledger};
use pawdium_shared::jobs::upkeep::BalanceJobs;
use tracing::error;

use crate::env::Env;

/// Folds what moved and balances all accounts. A kind whose jobs don't add up is logged as an error, and stands on the
/// admins' page and in the metrics until they do.
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

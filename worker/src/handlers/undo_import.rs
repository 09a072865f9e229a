//! Deletes the drafts of an import.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::imports::acts;
use pawdium_shared::jobs::imports::UndoImport;
use tracing::info;

use crate::env::Env;

/// The number of drafts in a transaction, so that nobody waits long for its locks.
const FEW: i64 = 25;

/// Deletes the drafts, a few in a transaction, and ends the import. A job deletes their files.
pub async fn undo_import(job: UndoImport, env: &Env, _: &Claim) -> Result<(), JobError> {
    let (import, mut files) = (job.import, 0);
    loop {
        let decided = retry_conflicts(async || -> sqlx::Result<usize> {
            let mut tx = env.db.begin().await?;
            let decided = acts::undo_some(&mut tx, import, job.owner, FEW).await?;
            tx.commit().await?;
            Ok(decided)
        });
        match decided.await? {
            0 => break,
            decided => files += decided,
        }
    }
    info!(%import, files, "undid an import");
    Ok(())
}

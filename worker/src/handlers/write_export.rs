//! Writes the archive of an export, and removes archives.

use std::time::Instant;

use pawdium_queue::{Claim, JobError};
use pawdium_shared::exports::{self, Finished};
use pawdium_shared::jobs::exports::{RemoveExports, WriteExport};
use pawdium_shared::store::ExportKey;
use tracing::{info, warn};

use crate::env::Env;
use crate::exports::write;

/// Writes what a member has on the site to the store, and tells the member. Each attempt writes an archive of its own;
/// what a killed one leaves, the purge removes. The job waits while the store or the database is down.
pub async fn write_export(job: WriteExport, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let (export, started) = (job.export, Instant::now());
    let Some(user) = exports::find_waiting(&mut *env.db.acquire().await?, export).await? else {
        return Ok(());
    };
    let Some(finished) = write(env, user).await.map_err(JobError::away)? else { return Ok(()) };
    let kept = finish(&job, &finished, env, claim).await;
    match kept {
        Ok(true) => {
            let Finished { bytes, photos, .. } = finished;
            info!(%export, %user, bytes, photos, ms = started.elapsed().as_millis(), "wrote archive");
            Ok(())
        }
        Ok(false) => {
            discard(env, &finished.key).await;
            Ok(())
        }
        Err(error) => Err(JobError::away(error)),
    }
}

/// Returns whether somebody waited for it.
async fn finish(job: &WriteExport, finished: &Finished, env: &Env, claim: &Claim) -> anyhow::Result<bool> {
    let mut tx = env.db.begin().await?;
    let kept = exports::finish(&mut tx, job.export, finished).await?;
    claim.complete(&mut tx, job).await?;
    tx.commit().await?;
    Ok(kept)
}

async fn discard(env: &Env, key: &ExportKey) {
    if let Err(error) = env.store.delete_export(key).await {
        warn!(%key, %error, "couldn't delete an archive that nobody waits for; the purge will");
    }
}

/// Deletes archives from the store. The job waits while it is down.
pub async fn remove_exports(job: RemoveExports, env: &Env, _: &Claim) -> Result<(), JobError> {
    for key in &job.keys {
        let key = key.parse().map_err(JobError::give_up)?;
        env.store.delete_export(&key).await.map_err(JobError::away)?;
    }
    Ok(())
}

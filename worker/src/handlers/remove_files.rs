//! Deletes a photo's files, or withholds them.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::media::RemoveFiles;
use pawdium_shared::photos::files;
use pawdium_shared::photos::queries::original_in_use;

use crate::env::Env;

/// Deletes a photo's pictures and original, unless another photo refers to them, and withholds the pictures that only
/// hidden photos refer to. The job waits while the store is down.
pub async fn remove_files(job: RemoveFiles, env: &Env, _: &Claim) -> Result<(), JobError> {
    remove(&job, env).await.map_err(JobError::away)
}

async fn remove(job: &RemoveFiles, env: &Env) -> anyhow::Result<()> {
    for key in &job.pictures {
        settle(env, key).await?;
    }
    if let Some(original) = &job.original
        && !original_in_use(&mut *env.db.acquire().await?, original).await?
        && let Ok(original) = original.parse()
    {
        env.store.delete_original(&original).await?;
    }
    Ok(())
}

/// Moves a picture to where its claims say: it is served while a photo shows it, withheld while only hidden photos
/// refer to it, and deleted if none does. Returns whether it was deleted.
///
/// Holds a connection, and with it the lock that prevents new references to the file. A cancelled deletion may still
/// take effect after the lock is released, when a photo refers to the picture again. So it runs to its end on its own
/// task, even if the job is cancelled.
pub(super) async fn settle(env: &Env, key: &str) -> anyhow::Result<bool> {
    let (db, store, key) = (env.db.clone(), env.store.clone(), key.to_owned());
    let settling = tokio::spawn(async move {
        let mut tx = db.begin().await?;
        let (claim, picture) = (files::lock_claim(&mut tx, &key).await?, key.parse()?);
        match claim {
            files::Claim::Shown => {
                store.serve_picture(&picture).await?;
                store.delete_withheld(&picture).await?;
            }
            files::Claim::Withheld => {
                store.withhold_picture(&picture).await?;
            }
            files::Claim::None => {
                store.delete_picture(&picture).await?;
                store.delete_withheld(&picture).await?;
            }
        }
        tx.commit().await?;
        anyhow::Ok(claim == files::Claim::None)
    });
    settling.await?
}

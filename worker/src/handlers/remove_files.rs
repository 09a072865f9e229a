//! Deletes a photo's files.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::media::RemoveFiles;
use pawdium_shared::photos::files;
use pawdium_shared::photos::queries::original_in_use;

use crate::env::Env;

/// Deletes a photo's pictures and original, unless another photo refers to them. The job waits while the store is down.
pub async fn remove_files(job: RemoveFiles, env: &Env, _: &Claim) -> Result<(), JobError> {
    remove(&job, env).await.map_err(JobError::away)
}

async fn remove(job: &RemoveFiles, env: &Env) -> anyhow::Result<()> {
    for key in &job.pictures {
        remove_unnamed(env, key).await?;
    }
    if let Some(original) = &job.original
        && !original_in_use(&mut *env.db.acquire().await?, original).await?
        && let Ok(original) = original.parse()
    {
        env.store.delete_original(&original).await?;
    }
    Ok(())
}

/// Deletes a picture that no photo refers to. Returns false if one does.
///
/// Holds a connection, and with it the lock that prevents new references to the file. A cancelled deletion may still
/// take effect after the lock is released, when a photo refers to the picture again. So it runs to its end on its own
/// task, even if the job is cancelled.
pub(super) async fn remove_unnamed(env: &Env, key: &str) -> anyhow::Result<bool> {
    let (db, store, key) = (env.db.clone(), env.store.clone(), key.to_owned());
    let removing = tokio::spawn(async move {
        let mut tx = db.begin().await?;
        let unnamed = files::lock_unnamed(&mut tx, &key).await?;
        if unnamed {
            store.delete_picture(&key.parse()?).await?;
        }
        tx.commit().await?;
        anyhow::Ok(unnamed)
    });
    removing.await?
}

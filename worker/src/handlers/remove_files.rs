//! Removing what a photo leaves behind.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::media::RemoveFiles;
use pawdium_shared::photos::files;
use pawdium_shared::photos::queries::source_in_use;

use crate::env::Env;

/// Removes a photo's pictures and its upload, unless another photo has them too. While the store is away they wait.
pub async fn remove_files(job: RemoveFiles, env: &Env, _: &Claim) -> Result<(), JobError> {
    remove(&job, env).await.map_err(JobError::away)
}

async fn remove(job: &RemoveFiles, env: &Env) -> anyhow::Result<()> {
    for key in &job.pictures {
        remove_unnamed(env, key).await?;
    }
    if let Some(upload) = &job.upload
        && !source_in_use(&mut *env.db.acquire().await?, upload).await?
        && let Ok(upload) = upload.parse()
    {
        env.store.delete_incoming(&upload).await?;
    }
    Ok(())
}

/// Removes a picture that no photo names. False: one does.
///
/// A connection is held meanwhile, and with it the lock that keeps others from naming the file. A removal that is given up
/// in its middle may come about all the same, when the lock is gone and the picture is somebody's again: so it runs to its
/// end on a task of its own, whatever becomes of the job.
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

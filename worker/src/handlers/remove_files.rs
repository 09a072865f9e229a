//! Removing what a photo leaves behind.

use pawdium_shared::jobs::media::RemoveFiles;
use pawdium_shared::photos::files;
use pawdium_shared::photos::queries::source_in_use;
use pawdium_shared::queue::JobError;

use crate::env::Env;

/// Removes a photo's pictures and its upload, unless another photo has them too.
pub async fn remove_files(job: RemoveFiles, env: &Env) -> Result<(), JobError> {
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
/// A connection is held meanwhile, and with it the lock that keeps others from naming the file.
pub(super) async fn remove_unnamed(env: &Env, key: &str) -> anyhow::Result<bool> {
    let mut tx = env.db.begin().await?;
    let unnamed = files::lock_unnamed(&mut tx, key).await?;
    if unnamed {
        env.store.delete_picture(&key.parse()?).await?;
    }
    tx.commit().await?;
    Ok(unnamed)
}

//! Deletes the files of expired drafts.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::imports;
use pawdium_shared::jobs::media::DiscardFiles;
use pawdium_shared::photos::queries::{list_unshown, original_in_use, unneeded_originals};

use super::remove_files::settle;
use crate::env::Env;

/// Deletes files that no photo refers to. The job waits while the store is down.
pub async fn discard_files(job: DiscardFiles, env: &Env, _: &Claim) -> Result<(), JobError> {
    discard(&job, env).await.map_err(JobError::away)
}

async fn discard(job: &DiscardFiles, env: &Env) -> anyhow::Result<()> {
    let (originals, pictures) = {
        let mut db = env.db.acquire().await?;
        let originals = unneeded_originals(&mut db, &job.originals).await?;
        (imports::queries::unneeded(&mut db, &originals).await?, list_unshown(&mut db, &job.pictures).await?)
    };
    for original in originals {
        let in_use = original_in_use(&mut *env.db.acquire().await?, &original).await?;
        if let Some(original) = original.parse().ok().filter(|_| !in_use) {
            env.store.delete_original(&original).await?;
        }
    }
    for picture in pictures {
        settle(env, &picture).await?;
    }
    Ok(())
}

//! Notifies the owner of a photo of a remix.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::notifications::TellOfRemix;
use pawdium_shared::photos::remixes;

use crate::env::Env;

/// Writes the notification, and completes the job with it.
pub async fn tell_of_remix(job: TellOfRemix, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    remixes::tell(&mut tx, job.photo).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(())
}

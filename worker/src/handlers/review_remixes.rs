//! Opens cases about remixes of a photo that moderators have taken away.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::jobs::moderation::ReviewRemixes;
use pawdium_shared::moderation::remixes;
use tracing::info;

use crate::env::Env;

/// Opens the cases, and completes the job with them.
pub async fn review_remixes(job: ReviewRemixes, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let cases = remixes::open_cases(&mut tx, job.photo).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    if cases > 0 {
        info!(photo = %job.photo, cases, "opened cases about remixes");
    }
    Ok(())
}

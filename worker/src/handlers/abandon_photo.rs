//! Photos whose job has ended without them.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::media::AbandonPhoto;
use pawdium_shared::photos::transitions;
use tracing::error;

use crate::env::Env;

/// What the owner reads when the fault is ours.
const UNPROCESSED: &str = "We couldn't process this photo; the fault is on our side. We still have the file and will try again \
                           when we have mended it. You can also submit it again.";

/// Fails the photo, unless its job was brought back meanwhile.
pub async fn abandon_photo(job: AbandonPhoto, env: &Env, _: &Claim) -> Result<(), JobError> {
    abandon(env, job.photo).await?;
    Ok(())
}

/// False: somebody works on it, or it isn't being processed.
pub(super) async fn abandon(env: &Env, photo: PhotoId) -> sqlx::Result<bool> {
    let mut tx = env.db.begin().await?;
    let failed = transitions::abandon(&mut tx, photo, UNPROCESSED).await?;
    tx.commit().await?;
    if failed {
        error!(%photo, "gave a photo up; retry its job when the cause is mended");
    }
    Ok(failed)
}

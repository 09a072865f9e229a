//! Fails photos, and new crops of live ones, whose job ended without a result.

use pawdium_queue::{Claim, JobError};
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::media::AbandonPhoto;
use pawdium_shared::photos::{crops, transitions};
use tracing::error;

use crate::env::Env;

/// The reason that the owner reads after an internal error.
const UNPROCESSED: &str = "Something broke on our side, so we couldn't process this photo. We still have the file and will try \
                           again once the problem is fixed. You can also submit it again.";

/// Fails the photo, unless its job was retried meanwhile.
pub async fn abandon_photo(job: AbandonPhoto, env: &Env, _: &Claim) -> Result<(), JobError> {
    abandon(env, job.photo).await?;
    Ok(())
}

/// The reason that the owner of a live photo reads after an internal error.
const UNCROPPED: &str = "Something broke on our side, so we couldn't make the new crop. Choose it again.";

/// Returns false if the photo has a job, or is neither processing nor waiting for a crop.
pub(super) async fn abandon(env: &Env, photo: PhotoId) -> sqlx::Result<bool> {
    let mut tx = env.db.begin().await?;
    let failed = transitions::abandon(&mut tx, photo, UNPROCESSED).await?
        || crops::abandon(&mut tx, photo, UNCROPPED).await?;
    tx.commit().await?;
    if failed {
        error!(%photo, "gave up a photo's picture after an internal error; retry its job once the cause is fixed");
    }
    Ok(failed)
}

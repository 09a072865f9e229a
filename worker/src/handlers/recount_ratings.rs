//! Checking the histograms against the raw ratings, and starting a new epoch.

use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::RecountRatings;
use pawdium_shared::queue::{Claim, JobError};
use pawdium_shared::ranking::refresh;
use pawdium_shared::ratings::queries;
use tracing::{error, info};

use crate::env::Env;

/// Photos that one transaction recounts; nobody can rate them meanwhile.
const PHOTOS: i64 = 200;

/// Recounts all photos, batch by batch. A drift is mended and logged as an error: some path forgot a histogram.
pub async fn recount_ratings(job: RecountRatings, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut after = PhotoId(0);
    loop {
        let mut tx = env.db.begin().await?;
        let recounted = queries::recount(&mut tx, after, PHOTOS).await?;
        tx.commit().await?;
        for drift in recounted.drifted {
            error!(photo = %drift.photo, was = ?drift.was, is = ?drift.is, "a histogram had drifted");
        }
        match recounted.last {
            Some(last) => after = last,
            None => break,
        }
    }
    let mut tx = env.db.begin().await?;
    let started = refresh::start_epoch(&mut tx).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    if started {
        info!("started a ranking epoch");
    }
    Ok(())
}

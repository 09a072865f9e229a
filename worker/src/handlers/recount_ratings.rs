//! Checks the histograms against the raw ratings: one job per range of photos, and then a new epoch.

use pawdium_queue::groups::fan_out;
use pawdium_queue::{Claim, JobError};
use pawdium_shared::events::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::{RecountPart, RecountRatings, StartEpoch};
use pawdium_shared::ranking::{refresh, weighing};
use pawdium_shared::ratings::queries;
use tracing::{error, info};

use crate::env::Env;

/// The number of photos per part.
const PART: i64 = 2000;

/// The number of photos per transaction. They can't be rated meanwhile.
const PHOTOS: i64 = 200;

/// Splits the photos into parts, so that several workers recount them, a failure repeats only one part, and urgent jobs
/// run in between. Photos submitted later need no recount yet.
pub async fn recount_ratings(job: RecountRatings, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let ranges = queries::list_ranges(&mut tx, PART).await?;
    let parts: Vec<_> = ranges.into_iter().map(|(first, last)| RecountPart { first, last }).collect();
    fan_out(&mut tx, &parts, &StartEpoch {}).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    info!(parts = parts.len(), "enqueued the recount of all ratings");
    Ok(())
}

/// Recounts and weighs one part in batches. The weight of anonymous raters' ratings grows even if their photos are not
/// rated again. Drift is corrected and logged as an error, because it means that some code forgot a histogram.
pub async fn recount_part(job: RecountPart, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut first = job.first;
    loop {
        let mut tx = env.db.begin().await?;
        let recounted = queries::recount(&mut tx, first, job.last, PHOTOS).await?;
        let corrected = recounted.drifted.iter().map(|drift| Event::PhotoRated { photo: drift.photo });
        Event::record_all(&mut tx, corrected.collect()).await?;
        tx.commit().await?;
        for drift in recounted.drifted {
            error!(photo = %drift.photo, was = ?drift.was, is = ?drift.is, "a histogram had drifted");
        }
        match recounted.last {
            Some(last) => {
                weigh(env, first, last).await?;
                first.0 = last.0 + 1;
            }
            None => return Ok(()),
        }
    }
}

async fn weigh(env: &Env, first: PhotoId, last: PhotoId) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let photos = weighing::list_rated(&mut tx, first, last).await?;
    weighing::weigh_photos(&mut tx, &photos).await?;
    tx.commit().await?;
    Ok(())
}

/// Starts a new epoch, even if a part is dead: its photos keep their histograms.
pub async fn start_epoch(job: StartEpoch, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let started = refresh::start_epoch(&mut tx).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    if started {
        info!("started a ranking epoch");
    }
    Ok(())
}

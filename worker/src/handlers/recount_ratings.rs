//! Checking the histograms against the raw ratings: a fan-out over ranges of photos, and a new epoch in the end.

use pawdium_queue::groups::fan_out;
use pawdium_queue::{Claim, JobError};
use pawdium_shared::events::Event;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::{RecountPart, RecountRatings, StartEpoch};
use pawdium_shared::ranking::{refresh, weighing};
use pawdium_shared::ratings::queries;
use tracing::{error, info};

use crate::env::Env;

/// Photos of one part.
const PART: i64 = 2000;

/// Photos that one transaction recounts; nobody can rate them meanwhile.
const PHOTOS: i64 = 200;

/// Shares the photos out, so that several workers recount them, a failure costs one part, and what is more urgent comes in
/// between. A photo that comes later needs no recount yet.
pub async fn recount_ratings(job: RecountRatings, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let ranges = queries::list_ranges(&mut tx, PART).await?;
    let parts: Vec<_> = ranges.into_iter().map(|(first, last)| RecountPart { first, last }).collect();
    fan_out(&mut tx, &parts, &StartEpoch {}).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    info!(parts = parts.len(), "shared out the recount of all ratings");
    Ok(())
}

/// Recounts and weighs a part, batch by batch: what anonymous raters' ratings weigh grows without the photos' being rated. A drift is mended and logged as an error: some path forgot a histogram.
pub async fn recount_part(job: RecountPart, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut first = job.first;
    loop {
        let mut tx = env.db.begin().await?;
        let recounted = queries::recount(&mut tx, first, job.last, PHOTOS).await?;
        let mended = recounted.drifted.iter().map(|drift| Event::PhotoRated { photo: drift.photo });
        Event::record_all(&mut tx, mended.collect()).await?;
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

/// Starts a new epoch, also when a part is dead: its photos keep the histograms that they had.
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

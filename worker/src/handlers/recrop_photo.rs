//! Makes the new crop of a live photo, which shows its picture until then.

use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::jobs::media::{ProcessPhoto, RemoveFiles};
use pawdium_shared::moderation::blocked;
use pawdium_shared::photos::crops::{self, Finished, Pending};
use pawdium_shared::photos::{Likeness, Picture, likeness, pictures};
use tokio::sync::mpsc;
use tracing::info;

use super::process_photo::{
    Trouble, keep_out_blocked, look_again, name, open_picture, refuse_blocked, render, store,
};
use crate::env::Env;

/// What the owner reads if there is nothing to crop.
const NO_SOURCE: &str = "The picture that this photo was made from is gone, so it can't be cropped again.";

/// Makes the crop that the photo is to have, if there is one.
pub(super) async fn recrop(job: &ProcessPhoto, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let photo = job.photo;
    let Some(pending) = crops::find(&mut *env.db.acquire().await?, photo).await? else { return Ok(()) };
    match make(job, &pending, env, claim).await {
        Ok(()) => {
            info!(%photo, crop = %pending.crop, "cropped photo");
            Ok(())
        }
        Err(Trouble::Refused(reason)) => refuse(job, &reason, env, claim).await,
        Err(Trouble::Blocked(_)) => refuse(job, blocked::REFUSAL, env, claim).await,
        Err(Trouble::Internal(error)) => Err(JobError::away(error)),
    }
}

async fn refuse(job: &ProcessPhoto, reason: &str, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    crops::refuse(&mut tx, job.photo, reason).await?;
    claim.complete(&mut tx, job).await?;
    tx.commit().await?;
    info!(photo = %job.photo, reason, "refused a crop");
    Ok(())
}

async fn make(job: &ProcessPhoto, pending: &Pending, env: &Env, claim: &Claim) -> Result<(), Trouble> {
    let (source, hash) = {
        let mut db = env.db.acquire().await?;
        (pictures::find_source(&mut db, job.photo).await?, likeness::find_hash(&mut db, job.photo).await?)
    };
    let source = source.ok_or_else(|| Trouble::Refused(NO_SOURCE.to_owned()))?;
    let file = open_picture(&source.key.parse()?, env).await?;
    // A live photo has no timeline to record.
    let (tell, _) = mpsc::unbounded_channel();
    let rendered = render(job.owner, file, Some(pending.crop), env, tell).await?;
    let likeness = Likeness { hash, fingerprint: rendered.fingerprint };
    refuse_blocked(likeness, env).await?;

    let files = name(&rendered)?;
    let (placeholder, fingerprint) = (&rendered.placeholder, rendered.fingerprint);
    let mut tx = env.db.begin().await?;
    let named = crops::name(&mut tx, job.photo, pending, &files, placeholder, fingerprint).await?;
    tx.commit().await?;
    if named {
        store(&rendered, env).await?;
    }
    let shown = conclude(job, pending, &files, likeness, env, claim).await?;
    if shown {
        look_again(job.photo, &rendered, env).await;
    }
    Ok(())
}

/// Shows the crop, or makes room for what the owner wants instead. Returns whether the photo shows it.
async fn conclude(
    job: &ProcessPhoto,
    pending: &Pending,
    files: &[(u16, Picture)],
    likeness: Likeness,
    env: &Env,
    claim: &Claim,
) -> Result<bool, Trouble> {
    let mut tx = env.db.begin().await?;
    let finished = crops::finish(&mut tx, job.photo, pending).await?;
    if finished == Finished::Gone {
        let pictures = files.iter().map(|(_, picture)| picture.key.clone()).collect();
        RemoveFiles { photo: job.photo, pictures, original: None }.enqueue(&mut tx).await?;
    }
    claim.complete(&mut tx, job).await?;
    match finished {
        Finished::Shown => keep_out_blocked(&mut tx, likeness).await?,
        Finished::Outdated => {
            ProcessPhoto { photo: job.photo, owner: job.owner }.enqueue(&mut tx).await?;
        }
        Finished::Gone => {}
    }
    tx.commit().await?;
    Ok(finished == Finished::Shown)
}

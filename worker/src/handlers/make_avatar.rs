//! Makes a member's portrait of an upload.

use std::fs::File;
use std::io::{self, Seek as _};

use pawdium_media::{MediaError, probe_file};
use pawdium_queue::{Claim, JobError};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::media::MakeAvatar;
use pawdium_shared::moderation::blocked;
use pawdium_shared::photos::{Likeness, avatars};
use pawdium_shared::store::{MediaKey, OriginalKey};
use tokio::sync::mpsc;
use tracing::info;

use super::process_photo::{Trouble, keep_out_blocked, refuse_blocked, render};
use crate::env::Env;

/// The reason that the member reads when the file is missing.
const LOST: &str = "We lost the picture, sorry. Please send it again.";

/// Shows the upload as the member's portrait, or says why it can't be. Ignores a member without an upload.
pub async fn make_avatar(job: MakeAvatar, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let Some(source) = avatars::find_source(&mut *env.db.acquire().await?, job.user).await? else {
        return Ok(());
    };
    let reason = match make(&job, &source, env, claim).await {
        Ok(()) => return Ok(()),
        Err(Trouble::Refused(reason)) => reason,
        Err(Trouble::Blocked(_)) => blocked::REFUSAL.to_owned(),
        Err(Trouble::Internal(error)) => return Err(JobError::away(error)),
    };
    let mut tx = env.db.begin().await?;
    avatars::refuse(&mut tx, job.user, &source, &reason).await?;
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    info!(user = %job.user, reason, "refused a portrait");
    Ok(())
}

async fn make(job: &MakeAvatar, source: &str, env: &Env, claim: &Claim) -> Result<(), Trouble> {
    let (jpeg, likeness) = draw(job.user, &source.parse()?, env).await?;
    let key = MediaKey::of(&jpeg).to_string();
    let mut tx = env.db.begin().await?;
    let claimed = avatars::claim(&mut tx, job.user, source, &key).await?;
    tx.commit().await?;
    if claimed {
        env.store.put_picture(jpeg).await?;
    }
    let mut tx = env.db.begin().await?;
    let shown = avatars::finish(&mut tx, job.user, source, &key).await?;
    claim.complete(&mut tx, job).await?;
    if shown {
        keep_out_blocked(&mut tx, likeness).await?;
    }
    tx.commit().await?;
    if shown {
        info!(user = %job.user, "made a portrait");
    }
    Ok(())
}

/// Renders the square in the middle of an upload.
async fn draw(user: UserId, source: &OriginalKey, env: &Env) -> Result<(bytes::Bytes, Likeness), Trouble> {
    let Some(mut file) = env.store.open_original(source).await? else {
        return Err(Trouble::Refused(LOST.to_owned()));
    };
    match probe_file(file.try_clone()?, env.limits.clone()).await {
        Ok(_) => {}
        Err(MediaError::Refused(refusal)) => return Err(Trouble::Refused(refusal.to_string())),
        Err(MediaError::Io(error)) => return Err(error.into()),
    }
    file.rewind()?;
    let hash = Some(hash_of(file.try_clone()?).await?);
    refuse_blocked(Likeness { hash, fingerprint: None }, env).await?;
    file.rewind()?;
    // Nobody watches the steps.
    let (tell, _) = mpsc::unbounded_channel();
    let rendered = render(Some(user), file, None, env, tell).await?;
    let likeness = Likeness { hash, fingerprint: rendered.fingerprint };
    refuse_blocked(likeness, env).await?;
    let small = rendered.pictures.into_iter().find(|picture| picture.edge == avatars::EDGE);
    let small =
        small.ok_or_else(|| anyhow::anyhow!("the decoder made no picture of {} pixels", avatars::EDGE))?;
    Ok((small.jpeg, likeness))
}

/// BLAKE3 of an upload, which identifies a picture that has too few features for a fingerprint.
async fn hash_of(file: File) -> anyhow::Result<[u8; 32]> {
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        io::Result::Ok(*hasher.finalize().as_bytes())
    });
    Ok(hashed.await??)
}

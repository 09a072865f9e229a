//! Turns an original into three pictures and makes its photo live.

use std::fs::File;
use std::io::{self, Seek as _};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use pawdium_media::{Crop, Fingerprint, MediaError, Owner, RenderError, Rendered, Stage, probe_file};
use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::db::Tx;
use pawdium_shared::events::Event;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::media::{ProcessPhoto, RemoveFiles};
use pawdium_shared::moderation::blocked;
use pawdium_shared::photos::queries::original_in_use;
use pawdium_shared::photos::steps::{self, Step};
use pawdium_shared::photos::transitions::KeepOriginal;
use pawdium_shared::photos::{Likeness, Picture, files, likeness, pictures, transitions};
use pawdium_shared::store::{MediaKey, OriginalKey};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tracing::{error, info, warn};

use super::recrop_photo::recrop;
use crate::env::Env;

/// Timeout for reading the original, and for storing the pictures. A silent store must not use up the job's time.
const STORAGE: Duration = Duration::from_secs(40);

/// The reason that the owner reads when the file is missing.
const LOST: &str = "We lost the original, sorry. Please submit the photo again.";

/// A step and its duration in milliseconds.
pub(super) type Done = (Step, Option<i32>);

/// Why a photo could not be processed.
pub(super) enum Trouble {
    /// The original is unusable. The text tells its owner why.
    Refused(String),
    /// The picture is blocked by this entry.
    Blocked(i64),
    /// The store, the database or the decoder is unavailable. The job waits for it.
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

/// What a picture is made from.
enum Source {
    /// An upload.
    Original(OriginalKey),
    /// The picture that a remix has from its parent.
    Picture(MediaKey),
}

/// The pictures of a photo that is about to go live.
struct Made {
    files: Vec<(u16, Picture)>,
    placeholder: String,
    fingerprint: Option<Fingerprint>,
    /// Their contents, unless they are stored already.
    rendered: Option<Rendered>,
}

/// Makes a photo live, or fails it with a reason for its owner. Makes the new crop of a live photo. Ignores a photo
/// that is gone, or live without a new crop. If it failed because of an internal error and its job was retried,
/// processes it again.
///
/// If the job ends with neither result, [`abandon_photo`](super::abandon_photo()) fails the photo.
pub async fn process_photo(job: ProcessPhoto, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let photo = job.photo;
    let started = Instant::now();
    let Some(original) = begin(env, photo).await? else { return recrop(&job, env, claim).await };
    let source = if original.is_picture {
        Source::Picture(original.key.parse().map_err(JobError::give_up)?)
    } else {
        Source::Original(original.key.parse().map_err(JobError::give_up)?)
    };
    match publish(&job, &source, original.crop, env, claim).await {
        Ok(()) => info!(%photo, ms = ms(started), "processed photo"),
        Err(Trouble::Refused(reason)) => {
            let mut tx = env.db.begin().await?;
            transitions::fail(&mut tx, photo, &reason, KeepOriginal::No).await?;
            claim.complete(&mut tx, &job).await?;
            tx.commit().await?;
            info!(%photo, reason, "refused photo");
        }
        Err(Trouble::Blocked(entry)) => {
            let mut tx = env.db.begin().await?;
            if transitions::fail(&mut tx, photo, blocked::REFUSAL, KeepOriginal::No).await? {
                blocked::count_refusal(&mut tx, entry).await?;
            }
            claim.complete(&mut tx, &job).await?;
            tx.commit().await?;
            info!(%photo, entry, "refused a blocked picture");
        }
        Err(Trouble::Internal(error)) => return Err(JobError::away(error)),
    }
    if let Source::Original(key) = &source {
        discard(env, key).await;
    }
    Ok(())
}

/// Finds the original to process; `None` if there is nothing to do.
async fn begin(env: &Env, photo: PhotoId) -> Result<Option<transitions::Original>, JobError> {
    let mut tx = env.db.begin().await?;
    if transitions::retry(&mut tx, photo).await? {
        info!(%photo, "processing a failed photo again");
    }
    let original = transitions::find_original(&mut tx, photo).await?;
    if original.is_none() && transitions::has_failed(&mut tx, photo).await? {
        return Err(JobError::give_up(anyhow::anyhow!("the photo has failed and its original is gone")));
    }
    tx.commit().await?;
    Ok(original)
}

/// Makes and stores the pictures, and makes the photo live. Records each step for the photo's page. Uses a database
/// connection only while it records.
async fn publish(
    job: &ProcessPhoto,
    source: &Source,
    crop: Option<Crop>,
    env: &Env,
    claim: &Claim,
) -> Result<(), Trouble> {
    let hash = likeness::find_hash(&mut *env.db.acquire().await?, job.photo).await?;
    refuse_blocked(Likeness { hash, fingerprint: None }, env).await?;
    let made = make(job, source, crop, env).await?;
    let likeness = Likeness { hash, fingerprint: made.fingerprint };
    refuse_blocked(likeness, env).await?;

    let started = Instant::now();
    let mut tx = env.db.begin().await?;
    let named = files::name(&mut tx, job.photo, &made.files).await?;
    tx.commit().await?;
    if named {
        if let Some(rendered) = &made.rendered {
            store(rendered, env).await?;
        }
        record(env, job.photo, &[(Step::Stored, ms(started))]).await?;
    }

    let mut tx = env.db.begin().await?;
    let Made { files, placeholder, fingerprint, .. } = &made;
    let live = transitions::go_live(&mut tx, job.photo, files, placeholder, *fingerprint).await?;
    if !live && named {
        // The photo was hidden or deleted, and the job for its files may have run before they were stored.
        let pictures = files.iter().map(|(_, picture)| picture.key.clone()).collect();
        RemoveFiles { photo: job.photo, pictures, original: None }.enqueue(&mut tx).await?;
    }
    claim.complete(&mut tx, job).await?;
    if live {
        keep_out_blocked(&mut tx, likeness).await?;
    }
    tx.commit().await?;
    if live {
        if let Some(rendered) = &made.rendered {
            look_again(job.photo, rendered, env).await;
        }
        if let Ok(mut db) = env.db.acquire().await {
            let _ = tokio::time::timeout(STORAGE, env.keeper.note(&mut db, &env.store)).await;
        }
    }
    Ok(())
}

/// Refuses a picture that may have been blocked meanwhile. From here to the commit it can't be.
pub(super) async fn keep_out_blocked(db: &mut Tx, likeness: Likeness) -> Result<(), Trouble> {
    blocked::prevent_blocking(db).await?;
    match blocked::find(db, likeness).await? {
        Some(entry) => Err(Trouble::Blocked(entry)),
        None => Ok(()),
    }
}

/// Makes the pictures, or takes those of the parent for a remix that shows all of them.
async fn make(job: &ProcessPhoto, source: &Source, crop: Option<Crop>, env: &Env) -> Result<Made, Trouble> {
    let started = Instant::now();
    let file = match source {
        Source::Original(key) => open(key, env).await?,
        Source::Picture(_) if crop.is_none() => {
            let found = pictures::find_first(&mut *env.db.acquire().await?, job.photo).await?;
            let kept = found.ok_or_else(|| Trouble::Refused(LOST.to_owned()))?;
            // That was done for its parent.
            let done = [Step::Checked, Step::Decoded, Step::Cropped].map(|step| (step, None));
            record(env, job.photo, &done).await?;
            return Ok(Made {
                files: kept.files,
                placeholder: kept.placeholder,
                fingerprint: kept.fingerprint,
                rendered: None,
            });
        }
        Source::Picture(key) => open_picture(key, env).await?,
    };
    record(env, job.photo, &[(Step::Checked, ms(started))]).await?;
    let (tell, told) = mpsc::unbounded_channel();
    let rendering = render(job.owner, file, crop, env, tell);
    let (rendered, recorded) = tokio::join!(rendering, record_reached(env, job.photo, told));
    let rendered = rendered?;
    recorded?;
    Ok(Made {
        files: name(&rendered)?,
        placeholder: rendered.placeholder.clone(),
        fingerprint: rendered.fingerprint,
        rendered: Some(rendered),
    })
}

/// Restores pictures of a live photo that a late request deleted. A store may carry out a deletion after the process
/// that requested it has timed out or died.
pub(super) async fn look_again(photo: PhotoId, rendered: &Rendered, env: &Env) {
    let looked = async {
        for picture in &rendered.pictures {
            if env.store.find_picture(&MediaKey::of(&picture.jpeg)).await?.is_none() {
                warn!(%photo, edge = picture.edge, "a picture was deleted while its photo went live; storing it again");
                env.store.put_picture(picture.jpeg.clone()).await?;
            }
        }
        io::Result::Ok(())
    };
    if let Err(error) = in_time(looked).await {
        warn!(%photo, %error, "couldn't check that all pictures are stored");
    }
}

/// Limits the time for an answer of the store.
async fn in_time<T>(asked: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late =
        || io::Error::new(io::ErrorKind::TimedOut, format!("the media store took longer than {STORAGE:?}"));
    tokio::time::timeout(STORAGE, asked).await.unwrap_or_else(|_| Err(late()))
}

/// Opens the original and checks its header.
async fn open(key: &OriginalKey, env: &Env) -> Result<File, Trouble> {
    let Some(mut file) = in_time(env.store.open_original(key)).await? else {
        error!(%key, "the original is missing");
        return Err(Trouble::Refused(LOST.to_owned()));
    };
    match probe_file(file.try_clone()?, env.limits.clone()).await {
        Ok(_) => {}
        Err(MediaError::Refused(refusal)) => return Err(Trouble::Refused(refusal.to_string())),
        Err(MediaError::Io(error)) => return Err(error.into()),
    }
    file.rewind()?;
    Ok(file)
}

/// Opens a published picture.
pub(super) async fn open_picture(key: &MediaKey, env: &Env) -> Result<File, Trouble> {
    let opened = in_time(env.store.open_picture(key)).await?;
    opened.ok_or_else(|| {
        error!(%key, "a picture is missing");
        Trouble::Refused(LOST.to_owned())
    })
}

/// Renders the pictures and sends each completed stage to `tell`.
pub(super) async fn render(
    owner: Option<UserId>,
    file: File,
    crop: Option<Crop>,
    env: &Env,
    tell: UnboundedSender<Done>,
) -> Result<Rendered, Trouble> {
    let reached = move |stage, ms: u32| {
        let step = match stage {
            Stage::Decoded => Step::Decoded,
            Stage::Cropped => Step::Cropped,
        };
        // The receiver is gone if recording failed, and the other future returns that error.
        let _ = tell.send((step, ms.try_into().ok()));
    };
    env.decoder.render_and_tell(owner.map(|owner| Owner(owner.0)), file, crop, reached).await.map_err(
        |error| {
            if let RenderError::Died { cause } = &error {
                warn!(cause, "a picture crashed its decoder");
            }
            if error.is_final() {
                Trouble::Refused(error.to_string())
            } else {
                Trouble::Internal(error.into())
            }
        },
    )
}

pub(super) async fn refuse_blocked(likeness: Likeness, env: &Env) -> Result<(), Trouble> {
    match blocked::find(&mut *env.db.acquire().await?, likeness).await? {
        Some(entry) => Err(Trouble::Blocked(entry)),
        None => Ok(()),
    }
}

pub(super) async fn store(rendered: &Rendered, env: &Env) -> Result<(), Trouble> {
    let stored = async {
        for picture in &rendered.pictures {
            env.store.put_picture(picture.jpeg.clone()).await?;
        }
        Ok(())
    };
    in_time(stored).await.context("storing the pictures")?;
    Ok(())
}

/// Returns the files with the names of their content.
pub(super) fn name(rendered: &Rendered) -> Result<Vec<(u16, Picture)>, Trouble> {
    let mut pictures = Vec::with_capacity(rendered.pictures.len());
    for picture in &rendered.pictures {
        let stored = Picture {
            key: MediaKey::of(&picture.jpeg).to_string(),
            width: picture.width,
            height: picture.height,
            bytes: u32::try_from(picture.jpeg.len())?,
        };
        pictures.push((u16::try_from(picture.edge)?, stored));
    }
    Ok(pictures)
}

/// Records stages until the sender is gone. Stages that arrive during a write are recorded together.
async fn record_reached(env: &Env, photo: PhotoId, mut told: UnboundedReceiver<Done>) -> Result<(), Trouble> {
    let mut done = Vec::new();
    while told.recv_many(&mut done, usize::MAX).await > 0 {
        record(env, photo, &done).await?;
        done.clear();
    }
    Ok(())
}

/// Records steps and notifies the photo's page, in one small transaction.
async fn record(env: &Env, photo: PhotoId, done: &[Done]) -> sqlx::Result<()> {
    let mut tx = env.db.begin().await?;
    for (step, ms) in done {
        steps::record(&mut tx, photo, *step, *ms).await?;
    }
    Event::PhotoProgressed { photo }.record(&mut tx).await?;
    tx.commit().await
}

/// Deletes the original unless another photo needs it. If that fails, the purge will.
async fn discard(env: &Env, key: &OriginalKey) {
    let deleted = async {
        if !original_in_use(&mut *env.db.acquire().await?, key.as_str()).await? {
            env.store.delete_original(key).await?;
        }
        anyhow::Ok(())
    };
    if let Err(error) = deleted.await {
        warn!(%key, error = format!("{error:#}"), "couldn't delete an original; the purge will");
    }
}

fn ms(since: Instant) -> Option<i32> {
    i32::try_from(since.elapsed().as_millis()).ok()
}

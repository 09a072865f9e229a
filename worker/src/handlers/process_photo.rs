//! From an upload to three pictures in rotation.

use std::fs::File;
use std::io::{self, Seek as _};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use pawdium_media::{Crop, MediaError, Owner, RenderError, Rendered, Stage, probe_file};
use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::events::Event;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::media::{ProcessPhoto, RemoveFiles};
use pawdium_shared::moderation::blocked;
use pawdium_shared::photos::queries::source_in_use;
use pawdium_shared::photos::steps::{self, Step};
use pawdium_shared::photos::transitions::Original;
use pawdium_shared::photos::{Likeness, Picture, files, likeness, transitions};
use pawdium_shared::store::{IncomingKey, MediaKey};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tracing::{error, info, warn};

use crate::env::Env;

/// How long the store may take to hand out an upload, or to take its pictures. One that falls silent is away, and must not
/// use up the job's time.
const STORAGE: Duration = Duration::from_secs(40);

/// A step, and the milliseconds that it took where they fit.
type Done = (Step, Option<i32>);

/// Why there are no pictures.
enum Trouble {
    /// The upload's fault; the text is for its owner.
    Refused(String),
    /// Its picture was taken down before; which entry of the list says so.
    Blocked(i64),
    /// Ours: the store, the database or the decoder is away. It waits for them.
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

/// Makes a photo live, or fails it with what its owner can do. A photo that is gone or live already is left alone; one that
/// has failed by our fault, and whose job was brought back, is tried again.
///
/// If the job ends without either, [`abandon_photo`](super::abandon_photo()) fails the photo.
pub async fn process_photo(job: ProcessPhoto, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let photo = job.photo;
    let started = Instant::now();
    let Some(source) = take_up(env, photo).await? else { return Ok(()) };
    let upload: IncomingKey = source.key.parse().map_err(JobError::give_up)?;
    match publish(&job, &upload, source.crop, env, claim).await {
        Ok(()) => info!(%photo, ms = ms(started), "processed photo"),
        Err(Trouble::Refused(reason)) => {
            let mut tx = env.db.begin().await?;
            transitions::fail(&mut tx, photo, &reason, Original::Dropped).await?;
            claim.complete(&mut tx, &job).await?;
            tx.commit().await?;
            info!(%photo, reason, "refused photo");
        }
        Err(Trouble::Blocked(entry)) => {
            let mut tx = env.db.begin().await?;
            if transitions::fail(&mut tx, photo, blocked::REFUSAL, Original::Dropped).await? {
                blocked::count_refusal(&mut tx, entry).await?;
            }
            claim.complete(&mut tx, &job).await?;
            tx.commit().await?;
            info!(%photo, entry, "refused a picture that was taken down before");
        }
        Err(Trouble::Internal(error)) => return Err(JobError::away(error)),
    }
    discard(env, &upload).await;
    Ok(())
}

/// What is to be processed; none where nothing is.
async fn take_up(env: &Env, photo: PhotoId) -> Result<Option<transitions::Source>, JobError> {
    let mut tx = env.db.begin().await?;
    if transitions::take_up(&mut tx, photo).await? {
        info!(%photo, "taking a failed photo up again");
    }
    let source = transitions::find_source(&mut tx, photo).await?;
    if source.is_none() && transitions::has_failed(&mut tx, photo).await? {
        return Err(JobError::give_up(anyhow::anyhow!("the photo has failed and its original is gone")));
    }
    tx.commit().await?;
    Ok(source)
}

/// Renders and stores the pictures, and puts the photo in rotation. Steps are recorded on the way, so that the photo's
/// page moves; a connection is held only while one is written.
async fn publish(
    job: &ProcessPhoto,
    upload: &IncomingKey,
    crop: Option<Crop>,
    env: &Env,
    claim: &Claim,
) -> Result<(), Trouble> {
    let started = Instant::now();
    let source = likeness::source_of(&mut *env.db.acquire().await?, job.photo).await?;
    refuse_blocked(Likeness { source, fingerprint: None }, env).await?;
    let file = open(upload, env).await?;
    record(env, job.photo, &[(Step::Checked, ms(started))]).await?;

    let (tell, told) = mpsc::unbounded_channel();
    let rendering = render(job.owner, file, crop, env, tell);
    let (rendered, recorded) = tokio::join!(rendering, record_reached(env, job.photo, told));
    let rendered = rendered?;
    recorded?;

    let likeness = Likeness { source, fingerprint: rendered.fingerprint };
    refuse_blocked(likeness, env).await?;

    let started = Instant::now();
    let pictures = name(&rendered)?;
    let mut tx = env.db.begin().await?;
    let named = files::name(&mut tx, job.photo, &pictures).await?;
    tx.commit().await?;
    if named {
        store(&rendered, env).await?;
        record(env, job.photo, &[(Step::Stored, ms(started))]).await?;
    }

    let mut tx = env.db.begin().await?;
    let (placeholder, fingerprint) = (&rendered.placeholder, rendered.fingerprint);
    let live = transitions::go_live(&mut tx, job.photo, &pictures, placeholder, fingerprint).await?;
    if !live && named {
        // It was taken down, and what removes its files may have looked for them before they were stored.
        let pictures = pictures.into_iter().map(|(_, picture)| picture.key).collect();
        RemoveFiles { photo: job.photo, pictures, upload: None }.enqueue(&mut tx).await?;
    }
    claim.complete(&mut tx, job).await?;
    if live {
        // Meanwhile it may have been blocked, and from here to the commit it can't be.
        blocked::hold(&mut tx).await?;
        if let Some(entry) = blocked::find(&mut tx, likeness).await? {
            return Err(Trouble::Blocked(entry));
        }
    }
    tx.commit().await?;
    if live {
        look_again(job.photo, &rendered, env).await;
        if let Ok(mut db) = env.db.acquire().await {
            let _ = tokio::time::timeout(STORAGE, env.keeper.note(&mut db, &env.store)).await;
        }
    }
    Ok(())
}

/// Restores pictures of a live photo that a late removal deleted. A store may carry out a removal after the process that
/// asked for it has stopped waiting, or has died.
async fn look_again(photo: PhotoId, rendered: &Rendered, env: &Env) {
    let looked = async {
        for picture in &rendered.pictures {
            if env.store.find_picture(&MediaKey::of(&picture.jpeg)).await?.is_none() {
                warn!(%photo, edge = picture.edge, "a picture was removed while it went live; storing it again");
                env.store.put_picture(picture.jpeg.clone()).await?;
            }
        }
        io::Result::Ok(())
    };
    if let Err(error) = in_time(looked).await {
        warn!(%photo, %error, "couldn't look whether all pictures are there");
    }
}

/// The store's answer, within its time.
async fn in_time<T>(asked: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late =
        || io::Error::new(io::ErrorKind::TimedOut, format!("the media store took longer than {STORAGE:?}"));
    tokio::time::timeout(STORAGE, asked).await.unwrap_or_else(|_| Err(late()))
}

/// Opens the upload and checks its headers.
async fn open(upload: &IncomingKey, env: &Env) -> Result<File, Trouble> {
    let Some(mut file) = in_time(env.store.open_incoming(upload)).await? else {
        error!(%upload, "an upload is missing");
        return Err(Trouble::Refused(
            "We lost this upload, sorry. Please submit the photo again.".to_owned(),
        ));
    };
    match probe_file(file.try_clone()?, env.limits.clone()).await {
        Ok(_) => {}
        Err(MediaError::Refused(refusal)) => return Err(Trouble::Refused(refusal.to_string())),
        Err(MediaError::Io(error)) => return Err(error.into()),
    }
    file.rewind()?;
    Ok(file)
}

/// Has the squares made, and tells of what is done until then.
async fn render(
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
        // Nobody listens any more where it couldn't be recorded, of which the other half tells.
        let _ = tell.send((step, ms.try_into().ok()));
    };
    env.decoder.render_and_tell(owner.map(|owner| Owner(owner.0)), file, crop, reached).await.map_err(
        |error| {
            if let RenderError::Died { cause } = &error {
                warn!(cause, "a picture brought its decoder down");
            }
            if error.is_final() {
                Trouble::Refused(error.to_string())
            } else {
                Trouble::Internal(error.into())
            }
        },
    )
}

async fn refuse_blocked(likeness: Likeness, env: &Env) -> Result<(), Trouble> {
    match blocked::find(&mut *env.db.acquire().await?, likeness).await? {
        Some(entry) => Err(Trouble::Blocked(entry)),
        None => Ok(()),
    }
}

async fn store(rendered: &Rendered, env: &Env) -> Result<(), Trouble> {
    let stored = async {
        for picture in &rendered.pictures {
            env.store.put_picture(picture.jpeg.clone()).await?;
        }
        Ok(())
    };
    in_time(stored).await.context("storing the pictures")?;
    Ok(())
}

/// The files to be, under the names that their content gives them.
fn name(rendered: &Rendered) -> Result<Vec<(u16, Picture)>, Trouble> {
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

/// Records what is told until there will be no more. What is told while one step is written goes with the next.
async fn record_reached(env: &Env, photo: PhotoId, mut told: UnboundedReceiver<Done>) -> Result<(), Trouble> {
    let mut done = Vec::new();
    while told.recv_many(&mut done, usize::MAX).await > 0 {
        record(env, photo, &done).await?;
        done.clear();
    }
    Ok(())
}

/// Records steps and tells the photo's page, in one small transaction.
async fn record(env: &Env, photo: PhotoId, done: &[Done]) -> sqlx::Result<()> {
    let mut tx = env.db.begin().await?;
    for (step, ms) in done {
        steps::record(&mut tx, photo, *step, *ms).await?;
    }
    Event::PhotoProgressed { photo }.record(&mut tx).await?;
    tx.commit().await
}

/// Removes the upload unless another photo needs it. What can't be removed now is found by the purge.
async fn discard(env: &Env, upload: &IncomingKey) {
    let removed = async {
        if !source_in_use(&mut *env.db.acquire().await?, upload.as_str()).await? {
            env.store.delete_incoming(upload).await?;
        }
        anyhow::Ok(())
    };
    if let Err(error) = removed.await {
        warn!(%upload, error = format!("{error:#}"), "couldn't remove an upload; the purge will");
    }
}

fn ms(since: Instant) -> Option<i32> {
    i32::try_from(since.elapsed().as_millis()).ok()
}

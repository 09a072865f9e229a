//! Makes the draft of a picture that was taken out of an archive.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::time::Duration;

use pawdium_media::{MediaError, Owner, RenderError, Texts, probe_file};
use pawdium_queue::{Claim, JobError};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::ImportId;
use pawdium_shared::imports::About;
use pawdium_shared::imports::drafting::{self, Outcome, Taken};
use pawdium_shared::jobs::imports::ImportFile;
use pawdium_shared::moderation::blocked;
use pawdium_shared::photos::{Draft, Likeness};
use pawdium_shared::store::OriginalKey;
use tracing::{error, info, warn};

use crate::env::Env;

/// Timeout for reading the picture. A silent store must not use up the job's time.
const STORAGE: Duration = Duration::from_secs(40);

/// The reason that the owner reads when the picture is missing in the store.
const LOST: &str = "We lost this picture, sorry. Try again.";

/// What the owner reads while the job waits for something of ours.
const DELAYED: &str = "Something broke on our side. We try again by ourselves.";

/// Why there is no draft yet.
enum Trouble {
    /// There won't be one.
    Settled(Outcome),
    /// The store, the database or the decoder is unavailable. The job waits for it.
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

fn refuse(reason: String) -> Trouble {
    Trouble::Settled(Outcome::Refused { reason, may_retry: false })
}

/// Checks a picture as publishing will, by rendering it, and makes its draft. Ignores one that has an outcome, or whose
/// import was stopped.
///
/// If the job ends otherwise, [`settle_import`](super::settle_import()) fails the file.
pub async fn import_file(job: ImportFile, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let (import, number) = (job.import, job.number);
    let found = drafting::find(&mut *env.db.acquire().await?, import, number).await?;
    let Some(taken) = found else { return Ok(()) };
    let settled = match check(&taken, env).await {
        Ok((draft, bytes)) => {
            retry_conflicts(async || make_draft(&job, &draft, bytes, env, claim).await).await
        }
        Err(Trouble::Settled(outcome)) => {
            retry_conflicts(async || settle(&job, &outcome, env, claim).await).await
        }
        Err(Trouble::Internal(error)) => {
            note_delay(import, number, env).await;
            return Err(JobError::away(error));
        }
    };
    if let Some(outcome) = settled? {
        info!(%import, number, ?outcome, "imported a file");
    }
    Ok(())
}

async fn make_draft(
    job: &ImportFile,
    draft: &Draft,
    bytes: u64,
    env: &Env,
    claim: &Claim,
) -> anyhow::Result<Option<Outcome>> {
    let mut tx = env.db.begin().await?;
    let outcome = drafting::make_draft(&mut tx, (job.import, job.number), draft, bytes, env.quota).await?;
    claim.complete(&mut tx, job).await?;
    tx.commit().await?;
    Ok(outcome)
}

async fn settle(
    job: &ImportFile,
    outcome: &Outcome,
    env: &Env,
    claim: &Claim,
) -> anyhow::Result<Option<Outcome>> {
    let mut tx = env.db.begin().await?;
    let is_settled = drafting::settle(&mut tx, job.import, job.number, outcome).await?;
    claim.complete(&mut tx, job).await?;
    tx.commit().await?;
    Ok(is_settled.then(|| outcome.clone()))
}

/// Checks a picture, and returns its draft and its size in bytes.
async fn check(taken: &Taken, env: &Env) -> Result<(Draft, u64), Trouble> {
    let key: OriginalKey = taken.key.parse()?;
    let mut file = open(&key, env).await?;
    let probe = match probe_file(file.try_clone()?, env.limits.clone()).await {
        Ok(probe) => probe,
        Err(MediaError::Refused(refusal)) => return Err(refuse(refusal.to_string())),
        Err(MediaError::Io(error)) => return Err(error.into()),
    };
    file.rewind()?;
    let (texts, bytes) = read_texts(file.try_clone()?).await?;
    file.rewind()?;
    let mut about = taken.about.clone().or(texts);
    let (width, height) = probe.upright_size();
    // A square that doesn't fit is one of another file.
    about.crop = about.crop.filter(|crop| crop.check(width, height, &env.limits).is_ok());
    let hash = Some(taken.print);
    refuse_blocked(Likeness { hash, fingerprint: None }, env).await?;
    let rendered = env.decoder.render(Some(Owner(taken.owner.0)), file, about.crop).await;
    let rendered = rendered.map_err(|error| {
        if let RenderError::Died { cause } = &error {
            warn!(cause, "a picture of an import crashed its decoder");
        }
        if error.is_final() { refuse(error.to_string()) } else { error.into() }
    })?;
    refuse_blocked(Likeness { hash, fingerprint: rendered.fingerprint }, env).await?;
    Ok((about.draft(&taken.name, taken.species), bytes))
}

async fn open(key: &OriginalKey, env: &Env) -> Result<File, Trouble> {
    let opened = tokio::time::timeout(STORAGE, env.store.open_original(key)).await??;
    opened.ok_or_else(|| {
        error!(%key, "a picture of an import is missing");
        Trouble::Settled(Outcome::Failed(LOST.to_owned()))
    })
}

/// Reads the texts in a picture, and its size in bytes.
async fn read_texts(mut file: File) -> io::Result<(About, u64)> {
    let read = tokio::task::spawn_blocking(move || {
        let mut picture = Vec::new();
        file.read_to_end(&mut picture)?;
        let Texts { title, description, keywords } = Texts::of(&picture);
        let about = About { title, alt: description, tags: keywords, ..About::default() };
        io::Result::Ok((about, picture.len() as u64))
    });
    read.await.map_err(io::Error::other)?
}

async fn refuse_blocked(likeness: Likeness, env: &Env) -> Result<(), Trouble> {
    match blocked::find(&mut *env.db.acquire().await?, likeness).await? {
        Some(_) => Err(refuse(blocked::REFUSAL.to_owned())),
        None => Ok(()),
    }
}

/// Tells the owner that the file waits for something of ours, if the database can be reached.
async fn note_delay(import: ImportId, number: i32, env: &Env) {
    let noted = async {
        let mut tx = env.db.begin().await?;
        drafting::note_delay(&mut tx, import, number, DELAYED).await?;
        tx.commit().await
    };
    if let Err(error) = noted.await {
        warn!(%import, number, %error, "couldn't note that a file waits");
    }
}

//! Takes the pictures out of an archive.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pawdium_archive::{Archive, Error, Limits, Problem};
use pawdium_media::{Format, Refusal};
use pawdium_queue::{Claim, JobError};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{ImportId, UserId};
use pawdium_shared::imports::plan::{self, Listed, Planned};
use pawdium_shared::imports::takeout::{self, Sidecars};
use pawdium_shared::imports::unpacking::{self, StoredPicture, Unpacking, Unstored};
use pawdium_shared::imports::{drafting, manifest};
use pawdium_shared::jobs::imports::UnpackImport;
use pawdium_shared::photos::queries::{KeptOriginals, count_kept};
use tokio::sync::mpsc::{self, Receiver};
use tracing::{error, info};

use crate::env::Env;

/// Timeout for storing a picture.
const STORAGE: Duration = Duration::from_mins(1);

/// Why an archive is refused whose file is gone.
const LOST: &str = "We lost this archive, sorry. Please import it again.";

/// A file of the archive: its number, and its contents or what is wrong with it.
type Content = (u32, Result<Vec<u8>, Problem>);

/// Why unpacking has ended early.
enum Ended {
    /// The archive can't be used. The text tells its owner why.
    Refused(String),
    /// The import was stopped.
    Stopped,
    /// The store or the database is unavailable. The job waits for it.
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

/// Lists the files of an archive, stores each picture, and enqueues its job. What was noted before is not done again.
///
/// If the job ends otherwise, [`settle_import`](super::settle_import()) ends the import.
pub async fn unpack_import(job: UnpackImport, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let import = job.import;
    let started = Instant::now();
    let Some(found) = unpacking::find(&mut *env.db.acquire().await?, import).await? else { return Ok(()) };
    let ended = match unpack(import, &found, env).await {
        Err(Ended::Internal(error)) => return Err(JobError::away(error)),
        ended => ended,
    };
    let mut tx = env.db.begin().await?;
    match ended {
        Ok(pictures) => {
            unpacking::finish(&mut tx, import).await?;
            info!(%import, pictures, ms = started.elapsed().as_millis(), "unpacked an archive");
        }
        Err(Ended::Refused(reason)) => {
            unpacking::refuse(&mut tx, import, &reason, false).await?;
            info!(%import, reason, "refused an archive");
        }
        Err(Ended::Stopped | Ended::Internal(_)) => {}
    }
    claim.complete(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns how many pictures were stored.
async fn unpack(import: ImportId, found: &Unpacking, env: &Env) -> Result<usize, Ended> {
    let Some(key) = &found.source_key else { return Err(Ended::Refused(LOST.to_owned())) };
    let Some(file) = env.store.open_original(&key.parse()?).await? else {
        error!(%import, key, "an archive is missing");
        return Err(Ended::Refused(LOST.to_owned()));
    };
    let max = env.limits.max_bytes;
    let archive = blocking(move || open(file)).await?;
    if !found.is_listed {
        let listed = Arc::clone(&archive);
        let planned = blocking(move || plan_files(&listed, max)).await?;
        let mut tx = env.db.begin().await?;
        if !unpacking::list_files(&mut tx, import, &planned).await? {
            return Err(Ended::Stopped);
        }
        tx.commit().await?;
    }
    let waiting = unpacking::list_waiting(&mut *env.db.acquire().await?, import).await?;
    let wanted: BTreeSet<_> = waiting.into_iter().filter_map(|number| u32::try_from(number).ok()).collect();
    let (send, contents) = mpsc::channel(1);
    let reading = blocking(move || {
        // The other end is gone if storing has ended early, and this ends with it.
        let each = |number, content| match send.blocking_send((number, content)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        archive.read_each(&wanted, max, each).map_err(explain)
    });
    let (read, stored) = tokio::join!(reading, store_all(import, found.owner, contents, env));
    let stored = stored?;
    read?;
    Ok(stored)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Ended> + Send + 'static,
) -> Result<T, Ended> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Turns an archive's own faults into a refusal.
fn explain(error: Error) -> Ended {
    match error {
        Error::Refused(refusal) => Ended::Refused(refusal.to_string()),
        Error::Io(error) => error.into(),
    }
}

fn open(file: File) -> Result<Arc<Archive>, Ended> {
    Archive::open(file, &Limits::default()).map(Arc::new).map_err(explain)
}

/// Reads what the archive says of its pictures, and decides what becomes of its files.
fn plan_files(archive: &Archive, max: u64) -> Result<Vec<Planned>, Ended> {
    let entries = archive.entries();
    let usable = entries.iter().filter(|entry| entry.problem.is_none());
    let exported = match usable.clone().find(|entry| entry.name == manifest::FILE) {
        Some(entry) => {
            let list = read_one(archive, entry.number, manifest::LARGEST)?;
            let list = list.map_err(|problem| Ended::Refused(format!("{}: {problem}", manifest::FILE)))?;
            Some(manifest::read(&list).map_err(|error| Ended::Refused(error.to_string()))?)
        }
        None => None,
    };
    let mut sidecars = Sidecars::default();
    let descriptions: BTreeSet<_> = usable
        .filter(|entry| exported.is_none() && takeout::is_json(&entry.name) && entry.size <= takeout::LARGEST)
        .map(|entry| entry.number)
        .collect();
    let mut named = entries.iter();
    let each = |number, content: Result<Vec<u8>, Problem>| {
        let about = content.ok().and_then(|content| takeout::read(&content)).unwrap_or_default();
        // Both are in the order of the archive.
        if let Some(entry) = named.find(|entry| entry.number == number) {
            sidecars.add(&entry.name, number, about);
        }
        ControlFlow::Continue(())
    };
    archive.read_each(&descriptions, takeout::LARGEST, each).map_err(explain)?;
    let files: Vec<_> = entries
        .iter()
        .map(|entry| Listed {
            number: entry.number,
            name: entry.name.clone(),
            size: entry.size,
            problem: entry.problem.map(|problem| problem.to_string()),
        })
        .collect();
    Ok(plan::plan(&files, exported, sidecars, max))
}

fn read_one(archive: &Archive, number: u32, max: u64) -> Result<Result<Vec<u8>, Problem>, Ended> {
    let mut found = Err(Problem::Damaged);
    let each = |_, content| {
        found = content;
        ControlFlow::Break(())
    };
    archive.read_each(&BTreeSet::from([number]), max, each).map_err(explain)?;
    Ok(found)
}

/// Stores the pictures among the contents, and notes what becomes of each.
async fn store_all(
    import: ImportId,
    owner: UserId,
    mut contents: Receiver<Content>,
    env: &Env,
) -> Result<usize, Ended> {
    let mut stored = 0;
    while let Some((number, content)) = contents.recv().await {
        let number = i32::try_from(number)?;
        let outcome = match content {
            Ok(content) => store(import, owner, number, content, env).await?,
            Err(problem) => Some(refused(problem.to_string())),
        };
        let Some(outcome) = outcome else {
            stored += 1;
            continue;
        };
        let is_noted = retry_conflicts(async || -> anyhow::Result<bool> {
            let mut tx = env.db.begin().await?;
            let is_noted = unpacking::settle(&mut tx, import, number, &outcome).await?;
            tx.commit().await?;
            Ok(is_noted)
        });
        if !is_noted.await? {
            return Err(Ended::Stopped);
        }
    }
    Ok(stored)
}

fn refused(reason: String) -> Unstored {
    Unstored::Refused { reason, may_retry: false }
}

/// Stores a picture. Returns what becomes of a file that isn't stored.
async fn store(
    import: ImportId,
    owner: UserId,
    number: i32,
    content: Vec<u8>,
    env: &Env,
) -> Result<Option<Unstored>, Ended> {
    if content.is_empty() {
        return Ok(Some(refused(Refusal::Empty.to_string())));
    }
    if pawdium_archive::Format::of(&content).is_some() {
        return Ok(Some(refused(plan::NESTED.to_owned())));
    }
    if Format::of(&content).is_none() {
        return Ok(Some(refused(Refusal::NotAPicture.to_string())));
    }
    let (bytes, print) = (content.len() as u64, *blake3::hash(&content).as_bytes());
    if let Some(outcome) = find_obstacle(import, owner, (bytes, &print), env).await? {
        return Ok(Some(outcome));
    }
    let storing = async {
        let mut incoming = env.store.begin_original(env.limits.max_bytes);
        incoming.write(Bytes::from(content)).await?;
        incoming.finish().await
    };
    let key = tokio::time::timeout(STORAGE, storing).await??;
    let kept = retry_conflicts(async || -> anyhow::Result<bool> {
        let mut tx = env.db.begin().await?;
        let stored = StoredPicture { key: key.as_str(), bytes, print: &print };
        let kept = unpacking::keep(&mut tx, import, number, stored).await?;
        tx.commit().await?;
        Ok(kept)
    });
    if !kept.await? {
        // If this fails, the purge deletes it.
        env.store.delete_original(&key).await?;
        return Err(Ended::Stopped);
    }
    Ok(None)
}

/// Finds out whether a picture needn't be stored, because its owner has it already or has no room for it. The job that
/// makes the draft asks again, under a lock.
async fn find_obstacle(
    import: ImportId,
    owner: UserId,
    (bytes, print): (u64, &[u8; 32]),
    env: &Env,
) -> Result<Option<Unstored>, Ended> {
    let mut db = env.db.acquire().await?;
    if let Some(photo) = drafting::find_duplicate(&mut db, owner, print).await? {
        return Ok(Some(Unstored::Duplicate(photo)));
    }
    let drafts = count_kept(&mut db, owner).await?;
    let (files, stored) = unpacking::count_stored(&mut db, import).await?;
    let kept = KeptOriginals { uploads: drafts.uploads + files, bytes: drafts.bytes + stored };
    let refusal = env.quota.refuse_photo(kept, bytes);
    Ok(refusal.map(|what| Unstored::Refused { reason: drafting::no_room(&what), may_retry: true }))
}

//! Where pictures are kept: a folder of this machine now, any object store later.
//!
//! `incoming/` holds uploads until they are processed, under names of our own making. `pictures/` holds what is shown,
//! each file named by its content, so that writing one twice is harmless and a served file never changes. Only
//! `pictures/` may be served.

use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    Error as StoreError, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt, buffered::BufWriter,
    local::LocalFileSystem, path::Path as StorePath,
};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use ulid::Ulid;
use url::Url;

use super::{MediaError, Refusal};

const INCOMING: &str = "incoming";
const PICTURES: &str = "pictures";

/// Uploads reach the store in parts of so many bytes, of which a few are in memory at once.
const PART: usize = 256 << 10;

/// How old a picture's file may be when it is said to be there.
const FRESH: TimeDelta = TimeDelta::hours(1);

macro_rules! text_key {
    ($name:ident, $what:literal, $valid:expr) => {
        impl $name {
            /// The key as text, as the database keeps it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;

            fn from_str(text: &str) -> Result<Self, InvalidKey> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidKey($what)) }
            }
        }
    };
}

/// The name of an upload that waits to be processed: `incoming/<ulid>`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct IncomingKey(String);

/// The name of a picture that is shown: `ab/cd/<blake3 in hex>.jpg`, with the hash's first bytes as folders.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct MediaKey(String);

/// A text that is no key of that kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this isn't the key of {0}")]
pub struct InvalidKey(&'static str);

text_key!(IncomingKey, "an upload", |text| {
    text.strip_prefix("incoming/")
        .is_some_and(|name| Ulid::from_string(name).is_ok_and(|id| id.to_string() == name))
});
text_key!(MediaKey, "a picture", |text| {
    let hash = text.get(6..).and_then(|name| name.strip_suffix(".jpg"));
    hash.is_some_and(|hash| {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        hash.len() == 64 && hash.bytes().all(is_hex) && MediaKey::of_hash(hash).0 == text
    })
});

impl MediaKey {
    /// The key of a file with that content.
    pub fn of(content: &[u8]) -> Self {
        Self::of_hash(blake3::hash(content).to_hex().as_str())
    }

    fn of_hash(hash: &str) -> Self {
        Self(format!("{}/{}/{hash}.jpg", &hash[..2], &hash[2..4]))
    }

    fn path(&self) -> StorePath {
        StorePath::from(format!("{PICTURES}/{self}"))
    }
}

impl IncomingKey {
    fn path(&self) -> StorePath {
        StorePath::from(self.as_str())
    }
}

/// Something in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored<K> {
    /// Its name.
    pub key: K,
    /// Bytes.
    pub size: u64,
    /// When it was written last.
    pub last_modified: DateTime<Utc>,
}

/// A picture on its way out.
pub struct StoredPicture {
    /// Bytes of the whole file.
    pub size: u64,
    /// When it was written last.
    pub last_modified: DateTime<Utc>,
    /// The file in pieces.
    pub content: BoxStream<'static, io::Result<Bytes>>,
}

/// The store of pictures. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct MediaStore {
    store: Arc<dyn ObjectStore>,
    /// The folder, where the store is one.
    folder: Option<PathBuf>,
}

impl MediaStore {
    /// Opens the store at a URL: `file:///var/lib/pawdium/media`. The folder is made where it is missing.
    pub fn open(url: &Url) -> anyhow::Result<Self> {
        match url.scheme() {
            "file" => {
                let folder = url.to_file_path().ok().context("a file URL needs an absolute path")?;
                let failed = || format!("opening the media folder {}", folder.display());
                std::fs::create_dir_all(&folder).with_context(failed)?;
                let store = LocalFileSystem::new_with_prefix(&folder).with_context(failed)?.with_fsync(true);
                Ok(Self { store: Arc::new(store), folder: Some(folder) })
            }
            other => anyhow::bail!("media can't be kept in {other}: URLs; use file:///an/absolute/folder"),
        }
    }

    /// Begins an upload of at most that many bytes.
    pub fn begin_incoming(&self, max_bytes: u64) -> Incoming {
        let key = IncomingKey(format!("{INCOMING}/{}", Ulid::generate()));
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), key.path(), PART);
        Incoming { key, writer, written: 0, max_bytes }
    }

    /// Opens an upload for reading, as a local file wherever the store is; `None` where it is gone.
    pub async fn open_incoming(&self, key: &IncomingKey) -> io::Result<Option<File>> {
        let Some(found) = present(self.store.get(&key.path()).await)? else { return Ok(None) };
        if let GetResultPayload::File(file, _) = found.payload {
            return Ok(Some(file));
        }
        let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
        let mut content = found.into_stream();
        while let Some(bytes) = content.try_next().await? {
            file.write_all(&bytes).await?;
        }
        file.rewind().await?;
        Ok(Some(file.into_std().await))
    }

    /// Removes an upload. One that is gone already is fine.
    pub async fn delete_incoming(&self, key: &IncomingKey) -> io::Result<()> {
        present(self.store.delete(&key.path()).await).map(drop)
    }

    /// Stores a picture under the name of its content, whole or not at all.
    ///
    /// One that is there already isn't written again, unless it is an hour old: then it is, so that a purge of files
    /// that nothing refers to, which spares young ones, can't take it before its new owner is recorded.
    pub async fn put_picture(&self, content: Bytes) -> io::Result<MediaKey> {
        let key = MediaKey::of(&content);
        let path = key.path();
        let there = present(self.store.head(&path).await)?;
        let is_fresh = there.is_some_and(|found| Utc::now() - found.last_modified < FRESH);
        if !is_fresh {
            self.store.put(&path, content.into()).await?;
        }
        Ok(key)
    }

    /// Opens a picture to serve it; `None` where there is none.
    pub async fn get_picture(&self, key: &MediaKey) -> io::Result<Option<StoredPicture>> {
        let Some(found) = present(self.store.get(&key.path()).await)? else { return Ok(None) };
        let ObjectMeta { size, last_modified, .. } = found.meta;
        Ok(Some(StoredPicture {
            size,
            last_modified,
            content: found.into_stream().map_err(io::Error::from).boxed(),
        }))
    }

    /// Removes a picture. One that is gone already is fine.
    pub async fn delete_picture(&self, key: &MediaKey) -> io::Result<()> {
        present(self.store.delete(&key.path()).await).map(drop)
    }

    /// Every upload that waits, in no order. What isn't an upload is left out.
    pub fn list_incoming(&self) -> BoxStream<'static, io::Result<Stored<IncomingKey>>> {
        self.list(INCOMING, |path| path.parse().ok())
    }

    /// Every picture, in no order. What isn't a picture is left out.
    pub fn list_pictures(&self) -> BoxStream<'static, io::Result<Stored<MediaKey>>> {
        self.list(PICTURES, |path| path.strip_prefix(PICTURES)?.strip_prefix('/')?.parse().ok())
    }

    fn list<K: Send + 'static>(
        &self,
        prefix: &str,
        key: fn(&str) -> Option<K>,
    ) -> BoxStream<'static, io::Result<Stored<K>>> {
        let found = self.store.list(Some(&StorePath::from(prefix))).map_err(io::Error::from);
        found
            .try_filter_map(move |ObjectMeta { location, size, last_modified, .. }| {
                let stored = key(location.as_ref()).map(|key| Stored { key, size, last_modified });
                std::future::ready(Ok(stored))
            })
            .boxed()
    }

    /// Removes what writers that were killed left half-written for longer than that, and returns how many files.
    ///
    /// Only a folder needs this; an object store forgets unfinished uploads by a rule of its own.
    pub async fn remove_unfinished(&self, older_than: Duration) -> io::Result<usize> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let walk = tokio::task::spawn_blocking(move || remove_unfinished(&folder, older_than));
        walk.await.map_err(io::Error::other)?
    }

    /// Writes, reads and removes a little file: whether the store works.
    pub async fn check(&self) -> io::Result<()> {
        let name = Ulid::generate().to_string();
        let path = StorePath::from(format!("check/{name}"));
        self.store.put(&path, name.clone().into()).await?;
        let read = self.store.get(&path).await?.bytes().await?;
        self.store.delete(&path).await?;
        if read == name {
            Ok(())
        } else {
            Err(io::Error::other("the media store returns what wasn't written"))
        }
    }
}

/// An upload on its way in. Dropped before [`Incoming::finish`], it leaves nothing.
#[derive(Debug)]
pub struct Incoming {
    key: IncomingKey,
    writer: BufWriter,
    written: u64,
    max_bytes: u64,
}

impl Incoming {
    /// Adds bytes, of which only a few are in memory at once. Refuses those beyond the limit.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), MediaError> {
        self.written += bytes.len() as u64;
        if self.written > self.max_bytes {
            return Err(Refusal::TooManyBytes { max: self.max_bytes }.into());
        }
        Ok(self.writer.put(bytes).await.map_err(io::Error::from)?)
    }

    /// Makes the upload durable and visible, and returns its name. Refuses one of no bytes.
    pub async fn finish(mut self) -> Result<IncomingKey, MediaError> {
        if self.written == 0 {
            return Err(Refusal::Empty.into());
        }
        self.writer.shutdown().await?;
        Ok(self.key)
    }

    /// Gives the upload up, and waits until nothing is left of it.
    pub async fn discard(mut self) -> io::Result<()> {
        Ok(self.writer.abort().await?)
    }
}

/// Absence as `None`.
fn present<T>(result: Result<T, StoreError>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a file is one that `object_store` was still writing: it stands beside its final name, followed by `#` and a
/// number, and is never listed.
fn is_unfinished(name: &str) -> bool {
    let number = name.split_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn remove_unfinished(folder: &Path, older_than: Duration) -> io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            removed += remove_unfinished(&entry.path(), older_than)?;
        } else if entry.file_name().to_str().is_some_and(is_unfinished) {
            // A file that vanishes meanwhile was finished by its writer.
            let age = entry.metadata().and_then(|found| found.modified()).map(|written| written.elapsed());
            if age.is_ok_and(|age| age.is_ok_and(|age| age > older_than))
                && std::fs::remove_file(entry.path()).is_ok()
            {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests;

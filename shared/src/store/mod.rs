//! The media store: a local folder, or a bucket of any S3-compatible store.
//!
//! `incoming/` holds originals until they are processed, under generated names. `pictures/` holds the published files,
//! each named by its content, so that writing one twice is harmless and a served file never changes. Only `pictures/`
//! may be served to everybody. `withheld/` holds the files of hidden photos under the same names, `exports/` archives,
//! each for the member who asked for it.

mod bucket;
mod export;
mod http;
mod keys;
mod original;
mod withheld;

use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    Error as StoreError, GetOptions, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt,
    buffered::BufWriter, local::LocalFileSystem, path::Path as StorePath,
};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tracing::error;
use ulid::Ulid;
use url::Url;

use self::bucket::Bucket;
pub use self::{
    export::ExportWriter,
    keys::{ExportKey, MediaKey, OriginalKey},
    original::OriginalWriter,
};
use crate::config::MediaConfig;

const ORIGINALS: &str = "incoming";
const PICTURES: &str = "pictures";
const WITHHELD: &str = "withheld";
const EXPORTS: &str = "exports";
const MARK: &str = "site.json";

/// The part size for originals in a folder, in bytes. A few parts are in memory at once.
const PART: usize = 256 << 10;

/// How many parts of an original are written concurrently with the upload.
const PARTS_AT_ONCE: usize = 2;

/// An object in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored<K> {
    /// Its key.
    pub key: K,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub last_modified: DateTime<Utc>,
}

/// A picture or an archive that is being read, whole or in part.
pub struct StoredPicture {
    /// The size of the whole file in bytes.
    pub size: u64,
    /// The range of bytes in `content`.
    pub range: Range<u64>,
    /// When it was last written.
    pub last_modified: DateTime<Utc>,
    /// The bytes of the range, in pieces.
    pub content: BoxStream<'static, io::Result<Bytes>>,
}

/// The media store. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct MediaStore {
    store: Arc<dyn ObjectStore>,
    place: Arc<Place>,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Bucket(Bucket),
}

impl Place {
    /// The part size for originals, in bytes.
    fn part(&self) -> usize {
        match self {
            Self::Folder(_) => PART,
            Self::Bucket(_) => bucket::PART,
        }
    }

    fn explain(&self, error: StoreError) -> io::Error {
        match self {
            // Keep the kind, which tells a full disk from other failures. The whole error says where.
            Self::Folder(_) => match cause(&error) {
                Some(kind @ (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) => {
                    io::Error::new(kind, error)
                }
                _ => error.into(),
            },
            Self::Bucket(bucket) => bucket.explain(error),
        }
    }

    /// Like `explain`, for an error that was wrapped by a writer.
    fn explain_io(&self, error: io::Error) -> io::Error {
        match error.downcast::<StoreError>() {
            Ok(error) => self.explain(error),
            Err(error) => error,
        }
    }

    /// Maps a missing object to `None`. A missing bucket stays an error: its objects may still exist.
    fn present<T>(&self, result: Result<T, StoreError>) -> io::Result<Option<T>> {
        match result {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::NotFound { source, .. }) if !bucket::is_missing(&*source) => Ok(None),
            Err(error) => Err(self.explain(error)),
        }
    }
}

/// Finds the operating system's error at the root of an error.
fn cause(error: &StoreError) -> Option<io::ErrorKind> {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::successors(first, |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .last()
}

impl MediaStore {
    /// Checks whether the URL can name a store. The error completes "media.store …".
    pub(crate) fn check_url(url: &Url) -> Result<(), String> {
        match url.scheme() {
            "file" => url.to_file_path().map(drop).map_err(|()| "isn't an absolute path".to_owned()),
            "s3" => Bucket::parse(url).map(drop),
            _ => Err("begins with neither file:// nor s3://".to_owned()),
        }
    }

    /// Opens the store. A folder, `file:///var/lib/pawdium/media`, is created if it is missing. A bucket,
    /// `s3://bucket/prefix?endpoint=https://…&region=…`, is contacted on first use.
    pub fn open(config: &MediaConfig) -> anyhow::Result<Self> {
        let url = &config.store;
        Self::check_url(url).map_err(|problem| anyhow::anyhow!("media.store {problem}"))?;
        if url.scheme() == "s3" {
            let bucket = Bucket::parse(url).map_err(anyhow::Error::msg)?;
            let store = bucket.open(config).with_context(|| format!("opening the bucket {bucket}"))?;
            return Ok(Self { store, place: Arc::new(Place::Bucket(bucket)) });
        }
        let folder = url.to_file_path().ok().context("a file URL needs an absolute path")?;
        let failed = || format!("opening the media folder {}", folder.display());
        std::fs::create_dir_all(&folder).with_context(failed)?;
        let store = LocalFileSystem::new_with_prefix(&folder).with_context(failed)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), place: Arc::new(Place::Folder(folder)) })
    }

    /// Whether the store is on another machine.
    pub fn is_remote(&self) -> bool {
        matches!(*self.place, Place::Bucket(_))
    }

    /// Starts to write an original of at most `max_bytes`.
    pub fn begin_original(&self, max_bytes: u64) -> OriginalWriter {
        let key = OriginalKey::generate();
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), key.path(), self.place.part())
            .with_max_concurrency(PARTS_AT_ONCE);
        let place = Arc::clone(&self.place);
        OriginalWriter {
            key,
            writer: Some(writer),
            place,
            hasher: blake3::Hasher::new(),
            written: 0,
            max_bytes,
        }
    }

    /// Opens an original as a local file, downloading it if necessary; `None` if it doesn't exist.
    pub async fn open_original(&self, key: &OriginalKey) -> io::Result<Option<File>> {
        let Some(found) = self.place.present(self.store.get(&key.path()).await)? else { return Ok(None) };
        if let GetResultPayload::File(file, _) = found.payload {
            return Ok(Some(file));
        }
        let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
        let mut content = found.into_stream();
        while let Some(bytes) = content.try_next().await.map_err(|error| self.place.explain(error))? {
            file.write_all(&bytes).await?;
        }
        file.rewind().await?;
        Ok(Some(file.into_std().await))
    }

    /// Opens a picture as a local file, downloading it if necessary; `None` if it doesn't exist.
    pub async fn open_picture(&self, key: &MediaKey) -> io::Result<Option<File>> {
        let Some(found) = self.get_picture(key, None).await? else { return Ok(None) };
        let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
        let mut content = found.content;
        while let Some(bytes) = content.try_next().await? {
            file.write_all(&bytes).await?;
        }
        file.rewind().await?;
        Ok(Some(file.into_std().await))
    }

    /// Deletes an original. Succeeds if it doesn't exist.
    pub async fn delete_original(&self, key: &OriginalKey) -> io::Result<()> {
        self.place.present(self.store.delete(&key.path()).await).map(drop)
    }

    /// Stores a picture under its content's name, atomically.
    ///
    /// An existing picture is written again: a store may be about to carry out a late deletion of it, and the purge of
    /// unreferenced files spares young ones.
    pub async fn put_picture(&self, content: Bytes) -> io::Result<MediaKey> {
        let key = MediaKey::of(&content);
        let put = self.store.put(&key.path(), content.into()).await;
        put.map_err(|error| self.place.explain(error))?;
        Ok(key)
    }

    /// Finds a picture without opening it.
    pub async fn find_picture(&self, key: &MediaKey) -> io::Result<Option<Stored<MediaKey>>> {
        let found = self.place.present(self.store.head(&key.path()).await)?;
        Ok(found.map(|ObjectMeta { size, last_modified, .. }| Stored {
            key: key.clone(),
            size,
            last_modified,
        }))
    }

    /// Opens a picture, or a range within it, for serving; `None` if it doesn't exist.
    pub async fn get_picture(
        &self,
        key: &MediaKey,
        range: Option<Range<u64>>,
    ) -> io::Result<Option<StoredPicture>> {
        self.read_range(&key.path(), range).await
    }

    async fn read_range(
        &self,
        path: &StorePath,
        range: Option<Range<u64>>,
    ) -> io::Result<Option<StoredPicture>> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        let Some(found) = self.place.present(self.store.get_opts(path, options).await)? else {
            return Ok(None);
        };
        let ObjectMeta { size, last_modified, .. } = found.meta;
        let (range, place) = (found.range.clone(), Arc::clone(&self.place));
        let content = found.into_stream().map_err(move |error| place.explain(error)).boxed();
        Ok(Some(StoredPicture { size, range, last_modified, content }))
    }

    /// Deletes a picture. Succeeds if it doesn't exist.
    pub async fn delete_picture(&self, key: &MediaKey) -> io::Result<()> {
        self.place.present(self.store.delete(&key.path()).await).map(drop)
    }

    /// Lists all originals, in no particular order. Skips other objects.
    pub fn list_originals(&self) -> BoxStream<'static, io::Result<Stored<OriginalKey>>> {
        self.list(ORIGINALS, |path| path.parse().ok())
    }

    /// Lists all pictures, in no particular order. Skips other objects.
    pub fn list_pictures(&self) -> BoxStream<'static, io::Result<Stored<MediaKey>>> {
        self.list(PICTURES, |path| path.strip_prefix(PICTURES)?.strip_prefix('/')?.parse().ok())
    }

    fn list<K: Send + 'static>(
        &self,
        prefix: &str,
        key: fn(&str) -> Option<K>,
    ) -> BoxStream<'static, io::Result<Stored<K>>> {
        let place = Arc::clone(&self.place);
        let found =
            self.store.list(Some(&StorePath::from(prefix))).map_err(move |error| place.explain(error));
        found
            .try_filter_map(move |ObjectMeta { location, size, last_modified, .. }| {
                let stored = key(location.as_ref()).map(|key| Stored { key, size, last_modified });
                std::future::ready(Ok(stored))
            })
            .boxed()
    }

    /// Deletes files that killed writers left unfinished for longer than `older_than`. Returns how many.
    ///
    /// `object_store` can't list unfinished uploads to a bucket; a lifecycle rule of the bucket has to end them.
    pub async fn remove_unfinished(&self, older_than: Duration) -> io::Result<usize> {
        let Place::Folder(folder) = &*self.place else { return Ok(0) };
        let folder = folder.clone();
        let walk = tokio::task::spawn_blocking(move || remove_unfinished(&folder, older_than));
        walk.await.map_err(io::Error::other)?
    }

    /// Reads the mark of the last [`write_mark`](Self::write_mark); `None` in a store without a mark.
    pub async fn read_mark(&self) -> io::Result<Option<Bytes>> {
        let Some(found) = self.place.present(self.store.get(&StorePath::from(MARK)).await)? else {
            return Ok(None);
        };
        found.bytes().await.map(Some).map_err(|error| self.place.explain(error))
    }

    /// Writes the mark that identifies the store's site and database.
    pub async fn write_mark(&self, mark: Vec<u8>) -> io::Result<()> {
        let put = self.store.put(&StorePath::from(MARK), mark.into()).await;
        put.map(drop).map_err(|error| self.place.explain(error))
    }

    /// Logs an error if a remote store doesn't work, for operators who have just configured it. Starting doesn't
    /// require the store, because an outage may end.
    pub async fn report(self) {
        if let Place::Bucket(bucket) = &*self.place
            && let Err(error) = self.check().await
        {
            error!(%bucket, %error, "the media store doesn't work");
        }
    }

    /// Lists objects to check that the store is reachable. The purge lists, too, and a bucket's policy may forbid only
    /// that.
    pub async fn check_reading(&self) -> io::Result<()> {
        let listed = self.store.list(Some(&StorePath::from("check"))).try_next().await;
        listed.map(drop).map_err(|error| self.place.explain(error))
    }

    /// Lists, writes, reads and deletes a small object to check that the store works.
    pub async fn check(&self) -> io::Result<()> {
        self.check_reading().await?;
        let name = Ulid::generate().to_string();
        let path = StorePath::from(format!("check/{name}"));
        let written_and_read = async {
            self.store.put(&path, name.clone().into()).await?;
            let read = self.store.get(&path).await?.bytes().await?;
            self.store.delete(&path).await?;
            Ok(read)
        };
        if written_and_read.await.map_err(|error| self.place.explain(error))? == name {
            Ok(())
        } else {
            Err(io::Error::other("the media store returns what wasn't written"))
        }
    }
}

/// Whether a file is one that `object_store` was still writing: its final name, then `#` and a number. Such files are
/// never listed.
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
            // If the file vanishes here, its writer has just finished it.
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

//! Where pictures are kept: in a folder of this machine, or in a bucket of any S3-compatible store.
//!
//! `incoming/` holds uploads until they are processed, under names of our own making. `pictures/` holds what is shown,
//! each file named by its content, so that writing one twice is harmless and a served file never changes. Only
//! `pictures/` may be served.

mod bucket;
mod http;
mod incoming;
mod keys;

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
    incoming::Incoming,
    keys::{IncomingKey, MediaKey},
};
use crate::config::MediaConfig;

const INCOMING: &str = "incoming";
const PICTURES: &str = "pictures";
const MARK: &str = "site.json";

/// Uploads reach a folder in parts of so many bytes, of which a few are in memory at once.
const PART: usize = 256 << 10;

/// So many parts of an upload are on their way to the store while the next one comes in.
const PARTS_AT_ONCE: usize = 2;

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

/// A picture on its way out, or a part of it.
pub struct StoredPicture {
    /// Bytes of the whole file.
    pub size: u64,
    /// Which of them are in `content`.
    pub range: Range<u64>,
    /// When it was written last.
    pub last_modified: DateTime<Utc>,
    /// Those bytes in pieces.
    pub content: BoxStream<'static, io::Result<Bytes>>,
}

/// The store of pictures. Cloning it is cheap.
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
    /// Bytes of a part of an upload.
    fn part(&self) -> usize {
        match self {
            Self::Folder(_) => PART,
            Self::Bucket(_) => bucket::PART,
        }
    }

    fn explain(&self, error: StoreError) -> io::Error {
        match self {
            // The kind tells a full disk from other troubles; the whole error says where.
            Self::Folder(_) => match cause(&error) {
                Some(kind @ (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) => {
                    io::Error::new(kind, error)
                }
                _ => error.into(),
            },
            Self::Bucket(bucket) => bucket.explain(error),
        }
    }

    /// The same for an error that came by way of a writer.
    fn explain_io(&self, error: io::Error) -> io::Error {
        match error.downcast::<StoreError>() {
            Ok(error) => self.explain(error),
            Err(error) => error,
        }
    }

    /// Absence as `None`. A bucket that isn't there is no absence: what it held isn't gone.
    fn present<T>(&self, result: Result<T, StoreError>) -> io::Result<Option<T>> {
        match result {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::NotFound { source, .. }) if !bucket::is_missing(&*source) => Ok(None),
            Err(error) => Err(self.explain(error)),
        }
    }
}

/// What the operating system said at the root of an error.
fn cause(error: &StoreError) -> Option<io::ErrorKind> {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::successors(first, |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .last()
}

impl MediaStore {
    /// Whether a store could be opened at that URL, as far as the URL says; the error completes "media.store …".
    pub(crate) fn check_url(url: &Url) -> Result<(), String> {
        match url.scheme() {
            "file" => url.to_file_path().map(drop).map_err(|()| "isn't an absolute path".to_owned()),
            "s3" => Bucket::parse(url).map(drop),
            _ => Err("begins with neither file:// nor s3://".to_owned()),
        }
    }

    /// Opens the store: a folder, `file:///var/lib/pawdium/media`, which is made where it is missing, or a bucket,
    /// `s3://bucket/prefix?endpoint=https://…&region=…`, which is first asked when it is first used.
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

    /// Whether pictures are kept on another machine.
    pub fn is_remote(&self) -> bool {
        matches!(*self.place, Place::Bucket(_))
    }

    /// Begins an upload of at most that many bytes.
    pub fn begin_incoming(&self, max_bytes: u64) -> Incoming {
        let key = IncomingKey::generate();
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), key.path(), self.place.part())
            .with_max_concurrency(PARTS_AT_ONCE);
        let place = Arc::clone(&self.place);
        Incoming { key, writer: Some(writer), place, hasher: blake3::Hasher::new(), written: 0, max_bytes }
    }

    /// Opens an upload for reading, as a local file wherever the store is; `None` where it is gone.
    pub async fn open_incoming(&self, key: &IncomingKey) -> io::Result<Option<File>> {
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

    /// Removes an upload. One that is gone already is fine.
    pub async fn delete_incoming(&self, key: &IncomingKey) -> io::Result<()> {
        self.place.present(self.store.delete(&key.path()).await).map(drop)
    }

    /// Stores a picture under the name of its content, whole or not at all.
    ///
    /// One that is there already is written again. What was there may be about to go, by a removal that a store carries out
    /// late; and a purge of files that nothing refers to spares young ones.
    pub async fn put_picture(&self, content: Bytes) -> io::Result<MediaKey> {
        let key = MediaKey::of(&content);
        let put = self.store.put(&key.path(), content.into()).await;
        put.map_err(|error| self.place.explain(error))?;
        Ok(key)
    }

    /// Looks a picture up without opening it; `None` where there is none.
    pub async fn find_picture(&self, key: &MediaKey) -> io::Result<Option<Stored<MediaKey>>> {
        let found = self.place.present(self.store.head(&key.path()).await)?;
        Ok(found.map(|ObjectMeta { size, last_modified, .. }| Stored {
            key: key.clone(),
            size,
            last_modified,
        }))
    }

    /// Opens a picture to serve it, or a part that lies within it; `None` where there is none.
    pub async fn get_picture(
        &self,
        key: &MediaKey,
        range: Option<Range<u64>>,
    ) -> io::Result<Option<StoredPicture>> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        let Some(found) = self.place.present(self.store.get_opts(&key.path(), options).await)? else {
            return Ok(None);
        };
        let ObjectMeta { size, last_modified, .. } = found.meta;
        let (range, place) = (found.range.clone(), Arc::clone(&self.place));
        let content = found.into_stream().map_err(move |error| place.explain(error)).boxed();
        Ok(Some(StoredPicture { size, range, last_modified, content }))
    }

    /// Removes a picture. One that is gone already is fine.
    pub async fn delete_picture(&self, key: &MediaKey) -> io::Result<()> {
        self.place.present(self.store.delete(&key.path()).await).map(drop)
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

    /// Removes what writers that were killed left half-written for longer than that, and returns how many files.
    ///
    /// Of a bucket they can't be listed by way of `object_store`: there a lifecycle rule of its own has to end them.
    pub async fn remove_unfinished(&self, older_than: Duration) -> io::Result<usize> {
        let Place::Folder(folder) = &*self.place else { return Ok(0) };
        let folder = folder.clone();
        let walk = tokio::task::spawn_blocking(move || remove_unfinished(&folder, older_than));
        walk.await.map_err(io::Error::other)?
    }

    /// What [`write_mark`](Self::write_mark) wrote last; `None` in a store without a mark.
    pub async fn read_mark(&self) -> io::Result<Option<Bytes>> {
        let Some(found) = self.place.present(self.store.get(&StorePath::from(MARK)).await)? else {
            return Ok(None);
        };
        found.bytes().await.map(Some).map_err(|error| self.place.explain(error))
    }

    /// Marks the store, so that it can be told whose it is.
    pub async fn write_mark(&self, mark: Vec<u8>) -> io::Result<()> {
        let put = self.store.put(&StorePath::from(MARK), mark.into()).await;
        put.map(drop).map_err(|error| self.place.explain(error))
    }

    /// Logs what is wrong with a store on another machine, so that whoever has just set it up reads it. It isn't needed
    /// to start: it may come back.
    pub async fn report(self) {
        if let Place::Bucket(bucket) = &*self.place
            && let Err(error) = self.check().await
        {
            error!(%bucket, %error, "the media store doesn't work");
        }
    }

    /// Lists: whether the store is there. Cleaning up lists, too, and a bucket may forbid that alone.
    pub async fn check_reading(&self) -> io::Result<()> {
        let listed = self.store.list(Some(&StorePath::from("check"))).try_next().await;
        listed.map(drop).map_err(|error| self.place.explain(error))
    }

    /// Lists, writes, reads and removes a little file: whether the store works.
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

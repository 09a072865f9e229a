//! Writing originals to the store.

use std::{io, sync::Arc};

use bytes::Bytes;
use object_store::buffered::BufWriter;
use pawdium_media::{MediaError, Refusal};
use tokio::{io::AsyncWriteExt, runtime::Handle};
use tracing::warn;

use super::{OriginalKey, Place};

/// An original that is being uploaded. Dropping it before [`OriginalWriter::finish`] discards it.
#[derive(Debug)]
pub struct OriginalWriter {
    pub(super) key: OriginalKey,
    /// `None` once the upload has finished or been discarded.
    pub(super) writer: Option<BufWriter>,
    pub(super) place: Arc<Place>,
    pub(super) hasher: blake3::Hasher,
    pub(super) written: u64,
    pub(super) max_bytes: u64,
}

impl OriginalWriter {
    /// Appends bytes. Only a few parts are in memory at once. Fails beyond the size limit.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), MediaError> {
        self.written += bytes.len() as u64;
        if self.written > self.max_bytes {
            return Err(Refusal::TooManyBytes { max: self.max_bytes }.into());
        }
        self.hasher.update(&bytes);
        if let Some(writer) = &mut self.writer {
            writer.put(bytes).await.map_err(|error| self.place.explain(error))?;
        }
        Ok(())
    }

    /// Counts and hashes bytes without storing them, for files that are not pictures: only the beginning of those is
    /// needed. Fails beyond the size limit.
    pub fn skip(&mut self, bytes: &[u8]) -> Result<(), MediaError> {
        self.written += bytes.len() as u64;
        if self.written > self.max_bytes {
            return Err(Refusal::TooManyBytes { max: self.max_bytes }.into());
        }
        self.hasher.update(bytes);
        Ok(())
    }

    /// BLAKE3 of the bytes so far.
    pub fn hash(&self) -> [u8; 32] {
        self.hasher.finalize().into()
    }

    /// Makes the original durable and visible, and returns its key. Fails if it is empty.
    pub async fn finish(mut self) -> Result<OriginalKey, MediaError> {
        if self.written == 0 {
            return Err(Refusal::Empty.into());
        }
        if let Some(mut writer) = self.writer.take() {
            writer.shutdown().await.map_err(|error| self.place.explain_io(error))?;
        }
        Ok(self.key.clone())
    }

    /// Discards the original and waits until nothing is left of it.
    pub async fn discard(mut self) -> io::Result<()> {
        match self.writer.take() {
            Some(writer) => abort(writer).await.map_err(|error| self.place.explain(error)),
            None => Ok(()),
        }
    }
}

impl Drop for OriginalWriter {
    /// A folder's writer deletes its file on drop. A bucket needs a request.
    fn drop(&mut self) {
        let is_remote = matches!(*self.place, Place::Bucket(_));
        if let (true, Some(writer), Ok(runtime)) = (is_remote, self.writer.take(), Handle::try_current()) {
            let (place, key) = (Arc::clone(&self.place), self.key.clone());
            runtime.spawn(async move {
                if let Err(error) = abort(writer).await {
                    warn!(%key, error = %place.explain(error), "couldn't delete an unfinished original");
                }
            });
        }
    }
}

/// Aborts an upload after its pending parts have arrived. A store would keep a part that arrives after the abort.
pub(super) async fn abort(writer: BufWriter) -> object_store::Result<()> {
    let mut writer = writer.with_max_concurrency(1);
    // This waits for all pending parts. If one failed, the abort still has to delete the others.
    drop(writer.put(Bytes::new()).await);
    writer.abort().await
}

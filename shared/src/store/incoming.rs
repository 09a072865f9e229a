//! Uploads on their way into the store.

use std::{io, sync::Arc};

use bytes::Bytes;
use object_store::buffered::BufWriter;
use tokio::{io::AsyncWriteExt, runtime::Handle};
use tracing::warn;

use super::{IncomingKey, Place};
use pawdium_media::{MediaError, Refusal};

/// An upload on its way in. Dropped before [`Incoming::finish`], it leaves nothing.
#[derive(Debug)]
pub struct Incoming {
    pub(super) key: IncomingKey,
    /// There until the upload has ended, one way or the other.
    pub(super) writer: Option<BufWriter>,
    pub(super) place: Arc<Place>,
    pub(super) hasher: blake3::Hasher,
    pub(super) written: u64,
    pub(super) max_bytes: u64,
}

impl Incoming {
    /// Adds bytes, of which only a few are in memory at once. Refuses those beyond the limit.
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

    /// Counts bytes, and has them in the hash, without keeping them: of a file that is no picture nobody needs more than
    /// its beginning. Refuses those beyond the limit.
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

    /// Makes the upload durable and visible, and returns its name. Refuses one of no bytes.
    pub async fn finish(mut self) -> Result<IncomingKey, MediaError> {
        if self.written == 0 {
            return Err(Refusal::Empty.into());
        }
        if let Some(mut writer) = self.writer.take() {
            writer.shutdown().await.map_err(|error| self.place.explain_io(error))?;
        }
        Ok(self.key.clone())
    }

    /// Gives the upload up, and waits until nothing is left of it.
    pub async fn discard(mut self) -> io::Result<()> {
        match self.writer.take() {
            Some(writer) => abort(writer).await.map_err(|error| self.place.explain(error)),
            None => Ok(()),
        }
    }
}

impl Drop for Incoming {
    /// A folder's writer removes its file by itself; a bucket has to be told.
    fn drop(&mut self) {
        let is_remote = matches!(*self.place, Place::Bucket(_));
        if let (true, Some(writer), Ok(runtime)) = (is_remote, self.writer.take(), Handle::try_current()) {
            let (place, key) = (Arc::clone(&self.place), self.key.clone());
            runtime.spawn(async move {
                if let Err(error) = abort(writer).await {
                    warn!(%key, error = %place.explain(error), "an upload that was given up is left unfinished");
                }
            });
        }
    }
}

/// Ends an unfinished upload after what is on its way has arrived: a part that a store receives after the end would stay.
async fn abort(writer: BufWriter) -> object_store::Result<()> {
    let mut writer = writer.with_max_concurrency(1);
    // Waits for all parts that are under way. That one of them failed is no reason to leave the others.
    drop(writer.put(Bytes::new()).await);
    writer.abort().await
}
